"""Tries faults one after the other and measures them: the source of the table in README.md and of ``faults/logs``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import control_plane, faults, health
from lab.console import LabError, say, wait_until
from lab.faults import edge
from lab.kube import Cluster

# Longer than the rule's own patience, two scrapes and two evaluations together: what has not fired by then will not.
_WATCH = 30.0
_QUIET = frozenset({"Watchdog"})


@dataclass(frozen=True)
class Rehearsal:
    """What one fault did, in seconds: until it was in place, from there to its alert, and from its undo to health."""

    fault: str
    in_place: float
    fired: tuple[str, ...]
    firing_after: float
    healthy_after: float

    def row(self) -> str:
        """The rehearsal as a row of the README's table."""
        alert = f"{', '.join(self.fired)} {self.firing_after:.0f}" if self.fired else "none"
        what = faults.CATALOGUE[self.fault].what
        return f"| `{self.fault}` | {what} | {self.in_place:.0f} | {alert} | {self.healthy_after:.0f} |"


def rehearse(names: Sequence[str], estate: faults.Estate, logs: Path | None) -> list[str]:
    """Tries each fault; returns what differed from what it says of itself. ``logs`` receives what Traefik printed."""
    wrong = []
    for name in names:
        health.wait_healthy(estate.cluster, estate.paths, timeout=180)
        result = _one(name, estate, logs)
        print(result.row(), flush=True)
        expected = faults.CATALOGUE[name].fires
        if set(result.fired) != ({expected} if expected else set()):
            wrong.append(f"{name}: fired {', '.join(result.fired) or 'nothing'}, expected {expected or 'nothing'}")
    return wrong


def _one(name: str, estate: faults.Estate, logs: Path | None) -> Rehearsal:
    begin = time.monotonic()
    faults.apply(name, estate)
    in_place = time.monotonic()
    fired = _watch(faults.CATALOGUE[name].fires)
    seen = time.monotonic()
    if logs is not None:
        _save(name, estate.cluster, logs)
    faults.undo(name, estate)
    undone = time.monotonic()
    health.wait_healthy(estate.cluster, estate.paths, timeout=300)
    return Rehearsal(name, in_place - begin, fired, seen - in_place, time.monotonic() - undone)


def _watch(expected: str | None) -> tuple[str, ...]:
    """Alerts that fire: waits for the expected one, or for a while to see that there is none."""
    seen: set[str] = set()

    def found() -> bool:
        for names in _asked():
            seen.update(names - _QUIET)
        return expected in seen

    try:
        wait_until("an alert", found, timeout=90 if expected else _WATCH)
    except LabError:
        say("  no alert" if not seen else f"  {', '.join(seen)}")
    return tuple(sorted(seen))


def _asked() -> list[set[str]]:
    answers = []
    for url in control_plane.alertmanager_urls():
        try:
            answers.append(health.firing(url))
        except (OSError, ValueError):
            continue
    return answers


def _save(name: str, cluster: Cluster, logs: Path) -> None:
    """Writes what a Traefik printed: one that crashes before any other, and its last crash before what it says now."""
    logs.mkdir(parents=True, exist_ok=True)
    try:
        pods = sorted(edge.pods(cluster), key=edge.crashes, reverse=True)
    except LabError:
        return  # the fault may be that nobody can be asked
    for pod in pods:
        for previous in (True, False):
            try:
                text = cluster.logs(edge.NAMESPACE, pod["metadata"]["name"], tail=200, previous=previous)
            except LabError:
                continue
            # The kubelet answers with a sentence of its own while a container is being replaced.
            if text and not text.startswith("unable to retrieve container logs"):
                (logs / f"{name}.txt").write_text(text, encoding="utf-8")
                return

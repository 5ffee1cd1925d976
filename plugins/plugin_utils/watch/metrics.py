# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's metrics for Prometheus: a file for node_exporter's textfile collector, or a push to a Pushgateway.

A sweep is no service that could be scraped, and its counters may not begin at zero with each of them: all numbers come
from the ledger, so several controllers on one ledger say the same. What each metric means is in docs/monitoring.md.
The client library is imported only where ``remedy_metrics`` asks for it.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from ansible_collections.oncall.remedy.plugins.module_utils.errors import from_status
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import peers
from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import draft
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.metrics_settings import Push
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Sum
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Why
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Watched
from ansible_collections.oncall.remedy.plugins.plugin_utils.version import ENGINE
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.earned import Inventory, earned

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

    from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger

PREFIX = "oncall_remedy_"
PUSH_SECONDS = 10.0
"""How long a sweep waits for the Pushgateway."""

COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sweeps": ("Sweeps that have ended, by how: completed, failed (the engine's own fault), died.", ("result",)),
    "incidents": ("Incidents that are over, by how they ended.", ("runbook", "outcome")),
    "pages_prevented": ("Incidents that were healed without a human having been called or asked.", ("runbook",)),
    "relapses": ("Healed incidents that came back within an hour.", ("runbook",)),
    "mitigations": ("Mitigations that were begun.", ("runbook",)),
    "mitigation_results": ("Mitigations by what came of them.", ("runbook", "result")),
    "escalations": ("Calls for a human.", ("runbook",)),
    "guard_holds": ("Plans that a guard held, counted at each time that the gate was asked.", ("guard",)),
}
"""Sums of the ledger that are counters: what each counts, and its labels."""

HISTOGRAMS = {
    "time_to_diagnose": "From the start of the alert until a finding was chosen.",
    "time_to_mend": "From the start of the alert until it was proven healed.",
}

SWEEPS_END = ("completed", "failed", "died")
"""Every word of the label ``result`` of the sweeps."""

_STATES = ("open", "permitted", "mending", "verifying")


def write(ledger: Ledger, settings: Settings, now: float, inventory: Inventory | None = None) -> str:
    """Writes the metrics wherever ``remedy_metrics`` says. Raises nothing; returns what went wrong, or nothing.

    To be called after the sweep has ended in the ledger: then this sweep is the last one that succeeded. How many
    remedies are demoted can be told with the ``inventory`` alone, which knows since when a human trusts them again.
    """
    ways: list[tuple[str, Callable[[CollectorRegistry], None]]] = []
    textfile, push = settings.metrics.textfile, settings.metrics.push
    if textfile:
        ways.append((textfile, lambda registry: to_textfile(registry, textfile)))
    if push:
        ways.append((push.url, lambda registry: to_gateway(registry, push)))
    if not ways:
        return ""
    try:
        sources = [source.name for source in settings.sources]
        demoted = len(earned(ledger, inventory, settings.must_hold, now).demotions) if inventory else None
        registry = registry_of(ledger.watched(now), ledger.tallies(), sources, now, demoted)
    except Exception as error:  # noqa: BLE001  a sweep must not fail because nobody can watch it
        return f"no metrics were written: {error}"
    complaints = []
    for place, way in ways:
        try:
            way(registry)
        except Exception as error:  # noqa: BLE001  as above; and one way must not keep from the other
            complaints.append(f"metrics could not be written to {place}: {error}")
    return "; ".join(complaints)


def to_textfile(registry: CollectorRegistry, path: str) -> None:
    """Puts a whole new file in the place of the old one. The collector runs as another user, so it may be read by
    everybody, whatever the umask of the sweep is; it holds no name of a target and no text of an alert."""
    from prometheus_client import generate_latest

    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), prefix=".remedy-metrics.", delete=False) as file:
        try:
            file.write(generate_latest(registry))
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def to_gateway(registry: CollectorRegistry, push: Push) -> None:
    """Replaces the group of metrics on a Pushgateway, by the engine's own HTTP: TLS and credentials as everywhere."""
    from prometheus_client import push_to_gateway

    (transport,) = peers({**push.auth, "urls": [push.url]}, read_only=False)
    push_to_gateway(
        push.url, push.job, registry, dict(push.grouping), timeout=PUSH_SECONDS, handler=_handler(transport, push.url)
    )


def _handler(transport: HttpTransport, base: str) -> Callable[..., Callable[[], None]]:
    def handler(
        url: str, method: str, timeout: float, headers: Sequence[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        def send() -> None:
            deadline = time.monotonic() + timeout
            path = url.removeprefix(base)
            answer = transport.request(method, path, headers=dict(headers), body=data, deadline=deadline)
            if answer.status >= 300:
                body = answer.body[:200].decode("utf-8", "replace")
                raise from_status(answer.status, f"{method} {transport.source}", body)

        return send

    return handler


def registry_of(
    watched: Watched, sums: Iterable[Sum], sources: Sequence[str], now: float, demoted: int | None = None
) -> CollectorRegistry:
    """Everything, as the client library's registry. ``sources`` are the Alertmanagers of the inventory, ``demoted`` the
    number of remedies that have lost their trust, where that is known."""
    from prometheus_client import CollectorRegistry

    metrics = [*_counters(sums), *_gauges(watched, sources, now)]
    if demoted is not None:
        text = "Remedies that need a human's yes again, because a heal did not hold."
        metrics.append(_gauge("demoted_remedies", text, float(demoted)))

    @dataclasses.dataclass(frozen=True)
    class Collector:
        def collect(self) -> Iterable[Metric]:
            return metrics

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return registry


def _counters(sums: Iterable[Sum]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, SummaryMetricFamily

    known = list(sums)
    for name, (text, labels) in COUNTERS.items():
        values: dict[tuple[str, ...], float] = dict.fromkeys(((one,) for one in _zeroes(name)), 0.0)
        values |= {tuple(one.labels[label] for label in labels): one.value for one in known if one.name == name}
        family = CounterMetricFamily(PREFIX + name, text, labels=labels)
        for label_values, value in sorted(values.items()):
            family.add_metric(label_values, value)
        yield family
    for name, text in HISTOGRAMS.items():
        yield _histogram(name, text, known)
    swept = int(sum(one.value for one in known if one.name == "sweeps"))
    took = sum(one.value for one in known if one.name == "sweep_seconds")
    yield SummaryMetricFamily(PREFIX + "sweep_duration_seconds", "How long sweeps took.", swept, took)


def _zeroes(name: str) -> Iterable[str]:
    """Labels that are shown as 0 before they occur: an increase from nothing to 1 would go unseen."""
    if name == "guard_holds":
        return sorted({"runbook" if guard is draft else guard.__name__.replace("_", " ") for guard in GUARDS})
    return SWEEPS_END if name == "sweeps" else ()


def _histogram(name: str, text: str, sums: Iterable[Sum]) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    buckets: dict[str, dict[str, float]] = {}
    totals: dict[str, float] = {}
    for one in sums:
        if one.name == f"{name}_bucket":
            buckets.setdefault(one.labels["runbook"], {})[one.labels["le"]] = one.value
        elif one.name == f"{name}_sum":
            totals[one.labels["runbook"]] = one.value
    family = HistogramMetricFamily(f"{PREFIX}{name}_seconds", text, labels=["runbook"])
    for runbook, reached in sorted(buckets.items()):
        in_order = sorted(reached.items(), key=lambda pair: float(pair[0]))
        family.add_metric([runbook], in_order, totals.get(runbook, 0.0))
    return family


def _gauges(watched: Watched, sources: Sequence[str], now: float) -> Iterator[Metric]:
    stale = watched.stale(now)
    waiting = [one for one in watched.approvals if one.state == "waiting" and one.kind == "approval"]
    undelivered = watched.undelivered
    yield _gauge("build_info", "The engine that wrote this.", {(ENGINE,): 1.0}, ("version",))
    yield _gauge("storm", "1 while too much is down at once and the engine holds still.", float(watched.storm))
    yield from _gauges_of_sweeps(watched, sources)
    yield _gauge("open_incidents", "Incidents that are not over, by state.", _open(watched), ("state", "why"))
    began: dict[tuple[str, ...], float] = {}
    for episode in watched.episodes:
        key = (episode.runbook,)
        began[key] = min(began.get(key, episode.opened_at), episode.opened_at)
    text = "When the incident was opened that has been open for longest."
    yield _gauge("oldest_open_incident_timestamp_seconds", text, began, ("runbook",))
    yield from _piled(
        "undelivered_escalations", "Calls for a human that have not arrived.", [it.recorded_at for it in undelivered]
    )
    yield from _piled("waiting_approvals", "Plans that wait for a human's yes.", [it.asked_at for it in waiting])
    yield from _piled(
        "stale_leases", "Locks that ran out and were not given back.", [lease.expires_at for lease in stale]
    )
    yield from _piled(
        "unfinished_mitigations",
        "Mitigations that were begun and have no outcome.",
        [one.began_at or one.issued_at for one in watched.unfinished],
    )
    yield _gauge("held_leases", "Locks that are held.", float(len(watched.leases) - len(stale)))
    yield _gauge("pauses", "Pauses in force.", float(len(watched.pauses)))


def _gauges_of_sweeps(watched: Watched, sources: Sequence[str]) -> Iterator[Metric]:
    success, last = watched.last_success, watched.last_sweep
    if success and success.finished_at:
        text = "When the last sweep of everything ended well."
        yield _gauge("last_successful_sweep_timestamp_seconds", text, success.finished_at)
    if last and last.finished_at:
        took = max(0.0, last.finished_at - last.started_at)
        yield _gauge("last_sweep_duration_seconds", "How long the last sweep took.", took)
    answered = {one.source: one.answered_at for one in watched.sources}
    text = "When an Alertmanager source was last heard; 0 if never."
    heard: dict[tuple[str, ...], float] = {(name,): answered.get(name, 0.0) for name in sources}
    yield _gauge("source_last_heard_timestamp_seconds", text, heard, ("source",))


def _open(watched: Watched) -> dict[tuple[str, ...], float]:
    states: list[tuple[str, str]] = [*((state, "") for state in _STATES), *(("waiting", why) for why in get_args(Why))]
    counted = Counter((str(episode.state), str(episode.why)) for episode in watched.episodes)
    return {key: float(counted[key]) for key in dict.fromkeys([*states, *counted])}


def _piled(name: str, text: str, since: Sequence[float]) -> Iterator[Metric]:
    """How many there are, and since when there is the oldest of them; no second sample while there is none."""
    yield _gauge(name, text, float(len(since)))
    if since:
        yield _gauge(
            f"oldest_{name.removesuffix('s')}_timestamp_seconds", f"Since when, the oldest. {text}", min(since)
        )


def _gauge(
    name: str, text: str, value: float | Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for label_values, one in sorted(value.items()) if isinstance(value, Mapping) else [((), value)]:
        family.add_metric(label_values, one)
    return family


def as_text(registry: Any) -> str:
    """The exposition format, for whoever wants to look at it."""
    from prometheus_client import generate_latest

    return generate_latest(registry).decode()

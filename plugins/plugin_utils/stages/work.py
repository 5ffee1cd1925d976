# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What discovery hands to the later stages of the same run, in a file that only this user reads.

It holds alert text, so it travels as a file of JSON and never as a variable, a result or a host's name.
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode, Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert, Json, as_json

AlertState = Literal["firing", "silenced", "inhibited", "gone", "unknown", "not_needed"]
"""``gone``: the source answered and does not list it, which an Alertmanager that has just restarted does as well.
``unknown``: the source was silent. ``not_needed``: an operator's run."""


@dataclasses.dataclass(frozen=True)
class Work:
    """One episode that this sweep works on. ``refusal`` says why no runbook can be followed for it, if so.

    ``tried`` are the mitigations that did not heal it, ``to_undo`` is the one of them that is to be taken back first.
    ``eased_by`` is what makes it bearable meanwhile, and has to be ended with the incident. ``handovers`` are those of
    earlier sweeps, as its case tells of them: which runbook left it to which other one, and why.
    """

    episode: Episode
    alert: Alert | None
    alert_state: AlertState
    refusal: str = ""
    tried: frozenset[str] = frozenset()
    to_undo: Mitigation | None = None
    eased_by: Mitigation | None = None
    handovers: tuple[Json, ...] = ()


@dataclasses.dataclass(frozen=True)
class Tally:
    """What discovery saw, in numbers and names, for the opening line of a run."""

    firing: int = 0
    suppressed: int = 0
    unhandled: int = 0
    settling: int = 0
    waiting: int = 0
    elsewhere: int = 0
    silent: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


def to_assess(work: Work) -> bool:
    """Whether it is diagnosed in this sweep. What was begun is not: it is verified."""
    return work.episode.state not in ("mending", "verifying")


def write_work(directory: str, works: list[Work]) -> None:
    """Keeps the work of the sweep for the stages that follow."""
    path = os.path.join(directory, "work.json")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([{**as_json(work), "tried": sorted(work.tried)} for work in works], file)


def read_work(directory: str) -> list[Work]:
    """What ``write_work`` kept."""
    with open(os.path.join(directory, "work.json"), encoding="utf-8") as file:
        return [_work(raw) for raw in json.load(file)]


def _work(raw: Json) -> Work:
    alert, to_undo, eased_by = raw["alert"], raw["to_undo"], raw["eased_by"]
    return Work(
        episode=Episode(**raw["episode"]),
        alert=alert_from(alert) if alert else None,
        alert_state=raw["alert_state"],
        refusal=raw["refusal"],
        tried=frozenset(raw["tried"]),
        to_undo=Mitigation(**to_undo) if to_undo else None,
        eased_by=Mitigation(**eased_by) if eased_by else None,
        handovers=tuple(raw["handovers"]),
    )


def alert_from(raw: Json) -> Alert:
    """An alert from its JSON, as a case or the work of a sweep holds it."""
    return Alert(
        **{**raw, "silenced_by": tuple(raw["silenced_by"]), "inhibited_by": tuple(raw["inhibited_by"])},
    )

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a sweep adds to the sums behind the metrics that no row of the ledger keeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Sum, observation
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Json

DIAGNOSE_BUCKETS = (15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Seconds, upper bounds: from the alert's start until a finding was chosen."""

_UNDECIDED_SO_FAR = ("", "waiting", "undecided")


def of_decision(episode: Episode, diagnosis: Diagnosis | None, case: Json, now: float) -> list[Sum]:
    """All that one decision adds: ``episode`` is as the sweep found it, ``case`` as the decision left it.

    Without a diagnosis the gate was not asked, and what the case says of it is from an earlier sweep.
    """
    if diagnosis is None:
        return []
    return [*of_gate(case["gate"]), *of_diagnosis(episode, diagnosis, now)]


def of_gate(verdicts: Iterable[Json]) -> list[Sum]:
    """Each guard that held a plan, once for each time that the gate was asked. Verdicts are as a case has them."""
    return [Sum("guard_holds", {"guard": verdict["guard"]}) for verdict in verdicts if not verdict["passes"]]


def of_diagnosis(episode: Episode, diagnosis: Diagnosis | None, now: float) -> list[Sum]:
    """The time to the diagnosis, at the first look that chose a finding to go by.

    ``episode`` is as the sweep found it. An operator's run has no alert: its time counts from the opening.
    """
    if diagnosis is None or not diagnosis.chosen or diagnosis.wait or episode.outcome not in _UNDECIDED_SO_FAR:
        return []
    began = episode.opened_at if episode.starts_at is None else min(episode.starts_at, episode.opened_at)
    return observation("time_to_diagnose", {"runbook": episode.runbook}, DIAGNOSE_BUCKETS, now - began)

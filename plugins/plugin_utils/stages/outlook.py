# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the gate is shown beside a plan and its evidence: the past of its target, what others are doing, what humans
have said, and how the estate is as a whole. Read once for all plans of a sweep.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils import storm as storms
from ansible_collections.oncall.remedy.plugins.plugin_utils.brake import kill_switch
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import Cohort, KillSwitch, Storm
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate, Target
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Episode, Pause, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.planned import Planned

HISTORY = 30 * 86400.0
"""Seconds of a target's past that the gate looks at."""

STORM = "storm"
"""The name under which the ledger keeps whether there is one."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The sweep that decides: its id in the ledger, since when it runs, and whether an operator has narrowed it."""

    id: str
    began_at: float
    narrowed: bool


@dataclasses.dataclass
class Outlook:
    """The state of things at one moment, and how many of each cohort this sweep has let pass so far."""

    kill_switch: KillSwitch
    standings: Mapping[str, Standing]
    approvals: Mapping[str, Approval]
    pauses: tuple[Pause, ...]
    storm: Storm
    cohorts: dict[str, Cohort]

    def cohort(self, planned: Planned) -> Cohort:
        """Those that are like this one, with how many of them are being mended or were let pass before it."""
        return self.cohorts[planned.cohort]

    def beneath(self, target: Target) -> dict[str, Standing]:
        """The standings of what a target stands on."""
        return {name: self.standings[name] for name in target.stands_on}

    def let_pass(self, planned: Planned) -> None:
        """Counts one that is about to be mended."""
        before = self.cohorts[planned.cohort]
        self.cohorts[planned.cohort] = dataclasses.replace(before, under_way=before.under_way + 1)


def look_out(
    ledger: Ledger,
    estate: Estate,
    settings: Settings,
    planned: Sequence[Planned],
    assessed: Sequence[Assessed],
    sweep: Run,
    now: float,
) -> Outlook:
    """Reads it all. Raises LedgerError: without the ledger nothing is decided."""
    names = {name for one in planned for name in (one.subject.target.name, *one.subject.target.stands_on)}
    return Outlook(
        kill_switch=kill_switch(settings.kill_switch),
        standings=ledger.standings(sorted(names), now - HISTORY, settings.must_hold),
        approvals=ledger.approvals_of([one.assessed.episode.id for one in planned]),
        pauses=ledger.pauses(now),
        storm=_storm(ledger, settings, assessed, sweep, now),
        cohorts=_cohorts(ledger, estate, settings, planned, now),
    )


def _storm(ledger: Ledger, settings: Settings, assessed: Sequence[Assessed], sweep: Run, now: float) -> Storm:
    """Whether too much that is unrelated fails at once: from one number on, until a later sweep sees a lower one. A run
    that is narrowed to one target sees too little to say so."""
    unrelated = storms.unrelated(_kinds(ledger, assessed, sweep.began_at), settings.outage)
    former = ledger.condition(STORM)
    was_on = bool(former and former["on"])
    on = was_on if sweep.narrowed else storms.next_state(was_on, unrelated, settings.storm)
    if not sweep.narrowed and (former is None or was_on != on):
        former = {"on": on, "since": now}
        ledger.set_condition(STORM, former, now)
    return Storm(
        on=on,
        unrelated=unrelated,
        begins=settings.storm.begins,
        ends=settings.storm.ends,
        since=former["since"] if former and on else None,
    )


def storm_over(weather: Storm, assessed: Assessed, settings: Settings) -> Storm:
    """The storm as one incident is in it: only its own target's monitor can be at fault for it. One cluster whose
    Prometheus is gone must not keep the hand from all the others."""
    if not assessed.monitor:
        return weather
    doubt = storms.doubts(assessed.monitor, settings.storm)
    return dataclasses.replace(weather, monitor=doubt.why, monitor_unknown=doubt.unknown)


def _kinds(ledger: Ledger, assessed: Sequence[Assessed], began_at: float) -> list[tuple[str, str]]:
    """Each target that an alert is about and what is wrong with it. Not of this sweep alone: what is not due yet, or is
    with another sweep, is down as well if its alert was listed since this one began, and was diagnosed before."""
    here = {one.episode.id for one in assessed}
    listed = [one for one in ledger.episodes() if one.origin == "alert" and one.seen_at >= began_at]
    elsewhere = [one for one in listed if one.id not in here]
    cases = ledger.cases_of([one.id for one in elsewhere])
    failing = [one for one in assessed if one.work.alert and one.alert_state != "gone"]
    return [
        *(_kind(one.episode, one.diagnosis.chosen if one.diagnosis else "") for one in failing),
        *(_kind(one, str((cases.get(one.id, {}).get("diagnosis") or {}).get("chosen", ""))) for one in elsewhere),
    ]


def _kind(episode: Episode, chosen: str) -> tuple[str, str]:
    """A target and what is wrong with it: the runbook's finding, else the alert's name."""
    return episode.target, f"{episode.runbook} {chosen}" if chosen else episode.alertname


def _cohorts(
    ledger: Ledger, estate: Estate, settings: Settings, planned: Sequence[Planned], now: float
) -> dict[str, Cohort]:
    sizes = Counter(one.cohort for one in planned)
    known = ledger.cohorts_now(sizes, now - settings.must_hold)
    found: dict[str, Cohort] = {}
    for one in planned:
        if one.cohort not in found:
            under_way, history = known[one.cohort]
            healed = any(past.verified == "healed" for past in history)
            failed = tuple(sorted({past.target for past in history if _did_not_help(past.verified, past.outcome)}))
            limit = _limit(estate, one.subject.target, sizes[one.cohort], settings.outage, healed)
            found[one.cohort] = Cohort(one.cohort, under_way, limit, failed)
    return found


def _did_not_help(verified: str, outcome: str) -> bool:
    return verified in ("not_healed", "cannot_tell") or outcome in ("failed", "interrupted")


def _limit(estate: Estate, target: Target, alike: int, outage: int, healed: bool) -> int | None:
    """How many may be mended at once: as the target's group says; in an outage without one, first one alone, and a
    tenth of them once it has been seen to help; else no limit."""
    group = target.group
    if group is not None:
        return group.limit(len(estate.members(group.name)))
    if alike < outage:
        return None
    return max(1, alike // 10) if healed else 1

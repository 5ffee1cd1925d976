# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide: what follows from each diagnosis, and permits for the plans that every guard agrees with."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils import gate
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import Pulled
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import ModeError, mode_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, KillSwitch
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash, remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Held,
    Intent,
    Mitigation,
    Standing,
    StepRefused,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Json, Plan, Verdict, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed, Subject, case_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending

HISTORY = 7 * 86400.0
"""Seconds of a target's past that the gate looks at."""

PERMIT_SECONDS = 120.0
"""How long a permit may lie unused: the mend play follows at once."""

MARGIN = 60.0
"""By how much a lease outlasts the timeout of the task under it."""

LETS_GO = frozenset({"lease", "nothing unfinished", "still firing", "not silenced"})
"""Guards that let go without a human: another remedy ends, an alert resolves, a silence was somebody's wish."""


@dataclasses.dataclass(frozen=True)
class Decided:
    """What follows for one incident: an ending for this sweep, or a permit that the mend play carries out."""

    assessed: Assessed
    case: Json
    ending: Ending | None = None
    permit: Mitigation | None = None


@dataclasses.dataclass(frozen=True)
class _Planned:
    """An incident whose diagnosis asks for a change."""

    assessed: Assessed
    subject: Subject
    diagnosis: Diagnosis
    plan: Plan


@dataclasses.dataclass(frozen=True)
class _Asked(_Planned):
    """A plan and what the gate said of it."""

    decision: gate.Decision
    mode: str
    fence: int


_Permit = Mitigation | Held | StepRefused
"""What comes of asking for a permit: it, or why not now, or why never for this plan."""


class Decider:
    """Turns assessments into endings and permits. ``sweep`` is the id under which the ledger knows this run."""

    def __init__(self, ledger: Ledger, settings: Settings, sweep: str) -> None:
        self._ledger = ledger
        self._settings = settings
        self._sweep = sweep

    def run(self, assessed: list[Assessed], pulled: tuple[Pulled, ...], now: float) -> list[Decided]:
        """Decides for all; ``pulled`` is what the sources of the plans' alerts say now, after the asking."""
        planned = [found for found in map(_with_plan, assessed) if found is not None]
        standings = self._ledger.standings([one.subject.target.name for one in planned], now - HISTORY)
        asked = {
            one.assessed.episode.id: self._ask_gate(one, standings.get(one.subject.target.name), pulled, now)
            for one in planned
        }
        acting = [one for one in asked.values() if one.decision.answer == "act"]
        permits = dict(zip((one.assessed.episode.id for one in acting), self._permits(acting, now), strict=True))
        return [
            self._planned(asked[one.episode.id], permits.get(one.episode.id))
            if one.episode.id in asked
            else Decided(one, self._case(one), without_plan(one))
            for one in assessed
        ]

    def _case(self, assessed: Assessed) -> Json:
        """The case so far, with what the assessment found out."""
        case = case_of(assessed, self._ledger.case(assessed.episode.id))
        return cases.decided(case, assessed.diagnosis, "", ()) if assessed.diagnosis else case

    def _ask_gate(self, planned: _Planned, standing: Standing | None, pulled: tuple[Pulled, ...], now: float) -> _Asked:
        assessed, subject, plan = planned.assessed, planned.subject, planned.plan
        state, silenced_by, inhibited_by = _alert_now(assessed, pulled)
        decision = gate.decide(
            GateInput(
                target=subject.target.name,
                episode=assessed.episode.id,
                sweep=self._sweep,
                plan=plan,
                diagnosis=planned.diagnosis,
                evidence={one.name: one for one in assessed.evidence},
                mode=subject.target.mode,
                draft=subject.book.draft,
                kill_switch=kill_switch(self._settings.kill_switch),
                alert_state=state,
                standing=standing,
                now=now,
                silenced_by=silenced_by,
                inhibited_by=inhibited_by,
            )
        )
        mode = _mode(subject.target.mode, plan.risk)
        fence = standing.fence if standing else 0
        return _Asked(assessed, subject, planned.diagnosis, plan, decision, mode, fence)

    def _permits(self, acting: list[_Asked], now: float) -> list[_Permit]:
        """All in one step. A plan that the ledger does not take must not cost the others theirs: then one by one."""
        intents = [self._intent(one, now) for one in acting]
        try:
            return [*self._ledger.issue_permits(intents, now)]
        except StepRefused:
            return [self._permit(intent, now) for intent in intents]

    def _permit(self, intent: Intent, now: float) -> _Permit:
        try:
            return self._ledger.issue_permit(intent, now)
        except StepRefused as refusal:
            return refusal

    def _intent(self, asked: _Asked, now: float) -> Intent:
        return Intent(
            episode=asked.assessed.episode.id,
            target=asked.subject.target.name,
            owner=self._sweep,
            remedy=remedy_of(asked.plan),
            plan=as_json(asked.plan),
            plan_hash=plan_hash(asked.plan),
            evidence_hash=evidence_hash(asked.diagnosis),
            expires_at=now + PERMIT_SECONDS,
            hold_for=asked.plan.timeout + MARGIN,
            fence_seen=asked.fence,
        )

    def _planned(self, asked: _Asked, permit: _Permit | None) -> Decided:
        """What the gate's answer means; where it lets pass and the lease is lost in that moment, the lease holds."""
        answer, verdicts = asked.decision.answer, asked.decision.verdicts
        if isinstance(permit, Held):
            answer, verdicts = "hold", _lease_lost(verdicts, permit)
        elif isinstance(permit, StepRefused):
            answer, verdicts = "hold", (*verdicts, Verdict("permit", False, str(permit)))
        case = case_of(asked.assessed, self._ledger.case(asked.assessed.episode.id))
        case = cases.decided(case, asked.diagnosis, asked.mode, verdicts)
        if isinstance(permit, Mitigation):
            return Decided(asked.assessed, cases.permitted(case, permit.plan, permit.permit), permit=permit)
        return Decided(asked.assessed, case, _without_permit(answer, asked.diagnosis, asked.plan, verdicts))


def without_plan(assessed: Assessed) -> Ending:
    """The ending of an incident for which there is nothing to ask the gate."""
    episode, diagnosis = assessed.episode, assessed.diagnosis
    if assessed.alert_state == "gone":
        return ending.resolved()
    if assessed.fault or diagnosis is None:
        return ending.refused(episode.alertname, assessed.fault)
    if diagnosis.wait:
        return ending.waiting(diagnosis)
    if not diagnosis.chosen and diagnosis.undecided:
        return ending.undecided(diagnosis)
    if not diagnosis.chosen:
        return ending.nothing_found(episode.origin == "operator")
    if diagnosis.propose:
        return ending.proposed(diagnosis, diagnosis.propose)
    return ending.handed_over(diagnosis) if diagnosis.handover else ending.told(diagnosis)


def _without_permit(answer: str, diagnosis: Diagnosis, plan: Plan, verdicts: tuple[Verdict, ...]) -> Ending:
    if answer == "observe":
        return ending.observed(diagnosis, plan)
    if answer == "propose":
        change = f"{plan.mitigation} of {plan.touches} ({plan.risk} risk)"
        return ending.proposed(diagnosis, f"{change}; {diagnosis.propose}" if diagnosis.propose else change)
    holding = {verdict.guard for verdict in verdicts if not verdict.passes}
    return ending.held(diagnosis, plan, verdicts, quiet=holding <= LETS_GO)


def _with_plan(assessed: Assessed) -> _Planned | None:
    """The plan that the gate is to be asked about. A resolved alert never mitigates, so there is none for it."""
    subject, diagnosis = assessed.subject, assessed.diagnosis
    if assessed.fault or assessed.alert_state == "gone" or not subject or not diagnosis or not diagnosis.plan:
        return None
    return _Planned(assessed, subject, diagnosis, diagnosis.plan)


def _alert_now(assessed: Assessed, pulled: tuple[Pulled, ...]) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """What the alert's source says of it now: the state, who silences it, what inhibits it."""
    episode = assessed.episode
    if assessed.alert_state != "firing" or assessed.work.alert_state == "gone":
        alert = assessed.work.alert
        return assessed.alert_state, alert.silenced_by if alert else (), alert.inhibited_by if alert else ()
    answer = next((one for one in pulled if one.source.name == episode.source), None)
    if answer is None or answer.error:
        return "unknown", (), ()
    alert = next((one for one in answer.alerts if one.fingerprint == episode.fingerprint), None)
    if alert is None:
        return "gone", (), ()
    state = "firing" if alert.state == "active" else "silenced" if alert.silenced_by else "inhibited"
    return state, alert.silenced_by, alert.inhibited_by


def kill_switch(path: str) -> KillSwitch:
    """Whether the emergency brake is pulled. Only a clear "no such file" counts as absent."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return "absent"
    except OSError:
        return "unreadable"
    return "present"


def _mode(setting: Any, risk: str) -> str:
    try:
        return mode_of(setting, risk)
    except ModeError:
        return ""


def _lease_lost(verdicts: tuple[Verdict, ...], held: Held) -> tuple[Verdict, ...]:
    return tuple(Verdict("lease", False, held.reason) if one.guard == "lease" else one for one in verdicts)

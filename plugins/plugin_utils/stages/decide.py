# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decide: what follows from each diagnosis, and permits for the plans that every guard agrees with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils import gate
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import Pulled
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import approval as approvals
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import cooldown, tried
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import ModeError, mode_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.patience import patience_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import credential_seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import approval_id
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Approval,
    Held,
    Intent,
    Mitigation,
    StepRefused,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Verdict, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.recurrence import in_common
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed, case_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.outlook import Outlook, Run, look_out, storm_over
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.planned import Planned, planned

PERMIT_SECONDS = 120.0
"""How long a permit may lie unused: the mend play follows at once."""
TURN_SECONDS = 2.0
"""By how much longer for each permit of the sweep: Ansible begins so many hosts at a time."""

MARGIN = 60.0
"""By how much a lease outlasts the task under it, and the credential that the task writes with."""


@dataclasses.dataclass(frozen=True)
class Decided:
    """What follows for one incident: an ending for this sweep, or a permit that the mend play carries out."""

    assessed: Assessed
    case: Json
    ending: Ending | None = None
    permit: Mitigation | None = None


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A plan, what the gate said of it, and the approval that a human gave or is asked for."""

    planned: Planned
    decision: gate.Decision
    mode: str
    intent: Intent
    approval: Approval | None

    @property
    def episode(self) -> str:
        return self.planned.assessed.episode.id


_Permit = Mitigation | Held | StepRefused
"""What comes of asking for a permit: it, or why not now, or why never for this plan."""


class Decider:
    """Turns assessments into endings and permits. ``sweep`` is this run."""

    def __init__(self, ledger: Ledger, estate: Estate, settings: Settings, sweep: Run) -> None:
        self._ledger = ledger
        self._estate = estate
        self._settings = settings
        self._sweep = sweep

    def run(self, assessed: list[Assessed], pulled: tuple[Pulled, ...], now: float) -> list[Decided]:
        """Decides for all; ``pulled`` is what the sources of the plans' alerts say now, after the asking."""
        plans = [found for found in map(planned, assessed) if found is not None]
        self._void_what_changed(assessed, plans, now)
        outlook = look_out(self._ledger, self._estate, self._settings, plans, assessed, self._sweep, now)
        asked = self._put_before_humans([self._ask_gate(one, outlook, pulled, now) for one in plans], now)
        permits = self._permits([one for one in asked.values() if one.decision.answer == "act"], now)
        known = self._ledger.cases_of([one.episode.id for one in assessed])
        return [
            self._planned(asked[one.episode.id], permits.get(one.episode.id), known, now)
            if one.episode.id in asked
            else _without_plan(one, known.get(one.episode.id), now)
            for one in assessed
        ]

    def _ask_gate(self, one: Planned, outlook: Outlook, pulled: tuple[Pulled, ...], now: float) -> _Asked:
        assessed, target, plan = one.assessed, one.subject.target, one.plan
        state, silenced_by, inhibited_by = _alert_now(assessed, pulled)
        standing, approval = outlook.standings.get(target.name), outlook.approvals.get(assessed.episode.id)
        cohort = outlook.cohort(one)
        view = GateInput(
            target=target.name,
            episode=assessed.episode.id,
            sweep=self._sweep.id,
            plan=plan,
            diagnosis=one.diagnosis,
            evidence={answer.name: answer for answer in assessed.evidence},
            mode=target.mode,
            draft=one.subject.book.draft,
            kill_switch=outlook.kill_switch,
            alert_state=state,
            standing=standing,
            now=now,
            silenced_by=silenced_by,
            inhibited_by=inhibited_by,
            stands_on=target.stands_on,
            beneath=outlook.beneath(target),
            pauses=outlook.pauses,
            opt_out=target.opt_out,
            maintenance=self._estate.maintenance(target),
            patience=patience_for(target.patience, assessed.episode.alertname, one.subject.book.patience),
            firing_since=_firing_since(assessed),
            blast_radius=target.blast_radius,
            cohort=cohort,
            storm=storm_over(outlook.storm, assessed, self._settings),
            recurrence=target.recurrence,
            approval=approval,
            approvals_readable=True,
            trusted_since=target.trusted_since,
            undoes=one.undoes,
            releases=one.releases,
            must_hold=self._settings.must_hold,
        )
        decision = gate.decide(view)
        if decision.answer == "act":
            outlook.let_pass(one)
        intent = Intent(
            episode=assessed.episode.id,
            target=target.name,
            owner=self._sweep.id,
            remedy=one.remedy,
            plan=as_json(plan),
            plan_hash=one.plan_hash,
            evidence_hash=one.evidence_hash,
            expires_at=now,  # by its turn among those of this sweep, see _permits
            hold_for=credential_seconds(target.credentials.get(plan.credential), plan.timeout) + MARGIN,
            fence_seen=standing.fence if standing else 0,
            beneath_seen={name: found.fence for name, found in outlook.beneath(target).items()},
            finding=one.diagnosis.chosen,
            cohort=one.cohort,
            at_once=cohort.limit or 0,
            approval=approvals.used_up(view) if decision.answer == "act" else "",
            undoes=one.undoes,
        )
        return _Asked(one, decision, _mode(target.mode, plan.risk), intent, approval)

    def _put_before_humans(self, asked: Sequence[_Asked], now: float) -> dict[str, _Asked]:
        """Asks for the approvals that are wanting, and records what is only proposed: its track record counts."""
        kinds = {"ask": "approval", "propose": "proposal"}
        shown = [one for one in asked if one.decision.answer in kinds and not one.planned.releases]
        answers = self._ledger.ask([self._question(one, kinds[one.decision.answer], now) for one in shown], now)
        by_episode = {one.episode: answer for one, answer in zip(shown, answers, strict=True)}
        return {
            one.episode: dataclasses.replace(one, approval=by_episode.get(one.episode, one.approval)) for one in asked
        }

    def _question(self, asked: _Asked, kind: Any, now: float) -> Approval:
        intent, diagnosis = asked.intent, asked.planned.diagnosis
        return Approval(
            id=approval_id(intent.episode, intent.plan_hash, intent.evidence_hash),
            kind=kind,
            episode=intent.episode,
            target=intent.target,
            remedy=intent.remedy,
            finding=diagnosis.chosen,
            because=diagnosis.because,
            plan=intent.plan,
            plan_hash=intent.plan_hash,
            evidence_hash=intent.evidence_hash,
            state="waiting" if kind == "approval" else "proposed",
            asked_at=now,
            expires_at=now + self._settings.approval_expires if kind == "approval" else None,
        )

    def _void_what_changed(self, assessed: Sequence[Assessed], plans: Sequence[Planned], now: float) -> None:
        """A yes is to one decision. Where another finding holds now, and asks for no change, nothing is left of it.
        Evidence that is merely missing has decided nothing."""
        with_plan = {one.assessed.episode.id for one in plans}
        changed = [
            one.episode.id
            for one in assessed
            if one.episode.id not in with_plan and one.diagnosis is not None and one.diagnosis.chosen
        ]
        if changed:
            self._ledger.void_approvals(changed, "the decision has changed, and asks for nothing now", now)

    def _permits(self, acting: list[_Asked], now: float) -> dict[str, _Permit]:
        """All in one step. A plan that the ledger does not take must not cost the others theirs: then one by one."""
        until = now + PERMIT_SECONDS + TURN_SECONDS * len(acting)
        intents = [dataclasses.replace(one.intent, expires_at=until) for one in acting]
        try:
            answers: list[_Permit] = [*self._ledger.issue_permits(intents, now)] if intents else []
        except StepRefused:
            answers = [self._permit(intent, now) for intent in intents]
        return dict(zip((one.episode for one in acting), answers, strict=True))

    def _permit(self, intent: Intent, now: float) -> _Permit:
        try:
            return self._ledger.issue_permit(intent, now)
        except StepRefused as refusal:
            return refusal

    def _planned(self, asked: _Asked, permit: _Permit | None, known: Mapping[str, Json], now: float) -> Decided:
        """What the gate's answer means; where it lets pass, another sweep may be given the lease in that moment."""
        one, answer, verdicts = asked.planned, asked.decision.answer, asked.decision.verdicts
        if isinstance(permit, Held):
            answer, verdicts = "hold", (*verdicts, Verdict("permit", False, permit.reason, lets_go=True))
        elif isinstance(permit, StepRefused):
            answer, verdicts = "hold", (*verdicts, Verdict("permit", False, str(permit)))
        former = known.get(asked.episode)
        if one.releases and former:
            case = {**former, "mode": asked.mode, "gate": as_json(verdicts)}  # what it was about stays readable
        else:
            case = cases.decided(case_of(one.assessed, former), one.diagnosis, asked.mode, verdicts)
        case = cases.asked(case, asked.approval)
        if isinstance(permit, Mitigation):
            case = cases.permitted(case, permit.plan, permit.permit)
            return Decided(one.assessed, case, permit=permit)
        return Decided(one.assessed, case, self._without_permit(asked, answer, verdicts, now))

    def _without_permit(self, asked: _Asked, answer: str, verdicts: tuple[Verdict, ...], now: float) -> Ending:
        diagnosis, plan = asked.planned.diagnosis, asked.planned.plan
        if asked.planned.releases:
            return ending.kept_easing(plan, asked.planned.assessed.alert_state == "gone", verdicts)
        if answer == "observe":
            return ending.observed(diagnosis, plan)
        if answer == "ask" and asked.approval is not None:
            return ending.asked(diagnosis, plan, asked.approval, now)
        if answer == "propose":
            change = f"{plan.mitigation} of {plan.touches} ({plan.risk} risk)"
            return ending.proposed(diagnosis, f"{change}; {diagnosis.propose}" if diagnosis.propose else change)
        held = [verdict for verdict in verdicts if not verdict.passes]
        holding = {verdict.guard for verdict in held}
        if asked.planned.assessed.work.eased_by and plan.eases and holding <= {tried.NAME, cooldown.NAME}:
            return ending.still_eased(diagnosis, plan)
        return ending.held(
            diagnosis,
            plan,
            verdicts,
            quiet=all(verdict.lets_go for verdict in held),
            history=self._history(asked) if "recurrence" in holding else "",
            alike="storm" if "storm" in holding else "",
        )

    def _history(self, asked: _Asked) -> str:
        """What the cases have in common in which the same was healed before."""
        target, remedy = asked.intent.target, asked.intent.remedy
        standing = self._ledger.standings([target], 0.0)[target]
        episodes = [one.episode for one in standing.history if one.remedy == remedy and one.verified == "healed"]
        common = in_common(list(self._ledger.cases_of(episodes).values()))
        return f"In common: {'; '.join(common)}" if common else "The cases have nothing in common but the remedy"


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
        why = _why_handed(assessed)
        settling = why and not episode.looks
        return ending.perhaps_over(why) if settling else ending.nothing_found(episode.origin == "operator", why)
    if diagnosis.propose:
        return ending.proposed(diagnosis, diagnosis.propose)
    if diagnosis.handover:
        return (
            ending.not_handed_over(diagnosis, assessed.obstacle) if assessed.obstacle else ending.handed_over(diagnosis)
        )
    return ending.told(diagnosis)


def _why_handed(assessed: Assessed) -> str:
    """What the runbook said that handed the incident over to this one, if one did."""
    handovers = assessed.work.handovers
    return f"handed over by {handovers[-1]['runbook']}: {handovers[-1]['because']}" if handovers else ""


def _without_plan(assessed: Assessed, known: Json | None, now: float) -> Decided:
    """How an incident ends for which there is nothing to ask the gate; the case with what the assessment found out."""
    case, how = cases.asked(case_of(assessed, known), None), without_plan(assessed)
    if assessed.diagnosis:
        case = cases.decided(case, assessed.diagnosis, "", ())
    return Decided(assessed, cases.handed_over(case, now) if how.runbook else case, how)


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


def _firing_since(assessed: Assessed) -> float | None:
    """Since when the alert fires; an operator's run needs no patience and counts from its opening."""
    alert = assessed.work.alert
    return alert.starts_at if alert else assessed.episode.opened_at


def _mode(setting: Any, risk: str) -> str:
    try:
        return mode_of(setting, risk)
    except ModeError:
        return ""

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close: what became of each permit, whether it helped, and how the incident stands when this sweep ends.

All verifications run side by side for as long as the sweep may linger; what is not proven by then is a state with a due
time that the next sweep continues.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import WRITE_SECONDS
from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import judge
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gathered, Gatherer
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode, Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Condition, Json, Plan, Verification
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Verify
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import report
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending, ladder
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import (
    CHARTED,
    UNUSABLE,
    Assessor,
    Subject,
    chart_of,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.calls import Ended
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import Recorder
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import Work


@dataclasses.dataclass(frozen=True)
class Permitted:
    """An incident with a permit: its case, and what became of the permit as the ledger knows it."""

    case: Json
    mitigation: Mitigation

    @property
    def plan(self) -> Plan:
        return Plan(**self.mitigation.plan)

    @property
    def because(self) -> str:
        return str((self.case["diagnosis"] or {}).get("because", ""))

    @property
    def escalation(self) -> str:
        return str((self.case["diagnosis"] or {}).get("escalate", ""))

    @property
    def message(self) -> str:
        """What the mitigation said at its end."""
        return str((self.mitigation.result or {}).get("message", "it gave no reason"))


@dataclasses.dataclass(frozen=True)
class Mended(Permitted):
    """An incident whose mitigation is to be verified."""

    subject: Subject
    verify: Verify

    @property
    def within(self) -> float:
        """Seconds that the mitigation has to show that it healed: its own, else the runbook's."""
        return self.plan.within or self.verify.within


@dataclasses.dataclass(frozen=True)
class Verified:
    """What the verification of one mitigation came to in this sweep."""

    mended: Mended
    case: Json
    ending: Ending


class Verifier:
    """Verifies mitigations side by side: by the sensors that ``healed_when`` names, for as long as it must hold."""

    def __init__(
        self, gatherer: Gatherer, linger: float, say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._gatherer = gatherer
        self._linger = linger
        self._say = say
        self._clock = clock

    def run(self, mended: list[Mended]) -> list[Verified]:
        """Asks again and again until each is healed, is not, or cannot be told, or the time to linger is over."""
        until = time.monotonic() + self._linger
        open_ = {one.subject.key: (one, _former(one, self._clock())) for one in mended}
        done: list[Verified] = []
        while open_:
            gathered = self._gatherer.gather([one.subject.inquiry(_names(one), {}) for one, _seen in open_.values()])
            now = self._clock()
            for key, (one, former) in list(open_.items()):
                seen = verification(one, gathered[key], former, now)
                open_[key] = (one, seen)
                if seen.outcome != "pending":
                    done.append(_verified(one, gathered[key], seen))
                    del open_[key]
            pause = min((one.verify.every for one, _seen in open_.values()), default=0.0)
            if not open_ or time.monotonic() + pause > until:
                break
            for one, seen in open_.values():
                self._say(report.verifying(cases.verified(one.case, seen), one.verify.stable_for, now))
            time.sleep(pause)
        return done + [_verified(one, None, seen) for one, seen in open_.values()]


def _names(mended: Mended) -> frozenset[str]:
    return mended.subject.book.healed_names | {CHARTED}


def _former(mended: Mended, now: float) -> Verification:
    """Where an earlier sweep left off: since when the conditions have held."""
    former = mended.case["verification"] or {}
    began_at = mended.mitigation.ended_at or now
    return Verification("pending", (), (), began_at, began_at, held_since=former.get("held_since", 0.0))


def verification(mended: Mended, gathered: Gathered, former: Verification, now: float) -> Verification:
    """Judges one look. Pure.

    Healed needs every condition to hold at every look for ``stable_for``; one look that is unknown starts that anew.
    What holds when ``within`` is over gets the time to prove itself: the first look may come late, after the remedies
    of other targets or in a later sweep.
    """
    verify, found = mended.verify, gathered.evidence
    evidence = {name: found[name] for name in mended.subject.book.evidence if name in found}
    try:
        conditions, truth = judge(verify.healed_when, mended.subject.scope, evidence)
    except RunbookFault as fault:
        conditions, truth = (Condition(str(fault), "unknown", reason="the runbook is at fault"),), "unknown"
    held_since = (former.held_since or now) if truth == "true" else 0.0
    seen = Verification("pending", conditions, tuple(evidence.values()), former.began_at, now, held_since)
    if held_since and now - held_since >= verify.stable_for:
        return dataclasses.replace(seen, outcome="healed", reason=f"stable for {now - held_since:.0f} s")
    if truth == "true" or now < former.began_at + mended.within:
        return seen
    if truth == "unknown":
        return dataclasses.replace(seen, outcome="cannot_tell", reason=_reasons(conditions, "unknown"))
    return dataclasses.replace(seen, outcome="not_healed", reason=_reasons(conditions, "false"))


def _reasons(conditions: tuple[Condition, ...], truth: str) -> str:
    words = []
    for condition in conditions:
        if condition.truth == truth:
            why = condition.reason or ", ".join(f"{name} is {value}" for name, value in condition.seen.items())
            words.append(f"{condition.text} ({why})" if why else condition.text)
    return "; ".join(words)


def _verified(mended: Mended, gathered: Gathered | None, seen: Verification) -> Verified:
    case = cases.verified(mended.case, seen)
    charted = chart_of(mended.subject, gathered.evidence.get(CHARTED)) if gathered else None
    case = {**case, "chart": charted or case["chart"]}
    if seen.outcome == "pending":
        left = max(0.0, mended.within - (seen.ended_at - seen.began_at))
        return Verified(mended, case, ending.verifying(mended.because, mended.plan, left))
    return Verified(mended, case, _how_it_ends(mended, seen))


def _how_it_ends(mended: Mended, seen: Verification) -> Ending:
    """One that did not heal is taken back where it says how, else followed by the next one. What broke off in the
    middle is for a human: nobody knows how far it came."""
    because, plan = mended.because, mended.plan
    interrupted = mended.message if mended.mitigation.outcome == "interrupted" else ""
    if seen.outcome == "not_healed" and not interrupted:
        if plan.undo:
            return ending.to_be_undone(because, plan, seen)
        if ladder.has_next_rung(plan):
            return ending.next_rung(because, plan, seen.reason)
    return ending.verified(because, plan, seen, mended.escalation, interrupted)


class Closer:
    """Ends the sweep's work on every incident that got a permit; all others have their ending already, unless the
    engine failed."""

    def __init__(
        self,
        ledger: Ledger,
        estate: Estate,
        assessor: Assessor,
        verifier: Verifier,
        recorder: Recorder,
        check: bool,
    ) -> None:
        self._ledger = ledger
        self._estate = estate
        self._assessor = assessor
        self._verifier = verifier
        self._recorder = recorder
        self._check = check

    def run(self, works: list[Work], fault: str = "") -> None:
        """Writes an ending for each of them. One that cannot be ended holds up no other: it is escalated as such.

        ``fault`` says why the engine failed before this; then what it had not come to is escalated as well.
        """
        claimed = self._ledger.claimed_by(self._recorder.sweep)
        left = [work for work in works if work.episode.id in claimed]
        let_the_dead_finish(self._ledger, [work.episode.id for work in left], self._recorder.sweep)
        ended: list[Ended] = []
        mended: list[Mended] = []
        for work in left:
            found = self._mended(work, fault)
            if isinstance(found, Mended):
                mended.append(found)
            elif found is not None:
                ended.append(found)
        self._recorder.record(ended, self._ledger.now())
        verified = self._verifier.run(mended)
        for one in verified:
            if one.ending.left != "verifying":
                self._ledger.verified(one.mended.mitigation.permit, one.case["verification"]["outcome"], self._now())
        self._recorder.record(
            [self._ended(one.mended.subject.work.episode, one.case, one.ending) for one in verified], self._now()
        )

    def _now(self) -> float:
        return self._ledger.now()

    def _mended(self, work: Work, fault: str) -> Mended | Ended | None:
        """The incident if its remedy is to be verified, or its ending where there is nothing to verify."""
        episode = self._ledger.episode(work.episode.id)
        case = self._ledger.case(episode.id) or cases.new_case(episode, work.alert)
        if episode.state not in ("permitted", "mending", "verifying"):
            left_over = fault and episode.claimed_by == self._recorder.sweep
            return self._ended(episode, case, ending.broken_off(fault)) if left_over else None
        latest = settle_permits(self._ledger, episode.id, self._recorder.sweep, self._now())
        if latest is None:
            return None
        permitted = Permitted(_with_result(case, latest), latest)
        try:
            subject = self._assessor.subject(dataclasses.replace(work, episode=episode))
        except UNUSABLE as error:
            return self._ended(episode, permitted.case, unverifiable(permitted, str(error), self._now()))
        without = self._without_verification(permitted)
        if without:
            return self._ended(episode, permitted.case, without)
        self._tell_interruption(permitted, subject)
        return self._verifiable(permitted, subject)

    def _without_verification(self, permitted: Permitted) -> Ending | None:
        """The ending of a permit from which nothing came that is to be verified."""
        mitigation, plan, because = permitted.mitigation, permitted.plan, permitted.because
        if mitigation.state == "void":
            return ending.never_used(because, plan)
        if mitigation.outcome == "failed":
            return ending.failed(because, plan, permitted.message, permitted.escalation)
        if self._check and mitigation.owner == self._recorder.sweep:
            return ending.previewed(because, plan)
        if mitigation.undoes and mitigation.outcome == "done":
            return self._undone(permitted)
        return None if plan.cures else ending.eased(because, plan, permitted.escalation)

    def _undone(self, permitted: Permitted) -> Ending:
        """What did not heal has been taken back: on to the next rung, or to a human. Or what eased has been ended."""
        plan = Plan(**self._ledger.mitigation(permitted.mitigation.undoes).plan)
        if plan.eases:
            return ending.released(plan)
        reason = str(((permitted.case["earlier"] or [{}])[-1].get("verification") or {}).get("reason", ""))
        if ladder.has_next_rung(plan):
            return ending.next_rung(permitted.because, plan, f"{reason}; it was undone")
        return ending.undone(permitted.because, plan, permitted.plan, reason, permitted.escalation)

    def _tell_interruption(self, permitted: Permitted, subject: Subject) -> None:
        """A remedy that broke off in this sweep is for a human at once, whatever the verification will say of it."""
        mitigation, plan = permitted.mitigation, permitted.plan
        if mitigation.outcome == "interrupted" and mitigation.owner == self._recorder.sweep:
            why = f"{plan.mitigation} of {plan.touches}: {permitted.message}"
            self._recorder.call_now(
                subject.work.episode, why, permitted.escalation, subject.target.escalation, self._now()
            )

    def _verifiable(self, permitted: Permitted, subject: Subject) -> Mended | Ended:
        if subject.book.verify:
            return Mended(permitted.case, permitted.mitigation, subject, subject.book.verify)
        why = f"the runbook {subject.book.name} does not say what healed means"
        return self._ended(subject.work.episode, permitted.case, unverifiable(permitted, why, self._now()))

    def _ended(self, episode: Episode, case: Json, how: Ending) -> Ended:
        return Ended(episode, case, how, self._estate.escalation(episode.target))


def unverifiable(permitted: Permitted, why: str, now: float) -> Ending:
    """The ending where the runbook, or the inventory, cannot be used any more: nobody can say whether it helped."""
    if permitted.mitigation.began_at is None:
        return ending.refused(permitted.case["alertname"], why)
    blind = Verification("cannot_tell", (), (), now, now, reason=why)
    return ending.verified(permitted.because, permitted.plan, blind, permitted.escalation)


def _with_result(case: Json, mitigation: Mitigation) -> Json:
    if case["mitigation"] is None:
        case = cases.permitted(case, mitigation.plan, mitigation.permit)
    began_at, ended_at = mitigation.began_at or 0.0, mitigation.ended_at or 0.0
    return cases.mended(case, began_at, ended_at, mitigation.outcome, mitigation.result or {})


def let_the_dead_finish(ledger: Ledger, episodes: Sequence[str], sweep: str) -> None:
    """Waits until no write of a dead sweep can still arrive, where one had begun a remedy and never said how it ended.

    A worker may outlive its controller. It writes nothing once it sees that the controller is gone, but a request that
    was under way at that moment may arrive for as long as a request may take.
    """
    begun = [
        one
        for several in ledger.mitigations_of(episodes).values()
        for one in several
        if one.state == "begun" and one.owner != sweep
    ]
    if begun:
        time.sleep(WRITE_SECONDS)


def settle_permits(ledger: Ledger, episode: str, sweep: str, now: float) -> Mitigation | None:
    """What became of the episode's latest permit. Begun without an outcome means that the host vanished or that the run
    died in the middle: that is recorded as an interruption, and nobody assumes anything of it."""
    mitigations = ledger.mitigations(episode)
    if not mitigations:
        return None
    latest = mitigations[-1]
    if latest.state == "issued":
        ledger.void(latest.permit, "the sweep ended before it was used", now)
    elif latest.state == "begun":
        lost = {"message": "the run, or its target, was lost in the middle of the remedy"}
        ledger.finished(latest.permit, "interrupted", lost, now, by=sweep)
    return ledger.mitigation(latest.permit)

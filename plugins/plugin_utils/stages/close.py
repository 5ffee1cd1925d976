# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close: what became of each permit, whether it helped, and how the incident stands when this sweep ends.

All verifications run side by side for as long as the sweep may linger; what is not proven by then is a state with a due
time that the next sweep continues.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils import report
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import judge
from ansible_collections.oncall.remedy.plugins.plugin_utils.faults import RunbookError, RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gathered, Gatherer
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Condition, Json, Plan, Verification
from ansible_collections.oncall.remedy.plugins.plugin_utils.runbook import Verify
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import CHARTED, Assessor, Subject, chart_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import Recorder
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import Work


@dataclasses.dataclass(frozen=True)
class Mended:
    """An incident whose mitigation was begun, as the ledger knows it."""

    subject: Subject
    case: Json
    mitigation: Mitigation

    @property
    def plan(self) -> Plan:
        return Plan(**self.mitigation.plan)

    @property
    def verify(self) -> Verify:
        """How the runbook tells that it is over. A runbook with a mitigation has it: the static check sees to that."""
        assert self.subject.book.verify is not None
        return self.subject.book.verify

    @property
    def because(self) -> str:
        return str((self.case["diagnosis"] or {}).get("because", ""))

    @property
    def escalation(self) -> str:
        return str((self.case["diagnosis"] or {}).get("escalate", ""))


@dataclasses.dataclass(frozen=True)
class Verified:
    """What the verification of one mitigation came to in this sweep."""

    mended: Mended
    case: Json
    ending: Ending


class Verifier:
    """Verifies mitigations side by side: through the sensors that ``healed_when`` names, for as long as it must hold."""

    def __init__(self, gatherer: Gatherer, linger: float, say: Callable[[str], None]) -> None:
        self._gatherer = gatherer
        self._linger = linger
        self._say = say

    def run(self, mended: list[Mended]) -> list[Verified]:
        """Asks again and again until each is healed, is not, or cannot be told, or the time to linger is over."""
        until = time.monotonic() + self._linger
        open_ = {one.subject.key: (one, _former(one)) for one in mended}
        done: list[Verified] = []
        while open_:
            gathered = self._gatherer.gather([one.subject.inquiry(_names(one), {}) for one, _seen in open_.values()])
            now = time.time()
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


def _former(mended: Mended) -> Verification:
    """Where an earlier sweep left off: since when the conditions have held."""
    former = mended.case["verification"] or {}
    began_at = mended.mitigation.ended_at or time.time()
    return Verification("pending", (), (), began_at, began_at, held_since=former.get("held_since", 0.0))


def verification(mended: Mended, gathered: Gathered, former: Verification, now: float) -> Verification:
    """Judges one look. Pure.

    Healed needs every condition to hold at every look for ``stable_for``; one look that is unknown starts that anew.
    """
    verify, evidence = mended.verify, {key: one for key, one in gathered.evidence.items() if key != CHARTED}
    try:
        conditions, truth = judge(verify.healed_when, mended.subject.scope, evidence)
    except RunbookFault as fault:
        conditions, truth = (Condition(str(fault), "unknown", reason="the runbook is at fault"),), "unknown"
    held_since = (former.held_since or now) if truth == "true" else 0.0
    seen = Verification("pending", conditions, tuple(evidence.values()), former.began_at, now, held_since)
    if held_since and now - held_since >= verify.stable_for:
        return dataclasses.replace(seen, outcome="healed", reason=f"stable for {now - held_since:.0f} s")
    if now < former.began_at + verify.within + (verify.stable_for if held_since else 0.0):
        return seen
    if truth == "unknown":
        return dataclasses.replace(seen, outcome="cannot_tell", reason=_reasons(conditions, "unknown"))
    return dataclasses.replace(seen, outcome="not_healed", reason=_reasons(conditions, "false") or "it did not stay healed")


def _reasons(conditions: tuple[Condition, ...], truth: str) -> str:
    words = []
    for condition in conditions:
        if condition.truth == truth:
            seen = ", ".join(f"{name} is {value}" for name, value in condition.seen.items())
            words.append(f"{condition.text} ({condition.reason or seen})" if condition.reason or seen else condition.text)
    return "; ".join(words)


def _verified(mended: Mended, gathered: Gathered | None, seen: Verification) -> Verified:
    case = cases.verified(mended.case, seen)
    charted = chart_of(mended.subject, gathered.evidence.get(CHARTED)) if gathered else None
    case = {**case, "chart": charted or case["chart"]}
    if seen.outcome == "pending":
        left = max(0.0, mended.verify.within - (seen.ended_at - seen.began_at))
        return Verified(mended, case, ending.verifying(mended.because, mended.plan, left))
    return Verified(mended, case, ending.verified(mended.because, mended.plan, seen, mended.escalation))


class Closer:
    """Ends the sweep's work on every incident that got a permit; all others have their ending already."""

    def __init__(self, ledger: Ledger, assessor: Assessor, verifier: Verifier, recorder: Recorder, check: bool) -> None:
        self._ledger = ledger
        self._assessor = assessor
        self._verifier = verifier
        self._recorder = recorder
        self._check = check

    def run(self, works: list[Work]) -> None:
        """Writes an ending for each of them. One that cannot be ended holds up no other: it is escalated as such."""
        mended = [one for one in (self._mended(work) for work in works) if one is not None]
        for verified in self._verifier.run(mended):
            self._record(verified.mended, verified.case, verified.ending)

    def _mended(self, work: Work) -> Mended | None:
        """The incident if its remedy is to be verified. Where there is nothing to verify, its ending is written here."""
        episode = self._ledger.episode(work.episode.id)
        if episode.state not in ("permitted", "mending", "verifying"):
            return None
        case = self._ledger.case(episode.id) or cases.new_case(episode, work.alert)
        try:
            subject = self._assessor.subject(dataclasses.replace(work, episode=episode))
        except (RunbookError, RunbookFault, SettingsError) as error:
            self._recorder.record(episode, case, ending.refused(episode.alertname, str(error)), "", time.time())
            return None
        latest = settle_permits(self._ledger, episode.id, time.time())
        if latest is None:
            return None
        mended = Mended(subject, _with_result(case, latest), latest)
        without = self._without_verification(mended)
        if without is None:
            return mended
        self._record(mended, mended.case, without)
        return None

    def _without_verification(self, mended: Mended) -> Ending | None:
        """The ending of a permit from which nothing came that could be verified."""
        mitigation, plan = mended.mitigation, mended.plan
        if mitigation.state == "void":
            return ending.never_used(mended.because, plan)
        message = str((mitigation.result or {}).get("message", "it gave no reason"))
        if mitigation.outcome == "failed":
            return ending.failed(mended.because, plan, message, mended.escalation)
        if self._check:
            return ending.previewed(mended.because, plan)
        if not plan.cures:
            return ending.eased(mended.because, plan, mended.escalation)
        if mitigation.outcome == "interrupted" and mitigation.owner == self._recorder.sweep:
            why = f"{plan.mitigation} of {plan.touches}: {message}"
            self._recorder.escalate(mended.subject.work.episode, why, mended.escalation, mended.subject.target.escalation)
        return None

    def _record(self, mended: Mended, case: Json, how: Ending) -> None:
        self._recorder.record(mended.subject.work.episode, case, how, mended.subject.target.escalation, time.time())


def _with_result(case: Json, mitigation: Mitigation) -> Json:
    if case["mitigation"] is None:
        case = cases.permitted(case, mitigation.plan, mitigation.permit)
    began_at, ended_at = mitigation.began_at or 0.0, mitigation.ended_at or 0.0
    return cases.mended(case, began_at, ended_at, mitigation.outcome, mitigation.result or {})


def settle_permits(ledger: Ledger, episode: str, now: float) -> Mitigation | None:
    """What became of the episode's latest permit. Begun without an outcome means that the host vanished or that the run
    died in the middle: that is recorded as an interruption, and nobody assumes anything of it."""
    mitigations = ledger.mitigations(episode)
    if not mitigations:
        return None
    latest = mitigations[-1]
    if latest.state == "issued":
        ledger.void(latest.permit, "the sweep ended before it was used", now)
    elif latest.state == "begun":
        ledger.finished(latest.permit, "interrupted", {"message": "the target was lost in the middle of the remedy"}, now)
    return ledger.mitigation(latest.permit)

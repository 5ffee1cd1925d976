# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an incident stands when a sweep leaves it: the outcome, the sentence a human reads first, and what comes next.

Pure: one function for each way in which an incident can stand. Nothing is done here; ``record.py`` carries them out.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Why
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Plan, Verdict, Verification
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import listed, span

SOON = 60.0
"""Seconds until an incident is looked at again that something may release at any time: a lease, a witness, a guard."""
NEXT_SWEEP = 1.0
"""Seconds until an incident is looked at again that waits for nothing but the next sweep."""
LATER = 300.0
"""Seconds until an incident is looked at again that waits for a human."""

Left = Literal["closed", "waiting", "verifying"]


@dataclasses.dataclass(frozen=True)
class Ending:
    """``escalate`` is empty or says why a human is called; ``to`` is empty for the target's own escalation.

    ``runbook`` is the one that goes on with it from now, where that is another.
    ``alike`` names what this ending has in common with others for which one call is enough; empty for the usual, which
    is the runbook, its finding and the outcome.
    """

    outcome: str
    headline: str
    following: str
    left: Left = "waiting"
    why: Why = "human"
    due_in: float = LATER
    escalate: str = ""
    to: str = ""
    alike: str = ""
    runbook: str = ""


def refused(alertname: str, fault: str) -> Ending:
    """No runbook could be followed, or it is itself at fault."""
    headline = f"{alertname or 'The runbook'} could not be handled: {fault}"
    return Ending("escalated", headline, "A human has to look; nothing was changed.", escalate=headline)


def broken_off(fault: str) -> Ending:
    """The engine itself failed before it came to this incident."""
    headline = f"The engine itself failed before it had assessed this: {fault}"
    following = "Assessed anew by the next sweep."
    return Ending("failed", headline, following, why="held", due_in=SOON, escalate=headline, alike="the engine failed")


def resolved() -> Ending:
    """The alert stopped firing before anything was done about it."""
    return Ending("resolved", "The alert stopped firing before anything was changed.", "Nothing.", left="closed")


def undecided(diagnosis: Diagnosis) -> Ending:
    """The evidence does not settle the diagnosis."""
    reason = "; ".join(diagnosis.notes) or f"{listed(diagnosis.undecided)} cannot be ruled out"
    reason = f"{reason}: {_unknowns(diagnosis)}" if _unknowns(diagnosis) else reason
    return Ending(
        "undecided",
        f"Undecided: {reason}. Nothing was changed.",
        "Diagnosed again as soon as the evidence is there.",
        due_in=SOON,
        escalate=f"undecided: {reason}",
    )


def _unknowns(diagnosis: Diagnosis) -> str:
    """Why the undecided findings are unknown: what the witnesses themselves said, each once."""
    reasons = [
        condition.reason.rpartition(" is unknown: ")[2]
        for finding in diagnosis.findings
        if finding.name in diagnosis.undecided
        for condition in finding.conditions
        if condition.truth == "unknown" and condition.reason
    ]
    return "; ".join(dict.fromkeys(reasons))


def perhaps_over(handed: str) -> Ending:
    """What was handed over is not to be seen any more. The alert that the other runbook has of its own may have been
    mended meanwhile, and this one be about to end: a second look, before anybody is called."""
    return Ending(
        "waiting",
        f"{_sentence(handed)} No finding of this runbook holds. Looking again.",
        "A second look.",
        why="look_again",
        due_in=SOON,
    )


def nothing_found(operator: bool, handed: str = "") -> Ending:
    """No finding of the runbook holds. With an alert that is a question for a human, without one it is good news.

    ``handed`` is why another runbook handed the incident over to this one.
    """
    if operator:
        return Ending("observed", "No finding of the runbook holds: nothing is wrong here.", "Nothing.", left="closed")
    whose = "this" if handed else "its"
    return Ending(
        "escalated",
        f"{_sentence(handed) + ' ' if handed else ''}The alert fires, but no finding of {whose} runbook holds. "
        "Nothing was changed.",
        "A human has to look.",
        due_in=SOON,
        escalate=f"{handed + '; ' if handed else ''}the alert fires and no finding of {whose} runbook explains it",
    )


def waiting(diagnosis: Diagnosis) -> Ending:
    """The runbook says to look again before anything is done."""
    return Ending(
        "waiting",
        f"{_sentence(diagnosis.because)} Looking again (look {diagnosis.looks}).",
        "A second look.",
        why="look_again",
        due_in=diagnosis.wait,
    )


def handed_over(diagnosis: Diagnosis) -> Ending:
    """Another runbook goes on with the incident: nobody is called before it has looked."""
    name = diagnosis.handover
    return Ending(
        "waiting",
        f"{_sentence(diagnosis.because)} Handed over to the runbook {name}.",
        f"The next sweep goes on by {name}, or ansible-playbook oncall.remedy.{name} at once.",
        why="handover",
        due_in=NEXT_SWEEP,
        runbook=name,
    )


def not_handed_over(diagnosis: Diagnosis, obstacle: str) -> Ending:
    """Another runbook explains it, and cannot go on with it: a human hears of what is known."""
    return Ending(
        "escalated",
        f"{_sentence(diagnosis.because)} This is for the runbook {diagnosis.handover}. Nothing was changed.",
        _sentence(f"The runbook {diagnosis.handover} does not go on with it: {obstacle}"),
        escalate=f"{diagnosis.because}; this is for the runbook {diagnosis.handover} ({obstacle})",
        to=diagnosis.escalate,
    )


def proposed(diagnosis: Diagnosis, what: str) -> Ending:
    """A change that the engine does not make by itself."""
    return Ending(
        "proposed",
        f"{_sentence(diagnosis.because)} Proposed: {what}",
        "A human makes the change, or allows it.",
        escalate=f"{diagnosis.because}; proposed: {what}",
        to=diagnosis.escalate,
    )


def told(diagnosis: Diagnosis) -> Ending:
    """The runbook says whom to call, and nothing else."""
    return Ending(
        "escalated",
        f"{_sentence(diagnosis.because)} Nothing was changed.",
        "A human has to act.",
        escalate=diagnosis.because,
        to=diagnosis.escalate,
    )


def asked(diagnosis: Diagnosis, plan: Plan, approval: Approval, now: float) -> Ending:
    """The plan waits for a human's yes, and every other guard has said its own."""
    change = f"{plan.mitigation} of {plan.touches} ({plan.risk} risk)"
    left = span(max(0.0, (approval.expires_at or now) - now))
    command = f"ansible-playbook oncall.remedy.approve -e plan={approval.id} -e decision=approve"
    return Ending(
        "asked",
        f"{_sentence(diagnosis.because)} {_named(plan)} waits for approval {approval.id}.",
        f"Carried out once it is approved, for {left}: {command}",
        why="approval",
        escalate=f"{diagnosis.because}; {change} waits for approval {approval.id}: {command}",
        to=diagnosis.escalate,
    )


def observed(diagnosis: Diagnosis, plan: Plan) -> Ending:
    """The engine only watches this target."""
    return Ending(
        "observed",
        f"{_sentence(diagnosis.because)} In mode act, {plan.mitigation} of {plan.touches} would follow.",
        "A human acts; the engine only observes here.",
    )


def held(
    diagnosis: Diagnosis, plan: Plan, verdicts: tuple[Verdict, ...], quiet: bool, history: str = "", alike: str = ""
) -> Ending:
    """A guard holds. ``quiet`` where it will let go by itself, so nobody has to be called. ``history`` is what a human
    should know of the past, where the past is why it holds."""
    holds = "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in verdicts if not verdict.passes)
    more = f". {history}" if history else ""
    patience = any(verdict.guard == "patience" and not verdict.passes for verdict in verdicts)
    return Ending(
        "held",
        f"{_sentence(diagnosis.because)} {_named(plan)} was held back.",
        "Looked at again when the guard may let go.",
        why="patience" if patience and quiet else "held",
        due_in=SOON,
        escalate="" if quiet else f"{diagnosis.because}; {plan.mitigation} is held back: {holds}{more}",
        to=diagnosis.escalate,
        alike=alike,
    )


def failed(because: str, plan: Plan, message: str, to: str) -> Ending:
    """The mitigation itself failed."""
    return Ending(
        "failed",
        f"{_sentence(because)} {_named(plan)} failed: {message}",
        "A human has to look; the engine does not repeat it in this incident.",
        escalate=f"{plan.mitigation} of {plan.touches} failed: {message}",
        to=to,
    )


def never_used(because: str, plan: Plan) -> Ending:
    """A permit was issued, and the mend play did not come to use it."""
    return Ending(
        "held",
        f"{_sentence(because)} {_named(plan)} was permitted and not begun; nothing was changed.",
        "Decided anew by the next sweep.",
        why="held",
        due_in=SOON,
    )


def previewed(because: str, plan: Plan) -> Ending:
    """A ``--check`` run: everything but the write."""
    return Ending(
        "observed",
        f"{_sentence(because)} Without --check, {plan.mitigation} of {plan.touches} would follow.",
        "Nothing was changed, and nothing was written.",
        left="closed",
    )


def eased(because: str, plan: Plan, to: str) -> Ending:
    """A mitigation that does not cure: the incident stays open. It is a step, after which the next sweep looks anew; or
    it eases (a silence), and then a human knows."""
    did = f"{plan.mitigation} of {plan.touches}"
    if not plan.eases and not to:
        return Ending(
            "waiting",
            f"{_sentence(because)} {_named(plan)} is done; it is a step, and does not heal by itself.",
            "The next sweep diagnoses anew.",
            why="look_again",
            due_in=SOON,
        )
    return Ending(
        "escalated",
        f"{_sentence(because)} {_named(plan)} is done; it eases and does not cure.",
        "A human has to act.",
        escalate=f"{because}; {did} is done and does not cure",
        to=to,
    )


def still_eased(diagnosis: Diagnosis, plan: Plan) -> Ending:
    """It holds, and nothing else is to be done: the incident is with a human."""
    return Ending(
        "escalated",
        f"{_sentence(diagnosis.because)} {_named(plan)} is in force; it eases and does not cure.",
        "A human has to act. It is ended with the incident, and renewed if that lasts longer.",
        escalate=diagnosis.because,
        to=diagnosis.escalate,
    )


def released(plan: Plan) -> Ending:
    """What eased the incident has been ended; the next sweep says how the incident stands without it."""
    return Ending(
        "waiting",
        f"{_named(plan)} was ended.",
        "The next sweep sees how it stands without it.",
        why="look_again",
        due_in=NEXT_SWEEP,
    )


def kept_easing(plan: Plan, over: bool, verdicts: tuple[Verdict, ...]) -> Ending:
    """What eased the incident cannot be ended now. It ends by itself, so nobody is called for it."""
    holds = "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in verdicts if not verdict.passes)
    if over and not all(verdict.passes or verdict.lets_go for verdict in verdicts):
        kept = f"{_named(plan)} was not carried out ({holds}): what it ends runs out by itself."
        headline = f"The alert stopped firing. {kept}"
        return Ending("resolved", headline, "Nothing.", left="closed")
    headline = f"{_named(plan)} comes first, and was held back: {holds}."
    return Ending("held", headline, "Looked at again when the guard may let go.", why="held", due_in=SOON)


def verifying(because: str, plan: Plan, left: float) -> Ending:
    """Done, and the proof that it helped is still out. ``left``: seconds until it has to be there."""
    return Ending(
        "waiting",
        f"{_sentence(because)} {_named(plan)} is done; whether it healed is being verified.",
        "The next sweep goes on verifying.",
        left="verifying",
        due_in=min(SOON, left),
    )


def to_be_undone(because: str, plan: Plan, verification: Verification) -> Ending:
    """It did not heal, and the runbook says how it is taken back: that comes first, with a permit of its own."""
    return Ending(
        "waiting",
        f"{_sentence(because)} {_named(plan)} did not heal it ({verification.reason}) and will be undone.",
        f"The next sweep undoes it: {Plan(**(plan.undo or {})).mitigation}.",
        why="undo",
        due_in=0.0,
    )


def next_rung(because: str, plan: Plan, reason: str) -> Ending:
    """It did not heal, and the finding names another mitigation after it."""
    return Ending(
        "waiting",
        f"{_sentence(because)} {_named(plan)} did not heal it: {reason}",
        f"The next sweep diagnoses anew and tries what comes after it (step {plan.rung + 1} of {plan.rungs}).",
        why="ladder",
        due_in=0.0,
    )


def undone(because: str, plan: Plan, undo: Plan, reason: str, to: str) -> Ending:
    """What did not heal was taken back, and nothing is left to be tried."""
    words = f"did not heal it ({reason}) and was undone by {undo.mitigation}"
    return Ending(
        "not_healed",
        f"{_sentence(because)} {_named(plan)} {words}.",
        "A human has to look; the engine does not repeat it in this incident.",
        escalate=f"{plan.mitigation} of {plan.touches} {words}",
        to=to,
    )


def verified(because: str, plan: Plan, verification: Verification, to: str, interrupted: str = "") -> Ending:
    """Healed, not healed, or nobody can tell. ``interrupted`` says how the mitigation broke off, where it did.

    ``to`` is whom the finding itself wants told, beside the mitigation: then a human hears of the success as well.
    """
    did = f"{plan.mitigation} of {plan.touches}"
    if verification.outcome == "healed":
        tell = f"{because}; {did} healed it, the cause is still to be seen to" if to else ""
        headline = f"{_sentence(because)} {_named(plan)} healed it."
        return Ending("healed", headline, "Nothing.", left="closed", escalate=tell, to=to)
    if interrupted:
        words = f"was interrupted ({interrupted}), and afterwards it is not well: {verification.reason}"
        return Ending(
            "interrupted",
            f"{_sentence(because)} {_named(plan)} {words}",
            "A human has to look: nobody knows how far it came. The engine does not repeat it in this incident.",
            escalate=f"{did} {words}",
            to=to,
        )
    words = "is done, but whether it healed cannot be told"
    if verification.outcome == "not_healed":
        words = "did not heal it"
    return Ending(
        verification.outcome,
        f"{_sentence(because)} {_named(plan)} {words}: {verification.reason}",
        "A human has to look; the engine does not repeat it in this incident.",
        escalate=f"{did} {words}: {verification.reason}",
        to=to,
    )


def _named(plan: Plan) -> str:
    """The mitigation at the beginning of a sentence."""
    name = plan.mitigation.replace("_", " ")
    return f"{name[0].upper()}{name[1:]} of {plan.touches}"


def _sentence(text: str) -> str:
    text = text.strip() or "No explanation was given."
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Three-valued diagnosis: what a runbook makes of its evidence. Pure; no I/O, no clock.

```
question_state(question, scope, evidence) -> Ask(options) | Answer(value) | Skip(reason) | Fail(reason)
diagnose(runbook, scope, evidence, looks=0, tried=()) -> Diagnosis
judge(conditions, scope, evidence) -> (tuple[Condition, ...], Truth)
```
``scope`` holds the params (resolved), the inputs, ``target`` (the inventory's name of it) and ``alert`` (the alert's
name); ``evidence`` maps names to Evidence. All raise RunbookFault where an expression cannot be evaluated over what is
known.

A condition that names failed evidence is *unknown*, one that names skipped evidence is *false*; neither is evaluated.
All conditions of a finding have to hold, and one that is false settles it whatever else is unknown. The first finding
that holds is the diagnosis, provided that every one before it is false. Losing a witness can therefore turn a
diagnosis into "undecided", and never into another diagnosis.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils import planning
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import (
    Condition,
    Diagnosis,
    Evidence,
    Finding,
    Truth,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import runbook as notation
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.embedding import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Condition as Written
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Prose, Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.seen import seen, small
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import listed

Scope = Mapping[str, Any]
Known = Mapping[str, Evidence]

MEMBERS_SHOWN = 20
"""Members of ``each`` that do not hold and are still listed one by one in the trace."""
REASONS_JOINED = 5
"""Members of ``each`` whose explanation goes into the diagnosis' own."""


@dataclasses.dataclass(frozen=True)
class Ask:
    """Ask the probe with these options."""

    options: Any


@dataclasses.dataclass(frozen=True)
class Answer:
    """Nobody has to be asked: the runbook computes this value itself (``value:``)."""

    value: Any


@dataclasses.dataclass(frozen=True)
class Skip:
    """The question does not arise: the evidence is skipped."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Fail:
    """The question cannot be asked, so the fact is unknown: the evidence is failed."""

    reason: str


QuestionState = Ask | Answer | Skip | Fail


def question_state(question: notation.Question, scope: Scope, evidence: Known) -> QuestionState:
    """What to do about a question, now that everything it needs is known (``question.needs`` are all in
    ``evidence``).

    A false ``when`` skips it whatever else is unknown. Options that read skipped evidence make it skipped, options that
    read failed evidence make it fail.
    """
    conditions, truth = judge(question.when, scope, evidence)
    if truth == "false":
        decisive = next(condition for condition in conditions if condition.truth == "false")
        return Skip(decisive.reason or f"not asked: {decisive.text} is false")
    if truth == "unknown":
        return Fail(next(condition.reason for condition in conditions if condition.truth == "unknown"))
    missing = _missing(question.options.names, evidence)
    if missing is not None:
        return Fail(missing.reason) if missing.unknown else Skip(missing.reason)
    rendered = question.options.render({**scope, **_values(evidence)})
    return Answer(rendered) if question.probe == notation.VALUE else Ask(rendered)


def judge(conditions: Iterable[Written], scope: Scope, evidence: Known) -> tuple[tuple[Condition, ...], Truth]:
    """Judges conditions that all have to hold, over params, inputs and evidence; used to verify as well as to
    diagnose.
    """
    return _judged(conditions, {**scope, **_values(evidence)}, evidence)


def diagnose(
    book: notation.Runbook,
    scope: Scope,
    evidence: Known,
    looks: int = 0,
    tried: Collection[str] = frozenset(),
) -> Diagnosis:
    """Judges the findings in their order up to the first that holds, and says what it asks for.

    ``looks`` is how many times the incident has waited already, whatever for: no sequence of findings can wait for
    ever. ``tried`` are the mitigations that were carried out for the incident: a ladder goes on with the first that was
    not, and stays at its last.
    """
    data = {**scope, **_values(evidence)}
    found = _diagnosed(book, data, evidence, looks, tried)
    return dataclasses.replace(found, briefing=tuple(_briefing(book, data, evidence)))


def _diagnosed(book: notation.Runbook, data: Scope, evidence: Known, looks: int, tried: Collection[str]) -> Diagnosis:
    trace: list[Finding] = []
    undecided: list[str] = []
    used: set[str] = set()
    for finding in book.findings:
        judged = _finding(finding, data, evidence)
        trace += judged.shown
        if judged.truth == "unknown":
            undecided.append(finding.name)
        used |= judged.settled_by & evidence.keys()
        if judged.truth == "true":
            break
    else:
        return Diagnosis(
            tuple(trace), undecided=tuple(undecided), used=_sorted(used, book), notes=_nothing_holds(undecided)
        )
    used |= book.healed_names if finding.mitigate else frozenset()
    chosen = Diagnosis(tuple(trace), undecided=tuple(undecided), used=_sorted(used, book))
    if undecided:
        return dataclasses.replace(chosen, notes=(f"{finding.name} would hold, but {_cannot(undecided)}",))
    holding = _Holding(book, finding, judged, evidence, {**data, "instances": judged.instances})
    return _asked_for(holding, chosen, looks, planning.rung(finding, tried))


@dataclasses.dataclass(frozen=True)
class _Missing:
    reason: str
    unknown: bool


def _missing(names: Iterable[str], evidence: Known) -> _Missing | None:
    """Why these names cannot all be read; None where all are there.

    Skipped evidence comes before failed: what reads it is false whatever the witness that failed would have said.
    """
    named = [evidence[name] for name in sorted(names) if name in evidence]
    for one in named:
        if one.state == "skipped":
            reason = one.reason if one.reason.startswith("not asked") else f"not asked: {one.reason}"
            return _Missing(f"{one.name} was {reason}", False)
    for one in named:
        if one.state == "failed":
            return _Missing(f"{one.name} is unknown: {one.reason}", True)
    return None


def _values(evidence: Known) -> dict[str, Any]:
    return {name: one.value for name, one in evidence.items() if one.state == "ok"}


def _judged(conditions: Iterable[Written], data: Scope, evidence: Known) -> tuple[tuple[Condition, ...], Truth]:
    judged: list[Condition] = []
    for condition in conditions:
        settled = any(earlier.truth == "false" for earlier in judged)
        judged.append(_condition(condition, data, evidence, settled))
    truths = {condition.truth for condition in judged}
    truth: Truth = "false" if "false" in truths else "unknown" if "unknown" in truths else "true"
    return tuple(judged), truth


def _condition(condition: Written, data: Scope, evidence: Known, settled: bool) -> Condition:
    """``settled``: one before it is false, so it stands behind a guard; an error in it is then none."""
    missing = _missing(condition.names, evidence)
    if missing is not None:
        return Condition(condition.text, "unknown" if missing.unknown else "false", reason=missing.reason)
    shown = seen(condition.paths, data)
    try:
        return Condition(condition.text, "true" if condition.evaluate(data) else "false", shown)
    except RunbookFault:
        if settled:
            return Condition(condition.text, "unknown", shown, "does not matter: a condition before it is false")
        raise


@dataclasses.dataclass(frozen=True)
class _Judged:
    """A finding as judged: ``shown`` is its trace, ``settled_by`` the names that the verdict rests on."""

    truth: Truth
    shown: tuple[Finding, ...]
    settled_by: frozenset[str]
    instances: tuple[Any, ...] = ()


def _finding(finding: notation.Finding, data: Scope, evidence: Known) -> _Judged:
    if finding.each is None:
        conditions, truth = _judged(finding.when, data, evidence)
        because = _explained(finding.because, data, evidence) if truth == "true" else ""
        settled = _settled_by(finding.when, conditions, truth)
        return _Judged(truth, (Finding(finding.name, truth, conditions, because),), settled)
    return _each(finding, finding.each, data, evidence)


def _each(finding: notation.Finding, each: notation.Each, data: Scope, evidence: Known) -> _Judged:
    """A finding that is judged for every member of a list holds if it holds for one of them."""
    text = f"each {each.name} in {each.members.text}"
    missing = _missing(each.members.names, evidence)
    if missing is not None:
        truth: Truth = "unknown" if missing.unknown else "false"
        shown = Finding(finding.name, truth, (Condition(text, truth, reason=missing.reason),))
        return _Judged(truth, (shown,), each.members.names)
    members = each.members.evaluate(data)
    if not isinstance(members, list):
        raise RunbookFault(f"{each.members.text!r} yields {plain(members)!r} and not a list", each.members.where)
    if not members:
        shown = Finding(
            finding.name, "false", (Condition(text, "false", seen(each.members.paths, data), "the list is empty"),)
        )
        return _Judged("false", (shown,), each.members.names)
    return _each_member(finding, each, members, data, evidence)


def _each_member(
    finding: notation.Finding, each: notation.Each, members: list[Any], data: Scope, evidence: Known
) -> _Judged:
    shown: list[Finding] = []
    settled_by = each.members.names
    holding: list[Any] = []
    others = 0
    truths: set[Truth] = set()
    for member in members:
        inner = {**data, each.name: member}
        conditions, truth = _judged(finding.when, inner, evidence)
        truths.add(truth)
        settled_by |= _settled_by(finding.when, conditions, truth)
        because = ""
        if truth == "true":
            holding.append(member)
            because = _explained(finding.because, inner, evidence)
        else:
            others += 1
        if truth == "true" or others <= MEMBERS_SHOWN:
            shown.append(Finding(finding.name, truth, conditions, because, {each.name: small(member)}))
    overall: Truth = "true" if holding else "unknown" if "unknown" in truths else "false"
    return _Judged(overall, tuple(shown), settled_by, tuple(holding))


def _settled_by(written: Iterable[Written], judged: Iterable[Condition], truth: Truth) -> frozenset[str]:
    """What a verdict rests on: of a finding that is false, the conditions that are; else all of them."""
    decisive = [
        one.names for one, found in zip(written, judged, strict=True) if truth != "false" or found.truth == "false"
    ]
    return frozenset[str]().union(*decisive)


def _explained(because: Prose, data: Scope, evidence: Known) -> str:
    """The explanation; it authorises nothing, so where it reads what is not known it says so and goes on."""
    missing = {name: _missing([name], evidence) for name in because.names}
    return because.render(data, {name: found.reason for name, found in missing.items() if found})


def _briefing(book: notation.Runbook, data: Scope, evidence: Known) -> Iterator[tuple[str, str]]:
    """What whoever is called is told besides. A line over evidence that was not asked for is left out; one that cannot
    be told says so, since it must not keep the call from going out."""
    for title, prose in book.briefing.items():
        missing = _missing(prose.names, evidence)
        if missing and not missing.unknown:
            continue
        try:
            yield title, _explained(prose, data, evidence)
        except RunbookFault as fault:
            yield title, f"cannot be told: {fault}"


@dataclasses.dataclass(frozen=True)
class _Holding:
    """The finding that holds, and everything that what it asks for is told from."""

    book: notation.Runbook
    finding: notation.Finding
    judged: _Judged
    evidence: Known
    data: Scope


def _asked_for(holding: _Holding, diagnosis: Diagnosis, looks: int, rung: int) -> Diagnosis:
    """What the chosen finding asks for: a wait first, then everything else it names."""
    book, finding, judged, data = holding.book, holding.finding, holding.judged, holding.data
    because = [one.because for one in judged.shown if one.truth == "true"]
    more = f" (and {len(because) - REASONS_JOINED} more)" if len(because) > REASONS_JOINED else ""
    chosen = dataclasses.replace(diagnosis, chosen=finding.name, because="; ".join(because[:REASONS_JOINED]) + more)
    if finding.wait and looks < finding.wait.looks:
        return dataclasses.replace(chosen, wait=finding.wait.seconds, looks=looks + 1)
    templates = _templates(finding)
    if rung:
        templates += planning.templates(book, book.mitigations[finding.mitigate[rung - 1]])
    for what, template in templates:
        missing = _missing(template.names, holding.evidence)
        if missing:
            note = f"{finding.name} holds, but {what} cannot be told: {missing.reason}"
            return dataclasses.replace(diagnosis, undecided=(finding.name,), notes=(note,))
    if rung:
        names = frozenset[str]().union(*(template.names for _what, template in templates))
        used = _sorted({*diagnosis.used, *(names & holding.evidence.keys())}, book)
        chosen = dataclasses.replace(chosen, plan=planning.plan(book, finding, rung, data), used=used)
    return dataclasses.replace(
        chosen,
        propose=plain(finding.propose.render(data)) if finding.propose else "",
        escalate=plain(finding.escalate.render(data)) if finding.escalate else "",
        handover=plain(finding.handover.render(data)) if finding.handover else "",
        looks=looks,
    )


def _templates(finding: notation.Finding) -> list[tuple[str, Template]]:
    found = [
        ("the proposal", finding.propose),
        ("whom to escalate to", finding.escalate),
        ("whose it is", finding.handover),
    ]
    return [(what, template) for what, template in found if template is not None]


def _sorted(names: Iterable[str], book: notation.Runbook) -> tuple[str, ...]:
    """In the runbook's order."""
    wanted = set(names)
    return tuple(name for name in book.evidence if name in wanted)


def _cannot(undecided: list[str]) -> str:
    return f"{listed(undecided)} cannot be ruled out"


def _nothing_holds(undecided: list[str]) -> tuple[str, ...]:
    return (_cannot(undecided),) if undecided else ("no finding of the runbook explains what was seen",)

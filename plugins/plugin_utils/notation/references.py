# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether everything that a runbook names is there: names in expressions, mitigations, and no evidence that needs
itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Expression, Prose, Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Finding, Mitigation, Runbook

ENGINE_NAMES = frozenset({"alert", "target"})


def problems(runbook: Runbook) -> Iterator[RunbookError]:
    """Everything that is wrong with the runbook's references, the worst first."""
    yield from _clashes(runbook)
    yield from _cycles(runbook)
    for part, names in scopes(runbook):
        for name in sorted(part.names - names):
            yield RunbookError(f"{name!r} is not declared; {allowed(names, name)}", part.where)
    yield from _mitigations(runbook)


def _clashes(runbook: Runbook) -> Iterator[RunbookError]:
    spaces = {"an input": runbook.inputs, "a param": runbook.params, "evidence": runbook.evidence}
    seen: dict[str, str] = {}
    for kind, names in spaces.items():
        for name in names:
            if name in seen:
                where = runbook.evidence[name].where if kind == "evidence" else runbook.where
                yield RunbookError(f"{name!r} is {seen[name]} and {kind}; a name may stand for one thing", where)
            seen[name] = kind
    for finding in runbook.findings:
        if finding.each and finding.each.name in seen:
            name = finding.each.name
            yield RunbookError(f"each: {name!r} is {seen[name]} already; a name may stand for one thing", finding.where)
    titles = [finding.name for finding in runbook.findings]
    for finding in runbook.findings:
        if titles.count(finding.name) > 1:
            yield RunbookError(f"there are several findings named {finding.name!r}", finding.where)


def _cycles(runbook: Runbook) -> Iterator[RunbookError]:
    settled: set[str] = set()
    left = dict(runbook.evidence)
    while ready := [name for name, question in left.items() if question.needs <= settled]:
        settled.update(ready)
        for name in ready:
            del left[name]
    for name, question in left.items():
        needs = ", ".join(sorted(question.needs - settled))
        yield RunbookError(f"evidence {name!r} can never be asked: it needs {needs}, in a circle", question.where)


def scopes(runbook: Runbook) -> Iterator[tuple[Expression | Prose | Template, frozenset[str]]]:
    """Every expression and template with the names that it may read."""
    params = frozenset(runbook.params) | ENGINE_NAMES
    names = params | runbook.inputs.keys() | runbook.evidence.keys()
    for question in runbook.evidence.values():
        yield from ((condition, names) for condition in question.when)
        yield question.options, names
        if question.hosts:
            yield question.hosts, params
    for finding in runbook.findings:
        yield from _finding_scopes(finding, names)
    in_each = _planned_in_each(runbook)
    for mitigation in runbook.mitigations.values():
        wider = names | {"instances"} if mitigation.name in in_each else names
        yield from ((part, wider) for _what, part in mitigation.templates)
    if runbook.verify:
        yield from ((condition, names) for condition in runbook.verify.healed_when)
    yield from ((line, names) for line in runbook.briefing.values())
    if runbook.chart:
        yield runbook.chart.query, params | runbook.inputs.keys()


def _planned_in_each(runbook: Runbook) -> frozenset[str]:
    """The mitigations that are planned for members of an ``each``, with what takes them back."""
    named = {name for finding in runbook.findings if finding.each for name in finding.mitigate}
    return frozenset(named | {runbook.mitigations[name].undo for name in named & runbook.mitigations.keys()})


def _finding_scopes(
    finding: Finding, names: frozenset[str]
) -> Iterator[tuple[Expression | Prose | Template, frozenset[str]]]:
    inner = names
    actions = names
    if finding.each:
        yield finding.each.members, names
        inner = names | {finding.each.name}
        actions = names | {"instances"}
    yield from ((condition, inner) for condition in finding.when)
    yield finding.because, inner
    yield from ((part, actions) for part in (finding.propose, finding.escalate, finding.handover) if part)


def _mitigations(runbook: Runbook) -> Iterator[RunbookError]:
    for finding in runbook.findings:
        for name in finding.mitigate:
            if name not in runbook.mitigations:
                message = f"mitigate: {name!r} is no mitigation; {allowed(runbook.mitigations, name)}"
                yield RunbookError(message, finding.where)
    for mitigation in runbook.mitigations.values():
        yield from _undo(runbook, mitigation)
    ends_easing = {mitigation.undo for mitigation in runbook.mitigations.values() if not mitigation.cures}
    curing = [one for one in runbook.mitigations.values() if one.cures and one.name not in ends_easing]
    if curing and runbook.verify is None:
        yield RunbookError(
            "verify is missing: there are mitigations, so it has to say what healed means", runbook.where
        )


def _undo(runbook: Runbook, mitigation: Mitigation) -> Iterator[RunbookError]:
    if not mitigation.undo:
        return
    if mitigation.undo not in runbook.mitigations:
        message = f"undo: {mitigation.undo!r} is no mitigation; {allowed(runbook.mitigations, mitigation.undo)}"
        yield RunbookError(message, mitigation.where)
    elif runbook.mitigations[mitigation.undo].undo:
        message = f"undo: {mitigation.undo} has an undo itself; what takes something back is not taken back"
        yield RunbookError(message, mitigation.where)

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The static check of runbooks: everything that can be known to be wrong without asking a witness.

```
check(path, surroundings) -> list[RunbookError]
python -m ansible_collections.oncall.remedy.plugins.plugin_utils.notation.lint [--alerts FILE.json] PLAYBOOK...
```
Every message is ``FILE:LINE: the thing: what is wrong; what is allowed``. What the loader refuses is refused here as
well (shapes, expressions, names, cycles); beyond it this knows the probes' options and values, the roles, the other
runbooks and the scenario tables. Playbooks without a runbook are left alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import validated
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import names_a_secret
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import (
    documented,
    language,
    loader,
    patterns,
    references,
    scenario,
    schema,
    yamlsource,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Expression, Prose, Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import (
    InputError,
    RunbookError,
    RunbookFault,
    allowed,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import VALUE, Mitigation, Question, Runbook

COLLECTION = "oncall.remedy"


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What a runbook refers to beyond its own file; None leaves that part unchecked."""

    roles: Path | None = None
    playbooks: Path | None = None
    tables: Path | None = None

    @classmethod
    def of(cls, path: Path) -> Surroundings:
        """The folders of the checkout or collection that a playbook lies in."""
        root = path.resolve().parent.parent
        folders = (root / "roles", root / "playbooks", root / "tests" / "runbooks")
        return cls(*(folder if folder.is_dir() else None for folder in folders))


def check(path: Path, surroundings: Surroundings | None = None) -> list[RunbookError]:
    """Everything that is wrong with the runbook of a playbook. A later kind of check needs the earlier ones to pass."""
    around = surroundings or Surroundings.of(path)
    try:
        source = yamlsource.load(path)
        found = schema.problems(source, loader.place(source).keys, "runbook")
        if found:
            return found
        book = loader.read(source)
    except RunbookError as error:
        return [error]
    return list(references.problems(book)) or list(_beyond(book, around)) or list(_scenarios(book, around))


def _beyond(book: Runbook, around: Surroundings) -> Iterator[RunbookError]:
    """What the loader does not know."""
    yield from _inputs(book)
    yield from _params(book)
    for question in book.evidence.values():
        yield from _question(book, question)
    yield from _members(book)
    yield from _findings(book, around)
    for mitigation in book.mitigations.values():
        yield from _mitigation(book, mitigation, around)
    yield from _verify(book)


def _inputs(book: Runbook) -> Iterator[RunbookError]:
    for one in book.inputs.values():
        try:
            fits = patterns.fullmatch(one.pattern, one.default)
        except patterns.PatternError as error:
            yield RunbookError(f"input {one.name}: {error}", one.where)
        else:
            if one.default and not fits:
                yield RunbookError(f"input {one.name}: the default does not match {one.pattern}", one.where)


def _params(book: Runbook) -> Iterator[RunbookError]:
    """A case keeps no value under a name that is a secret's, and a replay would ask for something else."""
    for name in filter(names_a_secret, book.params):
        message = f"param {name}: no case keeps the value of such a name; where it is no secret, call it {name}_name"
        yield RunbookError(message, book.where)


def _question(book: Runbook, question: Question) -> Iterator[RunbookError]:
    if question.probe == VALUE:
        return
    interface = documented.interface(question.probe)
    if interface is None or (question.probe in documented.PLANNED and not book.draft):
        known = documented.probes() | {VALUE}
        planned = " (it is planned: a draft may ask it)" if question.probe in documented.PLANNED else ""
        yield RunbookError(
            f"there is no probe {question.probe!r}{planned}; {allowed(known, question.probe)}", question.where
        )
        return
    on_hosts = interface is documented.HOST_INFO
    if on_hosts != (question.hosts is not None):
        word = "needs hosts: it runs" if on_hosts else "takes no hosts: it does not run"
        yield RunbookError(f"{question.name}: {question.probe} {word} on managed hosts", question.where)
    if on_hosts and (question.options.names or question.when or question.vantage):
        message = "what is gathered on hosts is asked first and of all alike: no when, no vantage, no {{ }}"
        yield RunbookError(f"{question.name}: {message}", question.where)
    yield from _options(question, interface)


def _options(question: Question, interface: documented.Interface) -> Iterator[RunbookError]:
    """Names and constants are checked now; what a template yields is checked in the scenarios, and by the probe."""
    for name, value in question.options.value.items():
        if name not in interface.options:
            message = f"{question.probe} has no option {name!r}; {allowed(interface.options, name)}"
            yield RunbookError(f"{question.name}: {message}", question.where)
        elif not _templated(value):
            try:
                validated({name: {**interface.options[name]}}, {name: value})
            except ProbeError as error:
                yield RunbookError(f"{question.name}: {error}", question.where)
    for name, rule in interface.options.items():
        if rule.get("required") and name not in question.options.value:
            yield RunbookError(f"{question.name}: {question.probe} needs the option {name}", question.where)


def _templated(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_templated(member) for member in value.values())
    if isinstance(value, list):
        return any(_templated(member) for member in value)
    return isinstance(value, str) and "{{" in value


def _members(book: Runbook) -> Iterator[RunbookError]:
    """Whether what is read of evidence is something that its probe documents."""
    known = {name: documented_members(question) for name, question in book.evidence.items()}
    for part in _expressions(book):
        for path in part.paths:
            yield from _unknown(path, known.get(path[0]), part.where)
        for node in part.nodes:
            for path, attribute in language.member_reads(node):
                yield from _unknown((*path, attribute), known.get(path[0]), part.where)


def documented_members(question: Question) -> documented.Members | None:
    """The members of this evidence's value; None where nothing is documented."""
    interface = documented.interface(question.probe)
    if interface is None or not interface.members:
        return None
    members = dict(interface.members)
    signatures = question.options.value.get("match")
    if question.probe == "pod_logs" and isinstance(signatures, dict):
        members |= {name: dict.fromkeys(("lines", "pods", "first")) for name in signatures}
    fields = question.options.value.get("fields")
    if question.probe == "kubernetes_object" and isinstance(fields, dict):
        members["objects"] = {**(members["objects"] or {}), **dict.fromkeys(fields)}
    return members


def _unknown(path: language.Path, members: documented.Members | None, where: str) -> Iterator[RunbookError]:
    read = path[:1]
    for part in path[1:]:
        if members is None:
            return
        if not isinstance(part, int):
            if part not in members:
                yield RunbookError(f"{language.dotted(read)} has no {part!r}; {allowed(members, str(part))}", where)
                return
            members = members[part]
        read = (*read, part)


def _expressions(book: Runbook) -> Iterator[Expression | Prose | Template]:
    for part, _names in references.scopes(book):
        yield part


def _findings(book: Runbook, around: Surroundings) -> Iterator[RunbookError]:
    if around.playbooks is None:
        return
    names = set(catalogue(around.playbooks).names) - {book.name}
    for finding in book.findings:
        if finding.handover is None or finding.handover.nodes:  # which one it is, only an incident tells
            continue
        if finding.handover.value not in names:
            name = finding.handover.value
            yield RunbookError(f"{finding.name}: there is no runbook {name!r}; {allowed(names, name)}", finding.where)


def _mitigation(book: Runbook, mitigation: Mitigation, around: Surroundings) -> Iterator[RunbookError]:
    for wrong in _mitigation_alone(book, mitigation):
        yield RunbookError(f"mitigation {mitigation.name}: {wrong}", mitigation.where)
    namespace, _dot, role = mitigation.role.rpartition(".")
    if namespace == COLLECTION and around.roles is not None and not book.draft:
        yield from _role(mitigation, role, around.roles)


def _mitigation_alone(book: Runbook, mitigation: Mitigation) -> Iterator[str]:
    """What is wrong with a mitigation that needs no other file to be seen."""
    planned = {name for finding in book.findings for name in finding.mitigate}
    if mitigation.name not in planned | {one.undo for one in book.mitigations.values()}:
        yield "no finding mitigates with it and nothing undoes with it"
    if mitigation.disturbs is None:
        yield (
            "disturbs is missing: how many healthy members it takes away from their work at once, of how many "
            f"(disturbs: {{healthy: …, of: …}}), or disturbs: {loader.NOTHING}"
        )
    undo = book.mitigations.get(mitigation.undo)
    if undo and _remedy(undo) == _remedy(mitigation):
        yield f"its undo {undo.name} does and touches the same: the gate takes that for doing it again"
    if not mitigation.cures and mitigation.undo:
        quiet = [one.name for one in book.findings if mitigation.name in one.mitigate and one.escalate is None]
        if quiet:
            yield f"it eases and hides the incident: {', '.join(quiet)} has to escalate"
    if mitigation.within and not mitigation.cures:
        yield "within says until when it has to have healed, and it does not cure"
    elif mitigation.within and book.verify and mitigation.within < book.verify.stable_for:
        yield "within is shorter than verify's stable_for, so nothing could be healed"
    below_the_last = {name for finding in book.findings for name in finding.mitigate[:-1]}
    if mitigation.name in below_the_last and not mitigation.cures:
        yield "it does not cure, so nobody sees that it did not help: it can only be the last rung of a ladder"


def _remedy(mitigation: Mitigation) -> tuple[str, str, Any]:
    """What the gate tells remedies apart by, as far as it can be seen before anything is asked."""
    return mitigation.role, mitigation.action, mitigation.touches.value


def _role(mitigation: Mitigation, role: str, roles: Path) -> Iterator[RunbookError]:
    """A role of this collection has a file for each of its actions. Drafts may name what is still to come."""
    found: str = ""
    if not (roles / role).is_dir():
        found = f"there is no role {role!r}; {allowed((path.name for path in roles.iterdir() if path.is_dir()), role)}"
    else:
        actions = {path.stem for path in (roles / role / "tasks").glob("*.yml")} - {"main"}
        if mitigation.action not in actions:
            found = f"the role {role} has no action {mitigation.action!r}; {allowed(actions, mitigation.action)}"
    if found:
        yield RunbookError(f"mitigation {mitigation.name}: {found}", mitigation.where)


def _verify(book: Runbook) -> Iterator[RunbookError]:
    if book.verify is None:
        return
    if not book.healed_names:
        yield RunbookError("verify: healed_when reads no evidence, so nothing would be looked at", book.verify.where)
    if book.verify.stable_for > book.verify.within:
        yield RunbookError("verify: stable_for is longer than within, so nothing could be healed", book.verify.where)


def _scenarios(book: Runbook, around: Surroundings) -> Iterator[RunbookError]:
    """Whether the table reaches every finding and every rung of its ladder. That each scenario comes out as it says is
    a test of its own.
    """
    if around.tables is None:
        return
    path = around.tables / f"{book.name}.yml"
    if not path.is_file():
        yield RunbookError(f"there is no scenario table {path}", book.where)
        return
    try:
        found = [one.diagnose(book) for one in scenario.load_table(path).scenarios]
    except (RunbookError, RunbookFault, InputError, scenario.ScenarioError) as error:
        yield RunbookError(str(error))
        return
    reached = {one.chosen for one in found}
    planned = {(one.chosen, one.plan.mitigation) for one in found if one.plan}
    for finding in book.findings:
        if finding.name not in reached:
            yield RunbookError(f"finding {finding.name}: no scenario of {path} reaches it", finding.where)
            continue
        for name in finding.mitigate:
            if (finding.name, name) not in planned:
                message = f"finding {finding.name}: no scenario of {path} plans its mitigation {name}"
                yield RunbookError(message, finding.where)


def check_alerts(path: Path) -> list[RunbookError]:
    """Everything that is wrong with a file of alerts, as Alertmanager's API v2 lists them."""
    try:
        return schema.problems(yamlsource.load(path), (), "alert")
    except RunbookError as error:
        return [error]


def main(arguments: Iterable[str] | None = None) -> int:
    """The command. Returns 1 if there is anything wrong."""
    parser = argparse.ArgumentParser(prog="lint", description="Checks runbooks without running them.")
    parser.add_argument("playbooks", nargs="*", type=Path, help="playbooks; those without a runbook are left alone")
    parser.add_argument("--alerts", action="append", default=[], type=Path, help="a file of alerts to check as well")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    found = [problem for path in options.alerts for problem in check_alerts(path)]
    for path in options.playbooks:
        found += check(path) if _has_runbook(path) else []
    for problem in found:
        print(problem)
    return 1 if found else 0


def _has_runbook(path: Path) -> bool:
    try:
        return yamlsource.texts_at(path, ("vars", "runbook", "alerts")) is not None
    except RunbookError:
        return True


if __name__ == "__main__":
    sys.exit(main())

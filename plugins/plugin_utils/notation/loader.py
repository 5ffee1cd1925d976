# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the runbook of a playbook into the values of runbook.py.

```
load(path) -> Runbook         raises RunbookError: FILE:LINE, the thing, what is allowed
read(source) -> Runbook       the same without its references checked, for lint.py
```
A runbook stands in ``vars.runbook`` of the first play that has one; its name is the file's stem. It is always read
from its file: Ansible's own loading may template it, and one that travels through a result or a fact loses its trust.

Everything a sweep relies on is checked here: shapes, expressions, names, references, cycles. What needs to know more
than the file (probes and their options, roles, scenarios) is in lint.py.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Risk
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import references, yamlsource
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.embedding import Kind
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import (
    Condition,
    Expression,
    Prose,
    Template,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.reader import Reader
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import (
    VALUE,
    Chart,
    Disturbance,
    Each,
    Finding,
    Input,
    Mitigation,
    Question,
    Runbook,
    Verify,
    Wait,
)

NOTHING = "nothing"
"""The word for what a mitigation disturbs that takes no healthy member away from its work."""

KEYS = (
    *("alerts", "summary", "draft", "patience", "inputs", "params", "evidence", "findings", "mitigations", "verify"),
    *("chart", "briefing"),
)
ACTIONS = ("mitigate", "propose", "escalate", "handover", "wait")
MITIGATION_KEYS = (
    "role",
    "action",
    "with",
    "touches",
    "disturbs",
    "risk",
    "credential",
    "owner",
    "cooldown",
    "timeout",
    "within",
    "undo",
    "cures",
)
"""What a runbook, the actions of a finding, and a mitigation may have."""

PLACE = ("vars", "runbook")
"""Where in a play the runbook stands."""

_MODIFIERS = ("when", "hosts", "vantage")
_LANGUAGES: dict[str, dict[str, Kind]] = {
    "promql": {"query": "promql"},
    "promql_range": {"query": "promql"},
    "logql": {"query": "logql"},
    "alertmanager_alerts": {"matchers": "promql"},
    "prometheus_targets": {"job": "regex"},
    "pod_logs": {"match": "regex", "selector": "selector"},
    "http": {"url": "url", "control": "url"},
    "pod_exec": {"selector": "selector"},
    "pod_reach": {"selector": "selector"},
    "kubernetes_pods": {"selector": "selector"},
    "traefik_arguments": {"selector": "selector"},
    "kubernetes_nodes": {"selector": "selector"},
    "kubernetes_object": {"selector": "selector"},
}
"""Which options of which probes are read by another interpreter, so that values are put into them as it needs them."""


def load(path: Path | str) -> Runbook:
    """Reads the runbook of a playbook and checks its references. Raises RunbookError."""
    made = read(yamlsource.load(Path(path)))
    for problem in references.problems(made):
        raise problem
    return made


def read(source: yamlsource.Source) -> Runbook:
    """Reads the runbook without checking that what it names is there. Raises RunbookError."""
    return _Loading(place(source)).runbook()


def place(source: yamlsource.Source) -> Reader:
    """Where in a playbook the runbook stands. Raises RunbookError where it has none."""
    plays = source.data if isinstance(source.data, list) else []
    for index, play in enumerate(plays):
        variables = play.get("vars") if isinstance(play, dict) else None
        if isinstance(variables, dict) and "runbook" in variables:
            return Reader(source, (index, *PLACE), variables["runbook"])
    raise RunbookError("holds no runbook; it stands in vars.runbook of a play", source.where())


class _Loading:
    """The state of reading one runbook: which names come from the inventory and which from outside."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader.mapping(KEYS, ("alerts", "summary", "evidence", "findings"))
        self._params = self._optional("params")
        self._trusted = frozenset(self._params) | {"target", "alert"}
        self._inputs = frozenset(self._optional("inputs"))

    def _optional(self, key: str) -> dict[str, Reader]:
        if not self._reader.has(key):
            return {}
        return {member.name(): member for member in self._reader.at(key).mapping().members()}

    def runbook(self) -> Runbook:
        reader = self._reader
        evidence = {name: self._question(name, member) for name, member in self._optional("evidence").items()}
        made = Runbook(
            name=reader.source.path.stem,
            path=reader.source.path,
            sha256=reader.source.sha256,
            summary=reader.at("summary").text(),
            alerts=tuple(member.text() for member in reader.at("alerts").members()),
            draft=reader.at("draft").flag() if reader.has("draft") else False,
            patience=reader.at("patience").duration() if reader.has("patience") else 0.0,
            inputs={name: self._input(name, member) for name, member in self._optional("inputs").items()},
            params={name: member.value for name, member in self._params.items()},
            evidence={
                name: dataclasses.replace(question, needs=question.needs & evidence.keys())
                for name, question in evidence.items()
            },
            findings=tuple(self._finding(member) for member in reader.at("findings").members()),
            mitigations={
                name: self._mitigation(name, member) for name, member in self._optional("mitigations").items()
            },
            verify=self._verify(reader.at("verify")) if reader.has("verify") else None,
            chart=self._chart(reader.at("chart")) if reader.has("chart") else None,
            briefing=self._briefing(reader.at("briefing")) if reader.has("briefing") else {},
            where=reader.where,
        )
        if not made.alerts:
            reader.at("alerts").fail("names no alert")
        return made

    def _briefing(self, reader: Reader) -> dict[str, Prose]:
        """Titles, as people read them, and what is told under each."""
        return {title: Prose(reader.at(title).text(), reader.at(title).where) for title in reader.mapping().value}

    def _input(self, name: str, reader: Reader) -> Input:
        reader.mapping(("label", "pattern", "required", "default"), ("pattern",))
        required = reader.at("required").flag() if reader.has("required") else not reader.has("default")
        default = reader.at("default").value if reader.has("default") else ""
        if not isinstance(default, str):
            reader.at("default").fail("has to be a text")
        label = reader.at("label").text() if reader.has("label") else name
        return Input(name, label, reader.at("pattern").text(), required, default, reader.where)

    def _question(self, name: str, reader: Reader) -> Question:
        reader.mapping()
        probes = [key for key in reader.value if key not in _MODIFIERS]
        if len(probes) != 1:
            found = f"has {', '.join(probes)}" if probes else "has none"
            reader.fail(f"asks exactly one probe, but {found}; {allowed(_MODIFIERS)} may stand beside it")
        probe = probes[0]
        options = self._options(probe, reader.at(probe))
        when = self._conditions(reader.at("when")) if reader.has("when") else ()
        needs = options.names.union(*(condition.names for condition in when))
        hosts = self._template(reader.at("hosts")) if reader.has("hosts") else None
        vantage = reader.at("vantage").text() if reader.has("vantage") else ""
        return Question(name, probe, options, when, hosts, vantage, needs, reader.where)

    def _options(self, probe: str, reader: Reader) -> Template:
        if probe == VALUE:
            if isinstance(reader.value, str) and "{{" not in reader.value:
                reader.fail("is computed: write it as {{ expression }}")
            return self._template(reader)
        if reader.value is not None:
            reader.mapping()
        return self._template(dataclasses.replace(reader, value=reader.value or {}), _LANGUAGES.get(probe, {}))

    def _template(self, reader: Reader, kind: Kind | dict[str, Kind] = "plain") -> Template:
        return Template(reader.value, kind, trusted=self._trusted, inputs=self._inputs, where=reader.where)

    def _conditions(self, reader: Reader) -> tuple[Condition, ...]:
        if not isinstance(reader.value, list) or not reader.value:
            reader.fail("has to be a list of conditions")
        return tuple(self._condition(member) for member in reader.members())

    def _condition(self, reader: Reader) -> Condition:
        text = reader.text()
        try:
            return Condition(text, reader.where)
        except RunbookError:
            if text.count("(") != text.count(")"):
                reader.fail(f"{text!r} is cut short: a condition with a comma in a [list] has to be quoted")
            raise

    def _finding(self, reader: Reader) -> Finding:
        reader.mapping(("name", "when", "each", "because", *ACTIONS), ("name", "when", "because"))
        name = reader.at("name").text()
        reader.at("name").check_name(name)
        if not any(reader.has(action) for action in ACTIONS[:4]):
            reader.fail(f"{name} says nothing of what to do; {allowed(ACTIONS)}, where wait needs another beside it")
        return Finding(
            name=name,
            when=self._conditions(reader.at("when")),
            each=self._each(reader.at("each")) if reader.has("each") else None,
            because=Prose(reader.at("because").text(), reader.at("because").where),
            mitigate=self._ladder(reader.at("mitigate")) if reader.has("mitigate") else (),
            propose=self._text(reader.at("propose")) if reader.has("propose") else None,
            escalate=self._text(reader.at("escalate")) if reader.has("escalate") else None,
            handover=self._text(reader.at("handover")) if reader.has("handover") else None,
            wait=self._wait(reader.at("wait")) if reader.has("wait") else None,
            where=reader.where,
        )

    def _ladder(self, reader: Reader) -> tuple[str, ...]:
        if not isinstance(reader.value, list):
            return (reader.text(),)
        rungs = tuple(member.text() for member in reader.members())
        if len(rungs) < 2:
            reader.fail("a ladder has two rungs at least; a single mitigation stands without a list")
        if len(set(rungs)) < len(rungs):
            reader.fail("a ladder names each mitigation once")
        return rungs

    def _text(self, reader: Reader) -> Template:
        reader.text()
        return self._template(reader)

    def _each(self, reader: Reader) -> Each:
        members = reader.mapping().members()
        if len(members) != 1:
            reader.fail("names exactly one member: each: {pod: pods.crashing}")
        return Each(members[0].name(), Expression(members[0].text(), members[0].where))

    def _wait(self, reader: Reader) -> Wait:
        reader.mapping(("for", "looks"), ("for", "looks"))
        return Wait(reader.at("for").duration(), reader.at("looks").number())

    def _mitigation(self, name: str, reader: Reader) -> Mitigation:
        reader.mapping(MITIGATION_KEYS, ("role", "touches", "risk", "credential"))
        empty = dataclasses.replace(reader, value="")
        return Mitigation(
            name=name,
            role=reader.at("role").text(),
            action=reader.at("action").text() if reader.has("action") else name,
            arguments=self._template(reader.at("with").mapping() if reader.has("with") else Reader(*_at(reader), {})),
            touches=self._text(reader.at("touches")),
            disturbs=self._disturbance(reader.at("disturbs")) if reader.has("disturbs") else None,
            risk=_risk(reader.at("risk").choice("low", "medium", "high")),
            credential=reader.at("credential").text(),
            owner=self._text(reader.at("owner")) if reader.has("owner") else self._template(empty),
            cooldown=reader.at("cooldown").duration() if reader.has("cooldown") else 1800.0,
            timeout=reader.at("timeout").duration() if reader.has("timeout") else 300.0,
            within=reader.at("within").duration() if reader.has("within") else 0.0,
            undo=reader.at("undo").text() if reader.has("undo") else "",
            cures=reader.at("cures").flag() if reader.has("cures") else True,
            where=reader.where,
        )

    def _disturbance(self, reader: Reader) -> Disturbance:
        if reader.value == NOTHING:
            none = self._template(dataclasses.replace(reader, value=0))
            return Disturbance(none, none)
        if not isinstance(reader.value, dict):
            reader.fail(f"has to be {NOTHING}, or how many healthy members it disturbs of how many: {{healthy, of}}")
        reader.mapping(("healthy", "of"), ("healthy", "of"))
        return Disturbance(self._count(reader.at("healthy")), self._count(reader.at("of")))

    def _count(self, reader: Reader) -> Template:
        """A number of members: as it stands, or one expression that yields it."""
        if isinstance(reader.value, int) and not isinstance(reader.value, bool) and reader.value >= 0:
            return self._template(reader)
        if "{{" not in reader.text():
            reader.fail("has to be a whole number, or an expression in {{ }} that yields one")
        return self._template(reader)

    def _verify(self, reader: Reader) -> Verify:
        reader.mapping(("within", "stable_for", "every", "healed_when"), ("within", "healed_when"))
        return Verify(
            within=reader.at("within").duration(),
            stable_for=reader.at("stable_for").duration() if reader.has("stable_for") else 30.0,
            every=reader.at("every").duration() if reader.has("every") else 5.0,
            healed_when=self._conditions(reader.at("healed_when")),
            where=reader.where,
        )

    def _chart(self, reader: Reader) -> Chart:
        if isinstance(reader.value, str):
            return Chart(self._template(reader, "promql"), "")
        reader.mapping(("query", "unit"), ("query",))
        return Chart(
            self._template(reader.at("query"), "promql"), reader.at("unit").text() if reader.has("unit") else ""
        )


def _at(reader: Reader) -> tuple[yamlsource.Source, yamlsource.Keys]:
    return reader.source, reader.keys


def _risk(word: str) -> Risk:
    return "low" if word == "low" else "medium" if word == "medium" else "high"

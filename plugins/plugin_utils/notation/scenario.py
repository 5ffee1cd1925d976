# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rehearses a runbook: from what the witnesses would answer to the evidence, with nobody asked.

```
rehearse(runbook, scope, answers, silent) -> Rehearsal      raises RunbookFault, ScenarioError
load_table(path) -> Table                                   raises RunbookError with file and line
Scenario.differences(runbook) -> list[str]                  what comes out otherwise than the scenario says
```
A table (tests/runbooks/NAME.yml) holds a runbook's scenarios; docs/runbooks.md shows how one is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import (
    Answer,
    Ask,
    Fail,
    QuestionState,
    diagnose,
    question_state,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import yamlsource
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.reader import Reader
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Question, Runbook

_ACTIONS = ("mitigate", "propose", "escalate", "handover", "wait")
_DETAILS = ("because", "touches", "owner", "with", "disturbs", "rung", "undo", "undo_with", "undecided", "skipped")


class ScenarioError(Exception):
    """A scenario does not fit its runbook: it has no answer to a question, or one to a question that there is not."""


@dataclasses.dataclass(frozen=True)
class Rehearsal:
    """The evidence, and the options with which each probe would have been asked."""

    evidence: dict[str, Evidence]
    asked: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What the witnesses answer (``answers``), which of them are ``silent`` and why, what was done for the incident
    before (``looks``, ``tried``), and what has to come out."""

    name: str
    where: str
    alert: str
    target: str
    params: dict[str, Any]
    inputs: dict[str, Any]
    answers: dict[str, Any]
    silent: dict[str, str]
    looks: int
    expect: dict[str, Any]
    tried: frozenset[str] = frozenset()

    def scope(self, runbook: Runbook) -> dict[str, Any]:
        """Params, inputs, target and alert, as a sweep would put them together."""
        missing = runbook.params.keys() - self.params.keys()
        unknown = self.params.keys() - runbook.params.keys()
        if missing or unknown:
            wrong = f"has no {', '.join(sorted(missing))}" if missing else f"sets {', '.join(sorted(unknown))}"
            raise ScenarioError(f"{self.where}: params {wrong}; {allowed(runbook.params)}")
        inputs = bind_inputs(runbook, given=self.inputs)
        return {**self.params, **inputs, "target": self.target, "alert": self.alert or runbook.alerts[0]}

    def rehearse(self, runbook: Runbook) -> Rehearsal:
        """The evidence of this scenario."""
        return rehearse(runbook, self.scope(runbook), self.answers, self.silent)

    def diagnose(self, runbook: Runbook) -> Diagnosis:
        """What the runbook makes of it."""
        for name in self.tried - runbook.mitigations.keys():
            raise ScenarioError(f"{self.where}: tried: {name!r} is no mitigation; {allowed(runbook.mitigations, name)}")
        return diagnose(runbook, self.scope(runbook), self.rehearse(runbook).evidence, self.looks, self.tried)

    def without(self, name: str) -> Scenario:
        """The same, but the witness of this evidence does not answer."""
        return dataclasses.replace(self, silent={**self.silent, name: "the witness is silent"})

    def differences(self, runbook: Runbook) -> list[str]:
        """What comes out otherwise than expected; an action that is not expected must not come out."""
        found = self.diagnose(runbook)
        told = {
            "finding": found.chosen,
            "mitigate": found.plan.mitigation if found.plan else "",
            "propose": found.propose,
            "escalate": found.escalate,
            "handover": found.handover,
            "wait": found.wait or "",
            "because": found.because,
            "touches": found.plan.touches if found.plan else "",
            "owner": found.plan.owner if found.plan else "",
            "with": found.plan.arguments if found.plan else {},
            "disturbs": _of(found.plan),
            "rung": found.plan.rung if found.plan else 0,
            "undo": (found.plan.undo or {}).get("mitigation", "") if found.plan else "",
            "undo_with": (found.plan.undo or {}).get("arguments", {}) if found.plan else {},
            "undecided": list(found.undecided),
            "skipped": [name for name, one in self.rehearse(runbook).evidence.items() if one.state == "skipped"],
        }
        wanted = {"finding": "", "undecided": [], **dict.fromkeys(_ACTIONS, ""), **self.expect}
        return [
            f"{key}: expected {value!r}, found {told[key]!r}"
            for key, value in wanted.items()
            if not _fits(key, value, told[key])
        ]


def _of(plan: Plan | None) -> str:
    """What a plan disturbs as a table says it: ``1 of 3``."""
    return f"{plan.disturbs} of {plan.among}" if plan and plan.disturbs is not None else ""


def _fits(key: str, wanted: Any, told: Any) -> bool:
    """Prose has to contain what is expected, arguments and skipped evidence to include it; the rest is equal to it."""
    if key in ("because", "propose"):
        return (str(wanted) in told) if wanted else not told
    if key in ("with", "undo_with"):
        return all(name in told and told[name] == value for name, value in wanted.items())
    if key == "skipped":
        return set(wanted) <= set(told)
    return bool(wanted == told)


@dataclasses.dataclass(frozen=True)
class Table:
    """The scenarios of one runbook."""

    runbook: str
    scenarios: tuple[Scenario, ...]


def rehearse(
    runbook: Runbook, scope: Mapping[str, Any], answers: Mapping[str, Any], silent: Mapping[str, str]
) -> Rehearsal:
    """Goes through the questions in the order in which they can be asked, and takes the answers from ``answers``.

    A question that is asked and has no answer, and an answer to no question, raise ScenarioError.
    """
    for name in (*answers, *silent):
        if name not in runbook.evidence:
            raise ScenarioError(f"there is no evidence {name!r}; {allowed(runbook.evidence, name)}")
    evidence: dict[str, Evidence] = {}
    asked: dict[str, Any] = {}
    left = dict(runbook.evidence)
    while left:
        ready = [question for question in left.values() if question.needs <= evidence.keys()]
        for question in ready:
            del left[question.name]
            state = question_state(question, scope, evidence)
            if isinstance(state, Ask):
                asked[question.name] = state.options
            evidence[question.name] = _told(question, state, answers, silent)
    return Rehearsal(evidence, asked)


def _told(question: Question, state: QuestionState, answers: Mapping[str, Any], silent: Mapping[str, str]) -> Evidence:
    def told(kind: Any, value: Any = None, reason: str = "") -> Evidence:
        return Evidence(question.name, question.probe, kind, question.name, "rehearsal", 0.0, 0.0, value, reason)

    if isinstance(state, Answer):
        return told("ok", state.value)
    if not isinstance(state, Ask):
        return told("failed" if isinstance(state, Fail) else "skipped", reason=state.reason)
    if question.name in silent:
        return told("failed", reason=silent[question.name])
    if question.name not in answers:
        raise ScenarioError(f"{question.name} is asked ({question.probe}), and there is no answer to it")
    return told("ok", answers[question.name])


def load_table(path: Path | str) -> Table:
    """Reads a table of scenarios. Raises RunbookError."""
    source = yamlsource.load(Path(path))
    reader = Reader(source, (), source.data)
    reader.mapping(("runbook", "target", "params", "bases", "scenarios"), ("runbook", "scenarios"))
    bases: dict[str, Any] = {}
    if reader.has("bases"):
        bases = {str(one.keys[-1]): _parts(one, _BASE) for one in reader.at("bases").mapping().members()}
    common = {
        "params": _mapping(reader, "params"),
        "target": reader.at("target").text() if reader.has("target") else "lab",
    }
    scenarios = tuple(_scenario(member, bases, common) for member in reader.at("scenarios").members())
    return Table(reader.at("runbook").text(), scenarios)


_BASE = ("params", "inputs", "evidence", "silent")
_SCENARIO = ("name", "base", "alert", "target", "looks", "tried", "expect", *_BASE)


def _scenario(reader: Reader, bases: Mapping[str, Any], common: Mapping[str, Any]) -> Scenario:
    reader.mapping(_SCENARIO, ("name", "expect"))
    params = dict(common["params"])
    inputs: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    silent: dict[str, str] = {}
    for part in [*_bases(reader, bases), _parts(reader, _SCENARIO)]:
        params |= part["params"]
        inputs |= part["inputs"]
        answers = _merged(answers, part["evidence"])
        silent |= part["silent"]
    expect = reader.at("expect").mapping(("finding", *_ACTIONS, *_DETAILS))
    wait = {"wait": expect.at("wait").duration()} if expect.has("wait") else {}
    return Scenario(
        name=reader.at("name").text(),
        where=reader.where,
        alert=reader.at("alert").text() if reader.has("alert") else "",
        target=reader.at("target").text() if reader.has("target") else common["target"],
        params=params,
        inputs=inputs,
        answers=answers,
        silent=silent,
        looks=reader.at("looks").number() if reader.has("looks") else 0,
        expect={**expect.value, **wait},
        tried=frozenset(member.text() for member in reader.at("tried").members())
        if reader.has("tried")
        else frozenset(),
    )


def _bases(reader: Reader, bases: Mapping[str, Any]) -> list[Any]:
    if not reader.has("base"):
        return []
    named = reader.at("base")
    names = [named.text()] if isinstance(named.value, str) else [member.text() for member in named.members()]
    for name in names:
        if name not in bases:
            named.fail(f"there is no base {name!r}; {allowed(bases, name)}")
    return [bases[name] for name in names]


def _parts(reader: Reader, known: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    reader.mapping(known)
    return {part: _mapping(reader, part) for part in _BASE}


def _mapping(reader: Reader, key: str) -> dict[str, Any]:
    return dict(reader.at(key).mapping().value) if reader.has(key) else {}


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Answers are merged member by member, so that a scenario names only what differs from its base."""
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return merged

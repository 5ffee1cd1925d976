# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a runbook does when one of its witnesses fails it, in every situation of its table of scenarios.

```
situations(playbook) -> list[Situation]               a scenario, and what comes of the full and true evidence
through_gatherer(situations, manner) -> ...            each witness silent, slow or refused, through the real Gatherer
lies(situation, witness, situations) -> Iterator[Lie]  what a witness could say instead of the truth
Situation.told(witness, lie) -> str                    what comes of it, one of EFFECTS
```
A witness is one piece of evidence that is asked of somebody. Values that a runbook computes follow from those.
What is made of it all is docs/witnesses.md, see witness_page.py.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status
from ansible_collections.oncall.remedy.plugins.plugin_utils import gather
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import diagnose
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader, scenario
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import VALUE, Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.scenario import Rehearsal, Scenario
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.examine import host_evidence

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "playbooks"
TABLES = ROOT / "tests" / "runbooks"

Json = dict[str, Any]

AS_BEFORE = "as before"
UNDECIDED = "undecided"
OTHER = "another finding"
FAULT = "runbook at fault"
SAME_PLAN = "same plan"
WRITES = "writes"
EFFECTS = (SAME_PLAN, AS_BEFORE, OTHER, UNDECIDED, FAULT, WRITES)
"""What can come of a witness that fails: the plan of the full evidence stands; no plan as before, and the same finding;
another finding, without a plan; nothing is decided and a human is called; the runbook cannot be evaluated over the
answer and a human is called; a plan that the full evidence would not have allowed."""


@dataclasses.dataclass(frozen=True)
class Situation:
    """A scenario of a playbook's table with all its witnesses telling the truth."""

    playbook: str
    book: Runbook
    scenario: Scenario

    @functools.cached_property
    def rehearsal(self) -> Rehearsal:
        return self.scenario.rehearse(self.book)

    @functools.cached_property
    def truth(self) -> Diagnosis:
        return self.scenario.diagnose(self.book)

    @property
    def witnesses(self) -> list[str]:
        """Those that are heard: asked, and not silent by the scenario itself."""
        return [name for name in self.rehearsal.asked if self.rehearsal.evidence[name].state == "ok"]

    def told(self, witness: str, answer: Any) -> str:
        """What comes of it when this witness says that, and all others speak the truth."""
        try:
            return effect(self.truth, self.lied_to(witness, answer).diagnose(self.book))
        except RunbookFault:
            return FAULT

    def lied_to(self, witness: str, answer: Any) -> Scenario:
        """The scenario with this answer. A question that only the lie brings up, and that the scenario has no answer
        to, is met with silence."""
        answers = {**self.scenario.answers, witness: answer}
        asked = [name for name, question in self.book.evidence.items() if question.probe != VALUE]
        unasked = {name: "nobody has asked this before" for name in asked if name not in answers}
        return dataclasses.replace(self.scenario, answers=answers, silent={**unasked, **self.scenario.silent})

    def planned(self, witness: str, answer: Any) -> str:
        """The mitigation that comes of it when this witness says that, or nothing."""
        plan = self.lied_to(witness, answer).diagnose(self.book).plan
        return plan.mitigation if plan else ""

    def concluded(self, evidence: dict[str, Evidence]) -> str:
        """What comes of this evidence instead."""
        found = diagnose(self.book, self.scenario.scope(self.book), evidence, self.scenario.looks)
        return effect(self.truth, found)


@functools.cache
def situations(playbook: str) -> tuple[Situation, ...]:
    """Every scenario of a playbook's table."""
    book = loader.load(PLAYBOOKS / f"{playbook}.yml")
    return tuple(Situation(playbook, book, one) for one in scenario.load_table(TABLES / f"{playbook}.yml").scenarios)


def effect(truth: Diagnosis, found: Diagnosis) -> str:
    """One of EFFECTS."""
    if found.plan:
        return SAME_PLAN if _no_more_than(found.plan, truth.plan) else WRITES
    if not found.chosen:
        return AS_BEFORE if not truth.chosen and found.undecided == truth.undecided else UNDECIDED
    return AS_BEFORE if found.chosen == truth.chosen else OTHER


def _no_more_than(plan: Plan, allowed: Plan | None) -> bool:
    """The very same write, and no smaller a disturbance admitted: the gate would be no more lenient."""
    if allowed is None or _write(plan) != _write(allowed):
        return False
    return _share(plan) >= _share(allowed)


def _write(plan: Plan) -> Plan:
    undo = {key: value for key, value in (plan.undo or {}).items() if key not in ("disturbs", "among")}
    return dataclasses.replace(plan, disturbs=None, among=None, undo=undo)


def _share(plan: Plan) -> float:
    return (plan.disturbs or 0) / (plan.among or 1)


# Lies


@dataclasses.dataclass(frozen=True)
class Lie:
    """``how`` says what kind of lie the answer is."""

    how: str
    answer: Any


def lies(situation: Situation, witness: str, table: tuple[Situation, ...]) -> Iterator[Lie]:
    """Every answer that the question has in another scenario, an empty one, and the true one with each of its numbers
    turned to zero, doubled, or set to its total. None of them twice, and none that is the truth."""
    true = situation.scenario.answers[witness]
    seen = {_identity(true)}
    for lie in _lies(true, witness, table):
        if _identity(lie.answer) not in seen:
            seen.add(_identity(lie.answer))
            yield lie


def _lies(true: Any, witness: str, table: tuple[Situation, ...]) -> Iterator[Lie]:
    for other in table:
        if witness in other.scenario.answers:
            yield Lie(f"as in: {other.scenario.name}", other.scenario.answers[witness])
    yield Lie("empty", emptied(true))
    total = true.get("total") if isinstance(true, dict) else None
    for path, number in _numbers(true):
        for told in (type(number)(0), number * 2, total):
            if told is not None:
                yield Lie(f"{'.'.join(path)} is {told}", _put(true, path, told))


def emptied(answer: Any) -> Any:
    """An answer of the same shape in which there is nothing."""
    if isinstance(answer, dict):
        return {key: emptied(member) for key, member in answer.items()}
    return type(answer)() if isinstance(answer, (list, str, bool, int, float)) else answer


def _numbers(answer: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(answer, dict):
        for key, member in answer.items():
            yield from _numbers(member, (*path, key))
    elif isinstance(answer, (int, float)) and not isinstance(answer, bool):
        yield path, answer


def _put(answer: Any, path: tuple[str, ...], number: float) -> Any:
    changed = copy.deepcopy(answer)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = number
    return changed


def _identity(answer: Any) -> str:
    return json.dumps(answer, sort_keys=True)


# Witnesses that say nothing, through the gatherer


Manner = Callable[[threading.Event, Any], Any]
"""(set when the asker has gone, the true answer) → what the witness answers in the end, or raises."""


def silent(_gone: threading.Event, _answer: Any) -> Any:
    """The connection times out, within the time there is."""
    raise ProbeError("timeout", "the connection timed out")


def slow(gone: threading.Event, answer: Any) -> Any:
    """The truth, and too late."""
    gone.wait()
    return answer


def refused(_gone: threading.Event, _answer: Any) -> Any:
    """403, as the API server and a proxy before Prometheus answer it."""
    raise from_status(403, "GET /")


def unauthorised(_gone: threading.Event, _answer: Any) -> Any:
    """401: the credential has run out."""
    raise from_status(401, "GET /")


MANNERS: dict[str, Manner] = {"silent": silent, "slow": slow, "refused": refused, "unauthorised": unauthorised}

_HOSTS: dict[str, Any] = {
    "silent": None,
    "slow": {"unreachable": True, "msg": "timed out"},
    "refused": {"failed": True, "msg": "403 Forbidden"},
    "unauthorised": {"unreachable": True, "msg": "Permission denied (publickey)"},
}
"""What the play that examines hosts registers for such a host."""

_FIRST_TRY = 2.0
_LAST_TRY = 60.0


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a sweep found out in a situation in which ``witness`` failed it."""

    situation: Situation
    witness: str
    evidence: dict[str, Evidence]


@functools.cache
def heard(playbook: str, manner: str) -> tuple[Heard, ...]:
    """Of all situations of a playbook, see ``through_gatherer``."""
    return tuple(through_gatherer(situations(playbook), manner))


def through_gatherer(table: tuple[Situation, ...], manner: str) -> list[Heard]:
    """Every witness of every situation fails in this manner, one at a time: one sweep with an incident for each.

    All other witnesses answer at once. On a machine so busy that one of them is late all the same, the sweep is
    repeated with more time.
    """
    scenes = [_Scene(one, witness, manner) for one in table for witness in one.witnesses]
    seconds = _FIRST_TRY
    while True:
        found = _gathered(scenes, seconds)
        if seconds > _LAST_TRY or not any(_late(one, seconds) - {one.witness} for one in found):
            return found
        seconds *= 2


def _late(one: Heard, seconds: float) -> set[str]:
    return {name for name, answer in one.evidence.items() if answer.reason == f"no answer within {seconds:g} s"}


def _gathered(scenes: list[_Scene], seconds: float) -> list[Heard]:
    gone = threading.Event()
    stage = mock.patch.multiple(
        gather,
        probe_class=lambda probe: type("Played", (_Probe,), {"name": probe}),
        transport_for=lambda _kind, settings: (scenes[settings["scene"]], gone),
        source_of=lambda _kind, _settings: "a stand-in",
    )
    with stage:
        try:
            found = gather.Gatherer(2 * len(scenes), seconds).gather(
                scene.inquiry(str(number)) for number, scene in enumerate(scenes)
            )
        finally:
            gone.set()
    return [Heard(scene.situation, scene.witness, found[str(number)].evidence) for number, scene in enumerate(scenes)]


class _Scene:
    """One situation with one failing witness: the transport that all questions of an incident go through."""

    def __init__(self, situation: Situation, witness: str, manner: str) -> None:
        self.situation, self.witness, self._manner = situation, witness, manner

    def inquiry(self, key: str) -> gather.Inquiry:
        book = self.situation.book
        scope = self.situation.scenario.scope(book)
        settings = {"scene": int(key)}
        return gather.Inquiry(
            key, book.evidence, scope, lambda _kind, _vantage: settings, frozenset(book.evidence), self._examined()
        )

    def answer(self, probe: str, options: Any, gone: threading.Event) -> Any:
        """The true answer to this question, or what the failing witness makes of it."""
        asked, book = self.situation.rehearsal.asked, self.situation.book
        (name,) = [name for name in asked if book.evidence[name].probe == probe and asked[name] == options]
        if name in self.situation.scenario.silent:
            raise ProbeError("timeout", self.situation.scenario.silent[name])
        answer = self.situation.scenario.answers[name]
        return MANNERS[self._manner](gone, answer) if name == self.witness else answer

    def _examined(self) -> dict[str, Evidence]:
        """What was examined on hosts before anything is asked."""
        book, params = self.situation.book, self.situation.scenario.params
        wanted = [name for name, question in book.evidence.items() if question.hosts is not None]
        known = {name: self.situation.rehearsal.evidence[name] for name in wanted}
        if self.witness in wanted:
            everybody: Any = _Everybody()
            known |= host_evidence(everybody, book, params, lambda _host: _HOSTS[self._manner], 0.0)
        return known


class _Everybody:
    """An inventory that knows every host."""

    def __contains__(self, _name: object) -> bool:
        return True


class _Probe:
    """Stands for any probe: puts the question to the scene."""

    name = ""
    endpoint = "any"
    shared = None

    def __init__(self, transport: tuple[_Scene, threading.Event], options: Any) -> None:
        self._scene, self._gone = transport
        self._options = options

    def question(self) -> str:
        return self.name

    def answer(self, _deadline: float) -> Any:
        return self._scene.answer(self.name, self._options, self._gone)

    def value_of(self, answer: Any) -> Any:
        return answer

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks all questions of all incidents side by side, each distinct question once.

A question is asked as soon as what it refers to is known, so the order follows from the runbook. Options are resolved
in the calling thread; only the asking itself happens in threads.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Probe
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import source_of, transport_for
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import probe_class
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import Answer, Ask, Skip, question_state
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence, EvidenceState, Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Question
from ansible_collections.oncall.remedy.plugins.plugin_utils.pool import Pool

Endpoints = Callable[[str, str], Json]
"""(kind, vantage) → the settings of the target's endpoint; raises ProbeError where the inventory names none."""

Transports = Callable[[str | None, Json], tuple[Any, str]]
"""(kind, settings) → the transport to an endpoint, and where its answers come from, in words."""


@dataclasses.dataclass(frozen=True)
class Inquiry:
    """What is to be found out for one incident. ``names`` are the questions wanted; what they need is asked as well.

    ``given`` is evidence that is there already, such as what was examined on a host.
    """

    key: str
    questions: Mapping[str, Question]
    scope: Json
    endpoints: Endpoints
    names: frozenset[str]
    given: dict[str, Evidence]


@dataclasses.dataclass
class Gathered:
    """What was found out for one incident. ``fault`` says what is wrong with the runbook itself, if anything is."""

    evidence: dict[str, Evidence]
    fault: str = ""


@dataclasses.dataclass(frozen=True)
class _Asked:
    """One request under way, or answered: whom it went to, and the distinct questions that it answers."""

    source: str
    asked_at: float
    began: float
    serves: list[str]


@dataclasses.dataclass(frozen=True)
class _Distinct:
    """A distinct question: the request that answers it, and who waits for its value."""

    probe: Probe
    request: str
    waiting: list[tuple[str, Question]]


@dataclasses.dataclass(frozen=True)
class _Answered:
    """What came of a request, and how long that took."""

    answer: Any
    error: BaseException | None
    took: float


class Gatherer:
    """Gathers the evidence of many incidents. One instance serves a sweep: transports are kept from call to call."""

    def __init__(self, workers: int, seconds: float, clock: Callable[[], float] = time.time) -> None:
        """``seconds`` bounds one call of ``gather``; a witness that is later than that is silent. ``clock`` dates the
        evidence: the ledger's, so that its age means the same on every controller."""
        self._workers = workers
        self._seconds = seconds
        self._clock = clock
        self._transports: dict[str, tuple[Any, str]] = {}

    def gather(self, inquiries: Iterable[Inquiry]) -> dict[str, Gathered]:
        """Returns what was found out for each inquiry, by its key. One that is faulty holds up no other."""
        return _Round(list(inquiries), self._workers, self._seconds, self._transport, self._clock).run()

    def _transport(self, kind: str | None, settings: Json) -> tuple[Any, str]:
        """The transport of an endpoint, and where its answers come from, in words."""
        identity = json.dumps([kind, settings], sort_keys=True)
        if identity not in self._transports:
            self._transports[identity] = transport_for(kind, settings), source_of(kind, settings)
        return self._transports[identity]


class _Round:
    """One pass over the questions. Its state is the answers so far and the questions under way.

    A question is known by its *identity*, a request by its own: that of the question, or of the options alone that the
    request depends on (``Probe.shared``)."""

    def __init__(
        self,
        inquiries: list[Inquiry],
        workers: int,
        seconds: float,
        transport: Transports,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._inquiries = {inquiry.key: inquiry for inquiry in inquiries}
        self._open = {inquiry.key: _wanted(inquiry) for inquiry in inquiries}
        self._gathered = {inquiry.key: Gathered(dict(inquiry.given)) for inquiry in inquiries}
        self._deadline = time.monotonic() + seconds
        self._seconds = seconds
        self._pool: Pool[str] = Pool(workers, self._deadline)
        self._asked: dict[str, _Asked] = {}
        self._answered: dict[str, _Answered] = {}
        self._under_way: dict[str, _Distinct] = {}
        self._values: dict[str, Evidence] = {}
        self._transport = transport

    def run(self) -> dict[str, Gathered]:
        for key in self._inquiries:
            self._advance(key)
        while self._pool.pending:
            answer = self._pool.next_result()
            if answer is not None:
                self._receive(*answer)
                continue
            for identity in self._pool.give_up():
                self._receive(identity, None, ProbeError("timeout", f"no answer within {self._seconds:g} s"))
        self._pool.close()
        return self._gathered

    def _advance(self, key: str) -> None:
        """Asks, skips or gives up on each question of the inquiry whose needs are known; repeats while that helps."""
        inquiry, waiting, gathered = self._inquiries[key], self._open[key], self._gathered[key]
        while ready := [question for question in waiting.values() if question.needs <= gathered.evidence.keys()]:
            for question in ready:
                del waiting[question.name]
                self._begin(inquiry, question, gathered)

    def _begin(self, inquiry: Inquiry, question: Question, gathered: Gathered) -> None:
        """Puts the question to its witness, or notes at once why there is nothing to ask."""
        try:
            state = question_state(question, inquiry.scope, gathered.evidence)
            if isinstance(state, Ask):
                self._ask(inquiry, question, state.options)
            elif isinstance(state, Answer):
                gathered.evidence[question.name] = self._noted(question, "ok", value=state.value)
            else:
                kind: EvidenceState = "skipped" if isinstance(state, Skip) else "failed"
                gathered.evidence[question.name] = self._noted(question, kind, state.reason)
        except ProbeError as error:
            gathered.evidence[question.name] = self._noted(question, "failed", str(error))
        except RunbookFault as fault:
            gathered.fault = gathered.fault or str(fault)
            gathered.evidence[question.name] = self._noted(question, "failed", f"the runbook is at fault: {fault}")

    def _ask(self, inquiry: Inquiry, question: Question, options: Json) -> None:
        if question.hosts is not None:
            raise ProbeError("unsupported", "hosts are examined once, at the beginning of a sweep")
        probe_type = probe_class(question.probe)
        settings = inquiry.endpoints(probe_type.endpoint, question.vantage) if probe_type.endpoint else {}
        identity = _identity(question.probe, settings, options)
        if identity in self._values:
            known = self._gathered[inquiry.key].evidence
            known[question.name] = dataclasses.replace(self._values[identity], name=question.name)
            return
        if identity not in self._under_way:
            self._under_way[identity] = self._put(identity, probe_type, settings, options)
        one = self._under_way[identity]
        one.waiting.append((inquiry.key, question))
        if one.request in self._answered:
            self._serve(identity)

    def _put(self, identity: str, probe_type: type[Probe], settings: Json, options: Json) -> _Distinct:
        """Makes the probe, and sends its request where no other question has sent it. Raises ProbeError for options or
        settings that make no sense: then nothing is under way, and whoever else asks so hears the same."""
        transport, source = self._transport(probe_type.endpoint, settings)
        probe = probe_type(transport, options)
        request = identity
        if probe_type.shared is not None:
            request = _identity(probe.name, settings, {name: probe.given[name] for name in probe_type.shared})
        if request not in self._asked:
            self._asked[request] = _Asked(source, self._clock(), time.monotonic(), [])
            self._pool.submit(request, lambda: probe.answer(self._deadline))
        self._asked[request].serves.append(identity)
        return _Distinct(probe, request, [])

    def _noted(self, question: Question, state: EvidenceState, reason: str = "", value: Any = None) -> Evidence:
        """Evidence for which nobody was asked."""
        return Evidence(question.name, question.probe, state, question.probe, "", self._clock(), 0.0, value, reason)

    def _receive(self, request: str, answer: Any, error: BaseException | None) -> None:
        """Notes what came of a request, and goes on with what that makes possible."""
        asked = self._asked[request]
        self._answered[request] = _Answered(answer, error, round(time.monotonic() - asked.began, 4))
        waiting = [each for identity in asked.serves for each in self._under_way[identity].waiting]
        for identity in asked.serves:
            self._serve(identity)
        for key, _question in waiting:
            self._advance(key)

    def _serve(self, identity: str) -> None:
        """Turns the answer to a request into evidence for everyone who waits for one question's value."""
        one = self._under_way.pop(identity)
        asked, answered = self._asked[one.request], self._answered[one.request]
        value, error = None, answered.error
        if error is None:
            try:
                value = one.probe.value_of(answered.answer)
            except Exception as unread:  # noqa: BLE001  a probe that fails to read holds up no other
                error = unread
        evidence = Evidence(
            name="",
            probe=one.probe.name,
            state="ok" if error is None else "failed",
            question=one.probe.question(),
            source=asked.source,
            asked_at=asked.asked_at,
            took=answered.took,
            value=value,
            reason="" if error is None else _reason(error),
        )
        self._values[identity] = evidence
        for key, question in one.waiting:
            self._gathered[key].evidence[question.name] = dataclasses.replace(evidence, name=question.name)


def _identity(probe: str, settings: Json, options: Json) -> str:
    return json.dumps([probe, settings, options], sort_keys=True, default=str)


def _wanted(inquiry: Inquiry) -> dict[str, Question]:
    """The questions to ask, with those that they need, less what is given."""
    wanted: dict[str, Question] = {}
    names = set(inquiry.names)
    while names:
        name = names.pop()
        if name not in wanted and name not in inquiry.given:
            wanted[name] = inquiry.questions[name]
            names |= wanted[name].needs
    return wanted


def _reason(error: BaseException) -> str:
    """A ProbeError speaks for itself; anything else is a fault of the probe and says so."""
    return str(error) if isinstance(error, ProbeError) else f"the probe itself failed: {type(error).__name__}: {error}"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replay: what the runbooks of today make of the evidence of a recorded case. Pure.

``replay(case, catalogue) -> Replayed``; what is wrong with a case or a runbook is part of the answer and no exception.

Nobody is asked. What a runbook computes itself (``value:``) and when a question arises (``when:``) is worked out anew;
what a witness said is taken from the case, provided that today's question is the recorded one to the letter. Whatever
was not asked then (new evidence, a new query, a new param) is unknown, as if its witness were silent: a replay can come
out undecided where a sweep would not, and never the other way round.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import probe_class
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import (
    Answer,
    Ask,
    Fail,
    diagnose,
    question_state,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence, EvidenceState, Json, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import (
    InputError,
    RunbookError,
    RunbookFault,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Question, Runbook

NOT_RECORDED = "not recorded then"

DONE = ("mitigation", "role", "action", "touches", "arguments", "risk", "credential", "owner")
"""Of a plan, and of what takes it back, what is done to what. Other members say how long and how often."""
BESIDE = ("timeout", "cooldown", "within", "disturbs", "among", "rung", "rungs")


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that was said then and is said otherwise now."""

    what: str
    then: Any
    now: Any


@dataclasses.dataclass(frozen=True)
class ConditionDifference:
    """A condition that is judged otherwise, or is written on one side alone (the truth of the other is empty)."""

    text: str
    then: str
    now: str
    seen: Json
    reason: str


@dataclasses.dataclass(frozen=True)
class FindingDifference:
    """A finding that is judged otherwise. Beside a truth it may be ``not judged`` (one before it held) or ``gone``."""

    name: str
    instance: Json
    then: str
    now: str
    conditions: tuple[ConditionDifference, ...]


@dataclasses.dataclass(frozen=True)
class Replayed:
    """One case as it was decided and as it would be decided. ``skipped`` says why there is nothing to compare.

    ``flips`` are the differences that make another decision, ``rewords`` those that make the same one in other words.
    ``unrecorded`` is evidence that today's runbook asks for and the case lacks, with the reason.
    """

    case: Json
    runbook: str = ""
    then: str = ""
    now: str = ""
    flips: tuple[Difference, ...] = ()
    rewords: tuple[Difference, ...] = ()
    findings: tuple[FindingDifference, ...] = ()
    unrecorded: Mapping[str, str] = dataclasses.field(default_factory=dict)
    skipped: str = ""


@dataclasses.dataclass(frozen=True)
class Rediagnosed:
    """What today's runbook says. ``fault`` is why it says nothing."""

    runbook: str
    diagnosis: Json | None
    unrecorded: Mapping[str, str]
    names: frozenset[str] = frozenset()
    fault: str = ""


def replay(case: Json, catalogue: Catalogue) -> Replayed:
    """Diagnoses a recorded case with the runbook that its alert has today, and compares."""
    former = case.get("diagnosis")
    if not former:
        return Replayed(case, case.get("runbook") or "", skipped="no diagnosis was made then")
    today = rediagnose(case, catalogue)
    then, now = facets(former), facets(today.diagnosis or {})
    flips = [Difference(name, then[name], now[name]) for name in then if then[name] != now[name]]
    if today.fault:
        flips = [Difference("diagnosis", "made", "cannot be made")]
    if today.runbook != case["runbook"]:
        flips.insert(0, Difference("runbook", case["runbook"], today.runbook or "none"))
    return Replayed(
        case,
        today.runbook,
        in_words(former),
        f"no diagnosis: {today.fault}" if today.fault else in_words(today.diagnosis or {}),
        tuple(flips),
        () if flips else _rewords(former, today.diagnosis or {}),
        () if today.fault else _findings(former, today.diagnosis or {}, today.names),
        today.unrecorded,
    )


def rediagnose(case: Json, catalogue: Catalogue) -> Rediagnosed:
    """What the runbook of today says of a recorded case."""
    try:
        book = _book(case, catalogue)
    except RunbookError as error:
        return Rediagnosed(case.get("runbook") or "", None, {}, fault=str(error))
    if book is None:
        return Rediagnosed("", None, {}, fault=f"no runbook handles {case.get('alertname') or case.get('runbook')}")
    names = frozenset(finding.name for finding in book.findings)
    try:
        inputs = _inputs(case, book)
        unrecorded: dict[str, str] = {}
        scope, lacking = _scope(case, book, inputs)
        evidence = _evidence(case, book, scope, lacking, unrecorded)
        found = diagnose(book, scope, evidence, _looks(case), frozenset(case.get("tried") or ()))
    except InputError as error:
        return Rediagnosed(book.name, None, {}, names, str(error))
    except RunbookFault as fault:
        return Rediagnosed(book.name, None, {}, names, _short(fault))
    diagnosis = redact(as_json(found))  # the recorded one has been through the ledger too
    return Rediagnosed(book.name, json.loads(json.dumps(diagnosis)), unrecorded, names)


def _short(fault: RunbookFault) -> str:
    """What went wrong without where it stands and what else is there: a text that can be compared. Most often today's
    probe answers more than it did when the case was recorded."""
    message = fault.message.partition("; did you mean")[0].partition("; allowed")[0]
    return f"today's runbook cannot be judged over what was recorded: {message}"


def _book(case: Json, catalogue: Catalogue) -> Runbook | None:
    """The runbook that would be followed today: the alert's own, or the one that it was handed over to or that an
    operator named."""
    if case.get("alertname") and not case.get("handovers"):
        return catalogue.for_alert(case["alertname"])
    return catalogue.by_name(case["runbook"]) if case["runbook"] in catalogue.names else None


def _inputs(case: Json, book: Runbook) -> dict[str, str]:
    """As they were bound then; one that is declared since then is bound from the recorded alert's labels."""
    labels = (case.get("alert") or {}).get("labels") or {}
    given = {name: value for name, value in (case.get("inputs") or {}).items() if name in book.inputs}
    return bind_inputs(book, labels, given)


def _scope(case: Json, book: Runbook, inputs: Json) -> tuple[Json, dict[str, Evidence]]:
    """The names beside the evidence. A param that is new since then is lacking, and unknown as evidence may be."""
    recorded = case.get("params") or {}
    lacking = {
        name: Evidence(name, "param", "failed", name, "", 0.0, 0.0, reason=f"the param was {NOT_RECORDED}")
        for name in book.params
        if name not in recorded
    }
    params = {name: recorded[name] for name in book.params if name in recorded}
    return {**params, **inputs, "target": case["target"], "alert": case.get("alertname") or ""}, lacking


def _looks(case: Json) -> int:
    """How often it had been looked at before. Older cases tell it by what the diagnosis made of it."""
    if "looks" in case:
        return int(case["looks"])
    former = case["diagnosis"]
    return int(former.get("looks") or 0) - (1 if former.get("wait") else 0)


# Evidence


def _evidence(
    case: Json, book: Runbook, scope: Json, lacking: dict[str, Evidence], unrecorded: dict[str, str]
) -> dict[str, Evidence]:
    """Every question of today's runbook, in the order in which it can be asked, with what the case knows of it."""
    recorded = {one["name"]: one for one in case.get("evidence") or []}
    evidence: dict[str, Evidence] = dict(lacking)
    left = dict(book.evidence)
    while left:
        ready = [question for question in left.values() if question.needs <= evidence.keys()]
        for question in ready:
            del left[question.name]
            found = _answer(question, recorded.get(question.name), scope, evidence)
            evidence[question.name] = found
            if NOT_RECORDED in found.reason and question.needs.isdisjoint(unrecorded):
                unrecorded[question.name] = found.reason
    return evidence


def _answer(question: Question, recorded: Json | None, scope: Json, evidence: Mapping[str, Evidence]) -> Evidence:
    def told(state: EvidenceState, value: Any = None, reason: str = "") -> Evidence:
        return Evidence(question.name, question.probe, state, question.name, "the case", 0.0, 0.0, value, reason)

    state = question_state(question, scope, evidence)
    if isinstance(state, Answer):
        return told("ok", state.value)
    if not isinstance(state, Ask):
        return told("failed" if isinstance(state, Fail) else "skipped", reason=state.reason)
    if recorded is None:
        return told("failed", reason=NOT_RECORDED)
    if recorded["state"] == "skipped":
        return told("failed", reason=f"{NOT_RECORDED}, as the question did not arise: {recorded['reason']}")
    now = _asked_now(question, state.options)
    if recorded["state"] == "ok" and (recorded["probe"] != question.probe or (now and now != recorded["question"])):
        return told("failed", reason=f"{NOT_RECORDED}: today's question is another one")
    return told(recorded["state"], recorded["value"], recorded["reason"])


def _asked_now(question: Question, options: Any) -> str:
    """Today's question in the words in which a case keeps it; empty where they do not depend on the runbook alone."""
    if question.hosts is not None:
        return ""
    try:
        return str(redact(probe_class(question.probe)(None, options).question()))
    except ProbeError as error:
        return f"cannot be asked: {error}"


# Decisions


def facets(diagnosis: Json) -> Json:
    """What makes a decision, each under its name. Two decisions are the same if these are."""
    planned = diagnosis.get("plan") or {}
    return {
        "finding": diagnosis.get("chosen") or "",
        "undecided": sorted(diagnosis.get("undecided") or ()),
        "wait": diagnosis.get("wait") or 0.0,
        **_done(planned),
        "cures": planned.get("cures", True),
        "undo": _done(planned["undo"]) if isinstance(planned.get("undo"), dict) else planned.get("undo") or "",
        "proposal": bool(diagnosis.get("propose")),
        "escalation": diagnosis.get("escalate") or "",
        "handover": diagnosis.get("handover") or "",
    }


def _done(planned: Json) -> Json:
    return {name: planned.get(name) or "" for name in DONE}


def in_words(diagnosis: Json) -> str:
    """A decision in a line: ``edge_outage → restart of DaemonSet traefik/traefik (medium risk)``."""
    if not diagnosis.get("chosen"):
        left = ", ".join(diagnosis.get("undecided") or ())
        return f"undecided: {left}" if left else "no finding holds"
    planned = diagnosis.get("plan")
    does = []
    if diagnosis.get("wait"):
        does.append(f"look again after {diagnosis['wait']:g} s")
    if planned:
        does.append(f"{planned['mitigation']} of {planned['touches']} ({planned['risk']} risk)")
    if diagnosis.get("propose"):
        does.append("proposal")
    if diagnosis.get("handover"):
        does.append(f"handover to {diagnosis['handover']}")
    if diagnosis.get("escalate"):
        does.append(f"escalate to {diagnosis['escalate']}")
    return f"{diagnosis['chosen']} → {', '.join(does) or 'nothing'}"


def _rewords(former: Json, today: Json) -> tuple[Difference, ...]:
    """What is told or timed otherwise although the decision is the same. What an older case does not know is none."""
    then, now = former.get("plan") or {}, today.get("plan") or {}
    beside = [Difference(f"plan.{name}", then[name], now[name]) for name in BESIDE if name in then and name in now]
    told = [Difference(name, former.get(name) or "", today.get(name) or "") for name in ("because", "propose")]
    return tuple(one for one in [*told, *beside] if one.then != one.now)


# Findings


def _findings(former: Json, today: Json, names: frozenset[str]) -> tuple[FindingDifference, ...]:
    """The findings that are judged otherwise, in today's order; those that only today's runbook came to and ruled out
    are left out."""
    then, now = _by_name(former), _by_name(today)
    changed = []
    for key in [*now, *(key for key in then if key not in now)]:
        before, after = then.get(key), now.get(key)
        was = before["truth"] if before else "not judged"
        is_now = after["truth"] if after else "not judged" if key[0] in names else "gone"
        conditions = _conditions(before, after) if after else ()
        if was != is_now or conditions:
            changed.append(FindingDifference(key[0], (after or before or {})["instance"], was, is_now, conditions))
    return tuple(one for one in changed if (one.then, one.now) != ("not judged", "false"))


def _by_name(diagnosis: Json) -> dict[tuple[str, str], Json]:
    return {
        (one["name"], json.dumps(one.get("instance") or {}, sort_keys=True)): {"instance": {}, **one}
        for one in diagnosis.get("findings") or ()
    }


def _conditions(before: Json | None, after: Json) -> tuple[ConditionDifference, ...]:
    then = {one["text"]: one for one in (before or {}).get("conditions") or ()}
    now = {one["text"]: one for one in after.get("conditions") or ()}
    told = []
    for text in [*now, *(text for text in then if text not in now)]:
        was, is_now = then.get(text), now.get(text)
        if (was or {}).get("truth") == (is_now or {}).get("truth"):
            continue
        judged = is_now or was or {}
        told.append(
            ConditionDifference(
                text,
                was["truth"] if was else "",
                is_now["truth"] if is_now else "",
                judged.get("seen") or {},
                judged.get("reason") or "",
            )
        )
    return tuple(told)

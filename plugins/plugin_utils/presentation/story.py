# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a case tells, in the order in which one asks: what was wrong, what was done, is it well now, what comes next.

Works on the JSON of a case alone and decides everything that the page and the terminal say alike; they only lay it
out. Texts are as hostile here as they are in the case: whoever writes them somewhere makes them visible first.
"""

from __future__ import annotations

import dataclasses
import difflib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import empty_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.judgements import judged
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import (
    as_data,
    clock,
    cut,
    listed,
    plural,
    span,
)

Json = dict[str, Any]
Tone = Literal["good", "bad", "unsure", "calm"]

OUTCOMES: dict[str, tuple[str, Tone]] = {
    "healed": ("healed", "good"),
    "resolved": ("resolved by itself", "good"),
    "observed": ("observed", "calm"),
    "proposed": ("proposed", "calm"),
    "waiting": ("waiting", "calm"),
    "asked": ("waits for approval", "calm"),
    "held": ("held", "unsure"),
    "escalated": ("escalated", "unsure"),
    "undecided": ("undecided", "unsure"),
    "cannot_tell": ("cannot tell", "unsure"),
    "interrupted": ("interrupted", "bad"),
    "not_healed": ("not healed", "bad"),
    "failed": ("failed", "bad"),
}
"""Every outcome of a case: how it is called and how it sounds."""

WHOLE_DIAGNOSIS: Json = {
    "findings": [],
    "chosen": "",
    "because": "",
    "undecided": [],
    "used": [],
    "plan": None,
    "propose": "",
    "escalate": "",
    "handover": "",
    "wait": 0.0,
    "looks": 0,
    "notes": [],
    "briefing": [],
}
WHOLE_RESULT: Json = {"changed": False, "diff": [], "report": [], "message": ""}


@dataclasses.dataclass(frozen=True)
class Moment:
    """A step of the incident: what happened, when, and how long after the step before."""

    label: str
    at: float
    after: str


def whole(case: Mapping[str, Any]) -> Json:
    """The case with every part that is missing or null put in as empty: one that broke off early still tells itself."""
    full = _filled(case, empty_case())
    full["diagnosis"] = _filled(full["diagnosis"] or {}, WHOLE_DIAGNOSIS)
    if full["mitigation"] is not None:
        wanted = {"plan": {}, "permit": "", "began_at": 0.0, "ended_at": 0.0, "outcome": "", "result": {}}
        full["mitigation"] = _filled(full["mitigation"], wanted)
        full["mitigation"]["result"] = _filled(full["mitigation"]["result"], WHOLE_RESULT)
    if full["verification"] is not None:
        wanted = {"conditions": [], "evidence": [], "began_at": 0.0, "ended_at": 0.0, "held_since": 0.0}
        full["verification"] = _filled(full["verification"], {**wanted, "outcome": "", "reason": ""})
    return full


def _filled(given: Mapping[str, Any], wanted: Json) -> Json:
    known = {key: value for key, value in given.items() if value is not None}
    return {**wanted, **known}


def title(case: Json) -> str:
    """``TraefikDown · hetzner``; the runbook's name where no alert asked."""
    name = (case["alert"] or {}).get("name") or case["alertname"] or case["runbook"] or "incident"
    return f"{name} · {case['target']}" if case["target"] else str(name)


def outcome(case: Json) -> tuple[str, Tone]:
    """The outcome in words and how it sounds; one that is not known yet is shown as it is."""
    return OUTCOMES.get(case["outcome"], (cut(case["outcome"], 40).replace("_", " ") or "open", "unsure"))


def holds(case: Json) -> list[Json]:
    """The guards that hold."""
    return [verdict for verdict in case["gate"] if not verdict.get("passes")]


def gate(case: Json) -> str:
    """``8 of 8 guards pass``"""
    total = len(case["gate"])
    passing = total - len(holds(case))
    return f"{passing} of {plural(total, 'guard')} pass" if total else "not asked, as no change was planned"


def plan(case: Json) -> Json | None:
    """The plan that was carried out, else the one that the diagnosis asks for."""
    if case["mitigation"] and case["mitigation"]["plan"]:
        return dict(case["mitigation"]["plan"])
    return dict(case["diagnosis"]["plan"]) if case["diagnosis"]["plan"] else None


def plan_line(case: Json) -> str:
    """``restart of DaemonSet/traefik/traefik (medium risk, mode act)``"""
    planned = plan(case)
    if not planned:
        return ""
    name, touches = planned.get("mitigation", "?"), planned.get("touches", "?")
    mode = f", mode {case['mode']}" if case["mode"] else ""
    return f"{name} of {touches} ({planned.get('risk', 'unknown')} risk{mode})"


def before(earlier: Json) -> str:
    """What was done before in the same incident, and what came of it."""
    mitigation, verification = earlier.get("mitigation") or {}, earlier.get("verification") or {}
    planned = mitigation.get("plan") or {}
    what = f"{planned.get('mitigation', '?')} of {planned.get('touches', '?')}"
    how = str(verification.get("outcome") or mitigation.get("outcome") or "no outcome").replace("_", " ")
    reason = verification.get("reason") or ""
    return f"{what}: {how}" + (f" ({reason})" if reason else "")


def handed(handover: Json) -> str:
    """Which runbook had the incident before, and why it left it to another."""
    return f"{handover.get('runbook', '?')} to {handover.get('to', '?')}: {handover.get('because', '?')}"


def briefing(case: Json) -> list[tuple[str, str]]:
    """What whoever is called has to know besides, of every runbook that had the incident; of equal titles the last."""
    said = [*(one.get("briefing", []) for one in case["handovers"]), case["diagnosis"]["briefing"]]
    return list({str(title): str(text) for facts in said for title, text in facts}.items())


def approval(case: Json) -> str:
    """Who was asked for a yes, and what they said."""
    asked = case["approval"]
    if not asked or asked.get("kind") != "approval":
        return ""
    name, state, by, why = (str(asked.get(key) or "") for key in ("id", "state", "decided_by", "decided_why"))
    if state == "waiting":
        return f"{name}, waits until {clock(asked.get('expires_at') or 0.0, case['opened_at'])} UTC"
    said = "rejected" if state == "rejected" else "approved" if by else state
    return f"{name}, {said}" + (f" by {by}" if by else "") + (f": {why}" if why else "")


def done(case: Json) -> str:
    """What was done, in one sentence. A permit whose use was never recorded is a change that may have been made."""
    mitigation = case["mitigation"]
    if not mitigation:
        return "Nothing was changed."
    if case["check"]:
        return "Nothing was changed: a check run only shows what would be."
    if not mitigation["ended_at"]:
        return "A permit was issued, and no outcome is recorded: it may have been changed or not."
    if mitigation["outcome"] == "interrupted":
        return "It broke off in the middle: something may have been changed or not."
    took = span(mitigation["ended_at"] - mitigation["began_at"])
    return f"Changed in {took}." if mitigation["result"]["changed"] else "Nothing had to be changed."


def untouched(case: Json) -> bool:
    """Whether it is certain that nothing was changed."""
    mitigation = case["mitigation"]
    if not mitigation or case["check"]:
        return True
    known = mitigation["ended_at"] and mitigation["outcome"] != "interrupted"
    return bool(known and not mitigation["result"]["changed"])


def well(case: Json) -> str:
    """Whether it is well now, answered with yes, no or what stands in the way of knowing."""
    answers: dict[str, Callable[[Json], str]] = {
        "healed": _healed,
        "resolved": lambda _told: "Yes: the alert resolved without the engine.",
        "not_healed": lambda case: _because("No, the change did not help", _seen_last(case)),
        "cannot_tell": lambda case: _because("Unknown, as it could not be verified", _seen_last(case)),
        "interrupted": lambda case: _because("No: the change broke off, and it is not well", _seen_last(case)),
        "failed": _failed,
        "waiting": lambda case: _because("Not known yet", _seen_last(case)),
        "held": _held,
    }
    if case["outcome"] in answers:
        return answers[case["outcome"]](case)
    if not untouched(case):
        return "Unknown: something was or may have been changed, see below."
    if case["diagnosis"]["undecided"]:
        names = listed(case["diagnosis"]["undecided"])
        return f"Unknown: the evidence does not decide about {names}. Nothing was changed."
    if not case["diagnosis"]["chosen"]:
        return "No finding of the runbook holds. Nothing was changed."
    return "No. Nothing was changed."


def _because(sentence: str, reason: str) -> str:
    return f"{sentence}: {reason}" if reason else f"{sentence}."


def _seen_last(case: Json) -> str:
    return str((case["verification"] or {}).get("reason") or "")


def _failed(case: Json) -> str:
    if not case["mitigation"]:
        return "Unknown: the engine failed before it could change anything."
    return _because("Unknown, the change failed", str(case["mitigation"]["result"]["message"] or ""))


def _held(case: Json) -> str:
    reasons = "; ".join(f"{verdict.get('guard')}: {verdict.get('reason')}" for verdict in holds(case))
    return _because("No. Nothing was changed, because the gate holds", reasons)


def _healed(case: Json) -> str:
    verification = case["verification"]
    if not verification:
        return "Yes."
    count = len(verification["conditions"])
    subject = {1: "The condition has", 2: "Both conditions have"}.get(count, f"All {count} conditions have")
    held = verification["ended_at"] - verification["held_since"] if verification["held_since"] else 0.0
    steady = f"held for {span(held)}" if held > 0 else "been seen to hold"
    return f"Yes. {subject} {steady}, last seen at {clock(verification['ended_at'], case['opened_at'])} UTC."


def verified(case: Json) -> str:
    """The verification in one line: its outcome and the conditions with what they saw last."""
    verification = case["verification"]
    if not verification:
        return ""
    seen = "; ".join(judged(one).short for one in verification["conditions"])
    parts = [str(verification["outcome"]).replace("_", " ") or "unknown", seen]
    if verification["outcome"] == "healed" and verification["held_since"]:
        parts.append(f"held for {span(verification['ended_at'] - verification['held_since'])}")
    return " · ".join(part for part in parts if part)


def coming(case: Json) -> str:
    """What comes next, with the time if there is one."""
    due = f"Due {clock(case['due_at'], case['opened_at'])} UTC." if case["due_at"] else ""
    return " ".join(part for part in (str(case["next"]), due) if part) or "Nothing."


def moments(case: Json) -> list[Moment]:
    """Fired, opened, mended, verified, closed: those that happened, in order of time."""
    mitigation, verification = case["mitigation"] or {}, case["verification"] or {}
    ended = "checked" if case["check"] else "mended"
    known = [
        ("fired", (case["alert"] or {}).get("starts_at")),
        ("opened", case["opened_at"]),
        (ended, mitigation.get("ended_at")),
        ("verified" if case["outcome"] == "healed" else "judged", verification.get("ended_at")),
        ("closed", case["closed_at"]),
    ]
    times = sorted(((float(at), label) for label, at in known if at), key=lambda pair: pair[0])
    steps = [Moment(label, at, "") for at, label in times[:1]]
    for (before, _label), (at, label) in itertools.pairwise(times):
        steps.append(Moment(label, at, f"+{span(at - before)}"))
    return steps


def chart(case: Json) -> Json | None:
    """The chart's data; where it names no marks, the incident's moments are marked."""
    given = case["chart"]
    if not given:
        return None
    if given.get("marks"):
        return dict(given)
    return {**given, "marks": [{"at": one.at, "label": one.label} for one in moments(case) if one.label != "closed"]}


def diffs(case: Json) -> Iterator[tuple[str, list[str]]]:
    """Each diff as (what it is of, lines that begin with ``+``, ``-``, a space or ``@``)."""
    given = case["mitigation"]["result"]["diff"] if case["mitigation"] else []
    for diff in given if isinstance(given, list) else [given]:
        header = diff.get("after_header") or diff.get("before_header") or ""
        if "prepared" in diff:
            yield header, str(diff["prepared"]).split("\n")
            continue
        before, after = (_lines_of(diff.get(side)) for side in ("before", "after"))
        lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
        yield header, lines if len(lines) <= 400 else [*lines[:400], f"@@ {len(lines) - 400:,} more lines"]


def _lines_of(value: Any) -> list[str]:
    text = value if isinstance(value, str) else as_data(value) if value else ""
    return text.rstrip("\n").split("\n") if text else []


def told(case: Json) -> list[tuple[str, Tone]]:
    """For each escalation who knows of it, in words, and how that sounds: one that failed must not be overlooked."""
    sentences: list[tuple[str, Tone]] = []
    for one in case["escalations"]:
        to, at = one.get("to") or "nobody", clock(one.get("at") or 0.0, case["opened_at"])
        if case.get("check"):
            sentences.append((f"{to} would be told.", "calm"))
        elif one.get("state") == "sent":
            sentences.append((f"{to} was told at {at} UTC.", "calm"))
        elif one.get("state") == "told":
            sentences.append((f"{to} was told of it together with others like it, at {at} UTC.", "calm"))
        elif one.get("state") == "failed":
            sentences.append((f"{to} could not be told: the escalation failed at {at} UTC.", "bad"))
        else:
            sentences.append((f"For {to}, recorded at {at} UTC; no message was sent.", "unsure"))
    return sentences

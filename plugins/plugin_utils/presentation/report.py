# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A sweep and its incidents as text for a terminal: what an operator reads at three in the morning.

Pure functions of the case's JSON. Lines fit a terminal of 100 columns and are wrapped with a hanging indent. Nothing
from the data can move the cursor, change a colour or begin a line of its own: every text is made visible before it is
laid out. Colour is an addition, asked for by the caller; without it nothing is lost.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import story
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.judgements import (
    Found,
    apart,
    findings,
    judged,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import (
    columns,
    cut,
    listed,
    plural,
    span,
    visible,
)

if TYPE_CHECKING:
    from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import Tally

WIDTH = 100
INDENT = 2
LABEL = 10
REJECTED = 5
"""Alerts that cannot be used and are told one by one; whoever sends them decides how many there are."""
REJECTED_LINES = 10
"""Lines on findings that do not hold; a runbook may have fifty."""
LONGEST = 400
"""Characters of one text before it is cut; the case file has it in full."""

COLOURS: dict[story.Tone, str] = {"good": "32", "bad": "31", "unsure": "33", "calm": "36"}
OUTCOME_ORDER = tuple(story.OUTCOMES)

WORTH_SAYING = ("resolved", "waiting", "cannot_tell", "interrupted", "not_healed", "failed")
"""The outcomes for which "is it well now?" is not already answered by the lines above it."""

Row = tuple[str, str]


def wants_colour(environment: Mapping[str, str], terminal: bool) -> bool:
    """Whether to colour: NO_COLOR and ANSIBLE_NOCOLOR forbid it, ANSIBLE_FORCE_COLOR demands it, else a terminal."""
    if environment.get("NO_COLOR") or _yes(environment.get("ANSIBLE_NOCOLOR", "")):
        return False
    if _yes(environment.get("ANSIBLE_FORCE_COLOR", "")):
        return True
    return terminal and environment.get("TERM", "") != "dumb"


def _yes(word: str) -> bool:
    return word.strip().lower() in ("1", "true", "yes", "on", "y", "t")


def opening(tally: Tally, incidents: int, *, check: bool = False) -> str:
    """The sweep's first lines: ``3 alerts firing · 1 silenced or inhibited · 2 incidents``.

    An Alertmanager that could not be asked has a line of its own: its silence must not be read as "no alerts".
    """
    asides = [
        (tally.suppressed, "silenced or inhibited"),
        (tally.unhandled, "not the engine's"),
        (tally.settling, "dealt with already"),
        (tally.waiting, "not due yet"),
        (tally.elsewhere, "with another sweep"),
    ]
    parts = [f"{plural(tally.firing, 'alert')} firing", *(f"{count:,} {what}" for count, what in asides if count)]
    parts += [plural(incidents, "incident"), *(["check mode: nothing will be written"] if check else [])]
    lines = wrapped(" · ".join(parts), WIDTH, 2)
    for silent in tally.silent:
        lines += wrapped(f"! could not be asked: {_text(silent)}", WIDTH, 2)
    for rejected in tally.rejected[:REJECTED]:
        lines += wrapped(f"! an alert cannot be used: {_text(rejected)}", WIDTH, 2)
    if len(tally.rejected) > REJECTED:
        lines.append(f"! and {len(tally.rejected) - REJECTED:,} more that cannot be used")
    return "\n".join(lines)


def incident(case: Mapping[str, Any], *, path: str = "", colour: bool = False) -> str:
    """An incident in a block: what was wrong, why, what was done, is it well, what next, where the case file is."""
    full = story.whole(case)
    outcome, tone = story.outcome(full)
    lines = [_heading(_text(story.title(full)), visible(outcome), tone, _text(str(full["id"])[:8]), colour)]
    if full["headline"]:
        lines += [" " * INDENT + line for line in wrapped(_text(full["headline"]), WIDTH - INDENT, 0)]
    last = ""
    for label, text in [*_why(full), *_what(full), *_next(full)]:
        lines += _row("" if label == last else label, text)
        last = label
    if path:
        lines.append(f"{' ' * INDENT}{'case':<{LABEL}}{visible(path)}")
    return "\n".join(lines)


def in_a_line(case: Mapping[str, Any], *, colour: bool = False) -> str:
    """The heading of an incident alone: for the many of an outage whose likes are told in full."""
    full = story.whole(case)
    outcome, tone = story.outcome(full)
    return _heading(_text(story.title(full)), visible(outcome), tone, _text(str(full["id"])[:8]), colour)


def closing(outcomes: Mapping[str, int], took: float, *, check: bool = False) -> str:
    """The sweep's last line: ``1 healed · 1 escalated · 14 s``, in a fixed order and without what did not occur."""
    known = [name for name in OUTCOME_ORDER if outcomes.get(name)]
    other = sorted(name for name in outcomes if name not in story.OUTCOMES and outcomes[name])
    parts = [f"{outcomes[name]} {story.OUTCOMES.get(name, (visible(name), 'calm'))[0]}" for name in [*known, *other]]
    parts = parts or ["nothing to do"]
    return " · ".join([*parts, span(took), *(["check mode: nothing was written"] if check else [])])


def asking(asked: int, answered: int, waiting_for: Sequence[str], seconds_left: float) -> str:
    """A line of progress while questions are out: how many have come back and who is still awaited."""
    left = f", {span(max(0.0, seconds_left))} left" if answered < asked else ""
    awaited = f": {visible(listed(waiting_for, 4))}" if waiting_for else ""
    return _one_line(f"  … {answered} of {plural(asked, 'question')} answered{left}{awaited}")


def mending(case: Mapping[str, Any]) -> str:
    """A line of progress as a mitigation begins."""
    full = story.whole(case)
    return _one_line(f"  … {visible(story.title(full))}: {visible(story.plan_line(full))} begins")


def verifying(case: Mapping[str, Any], stable_for: float, now: float) -> str:
    """A line of progress while a mitigation is verified: what holds, for how long of the time it must."""
    full = story.whole(case)
    verification = full["verification"] or {"conditions": [], "held_since": 0.0}
    conditions = [judged(one) for one in verification["conditions"]]
    holding = sum(one.verdict == "true" for one in conditions)
    state = f"{holding} of {plural(len(conditions), 'condition')} hold"
    if verification["held_since"]:
        state += f", stable for {span(max(0.0, now - verification['held_since']))} of {span(stable_for)}"
    else:
        state += "".join(f"; {one.short}" for one in conditions if one.verdict != "true")
    return _one_line(f"  … {visible(story.title(full))}: {visible(state)}")


def _why(case: story.Json) -> Iterator[Row]:
    """The finding that was chosen, those that were rejected with the value that rejected them, those left open."""
    yield from (("handed", story.handed(one)) for one in case["handovers"])
    judgements = findings(case["diagnosis"])
    for one in judgements:
        if one.place == "chosen" and one.verdict == "true":
            yield "found", f"{one.title}: {one.because}" if one.because else one.title
    rejected = [one for one in judgements if one.verdict in ("false", "not asked") and one.place != "chosen"]
    yield from (("not", line) for line in _rejected(rejected))
    for one in judgements:
        if one.verdict == "true" and one.place != "chosen":
            yield "also", f"{one.title}: {one.because}" if one.because else one.title
    yield from (("unknown", line) for line in _grouped([one for one in judgements if one.verdict == "unknown"]))
    yield from (("facts", f"{title}: {text}") for title, text in story.briefing(case))
    if judgements and not case["diagnosis"]["chosen"] and not case["diagnosis"]["undecided"]:
        yield "found", "no finding of the runbook holds"


def _rejected(findings: list[Found]) -> Iterator[str]:
    """All of few; of many those that come nearest, which some condition speaks for, and how many others there are."""
    lines = list(_grouped(findings))
    if len(lines) <= REJECTED_LINES:
        yield from lines
        return
    nearest, others = apart(findings)
    yield from _grouped(nearest)
    yield f"nor {plural(len(others), 'other finding')}: the case says why of each"


def _grouped(findings: list[Found]) -> Iterator[str]:
    """A line for each finding with the condition that decided it; neighbours with the same one share a line."""
    for short, group in itertools.groupby(findings, key=lambda one: one.decisive.short if one.decisive else ""):
        names = ", ".join(one.title for one in group)
        yield f"{names}: {short}" if short else names


def _what(case: story.Json) -> Iterator[Row]:
    """The plan, what the gate said of it, what was done, what was seen afterwards."""
    for before in case["earlier"]:
        yield "before", story.before(before)
    if story.plan(case):
        yield "plan", story.plan_line(case)
    if case["gate"]:
        yield "gate", story.gate(case)
        for verdict in story.holds(case):
            yield "held", f"{str(verdict.get('guard')).replace('_', ' ')}: {verdict.get('reason')}"
    if story.approval(case):
        yield "approval", story.approval(case)
    mitigation = case["mitigation"]
    if mitigation:
        result = mitigation["result"]
        told = "; ".join(str(line) for line in result["report"]) or (result["message"] if not case["check"] else "")
        yield "did", " ".join(part for part in (story.done(case), told) if part)
    elif case["diagnosis"]["findings"] or case["gate"]:
        yield "did", story.done(case)
    if case["diagnosis"]["propose"]:
        yield "proposed", str(case["diagnosis"]["propose"]).split("\n", 1)[0]
    if case["verification"]:
        yield "verified", story.verified(case)


def _next(case: story.Json) -> Iterator[Row]:
    """Whether it is well, who was told and what comes next."""
    if case["outcome"] in WORTH_SAYING:
        yield "well", story.well(case)
    for sentence, _tone in story.told(case):
        yield "told", sentence
    yield "next", story.coming(case)


def _heading(title: str, outcome: str, tone: story.Tone, short_id: str, colour: bool) -> str:
    """Title to the left, outcome and id to the right; a long title is cut so that both always show."""
    right = f"{outcome} · {short_id}" if short_id else outcome
    room = WIDTH - columns(right) - 2
    if columns(title) > room:
        title = next(_chopped(title, room - 1)) + "…"
    padding = " " * (WIDTH - columns(title) - columns(right))
    if colour:
        return f"\x1b[1m{title}\x1b[0m{padding}\x1b[{COLOURS[tone]}m{right}\x1b[0m"
    return f"{title}{padding}{right}"


def _row(label: str, text: str) -> list[str]:
    hang = INDENT + LABEL
    body = wrapped(_text(text), WIDTH - hang, 0)
    first = f"{' ' * INDENT}{label:<{LABEL}}{body[0] if body else ''}"
    return [first.rstrip(), *(" " * hang + line for line in body[1:])]


def _text(text: object) -> str:
    return visible(cut(text, LONGEST))


def _one_line(text: str) -> str:
    return text if columns(text) <= WIDTH else next(_chopped(text, WIDTH - 1)) + "…"


def wrapped(text: str, width: int, hang: int) -> list[str]:
    """Breaks a visible text at spaces into lines of at most ``width`` columns; later lines are indented by ``hang``."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in _chopped(word, width - hang):
            if line.strip() and columns(line) + 1 + columns(piece) > width:
                lines.append(line)
                line = " " * hang + piece
            else:
                line = f"{line} {piece}" if line.strip() else line + piece
    return [*lines, line] if line.strip() else lines


def _chopped(word: str, width: int) -> Iterator[str]:
    """A word in pieces of at most ``width`` columns; a wide character is never split."""
    piece, used = "", 0
    for char in word:
        size = columns(char)
        if piece and used + size > width:
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + size
    yield piece

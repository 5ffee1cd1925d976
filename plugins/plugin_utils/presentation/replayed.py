# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A replay as text for a terminal: which decisions flip and why, to be read in a review of a runbook's change.

Pure. What stays the same is a number; what flips is told in full, once for all cases in which it flips alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.corpus import Acceptance, accepts
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.block import Row, block, line
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.judgements import judged
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import WIDTH, wrapped
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import (
    ConditionDifference,
    Difference,
    FindingDifference,
    Replayed,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import brief, clock, date, listed, plural

CONDITIONS = 6
"""Conditions of one finding that are told one by one."""
INSTANCES = 3
"""Members of an ``each`` that are told one by one."""

SAID = ("finding", "undecided", "diagnosis")
"""Differences that ``then`` and ``now`` show already."""

_ABSENT = object()

WHAT = {"proposal": "proposes", "escalation": "escalates to", "handover": "hands over to", "cures": "heals"}


def told(replays: Sequence[Replayed], accepted: Mapping[str, Acceptance], unused: Sequence[Acceptance]) -> str:
    """The whole replay: numbers, what flips, what is said in other words, what could not be compared."""
    flipping = [one for one in replays if one.flips]
    wanted = [one for one in flipping if accepts(accepted, one)]
    unwanted = [one for one in flipping if one not in wanted]
    parts = [_numbers(replays, len(flipping), len(wanted))]
    parts += [_flip(group) for group in _alike(unwanted)]
    parts += [_accepted(one, accepted[one.case["id"]]) for one in wanted]
    parts += ["\n".join(lines) for lines in (_reworded(replays), _skipped(replays), _unused(unused)) if lines]
    return "\n\n".join(parts)


def _numbers(replays: Sequence[Replayed], flipping: int, wanted: int) -> str:
    skipped = sum(bool(one.skipped) for one in replays)
    same = len(replays) - flipping - skipped
    counts = [plural(len(replays), "case"), "1 decides as it did" if same == 1 else f"{same:,} decide as they did"]
    flips = f"{flipping:,} {'flips' if flipping == 1 else 'flip'}"
    counts += [flips + (f", {wanted:,} of them accepted" if wanted else "")]
    counts += [f"{skipped:,} without a diagnosis"] if skipped else []
    return "\n".join(wrapped(" · ".join(counts), WIDTH, 2))


def _alike(replays: Sequence[Replayed]) -> Iterator[list[Replayed]]:
    """Those that flip in the same way: from and to the same decision, by the same findings and conditions."""
    groups: dict[Any, list[Replayed]] = {}
    for one in replays:
        why = tuple((found.name, found.then, found.now, len(found.conditions)) for found in one.findings)
        groups.setdefault((one.then, one.now, tuple(flip.what for flip in one.flips), why), []).append(one)
    yield from groups.values()


def _flip(group: Sequence[Replayed]) -> str:
    """One flip, on the example of the first case in which it happens."""
    one = group[0]
    rows: list[Row] = [("then", one.then), ("now", one.now)]
    rows += [("differs", text) for flip in one.flips if flip.what not in SAID for text in _difference(flip)]
    rows += [("judged", text) for text in _findings(one.findings)]
    rows += [("lacking", f"{name}: {reason}") for name, reason in one.unrecorded.items()]
    if len(group) > 1:
        names = listed((other.case["id"][:8] for other in group[1:]), 8)
        rows.append(("likewise", f"{plural(len(group) - 1, 'more case')}: {names}"))
    return block(_title("FLIPS", one), _ending(one), rows)


def _title(word: str, one: Replayed) -> str:
    name = one.case.get("alertname") or one.case.get("runbook") or "?"
    return f"{word}  {name} · {one.case['target']}"


def _ending(one: Replayed) -> str:
    at = float(one.case.get("opened_at") or 0.0)
    outcome = str(one.case.get("outcome") or "?").replace("_", " ")
    return f"{date(at)} {clock(at, at)} · {outcome} · {one.case['id'][:8]}"


def _difference(flip: Difference) -> Iterator[str]:
    """What differs; of two mappings only the members that do."""
    yield from _between(WHAT.get(flip.what, flip.what), flip.then, flip.now)


def _between(what: str, then: Any, now: Any) -> Iterator[str]:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*then, *now)):
            if then.get(name, _ABSENT) != now.get(name, _ABSENT):
                yield from _between(f"{what}.{name}", then.get(name, _ABSENT), now.get(name, _ABSENT))
    else:
        yield f"{what}: {_short(then)} → {_short(now)}"


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "not there"
    if value in ("", [], {}):
        return "none"
    return "yes" if value is True else "no" if value is False else brief(value, 300)


def _findings(findings: Sequence[FindingDifference]) -> Iterator[str]:
    """Each finding whose verdict is another one, with the conditions that are judged otherwise. Those that were written
    anew and come to the same verdict are named."""
    turned = [one for one in findings if one.then != one.now]
    for name, group in itertools.groupby(turned, key=lambda one: one.name):
        members = list(group)
        for one in members[:INSTANCES]:
            yield from _finding(one)
        if len(members) > INSTANCES:
            yield f"{name}: {plural(len(members) - INSTANCES, 'more member')}"
    same = dict.fromkeys(one.name for one in findings if one.then == one.now)
    if same:
        yield f"written anew, same verdict: {listed(same)}"


def _finding(one: FindingDifference) -> Iterator[str]:
    member = f" ({brief(next(iter(one.instance.values()), ''), 60)})" if one.instance else ""
    yield f"{one.name}{member}: {one.then} → {one.now}"
    for condition in one.conditions[:CONDITIONS]:
        yield f"  {_condition(condition, one.then)}"
    if len(one.conditions) > CONDITIONS:
        yield f"  and {len(one.conditions) - CONDITIONS} more conditions"


def _condition(one: ConditionDifference, then: str) -> str:
    """``+`` is new, ``-`` is gone, ``~`` is judged otherwise, as in a diff. Of a finding that was not judged then,
    nobody knows which are new."""
    verdict = judged({"text": one.text, "truth": one.now or one.then, "seen": one.seen, "reason": one.reason})
    why = ", ".join(f"saw {value}" if len(verdict.seen) == 1 else f"{name} = {value}" for name, value in verdict.seen)
    why = why or one.reason
    sign = "~" if one.then and one.now else "+" if one.now else "-"
    truth = f"{one.then} → {one.now}" if one.then and one.now else one.now or one.then
    sign = " " if then == "not judged" else sign
    return f"{sign} {one.text}: {truth}" + (f" ({why})" if why else "")


def _accepted(one: Replayed, acceptance: Acceptance) -> str:
    rows = [("then", one.then), ("now", one.now), ("accepted", acceptance.reason)]
    return block(_title("accepted", one), _ending(one), rows)


def _reworded(replays: Sequence[Replayed]) -> list[str]:
    """The same decision in other words or with other times: a line for each way in which that is so."""
    groups: dict[tuple[str, ...], list[Replayed]] = {}
    for one in replays:
        if one.rewords:
            groups.setdefault((one.runbook, *(each.what for each in one.rewords)), []).append(one)
    lines = ["The same decision, told or timed otherwise:"] if groups else []
    for (runbook, *what), group in groups.items():
        example = group[0].rewords[0]
        lines.append(line(f"  {runbook}: {', '.join(what)}", plural(len(group), "case")))
        for side, value in (("-", example.then), ("+", example.now)):
            lines += [f"    {text}" for text in wrapped(f"{side} {brief(value, 300)}", WIDTH - 4, 2)]
    return lines


def _skipped(replays: Sequence[Replayed]) -> list[str]:
    skipped = [one for one in replays if one.skipped]
    names = listed((f"{one.case['id'][:8]} ({one.case.get('runbook') or 'no runbook'})" for one in skipped), 8)
    return wrapped(f"Nothing to compare, as no diagnosis was made then: {names}", WIDTH, 2) if skipped else []


def _unused(unused: Sequence[Acceptance]) -> list[str]:
    """Acceptances of what does not happen: they would hide the flip if it came back."""
    return [
        text
        for one in unused
        for text in wrapped(f"Accepted and not so: {one.case[:8]} should now be '{one.now}'", WIDTH, 2)
    ]

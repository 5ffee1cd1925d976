# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the engine stands, as text for a terminal of 80 columns: what a human has to do comes first.

Pure, from the JSON of ``status.py``. What comes from an alert is made visible before it is laid out, and nothing is
longer than a line; only the commands that are meant to be copied stand as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import COLOURS, wrapped
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.story import Tone
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import (
    clock,
    columns,
    cut,
    date,
    listed,
    plural,
    span,
    visible,
)

Json = Mapping[str, Any]

WIDTH = 80
SHOWN = 20
"""Entries of a section; a storm has hundreds, and -e target= narrows."""
LONGEST = 240
"""Characters of one text; the case has it in full."""
INDENT = 2
"""Of the title of an entry; what belongs to it is indented twice as far."""
LABEL = 10

Row = tuple[str, str]


def text(status: Json, colour: bool = False) -> str:
    """The whole status. Sections with nothing in them are left out; with nothing in any, that is said."""
    shown = _Paint(colour)
    at = float(status["at"])
    lines = _head(status, at, shown)
    sections = [
        _section("Needs a yes or a no", "unsure", [_approval(one, at) for one in _waiting(status)], shown),
        _section("Nobody was told", "bad", [_undelivered(one, at) for one in status["undelivered"]], shown),
        _section("Begun, outcome unknown", "bad", [_unfinished(one, at) for one in status["unfinished"]], shown),
        _section("Held", "unsure", [_held(one, at) for one in status["held"]], shown),
        _section("Waits", "calm", [_waits(one, at) for one in status["waits"]], shown),
        _section("Approved, not carried out yet", "calm", [_approved(one, at) for one in _yes(status)], shown),
        _section("Paused", "unsure", [_pause(one, at) for one in status["pauses"]], shown),
        _section("Locked", "calm", [_lease(one, at) for one in status["leases"]], shown),
        _section("Trust", "calm", [_trust(one) for one in status["trust"] if one.get("suggestion")], shown),
    ]
    told = [line for section in sections for line in section]
    if not told:
        about = f" on {_plain(status['target'])}" if status["target"] else ""
        told = ["", f"Nothing waits{about}: nothing is open, held, paused or undelivered."]
    return "\n".join([*lines, *told])


class _Paint:
    """Colour where it is wanted; the same words without."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def bold(self, words: str) -> str:
        return f"\x1b[1m{words}\x1b[0m" if self._colour else words

    def tone(self, words: str, tone: Tone) -> str:
        return f"\x1b[{COLOURS[tone]}m{words}\x1b[0m" if self._colour else words


def _head(status: Json, at: float, paint: _Paint) -> list[str]:
    """When this was, and whether the engine runs and hears."""
    engine = status["engine"]
    about = f" · {_plain(status['target'])}" if status["target"] else ""
    lines = [paint.bold(f"oncall.remedy at {date(at)} {clock(at, at)} UTC{about}")]
    rows = [("swept", _swept(engine, at)), *_hears(engine["sources"], at)]
    if status["next_due"] is not None:
        rows.append(("next due", _when(status["next_due"], at)))
    lines += [line for label, words in rows for line in _row(label, words, INDENT)]
    for warning in _warnings(engine, at):
        lines += [paint.tone(line, "bad") for line in wrapped(f"! {visible(warning)}", WIDTH, 2)]
    return lines


def _swept(engine: Json, at: float) -> str:
    success, last = engine["last_success"], engine["last_sweep"]
    words = "never so far"
    if success:
        words = f"{_ago(success['ended_at'], at)} on {success['host']}, in {span(success['took'])}"
    if engine["under_way"]:
        since = min(one["since"] for one in engine["under_way"])
        words += f"; {plural(len(engine['under_way']), 'sweep')} under way, begun {_ago(since, at)}"
    if last and last["verdict"] != "completed":
        words += f"; the last one {last['verdict']} {_ago(last['ended_at'], at)}"
    return words


def _hears(sources: Sequence[Json], at: float) -> Iterator[Row]:
    heard = [f"{one['name']} {_ago(one['heard_at'], at) if one['heard_at'] else 'never'}" for one in sources]
    if heard:
        yield "heard", ", ".join(heard)


def _warnings(engine: Json, at: float) -> Iterator[str]:
    """What keeps the engine as a whole from acting, or broke it."""
    if engine["kill_switch"] == "present":
        yield "The kill switch is pulled: nothing acts."
    elif engine["kill_switch"] != "absent":
        yield "Whether the kill switch is pulled cannot be told: nothing acts."
    storm = engine["storm"]
    if storm:
        unrelated = storm.get("unrelated")
        down = f": {unrelated} unrelated targets down" if unrelated is not None else ""
        since = clock(storm.get("since") or storm["changed_at"], at)
        yield f"A storm since {since} UTC{down}. Nothing acts until it is over."
    for one in engine["failures"]:
        missing = f"; not told yet by {listed(one['not_told_by'], 4)}" if one["not_told_by"] else ""
        often = f"{plural(one['times'], 'time')} since {clock(one['since'], at)} UTC"
        yield f"The engine itself failed ({one['what']}), {often}: {cut(one['why'], LONGEST)}{missing}"
    last = engine["last_sweep"]
    if last and last["verdict"] != "completed":
        yield f"The last sweep {last['verdict']}: {cut(last['reason'] or 'no reason is known', LONGEST)}"


def _waiting(status: Json) -> list[Json]:
    return [one for one in status["approvals"] if one["state"] == "waiting"]


def _yes(status: Json) -> list[Json]:
    return [one for one in status["approvals"] if one["state"] == "approved"]


def _section(name: str, tone: Tone, entries: Sequence[list[str]], paint: _Paint) -> list[str]:
    if not entries:
        return []
    lines = ["", paint.tone(f"{name} ({len(entries):,})", tone)]
    for entry in entries[:SHOWN]:
        lines += [paint.bold(entry[0]), *entry[1:]]
    more = len(entries) - SHOWN
    return [*lines, f"{' ' * INDENT}and {more:,} more; -e target=NAME narrows"] if more > 0 else lines


def _approval(one: Json, at: float) -> list[str]:
    left = f", {span(_rough(one['expires_at'] - at))} left" if one["expires_at"] and one["expires_at"] > at else ""
    gone = ", ran out" if one["expires_at"] and one["expires_at"] <= at else ""
    return [
        *_title(one["title"], one["id"]),
        *_row("plan", f"{one['what']} ({one['risk']} risk)"),
        *_row("because", one["because"]),
        *_row("asked", f"{_ago(one['asked_at'], at)}{left}{gone}"),
        *_command("approve", f"plan={one['id']}", "decision=approve"),
    ]


def _approved(one: Json, at: float) -> list[str]:
    left = f"good for {span(_rough(one['expires_at'] - at))} more" if one["expires_at"] else "good until it is used"
    return [
        *_title(one["title"], one["id"]),
        *_row("plan", f"{one['what']} ({one['risk']} risk)"),
        *_row("approved", f"by {one['decided_by']}; {left}"),
    ]


def _undelivered(one: Json, at: float) -> list[str]:
    tried = plural(one["attempts"], "attempt") if one["attempts"] else "not tried yet"
    again = f", next {_when(one['due_at'], at)}" if one["due_at"] else ""
    rows = [("for", f"{one['to']}: {one['why']}"), ("since", f"{_ago(one['since'], at)}; {tried}{again}")]
    rows += [(each["channel"], each["error"] or "not sent yet") for each in one["channels"]]
    if one["error"]:
        rows.append(("error", one["error"]))
    if not one["channels"] and not one["error"]:
        rows.append(("by", "no channel: remedy_escalations names none for this call"))
    return [*_title(one["title"] or one["to"], str(one["episode"])[:8]), *_rows(rows)]


def _unfinished(one: Json, at: float) -> list[str]:
    since = f"begun {_ago(one['since'], at)}" if one["since"] else "begun"
    return [
        *_title(one["target"], str(one["episode"])[:8]),
        *_row("did", f"{one['remedy']}: {since}, no outcome. The next sweep looks."),
    ]


def _held(one: Json, at: float) -> list[str]:
    return [*_entry(one, at), *_rows([*_holds(one), _next(one, at)])]


def _waits(one: Json, at: float) -> list[str]:
    called = f" ({listed(one['told'], 3)})" if one["why"] == "human" and one["told"] else ""
    return [*_entry(one, at), *_rows([*_holds(one), ("for", f"{one['waits_for']}{called}"), _next(one, at)])]


def _holds(one: Json) -> Iterator[Row]:
    """The plan, and each guard that keeps the engine's hand from it."""
    if one["held_by"] and one["plan"]:
        yield "plan", one["plan"]
    for number, verdict in enumerate(one["held_by"]):
        yield "" if number else "held by", f"{verdict['guard']}: {verdict['reason']}"


def _entry(one: Json, at: float) -> list[str]:
    lines = _title(one["title"], f"open {span(_rough(at - one['since']))} · {str(one['id'])[:8]}")
    return [*lines, *_indented(one["headline"])]


def _next(one: Json, at: float) -> Row:
    if one["sweep"]:
        return "next", "a sweep is at it now"
    return "next", f"looked at {_when(one['due_at'], at)}"


def _pause(one: Json, at: float) -> list[str]:
    left = f"{span(_rough(one['ends_at'] - at))} left · {one['id']}"
    return [*_title(one["target"] or "everything", left), *_row("by", f"{one['owner']}: {one['reason']}")]


def _lease(one: Json, at: float) -> list[str]:
    state = f"{span(_rough(one['until'] - at))} left"
    if one["stale"]:
        state = f"ran out {_ago(one['until'], at)}, not given back"
    what = f"{one['target']}, for {one['title']}" if one["title"] else one["target"]
    return [*_title(what, f"{str(one['episode'])[:8]}"), *_row("until", state)]


def _trust(one: Json) -> list[str]:
    return [
        *_title(str(one["target"]), ""),
        *_row("remedy", str(one["remedy"])),
        *_row("trust", str(one["suggestion"])),
    ]


def _command(playbook: str, *variables: str) -> list[str]:
    """A command to be copied, on lines that a shell joins."""
    more = " ".join(f"-e {visible(variable)}" for variable in variables)
    margin = " " * (2 * INDENT + LABEL)
    return [f"{margin}ansible-playbook -i INVENTORY oncall.remedy.{playbook} \\", f"{margin}  {more}"]


def _title(left: str, right: str) -> list[str]:
    """Left and right on one line; a long left one is cut, and what it says in full is in the case."""
    left, right = _plain(left), visible(right)
    room = WIDTH - INDENT - columns(right) - 2
    if columns(left) > room:
        left = _fit(left, room - 1) + "…"
    padding = " " * (WIDTH - INDENT - columns(left) - columns(right))
    return [f"{' ' * INDENT}{left}{padding}{right}".rstrip()]


def _fit(words: str, room: int) -> str:
    kept = words
    while columns(kept) > room:
        kept = kept[:-1]
    return kept


def _indented(words: str) -> list[str]:
    return [" " * 2 * INDENT + line for line in wrapped(_plain(words), WIDTH - 2 * INDENT, 0)]


def _rows(rows: Iterable[Row]) -> list[str]:
    return [line for label, words in rows for line in _row(label, words)]


def _row(label: str, words: str, indent: int = 2 * INDENT) -> list[str]:
    hang = indent + LABEL
    body = wrapped(_plain(words), WIDTH - hang, 0) or [""]
    label = _fit(_plain(label), LABEL - 1)
    first = f"{' ' * indent}{label}{' ' * (LABEL - columns(label))}{body[0]}"
    return [first.rstrip(), *(" " * hang + line for line in body[1:])]


def _plain(words: object) -> str:
    return visible(cut(words, LONGEST))


def _ago(then: float, at: float) -> str:
    return (
        f"{span(_rough(at - then))} ago" if then <= at else f"{span(_rough(then - at))} in the future: a clock is wrong"
    )


def _when(then: float, at: float) -> str:
    return f"in {span(_rough(then - at))}" if then > at else "by the next sweep"


def _rough(seconds: float) -> float:
    """Without the seconds that nobody needs beside minutes."""
    return max(0.0, float(round(seconds)) if seconds < 120 else 60.0 * round(seconds / 60))

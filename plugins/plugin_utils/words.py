# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How times, durations, numbers and hostile text are put into words, for the page and the terminal alike.

Times are Unix seconds and are always written in UTC. Whatever comes from an alert, a log or an API may hold control
characters, escape sequences of a terminal or marks that turn the writing direction: ``visible`` writes them as Python
would (``\\x1b``, ``\\u202e``), so that what is shown is what is there.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as printable and yet show nothing."""

STACKED_MARKS = 3
"""So many combining marks may stand on one letter; real scripts need no more, stacks of them overprint other lines."""


def pieces(text: str, newlines: bool = False) -> Iterator[tuple[str, bool]]:
    """Splits a text into runs of (what to write, whether it is an escape for something that would not show).

    With ``newlines`` a line feed is kept as it is; else it is escaped like every other control character.
    """
    if text.isascii() and (text.replace("\n", "") if newlines else text).isprintable():  # nearly every text there is
        yield text, False
        return
    marks = 0
    judged = []
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        shown = " " if unicodedata.category(char) == "Zs" else char
        judged.append((shown, not (_shows(shown, marks) or (newlines and char == "\n"))))
    for hidden, run in itertools.groupby(judged, key=lambda pair: pair[1]):
        yield "".join(_escape(char) if hidden else char for char, _hidden in run), hidden


def visible(text: object, newlines: bool = False) -> str:
    """The text with everything written out that would be invisible, move the cursor or turn the writing direction."""
    return "".join(part for part, _hidden in pieces(str(text), newlines))


def _shows(char: str, marks: int) -> bool:
    return char.isprintable() and char not in BLANK_LETTERS and marks <= STACKED_MARKS


def _escape(char: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if named:
        return named
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def cut(text: object, limit: int) -> str:
    """The text, or its first ``limit`` characters and how many there are in all."""
    as_text = str(text)
    if len(as_text) <= limit:
        return as_text
    return f"{as_text[:limit]}… (cut, {len(as_text):,} characters in all)"


def columns(text: str) -> int:
    """How many columns of a terminal a text without control characters takes."""
    if text.isascii():
        return len(text)
    return sum(_char_columns(char) for char in text)


def _char_columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def moment(at: float) -> datetime.datetime | None:
    """The time in UTC, or None where it was never set (0) or lies outside of the calendar."""
    if not at:
        return None
    try:
        return datetime.datetime.fromtimestamp(at, tz=datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return None


def clock(at: float, beside: float = 0.0) -> str:
    """``02:51:22``, with the date in front on another day than ``beside``; ``–`` for a time that was never set."""
    when = moment(at)
    if when is None:
        return "–"
    other = moment(beside)
    time = f"{when:%H:%M:%S}"
    return time if other and other.date() == when.date() else f"{date(at)} {time}"


def date(at: float) -> str:
    """``2026-11-21``"""
    when = moment(at)
    return when.date().isoformat() if when else "–"


def iso(at: float) -> str:
    """``2026-11-21T02:51:22Z``, for machines."""
    when = moment(at)
    return when.replace(tzinfo=None, microsecond=0).isoformat() + "Z" if when else ""


def span(seconds: float) -> str:
    """A duration in its two largest units: ``0.04 s``, ``3.2 s``, ``51 s``, ``10 min 12 s``, ``2 h``, ``3 d 4 h``."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 0:
        return f"-{span(-seconds)}"
    if seconds < 60 and round(seconds, 1) < 60:
        digits = 2 if seconds < 1 else 1 if seconds < 10 else 0
        return f"{_plain(round(seconds, digits))} s"
    whole = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        parts.append((count, unit))
    first = next(index for index, (count, _unit) in enumerate(parts) if count)
    return " ".join(f"{count:,} {unit}" for count, unit in parts[first : first + 2] if count)


def number(value: float) -> str:
    """A number as an engineer writes it: no needless zeros, six digits at most."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else f"{value:.6g}" if abs(value) < 10**300 else "a huge number"
    return _plain(value)


def _plain(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 alert``, ``3 alerts``"""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Iterable[object], limit: int = 6) -> str:
    """``a, b, c`` and, beyond the limit, how many more."""
    texts = [cut(name, 80) for name in names]
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more:,} more" if more > 0 else "")


def brief(value: Any, limit: int = 160) -> str:
    """A value of any shape in a few words, as it stands beside a condition."""
    if value is None:
        return "none"
    if isinstance(value, (bool, int, float)):
        return number(value)
    if isinstance(value, str):
        return cut(value, limit) if value else '""'
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {brief(member, 40)}" for key, member in value.items())
        return cut(f"{{{inner}}}", limit)
    if isinstance(value, (list, tuple)):
        return cut(f"[{', '.join(brief(member, 60) for member in value)}]", limit)
    return cut(value, limit)


def as_data(value: Any) -> str:
    """A value as indented JSON, to read it in full."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)

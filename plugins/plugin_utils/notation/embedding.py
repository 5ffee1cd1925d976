# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a value is put into a text that another interpreter reads: PromQL, LogQL, a URL, a regular expression, a
selector.

Names are of three kinds. *Trusted* ones (params, the target) come from the inventory. *Inputs* come from an alert's
labels or an operator. All others are evidence: what a witness said. Only trusted text may carry syntax.
"""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any, Literal

Kind = Literal["plain", "promql", "logql", "url", "regex", "selector"]
"""What a text is for another interpreter."""

Writer = Callable[[Any], str]
"""Turns the value of one ``{{ expression }}`` into text; raises ValueError or TypeError for one that does not fit."""

_NUMBERS = frozenset({"int", "float", "round", "length"})
_REGEX_OPERATORS = re.compile(r"(=~|!~|\|~)\s*\Z")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class EmbeddingError(ValueError):
    """The template puts a value where it could change the meaning of the text around it."""


@dataclasses.dataclass(frozen=True)
class Slot:
    """One ``{{ expression }}`` of a template: where its text comes from and which filter is applied last."""

    trusted: bool
    from_input: bool
    outermost: str


def check_whole(kind: Kind, slot: Slot) -> None:
    """Checks a template that is nothing but one expression, whose value is taken as it is. Raises EmbeddingError."""
    if kind in ("promql", "logql") and not slot.trusted:
        raise EmbeddingError(f"a whole {kind} query can only come from params; put the value inside of quotes")
    if kind == "regex" and not slot.trusted and slot.outermost != "regex_escape":
        raise EmbeddingError("a pattern takes a value only through | regex_escape")
    if kind in ("url", "selector") and slot.from_input:
        raise EmbeddingError(f"an input cannot be a whole {kind}; only params and evidence can")


def writers(kind: Kind, pieces: Sequence[str | Slot]) -> list[Writer]:
    """A writer for each slot of a template that holds text as well. Raises EmbeddingError."""
    return _MAKERS[kind](pieces)


def plain(value: Any) -> str:
    """A value as people read it: truth values in lower case, lists of plain values with commas, mappings as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list) and not any(isinstance(member, (list, dict)) for member in value):
        return ", ".join(plain(member) for member in value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, (str, int, float)):
        raise TypeError("only a text or a number can be put here")
    text = plain(value)
    text.encode()  # a lone surrogate is no text to any other program: UnicodeEncodeError, a ValueError
    return text


def _plain(pieces: Sequence[str | Slot]) -> list[Writer]:
    return [plain for piece in pieces if isinstance(piece, Slot)]


def _query(pieces: Sequence[str | Slot]) -> list[Writer]:
    """PromQL and LogQL: inside of quotes escaped, outside of them numbers only."""
    made: list[Writer] = []
    quote = ""
    regex = False
    for piece in pieces:
        if isinstance(piece, str):
            quote, regex = _quote_after(piece, quote, regex)
            continue
        if not quote:
            if piece.outermost not in _NUMBERS:
                raise EmbeddingError("a value may stand only inside of quotes, or be a number by | int or | float")
            made.append(_number)
        elif quote == "`":
            raise EmbeddingError("a value cannot stand inside of back-quotes, where nothing can be escaped")
        elif regex and not piece.trusted and piece.outermost != "regex_escape":
            raise EmbeddingError("inside of =~ or !~ a value has to go through | regex_escape")
        else:
            made.append(_quoted_by(quote))
    return made


def _quote_after(text: str, quote: str, regex: bool) -> tuple[str, bool]:
    """The quote that is open at the end of the text (or nothing), and whether it belongs to a regex matcher."""
    index = 0
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\" and quote != "`":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'`":
            quote, regex = char, _REGEX_OPERATORS.search(text[:index]) is not None
        elif char == "#":
            end = text.find("\n", index)
            index = len(text) if end < 0 else end
        index += 1
    return quote, regex


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("only a number can be put here")
    return repr(value)


def _quoted_by(quote: str) -> Writer:
    """Escapes as PromQL, LogQL and Alertmanager's matchers unescape: like Go, only the quote in use may be escaped."""
    named = {"\\": r"\\", quote: f"\\{quote}", "\n": r"\n", "\r": r"\r", "\t": r"\t"}

    def write(value: Any) -> str:
        text = _scalar(value)
        return "".join(named.get(char) or (f"\\x{ord(char):02x}" if char < " " else char) for char in text)

    return write


def _url(pieces: Sequence[str | Slot]) -> list[Writer]:
    """Only trusted text may name the scheme and the host; everything else is percent-encoded and stands behind them."""
    made: list[Writer] = []
    before = ""
    for piece in pieces:
        if isinstance(piece, str):
            before += piece
            continue
        if piece.trusted:
            made.append(_scalar)
        elif not _BEHIND_THE_HOST.match(before):
            raise EmbeddingError("scheme and host of a URL can only come from params; a value may stand behind them")
        else:
            made.append(_percent_encoded)
        before += "\0"
    return made


_BEHIND_THE_HOST = re.compile(r"([a-z]+://[^/?#]*|\0[^/?#]*)[/?#]")
"""The beginning of a URL up to its path, where NUL stands for a value from params."""


def _percent_encoded(value: Any) -> str:
    text = _scalar(value)
    if text in (".", ".."):
        raise ValueError(f"{text!r} cannot be a part of a path")
    return urllib.parse.quote(text, safe="")


def _regex(pieces: Sequence[str | Slot]) -> list[Writer]:
    slots = [piece for piece in pieces if isinstance(piece, Slot)]
    if any(not slot.trusted and slot.outermost != "regex_escape" for slot in slots):
        raise EmbeddingError("a pattern takes a value only through | regex_escape")
    return [_scalar for _slot in slots]


def _selector(pieces: Sequence[str | Slot]) -> list[Writer]:
    return [_scalar if piece.trusted else _label_value for piece in pieces if isinstance(piece, Slot)]


def _label_value(value: Any) -> str:
    text = _scalar(value)
    if not _LABEL_VALUE.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not a label value of Kubernetes")
    return text


_MAKERS: dict[Kind, Callable[[Sequence[str | Slot]], list[Writer]]] = {
    "plain": _plain,
    "promql": _query,
    "logql": _query,
    "url": _url,
    "regex": _regex,
    "selector": _selector,
}

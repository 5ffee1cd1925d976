# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The language of a runbook's conditions and templates: Jinja2's expressions, and of these only a listed part.

```
Condition(text, where="")             .names  .attributes  .paths  .evaluate(scope) -> bool
Expression(text, where="")            .names  .attributes  .paths  .evaluate(scope) -> Any
Template(value, kind="plain", *, trusted=frozenset(), inputs=frozenset(), where="")
                                      .names  .paths  .render(scope) -> Any
Prose(text, where="")                 .names  .paths  .render(scope, unknown) -> str
```
``names`` are the top-level names that are read, ``attributes`` the dotted paths, ``paths`` the same as tuples, and
``nodes`` Jinja2's trees. The scope is a mapping from name to plain data (what JSON can hold). Nothing in the scope is
ever parsed, compiled or rendered: hostile text is a value.

What is written is checked when the object is made (RunbookError) and compiled when it is first used. What fails over
the data at hand raises RunbookFault: a missing member, an operand of the wrong type, a condition that is not a bool.

Left out on purpose: calls, globals, statements, comments, ``default``, ``defined`` and whatever else could turn
something that is not known into an answer; methods of any object (``a.b`` reads the member ``b`` of a mapping).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import language
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.embedding import (
    EmbeddingError,
    Kind,
    Slot,
    Writer,
    check_whole,
    plain,
    writers,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, RunbookFault

Scope = Mapping[str, Any]


class Expression:
    """One expression. It may yield any plain value."""

    def __init__(self, text: str, where: str = "", parsed: nodes.Expr | None = None) -> None:
        """``where`` is ``FILE:LINE``, for messages. Raises RunbookError for what the language does not have."""
        self.text = text.strip()
        self.where = where
        self._node = language.parse_expression(self.text, where) if parsed is None else parsed
        self.names = language.names(self._node)
        self.paths = tuple(dict.fromkeys(language.paths(self._node)))
        self.nodes = (self._node,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    @property
    def attributes(self) -> frozenset[str]:
        """What is read, as dotted paths: ``{"crash.port_conflict.lines"}``."""
        return frozenset(language.dotted(path) for path in self.paths)

    def evaluate(self, scope: Scope) -> Any:
        """The value over these data. Raises RunbookFault where it cannot be evaluated."""
        return _guarded(lambda: native(self._compiled(_as_dict(scope))[0]), self.text, self.where)

    @functools.cached_property
    def _compiled(self) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
        return language.compiled([self._node])


class Condition(Expression):
    """An expression that yields true or false."""

    def evaluate(self, scope: Scope) -> bool:
        """Raises RunbookFault where it cannot be evaluated, and for a value that is not a bool: a list is no answer."""
        value = super().evaluate(scope)
        if not isinstance(value, bool):
            shown = plain(value)
            shown = shown if len(shown) <= 80 else f"{shown[:80]}…"
            raise RunbookFault(f"{self.text!r} yields {shown!r} and not true or false", self.where)
        return value


class Template:
    """A text with ``{{ expressions }}``, or a mapping or list of such texts, as options and arguments are.

    A text that is exactly one expression yields the native value, any other text a text. What is put into a text is
    written as its ``kind`` needs it, see embedding.py. Values are never rendered again.
    """

    def __init__(
        self,
        value: Any,
        kind: Kind | Mapping[str, Kind] = "plain",
        *,
        trusted: frozenset[str] = frozenset(),
        inputs: frozenset[str] = frozenset(),
        where: str = "",
    ) -> None:
        """``kind`` may differ per key of the mapping at the top. ``trusted`` names come from the inventory,
        ``inputs`` from outside, all others are evidence. Raises RunbookError."""
        self.value = value
        self.where = where
        self._trusted = trusted
        self._inputs = inputs
        self._nodes: list[nodes.Expr] = []
        kinds = kind if isinstance(kind, Mapping) else {}
        if isinstance(value, Mapping) and kinds:
            self._build: _Builder = _mapping(
                {key: self._parse(one, kinds.get(key, "plain")) for key, one in value.items()}
            )
        else:
            self._build = self._parse(value, kind if isinstance(kind, str) else "plain")
        self.names = frozenset[str]().union(*(language.names(node) for node in self._nodes))
        self.paths = tuple(dict.fromkeys(path for node in self._nodes for path in language.paths(node)))
        self.nodes = tuple(self._nodes)

    def __repr__(self) -> str:
        return f"Template({self.value!r})"

    def render(self, scope: Scope) -> Any:
        """The value over these data. Raises RunbookFault where it cannot be rendered."""
        shown = self.value if isinstance(self.value, str) else "a template"
        return _guarded(lambda: self._rendered(_as_dict(scope)), shown, self.where)

    def _rendered(self, scope: dict[str, Any]) -> Any:
        return self._build(self._compiled(scope) if self._nodes else ())

    @functools.cached_property
    def _compiled(self) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
        return language.compiled(self._nodes)

    def _parse(self, value: Any, kind: Kind) -> _Builder:
        if isinstance(value, Mapping):
            for key in value:
                if "{{" in key:
                    raise RunbookError(f"the key {key!r} is no template: only values are", self.where)
            return _mapping({key: self._parse(one, kind) for key, one in value.items()})
        if isinstance(value, (list, tuple)):
            return _sequence([self._parse(one, kind) for one in value])
        if isinstance(value, str) and "{" in value:
            return self._parse_text(value, kind)
        return lambda _values: value

    def _parse_text(self, text: str, kind: Kind) -> _Builder:
        pieces = language.parse_template(text.strip() if text.strip().startswith("{{") else text, self.where)
        expressions = [piece for piece in pieces if not isinstance(piece, str)]
        if not expressions:
            literal = "".join(piece for piece in pieces if isinstance(piece, str))
            return lambda _values: literal
        slots = [piece if isinstance(piece, str) else self._slot(piece) for piece in pieces]
        first = len(self._nodes)
        self._nodes += expressions
        try:
            if len(pieces) == 1 and isinstance(slots[0], Slot):
                check_whole(kind, slots[0])
                return lambda values: native(values[first])
            return _text(slots, writers(kind, slots), first)
        except EmbeddingError as error:
            raise RunbookError(f"{error} in {text!r}", self.where) from error

    def _slot(self, node: nodes.Expr) -> Slot:
        used = language.names(node)
        return Slot(used <= self._trusted, bool(used & self._inputs), language.outermost_filter(node))


class Prose:
    """A text for people with ``{{ expressions }}``: what is not known is said in its place, the rest still stands."""

    def __init__(self, text: str, where: str = "") -> None:
        """Raises RunbookError."""
        self.text = text.strip()
        pieces = language.parse_template(self.text, where)
        self._pieces = [
            piece if isinstance(piece, str) else Expression(self.text, where, parsed=piece) for piece in pieces
        ]
        parts = [piece for piece in self._pieces if isinstance(piece, Expression)]
        self.names = frozenset[str]().union(*(part.names for part in parts))
        self.paths = tuple(dict.fromkeys(path for part in parts for path in part.paths))
        self.nodes = tuple(node for part in parts for node in part.nodes)
        self.where = where

    def __repr__(self) -> str:
        return f"Prose({self.text!r})"

    def render(self, scope: Scope, unknown: Mapping[str, str]) -> str:
        """The text over these data. ``unknown`` says of names that are not in them why. Raises RunbookFault."""
        return "".join(piece if isinstance(piece, str) else self._told(piece, scope, unknown) for piece in self._pieces)

    def _told(self, part: Expression, scope: Scope, unknown: Mapping[str, str]) -> str:
        why = sorted(unknown[name] for name in part.names if name in unknown)
        return f"({'; '.join(why)})" if why else plain(part.evaluate(scope))


_Builder = Callable[[tuple[Any, ...]], Any]
"""Builds a part of a template's value from the values of all its expressions."""


def _mapping(parts: dict[str, _Builder]) -> _Builder:
    return lambda values: {key: build(values) for key, build in parts.items()}


def _sequence(parts: list[_Builder]) -> _Builder:
    return lambda values: [build(values) for build in parts]


def _text(pieces: list[str | Slot], slot_writers: list[Writer], first: int) -> _Builder:
    def build(values: tuple[Any, ...]) -> str:
        written = iter(range(len(slot_writers)))
        return "".join(
            piece if isinstance(piece, str) else slot_writers[index := next(written)](native(values[first + index]))
            for piece in pieces
        )

    return build


def native(value: Any) -> Any:
    """The value as plain data, as JSON has it: a copy, so that nobody changes evidence by what he got of it."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {key: native(member) for key, member in value.items()}
    if isinstance(value, Iterable):
        return [native(member) for member in value]
    raise TypeError(f"{type(value).__name__} is not plain data")


def _as_dict(scope: Scope) -> dict[str, Any]:
    return scope if isinstance(scope, dict) else dict(scope)


def _guarded(run: Callable[[], Any], text: str, where: str) -> Any:
    """Whatever goes wrong while a runbook's expression runs is the runbook's fault: data alone cannot be at fault."""
    try:
        return run()
    except Exception as error:
        message = getattr(error, "message", None) or str(error) or type(error).__name__
        raise RunbookFault(f"{text!r} cannot be evaluated: {message}", where) from error

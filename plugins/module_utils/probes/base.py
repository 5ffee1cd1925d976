# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every probe is, and how its options are checked."""

from __future__ import annotations

import re
from typing import Any, Callable, ClassVar, Dict, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils import duration
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

Json = Dict[str, Any]
Spec = Dict[str, Dict[str, Any]]

LONGEST = 8192
"""Characters that a text given as an option may have."""

MOST = 200
"""Members that a list of a probe's value may have; ``truncated`` says that there were more."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Probe:
    """One kind of question to one kind of witness.

    A subclass says its ``name`` (the word in a runbook), the ``endpoint`` of the target that it needs (None: it goes by
    its options alone) and its ``options``, written as Ansible's argument specs are, with the type ``duration`` more
    (seconds, or a text such as 5m). Creating one checks the options and does no I/O.

    Where one answer of the witness serves many questions, ``shared`` names the options that the request depends on, and
    the subclass has ``fetch`` (asks) and ``read`` (the value from what was fetched) in the place of ``_ask``. Questions
    that differ in other options alone are then asked once.
    """

    name: ClassVar[str]
    endpoint: ClassVar[str | None]
    options: ClassVar[Spec]
    shared: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, transport: Any, options: Mapping[str, Any]) -> None:
        self.transport = transport
        try:
            self.given = validated(self.options, options)
            self.check()
        except ProbeError as error:
            raise ProbeError(error.kind, f"{self.name}: {error.message}") from None

    def check(self) -> None:
        """What the types of the options do not say. Raises ProbeError of kind bad_option."""

    def question(self) -> str:
        """The question as one line for people."""
        raise NotImplementedError

    def ask(self, deadline: float) -> Json:
        """Asks, until the monotonic ``deadline`` at most. Gives the documented value or raises ProbeError."""
        return self.value_of(self.answer(deadline))

    def answer(self, deadline: float) -> Any:
        """The first half of ``ask``: everything that goes over the wire. Raises ProbeError."""
        return self._in_shape(lambda: self.fetch(deadline))

    def value_of(self, answer: Any) -> Json:
        """The second half of ``ask``, without I/O; ``answer`` may be that of another question (see ``shared``)."""
        value: Json = self._in_shape(lambda: self.read(answer))
        return value

    def fetch(self, deadline: float) -> Any:
        """What the witness says."""
        return self._ask(deadline)

    def read(self, answer: Any) -> Json:
        """The value from what ``fetch`` gave."""
        value: Json = answer
        return value

    def _ask(self, deadline: float) -> Json:
        raise NotImplementedError

    def _in_shape(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Well-formed JSON of an unexpected shape: no witness to rely on, whoever is to blame.
            shape = f"{self.name}: the answer is not of the promised shape ({type(error).__name__}: {error})"
            raise ProbeError("bad_answer", shape) from error


def validated(spec: Spec, given: Mapping[str, Any]) -> Json:
    """The options with defaults, each in its type. Raises ProbeError that names the option and what is allowed."""
    unknown = sorted(str(name) for name in given if name not in spec)
    if unknown:
        raise ProbeError("bad_option", f"no option {unknown[0]!r}; there are {', '.join(sorted(spec))}")
    checked = {}
    for name, rule in spec.items():
        value = given.get(name)
        if value is None:
            value = rule.get("default")
        if value is None and rule.get("required"):
            raise ProbeError("bad_option", f"option {name!r} is missing")
        checked[name] = None if value is None else _typed(name, rule, value)
    return checked


def _typed(name: str, rule: dict[str, Any], value: Any) -> Any:
    kind = rule.get("type", "str")
    try:
        typed = _TYPES[kind](value)
    except (TypeError, ValueError) as error:
        raise ProbeError("bad_option", f"option {name!r} has to be {kind}: {error}") from None
    if kind == "list" and "elements" in rule:
        member = {"type": rule["elements"], "choices": rule.get("choices")}
        return [_typed(f"{name}[{index}]", member, one) for index, one in enumerate(typed)]
    if rule.get("choices") and typed not in rule["choices"]:
        allowed = ", ".join(map(str, rule["choices"]))
        raise ProbeError("bad_option", f"option {name!r} is {str(typed)[:80]!r}; allowed: {allowed}")
    return typed


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError(f"a {type(value).__name__} was given")
    text = str(value)
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters are too many, {LONGEST} are allowed")
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError(f"{value!r} was given")
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(f"{value!r} was given")
    return float(value)


def _boolean(value: Any) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise TypeError("true or false are allowed")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"a {type(value).__name__} was given")
    return list(value)


def _dict(value: Any) -> Json:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError("a mapping of texts is allowed")
    return dict(value)


_TYPES: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "path": _text,
    "int": _integer,
    "float": _number,
    "bool": _boolean,
    "list": _list,
    "dict": _dict,
    "duration": duration.seconds,
}

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads typed values out of YAML data; every complaint names file, line, the thing and what is allowed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.yamlsource import Keys, Source

RESERVED = frozenset({"alert", "target", "instances"})
"""Names that the engine itself puts into the scope."""

_WORDS_OF_THE_LANGUAGE = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclasses.dataclass(frozen=True)
class Reader:
    """A place in a YAML file. ``keys`` is the path to it."""

    source: Source
    keys: Keys
    value: Any

    @property
    def where(self) -> str:
        return self.source.where(self.keys)

    def fail(self, message: str) -> NoReturn:
        raise RunbookError(f"{self._title()}: {message}", self.where)

    def _title(self) -> str:
        keys = self.keys[3:] if self.keys[1:3] == ("vars", "runbook") else self.keys
        return ".".join(str(key) for key in keys) or "the file"

    def at(self, key: str | int) -> Reader:
        """The member of a mapping or list; its value is None where there is none."""
        inner = self.value.get(key) if isinstance(self.value, dict) else self.value[key]
        return Reader(self.source, (*self.keys, key), inner)

    def has(self, key: str) -> bool:
        return key in self.value

    def mapping(self, known: Iterable[str] = (), required: Iterable[str] = ()) -> Reader:
        """Checks that this is a mapping with these keys; without ``known`` any keys will do."""
        if not isinstance(self.value, dict):
            self.fail(f"has to be a mapping, not {_shown(self.value)}")
        names = tuple(known)
        for key in self.value if names else ():
            if key not in names:
                self.at(key).fail(f"is not known here; {allowed(names, key)}")
        for key in required:
            if key not in self.value:
                self.fail(f"{key} is missing; {allowed(names)}")
        return self

    def members(self) -> list[Reader]:
        """The members of a list, or of a mapping in their order."""
        if isinstance(self.value, dict):
            return [self.at(key) for key in self.value]
        if not isinstance(self.value, list):
            self.fail(f"has to be a list, not {_shown(self.value)}")
        return [self.at(index) for index in range(len(self.value))]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            self.fail(f"has to be a text, not {_shown(self.value)}")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self.fail(f"has to be true or false, not {_shown(self.value)}")
        return self.value

    def number(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 1:
            self.fail(f"has to be a whole number from 1, not {_shown(self.value)}")
        return self.value

    def duration(self) -> float:
        try:
            return seconds(self.value)
        except ValueError as error:
            self.fail(str(error))

    def choice(self, *choices: str) -> str:
        if self.value not in choices:
            self.fail(f"is {_shown(self.value)}; {allowed(choices, str(self.value))}")
        return str(self.value)

    def name(self) -> str:
        """The key of this member, which has to be a name that expressions can use."""
        key = self.keys[-1]
        self.check_name(str(key))
        return str(key)

    def check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            self.fail(f"{name!r} is no name; allowed: a-z, 0-9 and _, with a letter first, at most 63 characters")
        if name in RESERVED or name in _WORDS_OF_THE_LANGUAGE:
            self.fail(f"{name!r} is a word of the engine and cannot be a name")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:60]}…") if isinstance(value, str) else text

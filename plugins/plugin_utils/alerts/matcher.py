# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alertmanager's matchers: ``severity="page"``, ``alertname!~"Watchdog|Info.*"``.

```
Matcher.parse(text) -> Matcher        raises MatcherError
Matcher.matches(labels) -> bool
matchers(texts) -> tuple[Matcher, ...]
```
As in Alertmanager a label that is not there counts as empty, and a regular expression has to match the whole value; it
runs in RE2, as there. The value may stand without quotes where it has neither spaces nor quotes, commas or braces.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import patterns
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import MatcherError

Operator = Literal["=", "!=", "=~", "!~"]

_SYNTAX = re.compile(
    r"""\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\]|\\.)+")\s*(?P<operator>=~|!~|!=|=)"""
    r"""\s*(?P<value>"(?:[^"\\]|\\.)*"|(?![=~])[^\s"'`,{}\\]*)\s*"""
)
_PLAIN_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Matcher:
    """One matcher: the label, how it is compared, and with what."""

    label: str
    operator: Operator
    value: str

    @classmethod
    def parse(cls, text: str) -> Matcher:
        """Reads one matcher. Raises MatcherError, which says what is allowed."""
        found = _SYNTAX.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise MatcherError(f'{text!r} is not a matcher; allowed: label="value", and != =~ !~ in place of =')
        matcher = cls(_unquoted(found["name"]), _operator(found["operator"]), _unquoted(found["value"]))
        if matcher.operator in ("=~", "!~"):
            try:
                patterns.check(matcher.value)
            except patterns.PatternError as error:
                raise MatcherError(f"{text!r}: {error}") from error
        return matcher

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels match; one that is missing counts as empty."""
        found = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (found == self.value) == (self.operator == "=")
        return patterns.fullmatch(self.value, found) == (self.operator == "=~")

    def __str__(self) -> str:
        label = self.label if _PLAIN_NAME.fullmatch(self.label) else _quoted(self.label)
        return f"{label}{self.operator}{_quoted(self.value)}"


def matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Reads several matchers. Raises MatcherError."""
    return tuple(Matcher.parse(text) for text in texts)


def _operator(text: str) -> Operator:
    return "=" if text == "=" else "!=" if text == "!=" else "=~" if text == "=~" else "!~"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unquoted(text: str) -> str:
    """Alertmanager knows three escapes and keeps any other backslash, so that patterns need no doubling."""
    if not text.startswith('"'):
        return text
    known = {"n": "\n", '"': '"', "\\": "\\"}
    return _ESCAPE.sub(lambda match: known.get(match[1], match[0]), text[1:-1])

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Regular expressions that meet text from outside (alert labels, log lines, scrape errors).

They run in RE2: its time grows linearly with the text, so no label can hang a sweep whatever the pattern, and it is the
dialect of Alertmanager and Prometheus, so a pattern means here what it means there. It has no look-around and no
back-references.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

LONGEST = 1000
"""Characters that a pattern may have."""


class PatternError(ValueError):
    """A pattern that RE2 does not take; the message says why."""


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    re2: Any = importlib.import_module("re2")  # at need: a sweep without patterns does not pay for it
    if len(pattern) > LONGEST:
        raise PatternError(f"the pattern has {len(pattern)} characters, at most {LONGEST} are allowed")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        why = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise PatternError(f"{pattern!r} is not an RE2 pattern: {why}") from error


def check(pattern: str) -> None:
    """Raises PatternError for what RE2 does not take."""
    _compiled(pattern)


def fullmatch(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text, as in Alertmanager and Prometheus. Raises PatternError."""
    compiled = _compiled(pattern)
    return _encodable(text) and compiled.fullmatch(text) is not None


def search(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere in the text. Raises PatternError."""
    compiled = _compiled(pattern)
    return _encodable(text) and compiled.search(text) is not None


def _encodable(text: str) -> bool:
    """A lone surrogate is not Unicode text: no pattern matches it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The errors of the notation, apart by who has to act on them.

```
RunbookError   the runbook as it is written is wrong; found while it is loaded or checked, with file and line
RunbookFault   a condition or template fails over real evidence; never unknown, never false
InputError     an alert's label or an operator's value is missing, not declared or not of the declared pattern
MatcherError   an Alertmanager matcher of the inventory cannot be read
```
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RunbookError(Exception):
    """The runbook is wrong as it is written. The message names the thing and what is allowed."""

    def __init__(self, message: str, where: str = "") -> None:
        """``where`` is ``FILE:LINE``."""
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.where = where


class RunbookFault(Exception):
    """An expression of the runbook fails over the evidence at hand: its author has to mend it, so a human must see
    it.
    """

    def __init__(self, message: str, where: str = "") -> None:
        """``where`` is ``FILE:LINE``."""
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.where = where


class InputError(Exception):
    """A value from outside does not fit the runbook's declared inputs."""


class MatcherError(Exception):
    """A matcher cannot be read; the message quotes it and says what is allowed."""


def allowed(names: Iterable[str], given: str = "") -> str:
    """``allowed: a, b, c``, with the nearest name in front where ``given`` looks like a slip."""
    known = sorted(names)
    near = difflib.get_close_matches(given, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"allowed: {', '.join(known) or 'nothing'}"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many of a group: a number (``2``) or a share (``25%``). Pure."""

from __future__ import annotations

import dataclasses
import fractions
import math
import re
from typing import Any

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_NUMBER = re.compile(r"\d{1,9}")


@dataclasses.dataclass(frozen=True)
class Amount:
    """A number of members, or a share of them. A share is kept as an exact fraction: 29 % of 100 is 29."""

    text: str
    number: int = 0
    share: fractions.Fraction | None = None

    def of(self, members: int) -> int:
        """How many that is of so many members. A share is rounded down: 25 % of 3 is none."""
        return self.number if self.share is None else math.floor(self.share * members)

    def __str__(self) -> str:
        return self.text


def amount(value: Any) -> Amount:
    """Reads ``2``, ``"2"`` or ``"25%"``. Raises ValueError for anything else, also for a bare fraction such as 0.25:
    nobody could tell whether that is a quarter or a slip of the pen."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Amount(str(value), value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Amount(value.strip(), int(value))
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and (share := fractions.Fraction(found[1]) / 100) <= 1:
        return Amount(f"{found[1]}%", share=share)
    raise ValueError(f"{str(value)[:60]!r} is neither a whole number from 0 nor a share from 0% to 100%")

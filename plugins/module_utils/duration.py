# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Durations as people write them: ``30s``, ``5m``, ``1h30m``, ``250ms``, or plain seconds."""

from __future__ import annotations

import math
import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+")


def seconds(value: Any) -> float:
    """Returns the duration in seconds; raises ValueError for anything that is not a duration."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value)):
        amount = float(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value):
        amount = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    else:
        allowed = "seconds, or numbers with ms, s, m, h, d, w as in 1h30m"
        raise ValueError(f"{value!r} is not a duration; allowed: {allowed}")
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"{value!r} is not a duration: it has to be finite and not negative")
    return amount

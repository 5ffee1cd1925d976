# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 3339 as Go's programs write it, as Unix seconds."""

from __future__ import annotations

import datetime
import re
from typing import Any

_SHAPE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def unix(text: Any) -> float | None:
    """``2026-11-21T03:04:05.123456789Z`` as seconds; None for Go's zero time and for what is no time."""
    found = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if not found or text.startswith("0001-"):
        return None
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
        return moment.timestamp() + float("0." + (fraction or "0"))
    except (ValueError, OverflowError):
        return None

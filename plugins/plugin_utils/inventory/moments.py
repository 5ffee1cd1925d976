# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dates and times as an inventory writes them. Pure."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

UTC = datetime.UTC


def zone_of(name: Any) -> datetime.tzinfo:
    """The time zone of that name (``Europe/Sofia``); UTC where there is none given. Raises ValueError."""
    if name is None or name == "":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, TypeError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ValueError(f"{str(name)[:60]!r} is no time zone, such as Europe/Sofia or UTC") from error


def date_time(value: Any, zone: datetime.tzinfo = UTC) -> datetime.datetime:
    """Reads ``2026-11-21T22:00:00+02:00``, ``2026-11-21 22:00`` (in ``zone``) or ``2026-11-21`` (its first moment).

    Returns a time with a zone: that of the text, else ``zone``. Raises ValueError.
    """
    if not isinstance(value, str) or not value.strip()[:4].isdigit():
        raise ValueError(f"{str(value)[:60]!r} is no date and time, such as 2026-11-21 22:00")
    try:
        found = datetime.datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise ValueError(f"{value[:60]!r} is no date and time, such as 2026-11-21 22:00") from error
    return found if found.tzinfo else found.replace(tzinfo=zone)

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows of maintenance by the calendar: those that come once, and those that come again. Pure.

```
{from: 2026-11-21 22:00, until: 2026-11-22 02:00, zone: Europe/Sofia, why: new switches}
{rule: "FREQ=WEEKLY;BYDAY=SU", from: 2026-01-04 02:00, lasts: 2h, zone: Europe/Sofia, why: patches}
```
Times of day are the clock's on the wall of ``zone``, through summer and winter; how long a window lasts is time that
passes. A window's first moment is part of it, its end is not.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from typing import Any

from dateutil import rrule

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.moments import date_time, zone_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

_ONCE = ({"from", "until"}, {"zone", "why"})
_AGAIN = ({"rule", "lasts"}, {"from", "zone", "why"})
_RULE = re.compile(r"(RRULE:)?(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY))((;[A-Z]+=[A-Z0-9,+-]+)*)", re.IGNORECASE)
_LONG_AGO = datetime.datetime(2024, 1, 1)  # noqa: DTZ001  the zone is put in where it is used; a Monday
_DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Window:
    """One that is open: from when to when, in Unix seconds, and why."""

    starts: float
    ends: float
    why: str


@dataclasses.dataclass(frozen=True)
class Fault:
    """An entry that cannot be read: its place (``[2]``, or nothing for all of it), and what is wrong with it."""

    where: str
    why: str


def open_windows(entries: Any, now: float) -> tuple[list[Window], list[Fault]]:
    """The windows of a list that are open at ``now``, and the entries of which that cannot be told."""
    if not isinstance(entries, (list, tuple)):
        return [], [Fault("", f"expected a list of windows, found {type(entries).__name__}")]
    found: list[Window] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries):
        try:
            found += _open(entry, now)
        except (ValueError, OverflowError) as error:
            faults.append(Fault(f"[{number}]", " ".join(str(error).split())[:200]))
    return found, faults


def _open(entry: Any, now: float) -> list[Window]:
    """The windows of one entry that are open: none, one, or several where it lasts longer than it takes to come again.
    Raises ValueError."""
    if not isinstance(entry, dict):
        raise ValueError(f"expected a mapping, found {type(entry).__name__}")  # noqa: TRY004  a fault of the inventory
    wanted, more = _AGAIN if "rule" in entry else _ONCE
    missing, unknown = sorted(wanted - entry.keys()), sorted(map(str, entry.keys() - wanted - more))
    if missing or unknown:
        fault = f"{missing[0]} is missing" if missing else f"unknown key {unknown[0]}"
        raise ValueError(f"{fault}; a window is from and until, or rule and lasts")
    found = _again(entry, now) if "rule" in entry else [_once(entry)]
    return [window for window in found if window.starts <= now < window.ends]


def _once(entry: Json) -> Window:
    zone = zone_of(entry.get("zone"))
    # An hour that comes twice, or not at all, is read so that the window is the longer one.
    starts = min(_readings(date_time(entry["from"], zone)))
    ends = max(_readings(date_time(entry["until"], zone)))
    if ends <= starts:
        raise ValueError("it ends before it begins")
    return Window(starts, ends, _why(entry))


def _readings(moment: datetime.datetime) -> list[float]:
    return [moment.replace(fold=fold).timestamp() for fold in (0, 1)]


def _again(entry: Json, now: float) -> list[Window]:
    lasts = seconds(entry["lasts"])
    if not lasts:
        raise ValueError("lasts has to be longer than 0")
    first = _first(entry)
    rule = _rule(str(entry["rule"]), first.replace(tzinfo=None), first.tzinfo)
    if isinstance(rule, str):
        raise ValueError(rule)  # noqa: TRY004  a fault of the inventory
    at = datetime.datetime.fromtimestamp(now, tz=datetime.UTC)
    why = _why(entry)
    # A day more on both sides: around a change of the clocks the order on the wall is not that of time.
    near = rule.between(at - datetime.timedelta(seconds=lasts) - _DAY, at + _DAY, inc=True)
    return [Window(start.timestamp(), start.timestamp() + lasts, why) for start in near]


def _first(entry: Json) -> datetime.datetime:
    """When the window came first, on the wall of its zone."""
    zone = zone_of(entry.get("zone"))
    if entry.get("from") is None:
        rule = str(entry["rule"]).upper()
        if "COUNT=" in rule or "INTERVAL=" in rule:
            raise ValueError("from is missing: with COUNT or INTERVAL it matters when it came first")
        return _LONG_AGO.replace(tzinfo=zone)
    moment = date_time(entry["from"], zone)
    return moment.astimezone(zone) if entry.get("zone") else moment


@functools.lru_cache(maxsize=1024)
def _rule(text: str, first: datetime.datetime, zone: datetime.tzinfo | None) -> rrule.rrule | str:
    """The rule, from a first time on the wall of a zone; or what is wrong with it. Read once: hundreds of targets may
    share it, and to find that one never comes true takes seconds."""
    if not _RULE.fullmatch(text.strip()):
        return f"{text[:60]!r} is no rule such as FREQ=WEEKLY;BYDAY=SU, daily or rarer"
    try:
        found = rrule.rrulestr(text.strip(), dtstart=first.replace(tzinfo=zone), cache=True)
    except (ValueError, TypeError, KeyError) as error:
        return f"the rule {text[:60]} cannot be read: {error}"
    if not isinstance(found, rrule.rrule) or next(iter(found), None) is None:
        return f"the rule {text[:60]} never comes true"
    return found


def _why(entry: Json) -> str:
    return str(entry.get("why") or "no reason is given")

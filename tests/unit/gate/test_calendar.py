# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows of maintenance: at their edges, over each other, across changes of the clocks, and where they are unclear."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.calendar import open_windows

SOFIA = "Europe/Sofia"
ONCE = {"from": "2026-11-21 22:00", "until": "2026-11-22 02:00", "zone": SOFIA, "why": "new switches"}
SUNDAYS = {"rule": "FREQ=WEEKLY;BYDAY=SU", "from": "2026-01-04 02:00", "lasts": "2h", "zone": SOFIA, "why": "patches"}
DAILY = {"rule": "FREQ=DAILY", "from": "2026-01-01 03:30", "lasts": "1h", "zone": SOFIA}


def at(text: str) -> float:
    """Unix seconds of a time in UTC, or with its offset."""
    moment = datetime.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def is_open(entry: dict[str, Any], moment: str) -> bool:
    windows, faults = open_windows([entry], at(moment))
    assert faults == []
    return bool(windows)


@pytest.mark.parametrize(
    ("entry", "moment", "open_"),
    [
        # In November Sofia is two hours ahead of UTC. The first moment belongs to a window, its end does not.
        (ONCE, "2026-11-21T19:59:59", False),
        (ONCE, "2026-11-21T20:00:00", True),
        (ONCE, "2026-11-21T23:59:59", True),
        (ONCE, "2026-11-22T00:00:00", False),
        ({**ONCE, "zone": "UTC"}, "2026-11-21T21:59:59", False),
        ({"from": "2026-11-21 22:00", "until": "2026-11-22 02:00"}, "2026-11-21T22:00:00", True),
        ({"from": "2026-11-21T22:00:00+05:30", "until": "2026-11-21T18:00:00Z"}, "2026-11-21T16:30:00", True),
        ({"from": "2026-11-21T22:00:00+05:30", "until": "2026-11-21T18:00:00Z"}, "2026-11-21T16:29:59", False),
        ({"from": "2026-11-21T22:00:00+05:30", "until": "2026-11-21T23:00", "zone": SOFIA}, "2026-11-21T20:59", True),
        ({"from": "2026-11-21", "until": "2026-11-22", "zone": SOFIA}, "2026-11-20T22:00:00", True),
        ({"from": "2026-11-21", "until": "2026-11-22", "zone": SOFIA}, "2026-11-21T22:00:00", False),
        # 2026-11-22 is a Sunday.
        (SUNDAYS, "2026-11-21T23:59:59", False),
        (SUNDAYS, "2026-11-22T00:00:00", True),
        (SUNDAYS, "2026-11-22T01:59:59", True),
        (SUNDAYS, "2026-11-22T02:00:00", False),
        (SUNDAYS, "2026-11-23T00:30:00", False),
        (SUNDAYS, "2025-12-28T00:30:00", False),
        ({**SUNDAYS, "from": "2026-01-07 02:00"}, "2026-11-22T00:30:00", True),
        ({"rule": "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=15;BYSECOND=0", "lasts": "1h"}, "2026-11-22T02:15:00", True),
        ({"rule": "FREQ=DAILY", "lasts": 60}, "2026-11-22T00:00:59", True),
        ({"rule": "FREQ=DAILY", "lasts": 60}, "2026-11-22T00:01:00", False),
        ({"rule": "FREQ=MONTHLY;BYDAY=-1FR", "from": "2026-01-30 20:00", "lasts": "1h"}, "2026-11-27T20:30:00", True),
        ({"rule": "FREQ=MONTHLY;BYDAY=-1FR", "from": "2026-01-30 20:00", "lasts": "1h"}, "2026-11-20T20:30:00", False),
        ({"rule": "FREQ=WEEKLY;INTERVAL=2", "from": "2026-11-07 00:00", "lasts": "1d"}, "2026-11-21T12:00:00", True),
        ({"rule": "FREQ=WEEKLY;INTERVAL=2", "from": "2026-11-07 00:00", "lasts": "1d"}, "2026-11-14T12:00:00", False),
        ({"rule": "FREQ=DAILY;COUNT=3", "from": "2026-11-19 00:00", "lasts": "1h"}, "2026-11-21T00:30:00", True),
        ({"rule": "FREQ=DAILY;COUNT=3", "from": "2026-11-19 00:00", "lasts": "1h"}, "2026-11-22T00:30:00", False),
        ({"rule": "FREQ=DAILY;UNTIL=20261121T000000Z", "lasts": "1h"}, "2026-11-21T00:30:00", True),
        ({"rule": "FREQ=DAILY;UNTIL=20261121T000000Z", "lasts": "1h"}, "2026-11-22T00:30:00", False),
        ({"rule": "FREQ=DAILY", "from": "2027-01-01 00:00", "lasts": "1h"}, "2026-11-22T00:30:00", False),
        # A start with an offset of its own is that moment, and from then on the time on the wall of the zone.
        ({**DAILY, "from": "2026-01-01T01:30:00Z"}, "2026-07-01T00:30:00", True),
        # A window that is longer than it takes to come again is always open.
        ({**DAILY, "lasts": "25h"}, "2026-11-21T01:29:59", True),
        ({**DAILY, "lasts": "25h"}, "2026-11-21T01:30:00", True),
    ],
)
def test_a_window_is_open_from_its_first_moment_until_just_before_its_end(
    entry: dict[str, Any], moment: str, open_: bool
) -> None:
    assert is_open(entry, moment) is open_


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        # Two o'clock in the night: in summer at 23:00 UTC, in winter at midnight.
        ("2026-10-17T23:00:00", True),
        ("2026-10-18T00:59:59", True),
        ("2026-10-18T01:00:00", False),
        # The night of the change: the clock goes from 04:00 back to 03:00, two hours are two hours.
        ("2026-10-24T22:59:59", False),
        ("2026-10-24T23:00:00", True),
        ("2026-10-25T00:59:59", True),
        ("2026-10-25T01:00:00", False),
        ("2026-11-01T00:00:00", True),
        ("2026-10-31T23:59:59", False),
        # In spring the clock goes from 03:00 to 04:00.
        ("2026-03-29T00:00:00", True),
        ("2026-03-29T01:59:59", True),
        ("2026-03-29T02:00:00", False),
        ("2026-04-04T23:00:00", True),
    ],
)
def test_a_weekly_window_stays_at_its_time_on_the_wall_and_lasts_as_long_as_it_says(moment: str, open_: bool) -> None:
    assert is_open(SUNDAYS, moment) is open_


def test_a_time_that_the_spring_leaves_out_is_when_it_would_have_been() -> None:
    # 03:30 does not exist on 2026-03-29: it is an hour and a half after 02:00, which is 01:30 UTC.
    assert [is_open(DAILY, f"2026-03-29T{time}") for time in ("01:29:59", "01:30:00", "02:29:59", "02:30:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_time_that_comes_twice_in_autumn_is_the_first_of_the_two() -> None:
    # 03:30 is at 00:30 UTC in summer time, and again at 01:30 UTC.
    assert [is_open(DAILY, f"2026-10-25T{time}") for time in ("00:29:59", "00:30:00", "01:29:59", "01:30:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_window_that_comes_once_and_ends_in_an_hour_that_comes_twice_ends_with_the_second() -> None:
    entry = {"from": "2026-10-25 03:15", "until": "2026-10-25 03:30", "zone": SOFIA}
    moments = ("00:14:59", "00:15:00", "01:29:59", "01:30:00")
    assert [is_open(entry, f"2026-10-25T{time}") for time in moments] == [False, True, True, False]


def test_of_windows_that_overlap_all_are_open() -> None:
    later = {**ONCE, "from": "2026-11-21 23:00", "until": "2026-11-22 05:00", "why": "new disks"}
    windows, faults = open_windows([ONCE, SUNDAYS, later], at("2026-11-22T00:30:00"))
    assert faults == []
    assert {(window.why, window.ends) for window in windows} == {
        ("patches", at("2026-11-22T02:00:00")),
        ("new disks", at("2026-11-22T03:00:00")),
    }


def test_a_window_that_outlasts_its_own_return_is_open_more_than_once() -> None:
    windows, _ = open_windows([{**DAILY, "lasts": "49h"}], at("2026-11-21T02:00:00"))
    assert sorted(window.ends for window in windows) == [at(f"2026-11-{day}T02:30:00") for day in (21, 22, 23)]


def test_the_same_rule_at_the_same_moment_in_two_zones_goes_two_ways() -> None:
    sofia = {"rule": "FREQ=DAILY", "from": "2026-01-01 02:00", "lasts": "1h", "zone": SOFIA}
    utc = {"rule": "FREQ=DAILY", "from": "2026-01-01 00:00", "lasts": "1h", "zone": "UTC"}
    assert (is_open(sofia, "2026-01-02T00:30"), is_open(utc, "2026-01-02T00:30")) == (True, True)
    assert (is_open(sofia, "2026-07-02T00:30"), is_open(utc, "2026-07-02T00:30")) == (False, True)


def test_a_window_without_a_reason_says_so() -> None:
    windows, _ = open_windows([{"from": "2026-11-21", "until": "2026-11-22"}], at("2026-11-21T12:00:00"))
    assert [window.why for window in windows] == ["no reason is given"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("tonight", "expected a mapping, found str"),
        (None, "expected a mapping, found NoneType"),
        ({}, "from is missing; a window is from and until, or rule and lasts"),
        ({"from": "2026-11-21"}, "until is missing"),
        ({"rule": "FREQ=DAILY"}, "lasts is missing"),
        ({**ONCE, "untill": "2026-11-22"}, "unknown key untill"),
        (dict([*ONCE.items(), (1, 2)]), "unknown key 1"),
        ({**SUNDAYS, "until": "2026-11-22"}, "unknown key until"),
        ({**ONCE, "from": "tonight"}, "'tonight' is no date and time"),
        ({**ONCE, "from": 20261121}, "'20261121' is no date and time"),
        ({**ONCE, "from": "2026-11-31 22:00"}, "is no date and time"),
        ({**ONCE, "from": "22:00"}, "'22:00' is no date and time"),
        ({**ONCE, "until": "2026-11-21 22:00"}, "it ends before it begins"),
        ({**ONCE, "until": "2025-11-22 02:00"}, "it ends before it begins"),
        ({**ONCE, "zone": "Europe/Sofa"}, "'Europe/Sofa' is no time zone"),
        ({**ONCE, "zone": "EEST+3"}, "is no time zone"),
        ({**ONCE, "zone": "../../etc/passwd"}, "is no time zone"),
        ({**ONCE, "zone": 2}, "'2' is no time zone"),
        ({**SUNDAYS, "rule": "every Sunday"}, "'every Sunday' is no rule"),
        ({**SUNDAYS, "rule": ["FREQ=DAILY"]}, "is no rule"),
        (
            {**SUNDAYS, "rule": "FREQ=SECONDLY"},
            "'FREQ=SECONDLY' is no rule such as FREQ=WEEKLY;BYDAY=SU, daily or rarer",
        ),
        ({**SUNDAYS, "rule": "FREQ=WEEKLY;BYDAY=XX"}, "cannot be read"),
        ({**SUNDAYS, "rule": "FREQ=WEEKLY;BYDAZ=SU"}, "cannot be read"),
        ({**SUNDAYS, "rule": "FREQ=DAILY\nRRULE:FREQ=WEEKLY"}, "is no rule"),
        ({**SUNDAYS, "rule": "FREQ=DAILY;UNTIL=20261121T000000"}, "UNTIL values must be specified in UTC"),
        ({**SUNDAYS, "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never comes true"),
        ({**SUNDAYS, "rule": "FREQ=DAILY;UNTIL=20200101T000000Z"}, "never comes true"),
        ({"rule": "FREQ=DAILY;COUNT=3", "lasts": "1h"}, "from is missing: with COUNT or INTERVAL"),
        ({"rule": "FREQ=WEEKLY;INTERVAL=2", "lasts": "1h"}, "from is missing"),
        ({**SUNDAYS, "lasts": 0}, "lasts has to be longer than 0"),
        ({**SUNDAYS, "lasts": "-2h"}, "'-2h' is not a duration"),
        ({**SUNDAYS, "lasts": True}, "is not a duration"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_and_the_others_count(entry: Any, says: str) -> None:
    windows, faults = open_windows([ONCE, entry], at("2026-11-21T21:00:00"))
    assert [window.why for window in windows] == ["new switches"]
    assert [fault.where for fault in faults] == ["[1]"]
    assert says in faults[0].why


@pytest.mark.parametrize("entries", [None, "x", 1, {"from": "2026-11-21"}, True])
def test_what_is_no_list_cannot_be_read(entries: Any) -> None:
    windows, faults = open_windows(entries, at("2026-11-21T21:00:00"))
    assert windows == []
    assert [fault.where for fault in faults] == [""]
    assert "expected a list" in faults[0].why


DAY = st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2027, 1, 1))  # noqa: DTZ001


@given(DAY, st.integers(1, 3 * 86400), st.sampled_from([SOFIA, "UTC", "America/New_York", "Australia/Lord_Howe"]))
def test_a_daily_window_is_open_for_as_long_as_it_lasts_on_every_day(
    first: datetime.datetime, lasts: int, zone: str
) -> None:
    entry = {"rule": "FREQ=DAILY", "from": first.isoformat(), "lasts": lasts, "zone": zone}
    for start in open_windows([entry], at("2027-06-01T00:00:00"))[0]:
        assert start.ends - start.starts == lasts
        assert open_windows([entry], start.starts)[0]
        assert start in open_windows([entry], start.ends - 1)[0]
        assert start not in open_windows([entry], start.ends)[0]
        assert start not in open_windows([entry], start.starts - 1)[0]

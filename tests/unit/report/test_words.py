"""How times, durations, numbers and hostile texts are written."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils import words

AT = 1795229482.0  # 2026-11-21 02:51:22 UTC
DAY = 86400.0


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (0.043, "0.04 s"),
        (0.996, "1 s"),
        (3.24, "3.2 s"),
        (9.96, "10 s"),
        (51.4, "51 s"),
        (59.94, "60 s"),
        (59.97, "1 min"),
        (612, "10 min 12 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (7200 + 59, "2 h"),
        (3 * DAY + 4 * 3600, "3 d 4 h"),
        (5000 * DAY, "5,000 d"),
        (-12, "-12 s"),
        (math.inf, "–"),
        (math.nan, "–"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(seconds: float, written: str) -> None:
    assert words.span(seconds) == written


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_duration_can_be_written(seconds: float) -> None:
    assert words.span(seconds)


def test_a_time_shows_its_date_only_beside_one_of_another_day() -> None:
    assert words.clock(AT, AT + 60) == "02:51:22"
    assert words.clock(AT, AT + DAY) == "2026-11-21 02:51:22"
    assert words.clock(AT) == "2026-11-21 02:51:22"
    assert words.iso(AT) == "2026-11-21T02:51:22Z"


@pytest.mark.parametrize("at", [0.0, -1e18, 1e18, math.nan, math.inf])
def test_a_time_that_was_never_set_or_is_none_is_written_as_such(at: float) -> None:
    assert (words.clock(at, AT), words.date(at), words.iso(at)) == ("–", "–", "")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.25, "0.25"),
        (1234567.891, "1.23457e+06"),
        (10**20, "1e+20"),
        (10**400, "a huge number"),
        (True, "true"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_number_has_no_needless_digits(value: float, written: str) -> None:
    assert words.number(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "none"),
        ("", '""'),
        ("a\nb", "a\nb"),
        ([], "[]"),
        ({}, "{}"),
        (["a", 1, None], "[a, 1, none]"),
        ({"up": 3, "names": ["x"]}, "{up: 3, names: [x]}"),
    ],
)
def test_a_value_stands_beside_a_condition_in_few_words(value: object, written: str) -> None:
    assert words.brief(value) == written


def test_what_is_cut_says_how_long_it_was() -> None:
    assert words.cut("x" * 5000, 3) == "xxx… (cut, 5,000 characters in all)"
    assert words.cut("xxx", 3) == "xxx"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – text · 漢字 👩", "plain – text · 漢字 👩"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\tb\r\nc", "a\\tb\\r\\nc"),
        ("user\u202egpj", "user\\u202egpj"),
        ("a\u200bb\ufeff\U000e0041", "a\\u200bb\\ufeff\\U000e0041"),
        ("half \ud800 pair", "half \\ud800 pair"),
        ("narrow\u00a0space", "narrow space"),
        ("blank \u3164 letter", "blank \\u3164 letter"),
        ("e\u0301 is fine", "e\u0301 is fine"),
        ("z\u0335\u0321\u031b\u0353", "z\u0335\u0321\u031b\\u0353"),
    ],
)
def test_what_would_not_show_is_written_out(text: str, shown: str) -> None:
    assert words.visible(text) == shown


def test_lines_are_kept_where_they_are_wanted() -> None:
    assert words.visible("a\r\nb\x1b", newlines=True) == "a\\r\nb\\x1b"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_visible_text_holds_nothing_that_could_move_a_cursor_and_can_be_stored(text: str) -> None:
    shown = words.visible(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert words.visible(shown) == shown


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_every_value_can_be_written_in_short_and_in_full(value: object) -> None:
    assert len(words.brief(value, 50)) < 120
    assert json.loads(words.as_data({"value": value})).keys() == {"value"}

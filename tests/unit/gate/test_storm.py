# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Too much at once: what is unrelated, when a storm begins and ends, and when the monitor itself is doubted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import StormLimits
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence
from ansible_collections.oncall.remedy.plugins.plugin_utils.storm import (
    MISSES,
    WATCHES,
    doubts,
    next_state,
    unrelated,
)

LIMITS = StormLimits(10, 5, 0.5)


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([], 0),
        ([("a", "disk")], 1),
        ([("a", "disk"), ("a", "memory"), ("a", "disk")], 1),
        ([("a", "disk"), ("b", "disk")], 2),
        ([("a", "disk"), ("b", "disk"), ("c", "disk")], 1),
        ([("a", "disk"), ("a", "disk"), ("a", "disk")], 1),
        ([*((name, "edge") for name in "abcdef"), ("g", "disk")], 2),
        # What else is wrong with the members of an outage belongs to it.
        ([*((name, "edge") for name in "abcdef"), ("a", "disk"), ("b", "memory")], 1),
        ([*((name, "edge") for name in "abc"), *((name, "scrape") for name in "cde")], 1),
        ([*((name, "edge") for name in "abc"), *((name, "scrape") for name in "def")], 2),
        ([*((name, k) for names, k in (("abc", "x"), ("def", "y"), ("cgd", "z")) for name in names), ("h", "w")], 2),
        ([(str(number), "edge") for number in range(200)], 1),
        ([(str(number), str(number)) for number in range(200)], 200),
    ],
)
def test_an_outage_counts_once_and_of_the_rest_each_target(pairs: list[tuple[str, str]], found: int) -> None:
    assert unrelated(pairs, 3) == found


PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("uvwxyz")))


@given(PAIRS, st.randoms())
def test_the_order_in_which_they_are_told_does_not_matter(pairs: list[tuple[str, str]], random: Any) -> None:
    other = [*pairs]
    random.shuffle(other)
    assert unrelated(other, 3) == unrelated(pairs, 3) <= len({target for target, _ in pairs})
    assert bool(unrelated(pairs, 3)) is bool(pairs)


def test_a_storm_begins_at_one_number_and_ends_at_a_lower_one() -> None:
    states = []
    on = False
    for number in (9, 10, 9, 6, 10, 6, 5, 6, 9, 10, 0):
        on = next_state(on, number, LIMITS)
        states.append(on)
    assert states == [False, True, True, True, True, True, False, False, False, True, False]


def said(name: str, value: Any, **more: Any) -> Evidence:
    given_ = {"probe": "promql", "state": "ok", "question": "?", "source": "", "asked_at": 0.0, "took": 0.0}
    return Evidence(**{"name": name, "value": value, **given_, **more})


def number(value: Any) -> dict[str, Any]:
    """As the probe answers an aggregation: one series with one value."""
    return {"count": 1, "value": value}


NONE = {"count": 0, "value": None}
"""As the probe answers one over nothing."""


@pytest.mark.parametrize(
    ("watches", "misses", "why"),
    [
        (number(100.0), NONE, ""),
        (number(100.0), number(49.0), ""),
        (number(100), number(50), "of 50 of the 100 jobs of Prometheus nothing answers it; 50% or more"),
        (number(100.0), number(100.0), "of 100 of the 100 jobs"),
        (number(2.0), number(2.0), ""),
        (number(3.0), number(3.0), "of 3 of the 3 jobs"),
        (NONE, NONE, "Prometheus watches nothing at all"),
    ],
)
def test_a_monitor_that_has_lost_sight_of_most_of_its_jobs_is_doubted(watches: Any, misses: Any, why: str) -> None:
    found = doubts([said(WATCHES, watches), said(MISSES, misses)], LIMITS)
    assert found.unknown == ""
    assert found.why.startswith(why)
    assert bool(found.why) is bool(why)


@pytest.mark.parametrize(
    ("monitor", "unknown"),
    [
        ([], "was not asked"),
        ([said(WATCHES, number(3.0))], "was not asked"),
        (
            [said(WATCHES, None, state="failed", reason="timed out"), said(MISSES, NONE)],
            "how many jobs it has: timed out",
        ),
        ([said(WATCHES, number(3.0)), said(MISSES, None, state="failed")], "no answer"),
        ([said(WATCHES, number(None)), said(MISSES, NONE)], "says that it has None jobs"),
        ([said(WATCHES, number(-1.0)), said(MISSES, NONE)], "says that it has -1.0 jobs"),
        ([said(WATCHES, number(True)), said(MISSES, NONE)], "says that it has True jobs"),
        ([said(WATCHES, number(2.5)), said(MISSES, NONE)], "says that it has 2.5 jobs"),
        ([said(WATCHES, number("9")), said(MISSES, NONE)], "says that it has 9 jobs"),
        ([said(WATCHES, number(2.0)), said(MISSES, number(3.0))], "3 of 2 jobs do not answer"),
    ],
)
def test_a_monitor_that_does_not_answer_is_unknown(monitor: list[Evidence], unknown: str) -> None:
    found = doubts(monitor, LIMITS)
    assert found.why == ""
    assert unknown in found.unknown

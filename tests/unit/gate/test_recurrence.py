# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What comes back: how the history is told, and what the cases have in common."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.recurrence import in_common, told
from tests.unit.gate.views import NOW, healed

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
HOUR = 3600.0
DAY = 24 * HOUR
Json = dict[str, Any]


def answer(name: str, value: Any, state: str = "ok") -> Json:
    return {"name": name, "state": state, "value": value}


def case(opened_at: float = NOW, **more: Any) -> Json:
    """One healed incident: the edge of node b was silent."""
    finding = {
        "name": "edge_outage",
        "conditions": [{"text": "edge.silent > 0", "truth": "true", "seen": {"edge.silent": 1}}],
        "instance": {"node": {"name": "b"}},
    }
    other = {"name": "port_conflict", "conditions": [], "instance": {}}
    return {
        "opened_at": opened_at,
        "diagnosis": {"chosen": "edge_outage", "findings": [other, finding]},
        "evidence": [
            answer("edge", {"silent": 1, "silent_at": ["10.0.0.2"], "asked": ["10.0.0.1", "10.0.0.2"]}),
            answer("pods", [{"name": f"pod-{opened_at:.0f}", "node": "b", "reason": "OOMKilled", "ready": False}]),
            answer("logs", {"first": "x"}),
        ],
        "verification": {
            "outcome": "healed",
            "evidence": [
                answer("edge", {"silent": 0, "silent_at": [], "asked": ["10.0.0.1", "10.0.0.2"]}),
                answer("pods", [{"name": "pod-new", "node": "b", "reason": "", "ready": True, "at": 1.5e9}]),
            ],
        },
        **more,
    }


def test_what_is_the_same_each_time_is_named_and_what_is_so_in_health_too_is_not() -> None:
    assert in_common([case(NOW - 9 * HOUR), case(NOW - 2 * HOUR), case(NOW)]) == [
        "the same finding: edge_outage",
        "about the same: node.name b",
        "each time edge.silent was 1",
        "each time, and not when all was well, edge.silent_at[] was 10.0.0.2",
        "each time, and not when all was well, pods[].reason was OOMKilled",
    ]


def test_what_differs_is_not_in_common() -> None:
    other = case(NOW - 2 * HOUR)
    other["diagnosis"]["findings"][1] |= {"instance": {"node": {"name": "c"}}}
    other["evidence"][0]["value"] |= {"silent_at": ["10.0.0.1"], "silent": 2}
    other["evidence"][1]["value"][0] |= {"reason": "Error"}
    assert in_common([case(), other]) == ["the same finding: edge_outage", "each time edge.silent was 1"]
    other["diagnosis"]["chosen"] = "port_conflict"
    assert in_common([case(), other]) == []


def test_without_a_look_at_health_nothing_is_taken_for_a_sign_of_illness() -> None:
    unhealed = case(
        NOW - 2 * HOUR, verification={"outcome": "not_healed", "evidence": case()["verification"]["evidence"]}
    )
    assert not [words for words in in_common([case(), unhealed]) if "all was well" in words]
    assert not [words for words in in_common([case(), case(verification=None)]) if "all was well" in words]


# NOW is 20:00 UTC.
@pytest.mark.parametrize(
    ("opened", "says"),
    [
        ((0, DAY), "at the same time of day: 20:00 to 20:00 (UTC)"),
        ((0, DAY + 1200, 5 * DAY - 1200), "at the same time of day: 19:40 to 20:20 (UTC)"),
        ((4 * HOUR, DAY + 4 * HOUR - 600), "at the same time of day: 23:50 to 00:00 (UTC)"),
        ((0, DAY + 3601), ""),
        ((0, 600), ""),
        ((0, DAY / 2), ""),
        ((0, 7 * HOUR, 14.5 * HOUR), "about every 7.2 h"),
        ((0, 7 * HOUR, 18 * HOUR), ""),
        ((0, 0, 0), ""),
    ],
)
def test_the_time_of_day_and_the_rhythm_are_named_where_there_is_one(opened: tuple[float, ...], says: str) -> None:
    found = [
        words for words in in_common([case(NOW + at) for at in opened]) if "time of day" in words or "every" in words
    ]
    assert found == ([says] if says else [])


def test_both_are_named_where_it_comes_every_night() -> None:
    found = in_common([case(NOW + number * DAY) for number in range(3)])
    assert found[2:4] == ["at the same time of day: 20:00 to 20:00 (UTC)", "about every 24 h"]


@pytest.mark.parametrize("cases", [[], [case()], [{}, {}], [case(), {}], [{"diagnosis": None, "evidence": None}] * 2])
def test_what_is_not_there_is_not_in_common(cases: list[Json]) -> None:
    assert in_common(cases) == []


def test_long_texts_moments_and_truth_values_are_nothing_to_tell() -> None:
    def odd(value: Any) -> Json:
        ill = [answer("edge", value)]
        return case(evidence=ill, diagnosis=None)

    assert (
        in_common([odd({"text": "x" * 100, "at": 1_795_291_200, "flag": True, "share": 0.5, "none": None})] * 2) == []
    )


def test_only_a_few_values_are_named() -> None:
    many = case(evidence=[answer("edge", {str(number): "odd" for number in range(50)})], diagnosis=None)
    assert len(in_common([many, many])) == 6


def test_two_cases_of_the_corpus_with_one_cause_have_it_in_common() -> None:
    files = sorted(CORPUS.glob("traefik_down.port_conflict.*.json"))
    one, other = [json.loads(file.read_text(encoding="utf-8")) for file in files[:2]]
    assert "the same finding: port_conflict" in in_common([one, other])


def test_any_two_cases_of_the_corpus_can_be_compared() -> None:
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(CORPUS.glob("*.json"))]
    assert len(cases) > 5
    for one, other in itertools.pairwise(cases):
        same = one["diagnosis"]["chosen"] == other["diagnosis"]["chosen"] != ""
        assert bool([words for words in in_common([one, other]) if words.startswith("the same finding")]) is same


def test_the_history_is_told_with_times_and_with_dates_of_other_days() -> None:
    assert told([], DAY, NOW) == "not done within 24 h"
    assert told([healed(1)], DAY, NOW) == "healed 1 time within 24 h: 18:59:00 (UTC)"
    uses = [healed(22), healed(2, verified=""), healed(1)]
    assert told(uses, DAY, NOW) == (
        "done (2 of them healed) 3 times within 24 h: 2026-11-20 21:59:00, 17:59:00, 18:59:00 (UTC)"
    )

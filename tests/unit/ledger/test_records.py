# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Escalations, cases, the timeline and what was heard: that nothing of it is lost or said twice."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import Timeline
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, ClaimLost, Entry, LedgerError
from tests.unit.ledger.helpers import events, everything_in, opened


def test_an_episode_is_escalated_once_per_level(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    assert ledger.escalate(episode, 0, "platform", "not healed", 100.0)
    assert not ledger.escalate(episode, 0, "somebody else", "another reason", 200.0)
    assert ledger.escalate(episode, 1, "manager", "nobody came", 300.0)
    assert [(one.level, one.to, one.why) for one in ledger.escalations(episode)] == [
        (0, "platform", "not healed"),
        (1, "manager", "nobody came"),
    ]
    assert "escalated to platform: not healed" in events(ledger, episode)


def test_many_are_escalated_in_one_step_each_once(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    ledger.escalate(first, 0, "platform", "x", 100.0)
    new = Call(second, 0, "platform", "y")
    assert ledger.escalate_many([Call(first, 0, "platform", "again"), new, new], 110.0) == [new]
    assert ledger.escalate_many([], 110.0) == []


def test_of_an_outage_one_is_called_about_and_the_others_are_told_by_it(ledger: Ledger) -> None:
    first, second, third = (opened(ledger, "s1", target) for target in "abc")
    # The one that tells may stand anywhere in the list; one that was told tells no other.
    calls = [Call(second, 1, "platform", "y", told_by=first), Call(first, 1, "platform", "x")]
    assert len(ledger.escalate_many(calls, 100.0)) == 2
    ledger.escalate_many([Call(third, 1, "platform", "z", told_by=second)], 110.0)
    (call,) = ledger.undelivered(1e9)
    assert call.episode == first
    told = [ledger.escalations(episode)[0] for episode in (second, third)]
    assert [(one.state, one.told_by, one.due_at) for one in told] == [("told", call.id, None)] * 2


def test_one_that_is_told_by_a_call_that_is_not_there_is_called_about_itself(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    ledger.escalate_many([Call(second, 1, "platform", "y", told_by=first)], 100.0)
    assert [(one.episode, one.state) for one in ledger.undelivered(1e9)] == [(second, "recorded")]


# ---- cases


def case(ledger: Ledger, target: str = "hetzner", **more: Any) -> dict[str, Any]:
    """The least that a case says."""
    episode = opened(ledger, "s1", target)
    return {"id": episode, "target": target, "runbook": "traefik_down", "outcome": "healed", "opened_at": 1.0, **more}


def test_a_case_comes_back_as_it_was_saved(ledger: Ledger) -> None:
    saved = case(ledger, evidence=[{"name": "pods", "value": {"total": 3, "share": 0.5, "names": ["a"], "none": None}}])
    ledger.save_case(saved, 100.0)
    assert ledger.case(saved["id"]) == saved
    assert ledger.find_case(saved["id"][:6]) == saved


def test_the_later_version_of_a_case_takes_the_place_of_the_earlier(ledger: Ledger) -> None:
    first = case(ledger)
    ledger.save_case(first, 100.0)
    ledger.save_case({**first, "outcome": "not_healed"}, 200.0)
    assert [one["outcome"] for one in ledger.cases()] == ["not_healed"]


def test_cases_are_listed_newest_first_by_target_and_time(ledger: Ledger) -> None:
    a, b = case(ledger, "a"), case(ledger, "b")
    ledger.save_cases([a], 100.0)
    ledger.save_cases([b], 200.0)
    assert [one["target"] for one in ledger.cases()] == ["b", "a"]
    assert [one["target"] for one in ledger.cases(limit=1)] == ["b"]
    assert [one["target"] for one in ledger.cases(target="a")] == ["a"]
    assert [one["target"] for one in ledger.cases(since=150.0)] == ["b"]


def test_a_case_that_is_not_there_is_none(ledger: Ledger) -> None:
    assert ledger.case("nothing") is None


@pytest.mark.parametrize("name", ["", "abc", "%%%%", "____", "ffffffff-none"])
def test_a_beginning_that_names_no_single_case_is_an_error(ledger: Ledger, name: str) -> None:
    ledger.save_case(case(ledger), 100.0)
    with pytest.raises(LedgerError):
        ledger.find_case(name)


def test_a_case_cannot_be_saved_without_its_episode(ledger: Ledger) -> None:
    with pytest.raises(LedgerError):
        ledger.save_case({**case(ledger), "id": "no such episode"}, 100.0)


def test_numbers_that_json_does_not_know_are_stored_as_prometheus_writes_them(ledger: Ledger) -> None:
    saved = case(ledger, odd=[math.nan, math.inf, -math.inf])
    ledger.save_case(saved, 100.0)
    found = ledger.case(saved["id"])
    assert found is not None
    assert found["odd"] == ["NaN", "+Inf", "-Inf"]


def test_planted_secrets_are_nowhere_in_the_ledger(url: str, ledger: Ledger) -> None:
    planted = "pl4nted-s3cret"
    saved = case(ledger, note=f"Authorization: Bearer {planted}", result={"db": {"password": planted}})
    ledger.save_case(saved, 100.0)
    ledger.record(
        saved["id"], 100.0, "mend", f"curl https://u:{planted}@host", {"token": planted, "argv": [planted[:3]]}
    )
    ledger.escalate(saved["id"], 0, "platform", f"password={planted}", 100.0)
    ledger.finish_sweep(ledger.start_sweep("h", 1, 1.0), {"api_key": planted}, 2.0)
    ledger.heard("lab", "http://am", {"secret": planted}, 1.0)
    assert "(redacted)" in everything_in(ledger)
    assert planted not in everything_in(ledger)
    if url.startswith("sqlite:///"):
        assert planted.encode() not in Path(url.removeprefix("sqlite:///")).read_bytes()


# ---- timeline


def test_the_timeline_keeps_the_order_of_writing_whatever_the_clock_does(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=100.0)
    ledger.record(episode, 90.0, "assess", "diagnosed", {"chosen": "edge_outage"})
    ledger.record_many(
        [Entry(episode, 80.0, "mend", "began"), Entry(episode, 95.0, "mend", "ended", {"changed": True})]
    )
    ledger.record_many([])
    lines = ledger.timeline(episode)
    assert [(line.at, line.event) for line in lines] == [
        (100.0, "opened"),
        (90.0, "diagnosed"),
        (80.0, "began"),
        (95.0, "ended"),
    ]
    assert lines[1].detail == {"chosen": "edge_outage"}
    assert lines[2].detail == {}


def test_lines_for_an_episode_that_does_not_exist_are_all_refused(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    with pytest.raises(LedgerError):
        ledger.record_many([Entry(episode, 1.0, "x", "fine"), Entry("none", 1.0, "x", "not fine")])
    assert events(ledger, episode) == ["opened"]


def test_there_is_no_way_to_change_or_remove_a_line() -> None:
    words = {name for name, _ in inspect.getmembers(Timeline, inspect.isfunction) if not name.startswith("_")}
    assert words == {"record", "record_many", "timeline"}


# ---- sources


def test_the_last_good_answer_of_a_source_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    assert ledger.last_answer("lab") is None
    ledger.heard("lab", "http://am1", {"firing": 1}, 100.0)
    ledger.heard("lab", "http://am2", {"firing": 2}, 200.0)
    answer = ledger.last_answer("lab")
    assert answer is not None
    assert (answer.url, answer.answered_at, answer.answer) == ("http://am2", 200.0, {"firing": 2})


def test_sweeps_are_listed_newest_first(ledger: Ledger) -> None:
    first, second = ledger.start_sweep("h", 1, 100.0), ledger.start_sweep("h", 2, 200.0)
    assert [one.id for one in ledger.sweeps()] == [second, first]
    ledger.finish_sweep(first, {}, 300.0)
    assert [one.id for one in ledger.sweeps(unfinished=True)] == [second]


# ---- a case and the step that it tells of


def test_the_last_step_and_the_case_that_tells_of_it_are_saved_together(ledger: Ledger) -> None:
    saved = case(ledger, timeline=[])
    ledger.record(saved["id"], 110.0, "assess", "diagnosed")
    ledger.close_episode(saved["id"], "healed", "s1", 120.0, detail="all is well", case=saved)
    found = ledger.case(saved["id"])
    assert found is not None
    assert [line["event"] for line in found["timeline"]] == ["opened", "diagnosed", "all is well"]
    assert {key: found[key] for key in saved if key != "timeline"} == {
        key: saved[key] for key in saved if key != "timeline"
    }


def test_a_case_that_was_put_off_says_so(ledger: Ledger) -> None:
    saved = case(ledger, timeline=[])
    ledger.wait(saved["id"], "held", 200.0, "s1", 120.0, case=saved)
    found = ledger.case(saved["id"])
    assert found is not None
    assert found["timeline"][-1]["event"] == "waits: held"


def test_a_step_that_is_refused_saves_no_case(ledger: Ledger) -> None:
    saved = case(ledger)
    with pytest.raises(ClaimLost):
        ledger.close_episode(saved["id"], "healed", "another sweep", 120.0, case=saved)
    assert ledger.case(saved["id"]) is None


def test_a_case_that_cannot_be_saved_leaves_the_episode_open(ledger: Ledger) -> None:
    saved = case(ledger, odd=object())
    with pytest.raises(LedgerError):
        ledger.close_episode(saved["id"], "healed", "s1", 120.0, case=saved)
    assert ledger.episode(saved["id"]).state == "open"

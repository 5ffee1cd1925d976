# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which level is due when an incident goes on."""

from __future__ import annotations

from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.levels import next_calls
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import policy_from
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Escalation

LEVELS = [{"to": "c"}, {"after": "15m", "to": "c"}, {"after": "1h", "to": "c"}]
POLICY = policy_from({"platform": LEVELS}, {"c": {"slack": {"webhook_url_file": "/u"}}})


def one(number: int, episode: str, level: int = 1, at: float = 100.0, **more: Any) -> Escalation:
    fields = {
        "to": "platform",
        "why": "why",
        "state": "sent",
        "attempts": 1,
        "due_at": None,
        "sent_at": at,
        "error": "",
    }
    return Escalation(number, episode, level, recorded_at=at, **{**fields, **more})


def told(number: int, episode: str, by: int, level: int = 1, at: float = 100.0) -> Escalation:
    return one(number, episode, level, at, state="told", told_by=by)


def test_the_next_level_is_due_when_its_time_since_the_first_call_is_over() -> None:
    assert next_calls([one(1, "a")], POLICY, 999.0) == []
    assert next_calls([one(1, "a")], POLICY, 1000.0) == [Call("a", 2, "platform", "why")]


def test_each_level_counts_from_the_first_call_and_the_last_one_is_the_last() -> None:
    calls = [one(1, "a"), one(2, "a", 2, at=1000.0)]
    assert next_calls(calls, POLICY, 3699.0) == []
    assert next_calls(calls, POLICY, 3700.0) == [Call("a", 3, "platform", "why")]
    assert next_calls([*calls, one(3, "a", 3, at=3700.0)], POLICY, 1e9) == []


def test_after_a_long_pause_of_the_engine_one_level_is_called_at_a_time() -> None:
    assert [call.level for call in next_calls([one(1, "a")], POLICY, 1e9)] == [2]


def test_a_call_that_has_not_arrived_yet_does_not_hold_the_next_level() -> None:
    assert next_calls([one(1, "a", state="failed", sent_at=None)], POLICY, 1000.0) == [Call("a", 2, "platform", "why")]


def test_nobody_comes_after_an_owner_whom_the_inventory_does_not_know() -> None:
    assert next_calls([one(1, "a", to="somebody")], POLICY, 1e9) == []


def test_an_outage_is_called_about_once_on_every_level() -> None:
    calls = [one(1, "a"), told(2, "b", 1), told(3, "c", 1)]
    assert next_calls(calls, POLICY, 1000.0) == [
        Call("a", 2, "platform", "why"),
        Call("b", 2, "platform", "why", told_by="a"),
        Call("c", 2, "platform", "why", told_by="a"),
    ]


def test_when_the_one_that_spoke_for_an_outage_is_over_another_of_them_speaks() -> None:
    assert next_calls([told(2, "b", 1), told(3, "c", 1)], POLICY, 1000.0) == [
        Call("b", 2, "platform", "why"),
        Call("c", 2, "platform", "why", told_by="b"),
    ]
    reached = [told(2, "b", 1), told(3, "c", 1), one(4, "b", 2, at=1000.0), told(5, "c", 4, 2, at=1000.0)]
    assert next_calls(reached, POLICY, 3000.0) == []
    assert [call.level for call in next_calls(reached, POLICY, 3700.0)] == [3, 3]


def test_one_that_joins_an_outage_late_does_not_begin_the_levels_anew() -> None:
    calls = [one(1, "a"), one(2, "a", 2, at=1000.0), told(3, "late", 1, at=1500.0)]
    assert next_calls(calls, POLICY, 3000.0) == []
    assert [(call.episode, call.level, call.told_by) for call in next_calls(calls, POLICY, 3700.0)] == [
        ("a", 3, ""),
        ("late", 3, "a"),
    ]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an incident's past says of what comes next: the next rung, or first the undoing of the last."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ladder
from tests.unit.engine.made import plan

RESTORE = as_json(plan(mitigation="restore"))


def mitigation(name: str, permit: str = "p", state: str = "finished", **more: Any) -> Mitigation:
    known: dict[str, Any] = {
        "episode": "e",
        "target": "hetzner",
        "fence": 1,
        "remedy": "x",
        "plan": as_json(plan(mitigation=name, undo=RESTORE)),
        "plan_hash": "",
        "evidence_hash": "",
        "owner": "",
        "issued_at": 0.0,
        "expires_at": 0.0,
        "hold_for": 0.0,
        "verified": "not_healed",
    }
    return Mitigation(permit=permit, state=state, **{**known, **more})  # type: ignore[arg-type]


def test_what_did_not_heal_was_tried() -> None:
    assert ladder.tried([mitigation("restart"), mitigation("rollback", "q")]) == {"restart", "rollback"}


@pytest.mark.parametrize("verified", ["", "healed", "cannot_tell"])
def test_what_may_have_healed_or_broke_off_is_followed_by_nothing(verified: str) -> None:
    past = [mitigation("restart", verified=verified)]
    assert (ladder.tried(past), ladder.to_undo(past)) == (frozenset(), None)


def test_what_did_not_heal_is_to_be_undone_as_it_was_planned_then() -> None:
    past = [mitigation("restart")]
    found = ladder.to_undo(past)
    assert found is past[0]
    assert ladder.undo_plan(past[0]) == plan(mitigation="restore")


def test_a_mitigation_that_says_nothing_of_undoing_is_left_as_it_is() -> None:
    assert ladder.to_undo([mitigation("restart", plan=as_json(plan()))]) is None


@pytest.mark.parametrize("state", ["begun", "finished"])
def test_it_is_undone_once_however_that_went(state: str) -> None:
    undo = mitigation("restore", "q", state, undoes="p", verified="", outcome="failed")
    assert ladder.to_undo([mitigation("restart"), undo]) is None
    assert ladder.tried([mitigation("restart"), undo]) == {"restart"}


@pytest.mark.parametrize("state", ["void", "issued"])
def test_a_permit_to_undo_that_was_never_used_does_not_count(state: str) -> None:
    undo = mitigation("restore", "q", state, undoes="p", verified="")
    assert ladder.to_undo([mitigation("restart"), undo]) is not None


def test_only_the_latest_is_undone_and_not_what_came_before_it() -> None:
    past = [mitigation("restart"), mitigation("rollback", "q", plan=as_json(plan(mitigation="rollback")))]
    assert ladder.to_undo(past) is None

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What does not heal is taken back where the runbook says how, then followed by the next remedy, then by a human."""

from __future__ import annotations

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import close
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Died, Engine, Json


@pytest.fixture(autouse=True)
def firing(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """EdgeStuck fires, and the edge is down. No write of a dead sweep is under way, so none is waited for."""
    monkeypatch.setattr(close, "WRITE_SECONDS", 0.0)
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeStuck", {"cluster": "hetzner"})


def useless(_target: str, _remedy: Json) -> Json:
    return {"changed": True, "msg": "done"}


def done(engine: Engine) -> list[tuple[str, Json]]:
    return [(remedy["action"], remedy["arguments"]) for _target, remedy in engine.remedies]


def actions(engine: Engine) -> list[str]:
    return [action for action, _arguments in done(engine)]


def test_what_does_not_heal_is_undone_first_and_then_followed_by_the_next_rung(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], actions(engine)) == ("waiting", ["rollback"])
    assert "did not heal it" in case["headline"]
    assert "undoes it: roll_forward" in case["next"]
    assert case["escalations"] == []

    engine.sweep()
    case = estate.case()
    assert (case["outcome"], actions(engine)) == ("waiting", ["rollback", "rollback"])
    assert "step 2 of 2" in case["next"]
    assert case["escalations"] == []

    engine.remedy = engine.heal
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], actions(engine)) == ("healed", ["rollback", "rollback", "restart"])
    assert [one["mitigation"]["plan"]["mitigation"] for one in case["earlier"]] == ["rollback", "roll_forward"]


def test_it_is_undone_as_it_was_planned_then_whatever_the_evidence_says_now(engine: Engine, estate: Estate) -> None:
    before = estate["hetzner"].revision

    def rolling(_target: str, _remedy: Json) -> Json:
        estate["hetzner"].roll_out_badly()
        estate["hetzner"].hang()
        return {"changed": True}

    engine.remedy = rolling
    engine.sweep()
    engine.sweep()
    assert done(engine)[1][1]["to_revision"] == before


def test_when_nothing_is_left_to_be_tried_a_human_is_called_once_and_told_what_was_undone(
    engine: Engine, estate: Estate
) -> None:
    engine.remedy = useless
    for _sweep in range(5):
        engine.sweep()
        estate.later(90)
    case = estate.case()
    assert actions(engine) == ["rollback", "rollback", "restart"]
    assert [one.level for one in estate.ledger.escalations(case["id"])] == [1]
    assert "restart of DaemonSet traefik/traefik did not heal it" in case["escalations"][0]["why"]


def test_an_undo_that_fails_is_for_a_human_and_nothing_follows_it(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()

    def failing(_target: str, _remedy: Json) -> Json:
        raise RuntimeError("the API said no")

    engine.remedy = failing
    engine.sweep()
    case = estate.case()
    assert case["outcome"] == "failed"
    assert "the API said no" in case["escalations"][0]["why"]


def test_a_sweep_that_dies_before_the_undoing_leaves_it_to_the_next(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()
    discovered = engine.act("discover", {"only": {}})
    engine.act("assess", {"sweep": discovered})  # and dies with the permit in its hand
    estate.ledger.abandon_sweep(discovered["id"], "killed", estate.ledger.now())
    engine.sweep()
    assert actions(engine) == ["rollback", "rollback"]


def test_an_undo_that_dies_in_the_middle_is_not_begun_again(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()

    def dying(_target: str, _remedy: Json) -> Json:
        raise Died

    engine.remedy = dying
    with pytest.raises(Died):
        engine.sweep()
    (sweep,) = estate.ledger.sweeps(unfinished=True)
    estate.ledger.abandon_sweep(sweep.id, "killed", estate.ledger.now())
    engine.remedy = useless
    engine.sweep()
    assert actions(engine) == ["rollback", "rollback"]
    assert estate.case()["outcome"] == "interrupted"


def test_what_resolves_by_itself_before_the_undoing_is_left_as_it_is(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()
    estate["hetzner"].heal()
    estate.alertmanager.alerts.clear()
    engine.sweep()
    assert (estate.case()["outcome"], actions(engine)) == ("resolved", ["rollback"])

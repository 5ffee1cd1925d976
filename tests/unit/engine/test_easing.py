# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A silence hides an incident from humans: they are told first, it goes with the incident, and is renewed with it."""

from __future__ import annotations

import pytest

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine, Json

FOUR_HOURS = 4 * 3600.0


@pytest.fixture(autouse=True)
def firing(estate: Estate) -> None:
    """Noisy fires; its runbook silences it for 30 minutes, and calls the platform."""
    estate.alertmanager.fire("Noisy", {"cluster": "hetzner"})


@pytest.fixture
def silenced(engine: Engine) -> Engine:
    """An engine after the sweep that silenced it."""
    engine.remedy = did
    engine.sweep()
    return engine


def did(_target: str, _remedy: Json) -> Json:
    return {"changed": True, "msg": "done"}


def states(engine: Engine) -> list[str]:
    """What the remedies did, in order."""
    return [remedy["arguments"].get("state", "present") for _target, remedy in engine.remedies]


def test_a_human_is_called_before_it_is_silenced(engine: Engine, estate: Estate) -> None:
    called: list[int] = []

    def look(_target: str, remedy: Json) -> Json:
        called.append(len(estate.ledger.escalations(remedy["incident"])))
        return {"changed": True, "msg": "done"}

    engine.remedy = look
    engine.sweep()
    assert called == [1]
    assert len(estate.ledger.escalations(estate.case()["id"])) == 1


def test_while_it_holds_it_is_not_set_again_and_nobody_is_called_twice(silenced: Engine, estate: Estate) -> None:
    estate.later(600.0)
    silenced.sweep()
    case = estate.case()
    assert states(silenced) == ["present"]
    assert case["outcome"] == "escalated"
    assert "is in force" in case["headline"]
    assert len(estate.ledger.escalations(case["id"])) == 1


def test_it_is_renewed_when_its_time_is_over_and_the_incident_is_not(silenced: Engine, estate: Estate) -> None:
    estate.later(FOUR_HOURS)
    silenced.sweep()
    assert states(silenced) == ["present", "present"]


def test_the_engines_own_silence_does_not_hide_the_incident_from_it(silenced: Engine, estate: Estate) -> None:
    incident = estate.case()["id"]
    estate.alertmanager.silence(estate.alertmanager.alerts[0], f"oncall.remedy/{incident}")
    estate.later(FOUR_HOURS)
    silenced.sweep()
    assert states(silenced) == ["present", "present"]


def test_it_is_ended_when_the_alert_is_over_and_then_the_incident_is_closed(silenced: Engine, estate: Estate) -> None:
    estate.alertmanager.alerts.clear()
    estate.later(600.0)
    silenced.sweep()
    assert states(silenced) == ["present", "expired"]
    assert estate.case()["closed_at"] == 0.0

    estate.later(10.0)
    silenced.sweep()
    case = estate.case()
    assert (case["outcome"], states(silenced)) == ("resolved", ["present", "expired"])
    assert case["closed_at"]
    assert len(estate.ledger.escalations(case["id"])) == 1


def test_where_it_has_run_out_by_itself_nothing_is_ended(silenced: Engine, estate: Estate) -> None:
    estate.alertmanager.alerts.clear()
    estate.later(FOUR_HOURS)
    silenced.sweep()
    assert (estate.case()["outcome"], states(silenced)) == ("resolved", ["present"])


def test_what_may_not_be_ended_runs_out_by_itself_and_nobody_is_called_for_it(silenced: Engine, estate: Estate) -> None:
    estate.alertmanager.alerts.clear()
    estate.later(600.0)
    estate.hosts["hetzner"]["remedy_mode"] = "observe"
    silenced.sweep()
    case = estate.case()
    assert (case["outcome"], states(silenced)) == ("resolved", ["present"])
    assert "runs out by itself" in case["headline"]
    assert len(estate.ledger.escalations(case["id"])) == 1


def test_an_end_that_failed_is_not_tried_again_and_a_human_hears_of_it(silenced: Engine, estate: Estate) -> None:
    def refuse(_target: str, _remedy: Json) -> Json:
        raise RuntimeError("403")

    estate.alertmanager.alerts.clear()
    estate.later(600.0)
    silenced.remedy = refuse
    silenced.sweep()
    assert estate.case()["outcome"] == "failed"
    estate.later(600.0)
    silenced.sweep()
    assert (estate.case()["outcome"], states(silenced)) == ("resolved", ["present", "expired"])


def test_where_it_fires_again_before_it_is_ended_the_silence_stays(silenced: Engine, estate: Estate) -> None:
    estate.later(600.0)
    silenced.sweep()
    silenced.sweep()
    assert states(silenced) == ["present"]

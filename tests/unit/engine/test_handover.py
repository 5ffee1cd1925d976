# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An incident that a runbook hands over: the other one goes on with it, and where it cannot, a human hears why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.estate import RUNBOOKS, Estate
from tests.unit.engine.sweeping import Died, Engine, Json

SOON = 5.0
FIRST = {"runbook": "scrape_gone", "finding": "edge", "because": "traefik is the edge", "to": "edge_down"}


@pytest.fixture(autouse=True)
def firing(estate: Estate) -> None:
    """The edge hangs, and what fires is that it cannot be scraped."""
    estate["hetzner"].hang()
    estate.alertmanager.fire("ScrapeGone", {"cluster": "hetzner", "job": "traefik"})


@pytest.fixture
def handed(engine: Engine, estate: Estate) -> Engine:
    """An engine after the sweep that handed it over, when the next one is due."""
    engine.sweep()
    estate.later(SOON)
    return engine


def changed(estate: Estate, name: str, old: str, new: str) -> None:
    """From now on the runbooks are those of the tests, with one text in one of them replaced."""
    folder = Path(shutil.copytree(RUNBOOKS, estate.folder / "runbooks", dirs_exist_ok=True))
    book = folder / f"{name}.yml"
    assert old in book.read_text()
    book.write_text(book.read_text().replace(old, new))
    estate.settings["remedy_playbooks"] = [str(folder)]


def test_it_is_the_same_incident_and_nobody_is_called(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    case = estate.case()
    (episode,) = estate.ledger.episodes()
    assert (case["outcome"], case["runbook"], case["escalations"]) == ("waiting", "scrape_gone", [])
    assert (episode.id, episode.runbook, episode.why) == (case["id"], "edge_down", "handover")
    assert engine.remedies == []


def test_the_other_runbook_heals_it_and_the_case_tells_of_both(handed: Engine, estate: Estate) -> None:
    handed.sweep()
    case = estate.case()
    assert (case["outcome"], case["runbook"], case["alertname"]) == ("healed", "edge_down", "ScrapeGone")
    assert [{key: one[key] for key in FIRST} for one in case["handovers"]] == [FIRST]
    assert len(handed.remedies) == 1
    assert len(estate.cases()) == 1


def test_what_fires_on_for_a_moment_after_that_is_an_echo(handed: Engine, estate: Estate) -> None:
    handed.sweep()
    estate.later(SOON)
    handed.sweep()
    assert len(estate.cases()) == 1
    assert len(handed.remedies) == 1


def test_the_alert_that_opened_it_ends_it(handed: Engine, estate: Estate) -> None:
    estate["hetzner"].heal()
    estate.alertmanager.alerts.clear()
    handed.sweep()
    assert (estate.case()["outcome"], handed.remedies) == ("resolved", [])


def test_where_both_alerts_fire_it_is_mended_once_and_nobody_is_called(engine: Engine, estate: Estate) -> None:
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    engine.sweep()
    estate.later(SOON)
    engine.sweep()
    estate.alertmanager.alerts.clear()
    estate.later(60.0)
    engine.sweep()
    assert sorted(case["outcome"] for case in estate.cases()) == ["healed", "resolved"]
    assert [case["escalations"] for case in estate.cases()] == [[], []]
    assert len(engine.remedies) == 1


def test_a_run_of_the_other_runbook_alone_goes_on_with_it_and_hears_its_alert(handed: Engine, estate: Estate) -> None:
    handed.sweep({"runbook": "edge_down", "target": "", "inputs": {}})
    assert estate.case()["outcome"] == "healed"
    assert len(handed.remedies) == 1


def test_so_does_an_operators_run_for_its_target(handed: Engine, estate: Estate) -> None:
    handed.sweep({"runbook": "edge_down", "target": "hetzner", "inputs": {}})
    assert [(case["outcome"], case["origin"]) for case in estate.cases()] == [("healed", "alert")]


def test_a_run_of_the_first_runbook_alone_leaves_it_to_the_other(handed: Engine, estate: Estate) -> None:
    handed.sweep({"runbook": "scrape_gone", "target": "", "inputs": {}})
    assert (estate.case()["outcome"], handed.remedies) == ("waiting", [])


def test_where_the_other_finds_nothing_it_looks_twice_before_a_human_hears_what_both_say(
    handed: Engine, estate: Estate
) -> None:
    estate["hetzner"].heal()
    handed.sweep()
    assert (estate.case()["outcome"], estate.case()["escalations"]) == ("waiting", [])
    estate.later(60.0)
    handed.sweep()
    case = estate.case()
    assert (case["outcome"], len(case["escalations"])) == ("escalated", 1)
    assert "handed over by scrape_gone: traefik is the edge" in case["escalations"][0]["why"]
    assert "no finding of this runbook" in case["escalations"][0]["why"]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("scrape_gone", "handover: edge_down", "handover: edge_gone", "edge_gone"),
        ("edge_down", "alerts: [EdgeDown]", "alerts: [EdgeDown]\n      draft: true", "is a draft"),
        ("edge_down", "params:", "inputs:\n        node: {pattern: '[a-z]+'}\n\n      params:", "needs node"),
        ("edge_down", "{{ traefik_edge_url }}", "{{ no_such_variable }}", "no_such_variable"),
    ],
    ids=["there is none", "a draft", "an input is missing", "the inventory lacks something"],
)
def test_one_that_cannot_begin_is_given_nothing_and_a_human_hears_why(
    name: str, old: str, new: str, says: str, engine: Engine, estate: Estate
) -> None:
    changed(estate, name, old, new)
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], case["handovers"], engine.remedies) == ("escalated", [], [])
    (call,) = case["escalations"]
    assert call["to"] == "platform"
    assert "traefik is the edge" in call["why"]
    assert says in call["why"]


def test_an_input_of_the_other_runbook_comes_from_the_alert(engine: Engine, estate: Estate) -> None:
    changed(estate, "edge_down", "params:", "inputs:\n        node: {pattern: '[a-z0-9]+'}\n\n      params:")
    estate.alertmanager.alerts.clear()
    estate.alertmanager.fire("ScrapeGone", {"cluster": "hetzner", "job": "traefik", "node": "hetzner1"})
    engine.sweep()
    estate.later(SOON)
    engine.sweep()
    assert (estate.case()["outcome"], estate.case()["inputs"]) == ("healed", {"node": "hetzner1"})


def test_it_is_not_handed_round_in_a_circle(handed: Engine, estate: Estate) -> None:
    changed(estate, "edge_down", "          mitigate: restart", "          handover: scrape_gone")
    handed.sweep()
    case = estate.case()
    assert (case["outcome"], len(case["handovers"]), handed.remedies) == ("escalated", 1, [])
    assert "scrape_gone has handed it over itself" in case["escalations"][0]["why"]


def test_an_operators_own_run_is_told_what_to_run_next(engine: Engine, estate: Estate) -> None:
    estate.alertmanager.alerts.clear()
    engine.sweep({"runbook": "scrape_gone", "target": "hetzner", "inputs": {"job": "traefik"}})
    assert "ansible-playbook oncall.remedy.edge_down -e target=hetzner" in estate.case()["next"]


def test_a_sweep_that_died_after_it_was_handed_over_costs_nothing(handed: Engine, estate: Estate) -> None:
    def die(_target: str, _remedy: Json) -> Json:
        raise Died

    healing = handed.remedy
    handed.remedy = die
    with pytest.raises(Died):
        handed.sweep()
    handed.remedy = healing
    estate["hetzner"].heal()
    estate.later(4000.0)
    handed.sweep()
    case = estate.case()
    assert (case["runbook"], len(case["handovers"]), len(handed.remedies)) == ("edge_down", 1, 1)


@pytest.mark.parametrize(
    ("job", "outcome", "runbook"), [("traefik", "waiting", "edge_down"), ("shop", "escalated", "scrape_gone")]
)
def test_which_runbook_goes_on_may_be_data_and_an_empty_name_is_none(
    job: str, outcome: str, runbook: str, engine: Engine, estate: Estate
) -> None:
    changed(estate, "scrape_gone", "handover: edge_down", "handover: \"{{ 'edge_down' if job == 'traefik' else '' }}\"")
    estate.alertmanager.alerts.clear()
    estate.alertmanager.fire("ScrapeGone", {"cluster": "hetzner", "job": job})
    engine.sweep()
    (episode,) = estate.ledger.episodes()
    assert (estate.case()["outcome"], episode.runbook) == (outcome, runbook)

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every runbook in playbooks/ against its table of scenarios: what the witnesses answer, and what has to come of it."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import validated
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import documented, lint, loader, scenario
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.scenario import Rehearsal, Scenario

TABLES = Path(__file__).parent
PLAYBOOKS = TABLES.parent.parent / "playbooks"
NAMES = catalogue(PLAYBOOKS).names


@functools.cache
def book(name: str) -> Runbook:
    return loader.load(PLAYBOOKS / f"{name}.yml")


@functools.cache
def scenarios(name: str) -> tuple[Scenario, ...]:
    path = TABLES / f"{name}.yml"
    return scenario.load_table(path).scenarios if path.is_file() else ()


ALL = [pytest.param(name, one, id=f"{name}: {one.name}") for name in NAMES for one in scenarios(name)]


def test_there_are_runbooks_and_all_of_them_can_be_found() -> None:
    found = catalogue(PLAYBOOKS)
    assert found.problems == []
    assert found.alerts


@pytest.mark.parametrize("name", NAMES)
def test_the_static_check_finds_nothing(name: str) -> None:
    assert [str(problem) for problem in lint.check(PLAYBOOKS / f"{name}.yml")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_the_table_of_this_runbook_and_no_scenario_has_its_name_twice(name: str) -> None:
    assert scenario.load_table(TABLES / f"{name}.yml").runbook == name
    titles = [one.name for one in scenarios(name)]
    assert sorted(titles) == sorted(set(titles))


def test_every_table_has_its_runbook() -> None:
    assert {path.stem for path in TABLES.glob("*.yml")} <= set(NAMES)


@pytest.mark.parametrize(("name", "one"), ALL)
def test_what_comes_out_is_what_the_scenario_says(name: str, one: Scenario) -> None:
    assert one.differences(book(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_reach_every_finding_and_use_every_mitigation(name: str) -> None:
    diagnoses = [one.diagnose(book(name)) for one in scenarios(name)]
    reached = {found.chosen for found in diagnoses}
    planned = {found.plan.mitigation for found in diagnoses if found.plan}
    undone = {found.plan.undo["mitigation"] for found in diagnoses if found.plan and found.plan.undo}
    assert {finding.name for finding in book(name).findings} - reached == set()
    assert book(name).mitigations.keys() - planned - undone == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_have_a_silent_witness_that_leaves_the_runbook_undecided(name: str) -> None:
    assert any(found.undecided and not found.chosen for found in (one.diagnose(book(name)) for one in scenarios(name)))


@pytest.mark.parametrize(("name", "one"), ALL)
def test_losing_a_witness_never_brings_about_an_action(name: str, one: Scenario) -> None:
    """Each witness falls silent in turn: the same plan as before may stand, another one may not."""
    before = one.diagnose(book(name))
    for evidence in asked(one.rehearse(book(name))):
        after = one.without(evidence).diagnose(book(name))
        assert after.plan in (None, before.plan), evidence
        assert after.chosen in ("", before.chosen), evidence
        if evidence in read_by(name, before.chosen):
            assert after.plan is None, evidence


def asked(rehearsal: Rehearsal) -> list[str]:
    return [name for name in rehearsal.asked if rehearsal.evidence[name].state == "ok"]


def read_by(name: str, chosen: str) -> frozenset[str]:
    """The evidence that the chosen finding's own conditions read, with what it needs in turn."""
    conditions = [condition for finding in book(name).findings if finding.name == chosen for condition in finding.when]
    named = frozenset(word for condition in conditions for word in condition.names)
    return book(name).with_needs(named & book(name).evidence.keys())


@pytest.mark.parametrize(("name", "one"), ALL)
def test_the_probes_take_the_options_that_they_would_be_asked_with(name: str, one: Scenario) -> None:
    for evidence, options in one.rehearse(book(name)).asked.items():
        interface = documented.interface(book(name).evidence[evidence].probe)
        assert interface is not None
        validated({option: dict(rule) for option, rule in interface.options.items()}, options)


@pytest.mark.parametrize(("name", "one"), ALL)
def test_the_answers_have_members_that_the_probes_document(name: str, one: Scenario) -> None:
    for evidence, value in one.answers.items():
        members = lint.documented_members(book(name).evidence[evidence])
        if members is not None:
            assert isinstance(value, dict), evidence
            assert set(value) - set(members) == set(), evidence


def test_a_scenario_that_expects_something_else_fails() -> None:
    """The tables could not be wrong if the comparison could not be."""
    name, one = NAMES[0], scenarios(NAMES[0])[0]
    wrong = dataclasses.replace(one, expect={**one.expect, "finding": "another", "handover": "elsewhere"})
    assert len(wrong.differences(book(name))) == 2

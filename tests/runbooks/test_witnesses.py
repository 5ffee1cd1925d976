# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each witness of each playbook silent, slow, refused and wrong, one at a time, in each situation of its table.

Nothing is planned that the full and true evidence would not have allowed. What comes of it all is docs/witnesses.md.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from tests.support import verdicts, witness_page
from tests.support.witness_exceptions import ACCEPTED
from tests.support.witnesses import (
    EFFECTS,
    MANNERS,
    UNDECIDED,
    WRITES,
    Heard,
    Situation,
    heard,
    lies,
    situations,
    through_gatherer,
)

NAMES = witness_page.NAMES


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("playbook", NAMES)
def test_a_witness_that_says_nothing_brings_about_no_plan(playbook: str, manner: str) -> None:
    everything = heard(playbook, manner)
    assert len(everything) > 100
    for one in everything:
        assert one.evidence[one.witness].state == "failed", told(one)
        assert one.evidence[one.witness].value is None
        assert one.situation.concluded(one.evidence) != WRITES, told(one)


@pytest.mark.parametrize("playbook", NAMES)
def test_a_witness_that_is_late_is_one_that_is_silent(playbook: str) -> None:
    """Not only to the same end: all evidence has the same state, so whatever reads it cannot tell the difference."""
    silent, slow = (heard(playbook, manner) for manner in ("silent", "slow"))
    for one, other in zip(silent, slow, strict=True):
        assert one.witness == other.witness
        assert states(one) == states(other), told(other)
    late = {one.evidence[one.witness].reason.rsplit(" ", 2)[0] for one in slow}
    assert "no answer within" in late


def states(one: Heard) -> dict[str, tuple[str, object]]:
    return {name: (answer.state, answer.value) for name, answer in one.evidence.items()}


def told(one: Heard) -> str:
    return f"{one.situation.scenario.name}, without {one.witness}"


@pytest.mark.parametrize("playbook", NAMES)
def test_one_lie_brings_about_no_plan_but_those_that_are_accepted_and_explained(playbook: str) -> None:
    effects = witness_page.lying(playbook)
    assert sum(effects.values(), Counter()).total() > 1000
    planned = {(witness, effect) for witness in effects for effect in effects[witness] if effect not in EFFECTS}
    explained = {(witness, one.mitigation) for one in ACCEPTED if one.playbook == playbook for witness in one.witnesses}
    assert planned - explained == set(), "a plan on one lie that nobody has explained"
    assert explained - planned == set(), "an exception that is none any more"


def test_every_playbook_has_its_exceptions_for_mitigations_that_it_has() -> None:
    for one in ACCEPTED:
        assert one.playbook in NAMES
        assert one.mitigation in situations(one.playbook)[0].book.mitigations


@pytest.mark.parametrize(
    ("mitigation", "demanded"),
    [("rollback", {"expected_revision", "owner"}), ("repair_service_monitor", {"resource_version", "owner"})],
)
def test_the_preconditions_that_exceptions_rest_on_are_demanded(mitigation: str, demanded: set[str]) -> None:
    plans = [one.truth.plan for one in situations("traefik_down") if one.truth.plan]
    arguments = [plan.arguments for plan in plans if plan.mitigation == mitigation]
    assert arguments
    for given in arguments:
        assert demanded <= given.keys() | given["precondition"].keys()


def test_a_silence_cures_nothing_and_never_comes_without_a_call() -> None:
    found = [
        one.truth for one in situations("target_down") if one.truth.plan and one.truth.plan.mitigation == "silence"
    ]
    assert found
    for one in found:
        assert one.plan is not None
        assert not one.plan.cures
        assert one.escalate


@pytest.mark.parametrize("playbook", NAMES)
def test_silence_is_never_taken_for_health(playbook: str) -> None:
    for witness, (silent, beside, _wrong) in verdicts.rows(playbook).items():
        assert silent.total() > 0, witness
        assert silent["healed"] == beside["healed"] == 0, witness


def test_a_diagnosis_that_rests_on_one_witness_is_found_out() -> None:
    """The other tests could not fail if this one could."""
    table = tuple(credulous(one) for one in situations("traefik_down"))
    one = next(one for one in table if one.scenario.name == "nothing is wrong")
    effects = {one.told("edge", lie.answer) for lie in lies(one, "edge", table)}
    assert WRITES in effects
    assert {each.situation.concluded(each.evidence) for each in through_gatherer((one,), "silent")} >= {UNDECIDED}


def credulous(situation: Situation) -> Situation:
    """The same, but the edge alone says that there is an outage."""
    findings = [
        dataclasses.replace(finding, when=finding.when[:1]) if finding.name == "edge_outage" else finding
        for finding in situation.book.findings
    ]
    return dataclasses.replace(situation, book=dataclasses.replace(situation.book, findings=tuple(findings)))


def test_the_page_says_what_comes_of_it_today() -> None:
    written = witness_page.PAGE.read_text(encoding="utf-8")
    assert written == witness_page.page(), "run: python -m tests.support.witness_page"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an incident stands when a sweep leaves it: who hears of it, and when it is looked at again."""

from __future__ import annotations

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Condition, Diagnosis, Finding, Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from tests.unit.engine.made import diagnosis, plan, verification

BECAUSE = "the edge is down"
HOLDS = (Verdict("cooldown", False, "done 5 min ago"), Verdict("mode", True, "act"))

TOLD: dict[str, Ending] = {
    "refused": ending.refused("X", "no playbook handles X"),
    "broken off": ending.broken_off("it fell over"),
    "undecided": ending.undecided(diagnosis(undecided=("a",))),
    "nothing found": ending.nothing_found(operator=False),
    "nothing found by the second runbook": ending.nothing_found(operator=False, handed="handed over by target_down: x"),
    "not handed over": ending.not_handed_over(
        diagnosis(handover="traefik_down"), "the runbook traefik_down is a draft."
    ),
    "proposed": ending.proposed(diagnosis(), "restart it"),
    "told": ending.told(diagnosis()),
    "held": ending.held(diagnosis(), plan(), HOLDS, quiet=False),
    "failed": ending.failed(BECAUSE, plan(), "403", ""),
    "eased": ending.eased(BECAUSE, plan(cures=False, undo={}), ""),
    "still eased": ending.still_eased(diagnosis(), plan(cures=False, undo={})),
    "not healed": ending.verified(BECAUSE, plan(), verification("not_healed"), ""),
    "cannot tell": ending.verified(BECAUSE, plan(), verification("cannot_tell"), ""),
    "interrupted": ending.verified(BECAUSE, plan(), verification("not_healed"), "", "the target was lost"),
}
UNTOLD: dict[str, Ending] = {
    "resolved": ending.resolved(),
    "nothing found by an operator": ending.nothing_found(operator=True),
    "perhaps over": ending.perhaps_over("handed over by target_down: x"),
    "handed over": ending.handed_over(diagnosis(handover="traefik_down")),
    "waiting": ending.waiting(diagnosis(wait=300.0, looks=1)),
    "observed": ending.observed(diagnosis(), plan()),
    "held by what lets go": ending.held(diagnosis(), plan(), HOLDS, quiet=True),
    "a step is done": ending.eased(BECAUSE, plan(cures=False), ""),
    "what eased was ended": ending.released(plan()),
    "what eased is ended later": ending.kept_easing(plan(), True, (Verdict("lease", False, "held", lets_go=True),)),
    "what eased runs out": ending.kept_easing(plan(), True, HOLDS),
    "never used": ending.never_used(BECAUSE, plan()),
    "previewed": ending.previewed(BECAUSE, plan()),
    "verifying": ending.verifying(BECAUSE, plan(), 100.0),
    "healed": ending.verified(BECAUSE, plan(), verification("healed"), ""),
}


@pytest.mark.parametrize("one", TOLD.values(), ids=TOLD)
def test_what_the_engine_cannot_settle_reaches_a_human_and_stays_open(one: Ending) -> None:
    assert one.escalate
    assert one.left == "waiting"


@pytest.mark.parametrize("one", UNTOLD.values(), ids=UNTOLD)
def test_nobody_is_called_for_what_settles_itself(one: Ending) -> None:
    assert one.escalate == ""


@pytest.mark.parametrize("one", [*TOLD.values(), *UNTOLD.values()], ids=[*TOLD, *UNTOLD])
def test_a_headline_and_what_follows_are_sentences(one: Ending) -> None:
    for text in (one.headline, one.following):
        assert text[0].isupper()
        assert "  " not in text
    assert one.following.endswith(".")


@pytest.mark.parametrize("one", [*TOLD.values(), *UNTOLD.values()], ids=[*TOLD, *UNTOLD])
def test_what_stays_open_has_a_time_at_which_it_is_looked_at_again(one: Ending) -> None:
    assert one.left == "closed" or one.due_in > 0


def test_a_finding_that_wants_a_human_beside_its_mitigation_gets_one_even_if_that_healed() -> None:
    one = ending.verified(BECAUSE, plan(), verification("healed"), "platform")
    assert (one.outcome, one.left, one.to) == ("healed", "closed", "platform")
    assert BECAUSE in one.escalate


def test_what_broke_off_and_is_well_nevertheless_is_healed() -> None:
    assert ending.verified(BECAUSE, plan(), verification("healed"), "", "the target was lost").outcome == "healed"


def test_who_is_called_comes_from_the_finding() -> None:
    assert ending.told(diagnosis(escalate="network")).to == "network"
    assert ending.proposed(diagnosis(escalate="network"), "x").to == "network"


def test_undecided_says_what_the_witness_said_once() -> None:
    unknown = Condition("healthy.value > 0", "unknown", reason="healthy is unknown: connection refused")
    findings = (Finding("a", "unknown", (unknown,)), Finding("b", "unknown", (unknown,)))
    one = ending.undecided(Diagnosis(findings, undecided=("a", "b")))
    assert one.headline.count("connection refused") == 1


def test_what_is_being_verified_is_due_again_soon_and_not_after_its_time() -> None:
    assert ending.verifying(BECAUSE, plan(), 10.0).due_in == 10.0
    assert ending.verifying(BECAUSE, plan(), 1000.0).due_in == ending.SOON

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate as a whole: everybody is asked, nothing opens it by mistake, and what comes of the answers."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS, GateInput, decide, verdicts
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash, remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict
from tests.unit.gate.views import (
    DIAGNOSIS,
    EVIDENCE,
    NOW,
    PLAN,
    answer,
    evidence,
    lease,
    mitigation,
    plan,
    standing,
    view,
)


def test_a_plan_that_every_guard_lets_pass_is_carried_out() -> None:
    decision = decide(view())
    assert decision.answer == "act"
    assert decision.reason == f"all {len(GUARDS)} guards pass"
    assert decision.held_by == ()


def test_all_guards_are_asked_also_after_one_has_held() -> None:
    nothing_fine = view(
        kill_switch="present",
        mode="observe",
        draft=True,
        alert_state="gone",
        evidence={},
        standing=None,
        plan=plan(owner="Argo CD application edge"),
    )
    decision = decide(nothing_fine)
    assert len(decision.verdicts) == len(GUARDS)
    assert decision.held_by == decision.verdicts


def test_the_verdicts_come_in_the_order_of_the_list() -> None:
    assert [one.guard for one in verdicts(view())] == [
        "kill switch",
        "mode",
        "runbook",
        "still firing",
        "not silenced",
        "evidence",
        "lease",
        "nothing unfinished",
        "not tried",
        "cooldown",
        "owner",
    ]


@pytest.mark.parametrize(
    ("seen", "answer", "says"),
    [
        (view(mode="propose"), "propose", "as set, the change is shown to a human"),
        (view(draft=True), "propose", "runbook: a draft"),
        (
            view(plan=plan(owner="Helm release x")),
            "propose",
            "traefik belongs to Helm release x",
        ),
        (view(mode="propose", alert_state="resolved"), "hold", "still firing: it has resolved meanwhile"),
        (view(mode="propose", kill_switch="present"), "hold", "kill switch"),
        (view(mode="observe"), "observe", "only watched"),
        (view(mode="observe", draft=True, alert_state="gone"), "observe", "only watched"),
        (view(mode="atc"), "hold", "mode: remedy_mode is 'atc'"),
        (view(mode=None, draft=True), "hold", "remedy_mode is not set"),
        (view(standing=None), "hold", "lease: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_comes_of_it(seen: GateInput, answer: str, says: str) -> None:
    decision = decide(seen)
    assert decision.answer == answer
    assert says in decision.reason


def test_the_reason_of_a_hold_does_not_speak_of_what_would_only_propose() -> None:
    assert decide(view(mode="propose", standing=None)).reason.startswith("lease: ")


def broken_guard(seen: GateInput) -> Verdict:
    raise KeyError("nobody thought of this")


def silent_guard(seen: GateInput) -> Any:
    return None


def guard_of_another_mind(seen: GateInput) -> Verdict:
    return Verdict("guard of another mind", "yes", "truthy is not true")  # type: ignore[arg-type]


@pytest.mark.parametrize("guard", [broken_guard, silent_guard, guard_of_another_mind])
def test_a_guard_that_gives_no_verdict_holds_and_is_named(guard: Any) -> None:
    decision = decide(view(), (*GUARDS, guard))
    assert decision.answer == "hold"
    assert [one.guard for one in decision.held_by] == [guard.__name__.replace("_", " ")]
    assert "cannot be told" in decision.reason


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(GateInput)])
def test_what_makes_no_sense_at_all_never_opens_the_gate(field: str) -> None:
    only_names = {"target", "episode", "sweep", "own_silences"}
    decision = decide(view(**{field: object()}))
    assert len(decision.verdicts) == len(GUARDS)
    assert decision.answer != "act" or field in only_names


# What is fine for each part of the picture, and what is not.
PARTS: dict[str, tuple[list[Any], list[Any]]] = {
    "kill_switch": (["absent"], ["present", "unreadable", None]),
    "mode": (["act", {"medium": "act"}], ["propose", "observe", {"low": "act"}, None, 1]),
    "draft": ([False], [True, None]),
    "alert_state": (["firing", "not_needed"], ["silenced", "inhibited", "resolved", "gone", "unknown"]),
    "silenced_by": ([()], [("s",)]),
    "inhibited_by": ([()], [("f",)]),
    "evidence": (
        [EVIDENCE],
        [{}, evidence(pods=answer("pods", state="failed")), evidence(edge=answer("edge", asked_at=0.0))],
    ),
    "diagnosis": ([DIAGNOSIS], [dataclasses.replace(DIAGNOSIS, chosen=""), dataclasses.replace(DIAGNOSIS, used=())]),
    "standing": (
        [standing(), standing(lease=lease()), standing(history=(mitigation(),))],
        [
            None,
            standing(lease=lease(owner="other")),
            standing(unfinished=(mitigation(state="begun"),)),
            standing(history=(mitigation(ended_at=NOW - 1),)),
            standing(history=(mitigation(episode="e1"),)),
        ],
    ),
    "plan": ([PLAN, plan(cooldown=0.0)], [plan(owner="Terraform"), plan(cooldown=-1.0)]),
}


@given(st.data())
def test_it_acts_if_and_only_if_everything_is_fine(data: st.DataObject) -> None:
    spoilt = data.draw(st.sets(st.sampled_from(sorted(PARTS)), max_size=3))
    picture = {
        part: data.draw(st.sampled_from(wrong if part in spoilt else fine)) for part, (fine, wrong) in PARTS.items()
    }
    if isinstance(picture["plan"], type(PLAN)) and picture["plan"].cooldown == 0.0 and spoilt == {"standing"}:
        return  # without a cooldown the history does not matter
    assert (decide(view(**picture)).answer == "act") is (not spoilt)


# ---- what a permit is bound to


def test_a_remedy_is_what_is_done_and_to_which_object() -> None:
    assert remedy_of(PLAN) == "oncall.remedy.traefik.restart DaemonSet/traefik/traefik"
    assert remedy_of(plan(mitigation="another word for it")) == remedy_of(PLAN)
    assert remedy_of(plan(touches="DaemonSet/other/traefik")) != remedy_of(PLAN)


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(PLAN)])
def test_any_other_plan_has_another_hash(field: str) -> None:
    assert plan_hash(plan(**{field: "another"})) != plan_hash(PLAN)
    assert plan_hash(plan()) == plan_hash(PLAN)


def test_the_hash_of_the_evidence_follows_the_verdicts_and_not_the_numbers() -> None:
    (finding,) = DIAGNOSIS.findings
    same = dataclasses.replace(DIAGNOSIS, findings=(dataclasses.replace(finding, because="3 of 3 are silent"),))
    other = dataclasses.replace(DIAGNOSIS, findings=(dataclasses.replace(finding, truth="unknown"),))
    assert evidence_hash(same) == evidence_hash(DIAGNOSIS)
    assert evidence_hash(other) != evidence_hash(DIAGNOSIS)
    assert evidence_hash(dataclasses.replace(DIAGNOSIS, chosen="")) != evidence_hash(DIAGNOSIS)

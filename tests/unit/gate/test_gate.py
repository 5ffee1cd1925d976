# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate as a whole: everybody is asked, nothing opens it by mistake, and what comes of the answers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS, GateInput, decide, lets_go, verdicts
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import Cohort, Storm
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash, remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Plan, Verdict
from tests.unit.gate.views import (
    DIAGNOSIS,
    EVIDENCE,
    NOW,
    PLAN,
    answer,
    approval,
    evidence,
    healed,
    lease,
    mitigation,
    on_rack,
    pause,
    plan,
    relapse,
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
        plan=plan(owner="Argo CD application edge", disturbs=None),
        pauses=None,
        opt_out=None,
        maintenance=None,
        patience=None,
        blast_radius=None,
        cohort=None,
        storm=None,
        recurrence=None,
        approvals_readable=False,
        silenced_by=("s",),
    )
    decision = decide(nothing_fine)
    assert len(decision.verdicts) == len(GUARDS)
    assert decision.held_by == decision.verdicts


def test_a_plan_that_only_ends_an_easing_waits_for_no_alert_and_for_everything_else() -> None:
    over = view(releases=True, undoes="p1", alert_state="gone", firing_since=None, evidence={})
    decision = decide(over)
    assert decision.answer == "act"
    assert [one.guard for one in decision.verdicts] == [one.guard for one in verdicts(view())]
    assert decide(dataclasses.replace(over, kill_switch="present")).answer == "hold"
    assert decide(dataclasses.replace(over, releases=False)).answer == "hold"


def test_what_ends_an_easing_has_to_say_which() -> None:
    decision = decide(view(releases=True))
    assert decision.answer == "hold"
    assert [one.guard for one in decision.held_by] == ["approval"]


def test_the_verdicts_come_in_the_order_of_the_list() -> None:
    assert [one.guard for one in verdicts(view())] == [
        "kill switch",
        "pause",
        "maintenance",
        "opt out",
        "mode",
        "runbook",
        "still firing",
        "not silenced",
        "patience",
        "storm",
        "evidence",
        "owner",
        "not tried",
        "cooldown",
        "recurrence",
        "helps elsewhere",
        "blast radius",
        "at once",
        "lease",
        "nothing unfinished",
        "approval",
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
        (view(opt_out="by hand only"), "propose", "opt out: hetzner is opted out in the inventory: by hand only"),
        (view(mode="approve"), "ask", "approval: mode approve for medium risk; nobody was asked yet"),
        (view(mode="approve", approval=approval()), "act", "guards pass"),
        (view(mode="approve", approval=approval(state="waiting")), "ask", "waits for an answer"),
        (view(mode="approve", approval=approval(state="void")), "ask", "asked anew"),
        (view(mode="approve", approval=approval(plan_hash="another")), "ask", "asked anew"),
        (view(mode="approve", approval=approval(state="rejected", plan_hash="another")), "ask", "asked anew"),
        (view(mode="approve", approval=approval(state="rejected")), "hold", "approval: 1a2b3c4d was rejected by ana"),
        (view(mode="approve", approvals_readable=False), "hold", "approval: it cannot be told"),
        (view(mode="approve", kill_switch="present"), "hold", "kill switch: pulled"),
        (view(mode="approve", pauses=(pause(),)), "hold", "pause: hetzner is paused by ana"),
        (view(mode="approve", draft=True), "propose", "runbook: a draft"),
        (view(mode="approve", plan=plan(owner="Helm")), "propose", "belongs to Helm"),
        (view(standing=standing(relapses=(relapse(1),))), "ask", "needed although the mode is act"),
        (view(mode="propose", approval=approval(state="rejected")), "hold", "was rejected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_comes_of_it(seen: GateInput, answer: str, says: str) -> None:
    decision = decide(seen)
    assert decision.answer == answer
    assert says in decision.reason


@pytest.mark.parametrize(
    ("seen", "quiet"),
    [
        (view(pauses=(pause(),)), True),
        (view(pauses=(pause(),), standing=standing(lease=lease(owner="s2"))), True),
        (view(pauses=(pause(),), kill_switch="present"), False),
        (view(maintenance=None), False),
        (view(), True),
    ],
)
def test_nobody_is_called_if_all_that_hold_let_go_by_themselves(seen: GateInput, quiet: bool) -> None:
    assert lets_go(verdicts(seen)) is quiet


def test_the_reason_of_a_hold_does_not_speak_of_what_would_only_propose() -> None:
    assert decide(view(mode="propose", pauses=(pause(),))).reason.startswith("pause: ")


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
    decision = decide(on_rack(**{field: object()}))
    assert len(decision.verdicts) == len(GUARDS)
    assert decision.answer != "act" or field in only_names


# What is fine for each part of the picture, what is not, and what cannot be read.
PARTS: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "kill_switch": (["absent"], ["present"], ["unreadable", None, "?"]),
    "mode": (
        ["act", {"medium": "act"}, {"medium": "act", "high": "observe"}],
        ["propose", "observe", "approve"],
        [{"low": "act"}, None, 1, "Act", True, {"medium": "act", "low": "?"}],
    ),
    "draft": ([False], [True], [None, 0]),
    "alert_state": (["firing"], ["silenced", "inhibited", "resolved", "gone"], ["unknown", None]),
    "silenced_by": ([()], [("s",)], [None]),
    "inhibited_by": ([()], [("f",)], [("",)]),
    "evidence": (
        [EVIDENCE],
        [evidence(edge=answer("edge", asked_at=0.0))],
        [{}, None, evidence(pods=answer("pods", state="failed"))],
    ),
    "diagnosis": (
        [DIAGNOSIS],
        [dataclasses.replace(DIAGNOSIS, chosen="")],
        [None, dataclasses.replace(DIAGNOSIS, used=()), dataclasses.replace(DIAGNOSIS, undecided=("x",))],
    ),
    "standing": (
        [standing(), standing(lease=lease()), standing(history=(mitigation(),)), standing(history=(healed(2),))],
        [
            standing(lease=lease(owner="other")),
            standing(unfinished=(mitigation(state="begun"),)),
            standing(history=(mitigation(episode="e1"),)),
            standing(history=(healed(2), healed(3), healed(4))),
            standing(relapses=(relapse(1),)),
        ],
        [None, standing(since=NOW - 30)],
    ),
    "plan": (
        [PLAN, plan(disturbs=1), plan(disturbs=0, among=0)],
        [plan(owner="Terraform"), plan(disturbs=3)],
        [None, plan(cooldown=-1.0), plan(disturbs=None), plan(among=True), plan(owner=None), plan(disturbs=4)],
    ),
    "pauses": ([(), (pause(target="other"),)], [(pause(),), (pause(target=""),)], [None, (None,)]),
    "opt_out": ([""], ["by hand only"], [None, 0, False]),
    "maintenance": (
        [{"hetzner": []}],
        [{"hetzner": [{"from": "2026-11-21", "until": "2026-11-22"}]}],
        [None, {}, {"hetzner": None}, {"hetzner": [{"from": "2026-11-21"}]}],
    ),
    "patience": ([0.0, 600], [3600.0], [None, math.nan, math.inf, -1, True, "2m"]),
    "firing_since": ([NOW - 600, NOW - 9e6], [], [None, math.nan, -1.0, NOW + 3600, True]),
    "blast_radius": (["50%", 1, "2"], [], [None, "half", -1, 0.5, True]),
    "cohort": (
        [Cohort("g", 0, None), Cohort("g", 1, 2), Cohort("g", 0, None, ("b",)), Cohort("g", 0, 1, ("hetzner",))],
        [Cohort("g", 1, 1), Cohort("g", 0, 0), Cohort("g", 0, 1, ("b",))],
        [None, Cohort("g", -1, 1), Cohort("g", True, 2), Cohort("g", 0, True)],
    ),
    "storm": (
        [Storm(False, 9, 10, 5)],
        [Storm(True, 6, 10, 5), Storm(False, 10, 10, 5), Storm(False, 0, 10, 5, monitor="blind")],
        [None, Storm(False, 0, 10, 5, monitor_unknown="silent"), Storm(None, 0, 10, 5)],  # type: ignore[arg-type]
    ),
    "recurrence": (
        [{"times": 3, "within": "24h"}, {"times": 2, "within": "36h"}],
        [{"times": 0, "within": "24h"}],
        [None, 3, {}, {"times": 3}, {"times": True, "within": 60}, {"times": 3, "within": "?"}],
    ),
    "approval": ([None, approval(), approval(state="used")], [approval(state="rejected")], ["yes", 1]),
    "approvals_readable": ([True], [], [False, None, 1]),
    "trusted_since": ([0.0, NOW - 60], [], [None, math.nan, -1.0, NOW + 3600, True]),
    "must_hold": ([3600.0], [], [None, math.nan, -1.0, True]),
}
Picture = dict[str, Any]


@st.composite
def pictures(draw: st.DrawFn, bad: tuple[str, ...] = ("wrong", "unreadable")) -> tuple[Picture, set[str]]:
    """A picture, and which of its parts are not in order."""
    able = [part for part, (_, wrong, unreadable) in PARTS.items() if ("wrong" in bad and wrong) or unreadable]
    spoilt = draw(st.sets(st.sampled_from(sorted(able)), max_size=3))
    picture: Picture = {}
    for part, (fine, wrong, unreadable) in PARTS.items():
        worse = (wrong if "wrong" in bad else []) + (unreadable if "unreadable" in bad else [])
        picture[part] = draw(st.sampled_from(worse if part in spoilt else fine))
    if isinstance(picture["approval"], Approval) and isinstance(picture["plan"], Plan) and picture["diagnosis"]:
        plan_, evidence_ = plan_hash(picture["plan"]), evidence_hash(picture["diagnosis"])
        picture["approval"] = dataclasses.replace(picture["approval"], plan_hash=plan_, evidence_hash=evidence_)
    return picture, spoilt


def is_fine(picture: Picture) -> bool:
    """Parts that make up for one another: an approval that was given counts where one is wanted; a heal that did not
    hold is forgiven by trust that is younger."""
    wants_yes = picture["mode"] == "approve" or bool(getattr(picture["standing"], "relapses", ()))
    return wants_yes or (picture["plan"] == plan(disturbs=3) and picture["blast_radius"] not in ("50%", 1))


@given(pictures())
def test_it_acts_if_and_only_if_everything_is_fine(drawn: tuple[Picture, set[str]]) -> None:
    picture, spoilt = drawn
    answer_ = decide(view(**picture)).answer
    assert not (spoilt - {"mode", "standing"} and answer_ == "act")
    assert spoilt or answer_ == "act"
    if not is_fine(picture):
        assert (answer_ == "act") is (not spoilt)


@given(pictures(bad=("unreadable",)))
def test_nothing_that_cannot_be_read_opens_the_gate(drawn: tuple[Picture, set[str]]) -> None:
    picture, spoilt = drawn
    decision = decide(view(**picture))
    assert len(decision.verdicts) == len(GUARDS)
    assert (decision.answer in ("act", "ask")) is (not spoilt)


@given(pictures(), st.data())
def test_one_more_objection_never_opens_the_gate(drawn: tuple[Picture, set[str]], data: st.DataObject) -> None:
    picture, spoilt = drawn
    others = sorted(PARTS.keys() - spoilt)
    worse = {
        part: data.draw(st.sampled_from([*PARTS[part][1], *PARTS[part][2]]))
        for part in data.draw(st.sets(st.sampled_from(others), min_size=1, max_size=3))
    }
    before, after = decide(view(**picture)), decide(view(**{**picture, **worse}))
    if before.answer != "act":
        assert after.answer != "act"
        assert {one.guard for one in before.held_by} <= {one.guard for one in after.held_by} | {"approval", "mode"}


@given(pictures())
def test_a_guard_that_always_holds_closes_the_gate_to_everything(drawn: tuple[Picture, set[str]]) -> None:
    decision = decide(view(**drawn[0]), (*GUARDS, broken_guard))
    assert decision.answer in ("hold", "observe")


@given(pictures(), st.sampled_from(["present", "unreadable", None, "Absent", True]))
def test_the_kill_switch_beats_everything(drawn: tuple[Picture, set[str]], pulled: Any) -> None:
    decision = decide(view(**{**drawn[0], "kill_switch": pulled}))
    assert decision.answer in ("hold", "observe")
    assert decision.verdicts[0].guard == "kill switch"
    assert not decision.verdicts[0].passes


@given(st.dictionaries(st.sampled_from([one.name for one in dataclasses.fields(GateInput)]), st.none() | st.integers()))
def test_garbage_raises_nothing(garbage: dict[str, Any]) -> None:
    decision = decide(view(**garbage))
    assert len(decision.verdicts) == len(GUARDS)
    assert all(one.reason for one in decision.verdicts)


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

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Three-valued diagnosis: what is true, false and unknown, and that not knowing never leads to an action."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import (
    Answer,
    Ask,
    Fail,
    Skip,
    diagnose,
    judge,
    question_state,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Condition
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from tests.unit.notation.books import SAMPLE, SCOPE, book, known, told

PODS = {"ready": 0, "total": 3, "crashing": [], "names": ["a", "b", "c"]}
EDGE = {"ok": 0, "total": 3}
NOT_ASKED = told("crash", state="skipped", reason="not asked: pods.crashing | length > 0 is false")
SILENT = "no answer within 5 s"


def silent(name: str) -> Evidence:
    return told(name, state="failed", reason=SILENT)


def diagnosed(made: Runbook, looks: int = 0, **values: Any) -> Diagnosis:
    evidence = known(**{"pods": PODS, "edge": EDGE, "crash": NOT_ASKED, **values})
    return diagnose(made, SCOPE, evidence, looks)


class TestJudge:
    @pytest.mark.parametrize(
        ("texts", "truth"),
        [
            (["a.x == 1", "a.x < 2"], "true"),
            (["a.x == 1", "a.x == 2"], "false"),
            (["a.x == 1", "gone.x == 1"], "unknown"),
            (["gone.x == 1", "a.x == 2"], "false"),
            (["a.x == 2", "gone.x == 1"], "false"),
            (["unasked.x == 1"], "false"),
            (["gone.x == unasked.x"], "false"),
            (["gone.x == 1 or a.x == 1"], "unknown"),
            (["not unasked.x == 1"], "false"),
        ],
    )
    def test_all_have_to_hold_and_false_settles_it_whatever_is_unknown(self, texts: list[str], truth: str) -> None:
        evidence = known(a={"x": 1}, gone=silent("gone"), unasked=told("unasked", state="skipped", reason="no need"))
        assert judge([Condition(text) for text in texts], {}, evidence)[1] == truth

    def test_a_condition_tells_what_it_saw_and_why_it_is_unknown(self) -> None:
        conditions, _truth = judge(
            [Condition("a.x == 1 and job == 'traefik'"), Condition("gone.x == 1")],
            SCOPE,
            known(a={"x": 1}, gone=silent("gone")),
        )
        assert conditions[0].seen == {"a.x": 1, "job": "traefik"}
        assert conditions[1].reason == f"gone is unknown: {SILENT}"

    def test_an_error_behind_a_guard_that_is_false_does_not_matter(self) -> None:
        guarded = [Condition("a.count == 1"), Condition("a.value > 3")]
        conditions, truth = judge(guarded, {}, known(a={"count": 0, "value": None}))
        assert truth == "false"
        assert conditions[1].truth == "unknown"
        with pytest.raises(RunbookFault):
            judge(list(reversed(guarded)), {}, known(a={"count": 0, "value": None}))

    def test_what_is_seen_is_kept_small(self) -> None:
        rows = [{"name": f"pod-{index}", "log": "x" * 1000} for index in range(500)]
        conditions, _truth = judge([Condition("a.rows | length > 0")], {}, known(a={"rows": rows}))
        assert len(str(conditions[0].seen)) < 5000


class TestQuestionState:
    def test_it_asks_with_the_options_rendered(self, tmp_path: Path) -> None:
        question = book(tmp_path).evidence["crash"]
        state = question_state(question, SCOPE, known(pods={**PODS, "crashing": ["a"]}))
        assert isinstance(state, Ask)
        assert state.options["pods"] == ["a"]

    def test_it_skips_what_the_runbook_does_not_want_to_know(self, tmp_path: Path) -> None:
        state = question_state(book(tmp_path).evidence["crash"], SCOPE, known(pods=PODS))
        assert state == Skip("not asked: pods.crashing | length > 0 is false")

    def test_it_fails_with_what_it_needs(self, tmp_path: Path) -> None:
        state = question_state(book(tmp_path).evidence["crash"], SCOPE, known(pods=silent("pods")))
        assert state == Fail(f"pods is unknown: {SILENT}")

    def test_it_skips_with_what_it_needs(self, tmp_path: Path) -> None:
        text = SAMPLE.replace("  edge: {http", "  more: {tcp: {addresses: '{{ crash.port.pods }}'}}\n  edge: {http")
        state = question_state(book(tmp_path, text).evidence["more"], SCOPE, known(crash=NOT_ASKED))
        assert isinstance(state, Skip)
        assert state.reason.startswith("crash was not asked: ")

    def test_a_value_is_answered_at_once_and_fails_with_what_it_reads(self, tmp_path: Path) -> None:
        text = SAMPLE.replace("  edge: {http", "  few: {value: '{{ pods.ready < 2 }}'}\n  edge: {http")
        question = book(tmp_path, text).evidence["few"]
        assert question_state(question, SCOPE, known(pods=PODS)) == Answer(True)
        assert isinstance(question_state(question, SCOPE, known(pods=silent("pods"))), Fail)


class TestDiagnose:
    def test_the_first_finding_that_holds_is_chosen_with_its_plan(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path))
        assert (found.chosen, found.because, found.undecided) == ("outage", "0 of 3 ready", ())
        assert found.plan is not None
        assert found.plan.arguments == {"namespace": "traefik", "pods": ["a", "b", "c"]}
        assert found.plan.touches == "Pods/traefik"
        assert found.used == ("pods", "crash", "edge")
        assert [(one.name, one.truth) for one in found.findings] == [("port_conflict", "false"), ("outage", "true")]

    def test_an_earlier_unknown_leaves_it_undecided_and_says_what_would_hold(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path), crash=silent("crash"))
        assert (found.chosen, found.plan, found.undecided) == ("", None, ("port_conflict",))
        assert found.notes == ("outage would hold, but port_conflict cannot be ruled out",)

    def test_nothing_holds_and_nothing_is_unknown(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path), edge={"ok": 3, "total": 3})
        assert (found.chosen, found.undecided) == ("", ())
        assert found.notes == ("no finding of the runbook explains what was seen",)

    def test_a_finding_rests_on_its_false_conditions_alone(self, tmp_path: Path) -> None:
        text = SAMPLE.replace("when: [crash.port.lines > 0]", "when: [edge.ok > 0, crash.port.lines > 0]")
        found = diagnosed(book(tmp_path, text), crash=silent("crash"))
        assert found.chosen == "outage"
        assert found.used == ("pods", "edge")

    def test_what_verification_will_ask_is_used_as_well(self, tmp_path: Path) -> None:
        text = SAMPLE.replace("when: [edge.ok == 0, pods.ready < pods.total]", "when: [pods.ready < pods.total]")
        assert diagnosed(book(tmp_path, text), edge=silent("edge")).used == ("pods", "crash", "edge")

    def test_an_error_in_a_finding_is_a_fault_unless_an_earlier_one_holds(self, tmp_path: Path) -> None:
        broken = "  - {name: broken, when: [pods.absent == 1], because: x, escalate: y}\n"
        first = SAMPLE.replace("findings:\n", "findings:\n" + broken)
        with pytest.raises(RunbookFault, match=r"sample\.yml:\d+: 'pods.absent == 1'"):
            diagnosed(book(tmp_path, first))
        last = SAMPLE.replace("mitigations:\n", broken + "mitigations:\n")
        assert diagnosed(book(tmp_path, last)).chosen == "outage"

    @pytest.mark.parametrize(
        "part", ['touches: "Pods/{{ crash.port.first }}"', "touches: x, owner: '{{ crash.port.first }}'"]
    )
    @pytest.mark.parametrize("crash", [NOT_ASKED, silent("crash")])
    def test_a_plan_that_cannot_be_told_in_full_is_no_plan(self, tmp_path: Path, part: str, crash: Evidence) -> None:
        text = SAMPLE.replace('    touches: "Pods/{{ namespace }}"', "    " + part.replace(", ", "\n    "))
        text = text.replace("when: [crash.port.lines > 0]", "when: [pods.total == 0]")
        found = diagnosed(book(tmp_path, text), crash=crash)
        assert (found.chosen, found.plan, found.undecided) == ("", None, ("outage",))
        assert "outage holds, but" in found.notes[0]

    def test_an_explanation_that_reads_what_is_not_known_says_so_and_holds_up_nothing(self, tmp_path: Path) -> None:
        text = SAMPLE.replace('because: "{{ pods.ready }} of', 'because: "{{ crash.port.first }}; {{ pods.ready }} of')
        found = diagnosed(book(tmp_path, text))
        assert found.plan is not None
        assert found.because == "(crash was not asked: pods.crashing | length > 0 is false); 0 of 3 ready"

    def test_it_waits_as_often_as_the_finding_says_and_then_acts(self, tmp_path: Path) -> None:
        made = book(
            tmp_path, SAMPLE.replace("    mitigate: restart", "    wait: {for: 90s, looks: 2}\n    mitigate: restart")
        )
        for looks in (0, 1):
            waiting = diagnosed(made, looks=looks)
            assert (waiting.chosen, waiting.wait, waiting.looks, waiting.plan) == ("outage", 90.0, looks + 1, None)
        acting = diagnosed(made, looks=2)
        assert acting.wait == 0
        assert acting.plan is not None

    def test_several_actions_stand_together(self, tmp_path: Path) -> None:
        more = ["escalate: '{{ job }}-team'", "propose: 'fix {{ namespace }}'", "handover: other", "mitigate: restart"]
        found = diagnosed(book(tmp_path, SAMPLE.replace("mitigate: restart", "\n    ".join(more))))
        assert found.plan is not None
        assert (found.escalate, found.propose, found.handover) == ("traefik-team", "fix traefik", "other")


LADDER = SAMPLE.replace("mitigate: restart", "mitigate: [restart, replace]").replace(
    "verify:",
    """\
  replace:
    role: their.own.role
    with: {image: "{{ pods.image }}"}
    touches: "Pods/{{ namespace }}"
    disturbs: {healthy: 2, of: "{{ pods.total }}"}
    risk: high
    credential: rollback
    within: 90s
    undo: put_back
  put_back:
    role: their.own.role
    with: {image: "{{ pods.former_image }}"}
    touches: "the image of Pods/{{ namespace }}"
    disturbs: nothing
    risk: medium
    credential: rollback
verify:""",
)
IMAGES = {**PODS, "image": "new", "former_image": "old"}


class TestPlan:
    def test_it_says_what_it_disturbs_in_numbers_from_evidence(self, tmp_path: Path) -> None:
        plan = diagnosed(book(tmp_path)).plan
        assert plan is not None
        assert (plan.disturbs, plan.among, plan.undo, plan.within, plan.rung, plan.rungs) == (0, 3, None, 0.0, 1, 1)

    @pytest.mark.parametrize("numbers", [("4", "3"), ("-1", "3"), ("1.5", "3"), ("true", "3"), ("'1'", "3")])
    def test_what_it_disturbs_are_whole_numbers_and_no_more_than_all(
        self, tmp_path: Path, numbers: tuple[str, str]
    ) -> None:
        healthy, of = (f"{{{{ {number} }}}}" for number in numbers)
        text = SAMPLE.replace('{{ pods.ready }}", of: "{{ pods.total }}', f'{healthy}", of: "{of}')
        with pytest.raises(RunbookFault, match=r"sample\.yml:\d+: (what )?restart disturbs"):
            diagnosed(book(tmp_path, text))

    def test_a_ladder_goes_on_where_it_was_left_and_stays_at_its_last_rung(self, tmp_path: Path) -> None:
        made = book(tmp_path, LADDER)
        tried: set[str] = set()
        for name, rung in (("restart", 1), ("replace", 2), ("replace", 2)):
            plan = diagnose(made, SCOPE, known(pods=IMAGES, edge=EDGE, crash=NOT_ASKED), 0, tried).plan
            assert plan is not None
            assert (plan.mitigation, plan.rung, plan.rungs) == (name, rung, 2)
            tried.add(name)

    def test_what_was_tried_outside_of_the_ladder_does_not_count(self, tmp_path: Path) -> None:
        plan = diagnose(
            book(tmp_path, LADDER), SCOPE, known(pods=IMAGES, edge=EDGE, crash=NOT_ASKED), 0, {"put_back", "replace"}
        ).plan
        assert plan is not None
        assert (plan.mitigation, plan.rung) == ("restart", 1)

    def test_what_takes_it_back_is_planned_over_the_same_evidence(self, tmp_path: Path) -> None:
        made = book(tmp_path, LADDER)
        plan = diagnose(made, SCOPE, known(pods=IMAGES, edge=EDGE, crash=NOT_ASKED), 0, {"restart"}).plan
        assert plan is not None
        assert (plan.arguments, plan.within, plan.disturbs) == ({"image": "new"}, 90.0, 2)
        assert plan.undo is not None
        undo = Plan(**plan.undo)
        assert (undo.mitigation, undo.arguments, undo.undo) == ("put_back", {"image": "old"}, None)
        assert (undo.disturbs, undo.among, undo.risk) == (0, 0, "medium")
        assert undo.touches == "the image of Pods/traefik"

    def test_what_could_not_be_taken_back_as_declared_is_not_planned(self, tmp_path: Path) -> None:
        text = LADDER.replace("{{ pods.former_image }}", "{{ crash.port.first }}")
        text = text.replace("when: [crash.port.lines > 0]", "when: [pods.total == 0]")
        evidence = known(pods=IMAGES, edge=EDGE, crash=silent("crash"))
        found = diagnose(book(tmp_path, text), SCOPE, evidence, 0, {"restart"})
        assert (found.chosen, found.plan, found.undecided) == ("", None, ("outage",))
        assert found.notes == (
            f"outage holds, but the mitigation put_back's arguments cannot be told: crash is unknown: {SILENT}",
        )
        first = diagnose(book(tmp_path, text), SCOPE, evidence)
        assert first.plan is not None, "only the rung that is planned has to be known"

    def test_what_the_plan_rests_on_is_used(self, tmp_path: Path) -> None:
        text = LADDER.replace("{{ pods.former_image }}", "{{ crash.port.first }}")
        text = text.replace("when: [crash.port.lines > 0]", "when: [pods.total == 0]")
        lines = {"port": {"lines": 0, "first": "old"}}
        found = diagnose(book(tmp_path, text), SCOPE, known(pods=IMAGES, edge=EDGE, crash=lines), 0, {"restart"})
        assert found.used == ("pods", "crash", "edge")


EACH = SAMPLE.replace(
    '    when: [edge.ok == 0, pods.ready < pods.total]\n    because: "{{ pods.ready }} of {{ pods.total }} ready"',
    "    each: {pod: pods.rows}\n    when: [edge.ok == 0, pod.node == 'n1']\n    because: \"{{ pod.name }} is down\"",
).replace("{{ pods.names }}", "{{ instances | map(attribute='name') }}")


class TestEach:
    ROWS = tuple({"name": name, "node": node} for name, node in (("a", "n1"), ("b", "n2"), ("c", "n1")))

    def test_it_holds_for_the_members_that_it_names(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path, EACH), pods={**PODS, "rows": list(self.ROWS)})
        assert found.plan is not None
        assert found.plan.arguments["pods"] == ["a", "c"]
        assert found.because == "a is down; c is down"
        members = [(one.instance.get("pod", {}).get("name"), one.truth) for one in found.findings[1:]]
        assert members == [("a", "true"), ("b", "false"), ("c", "true")]

    def test_what_takes_it_back_knows_for_which_members_it_was_done(self, tmp_path: Path) -> None:
        undone = "  undone: {role: r, with: {pods: '{{ instances }}'}, touches: x, risk: low, credential: c}\nverify:"
        text = EACH.replace("    risk: low", "    risk: low\n    undo: undone").replace("verify:", undone)
        found = diagnosed(book(tmp_path, text), pods={**PODS, "rows": list(self.ROWS)})
        assert found.plan is not None
        assert found.plan.undo is not None
        assert [member["name"] for member in found.plan.undo["arguments"]["pods"]] == ["a", "c"]

    def test_of_no_members_it_is_false(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path, EACH), pods={**PODS, "rows": []})
        assert found.findings[-1].conditions[0].reason == "the list is empty"
        assert (found.chosen, found.undecided) == ("", ())

    def test_it_is_unknown_if_the_list_or_what_is_asked_of_all_members_is(self, tmp_path: Path) -> None:
        made = book(tmp_path, EACH)
        assert diagnosed(made, pods=silent("pods")).undecided == ("outage",)
        rows = {**PODS, "rows": list(self.ROWS)}
        assert diagnosed(made, pods=rows, edge=silent("edge")).undecided == ("outage",)

    def test_many_members_make_a_short_trace_and_a_whole_plan(self, tmp_path: Path) -> None:
        rows = [{"name": f"pod-{index}", "node": "n1" if index % 100 == 0 else "n2"} for index in range(2000)]
        found = diagnosed(book(tmp_path, EACH), pods={**PODS, "rows": rows})
        assert found.plan is not None
        assert len(found.plan.arguments["pods"]) == 20
        assert len(found.findings) == 1 + 20 + 20
        assert found.because.endswith("(and 15 more)")

    def test_what_is_no_list_is_a_fault(self, tmp_path: Path) -> None:
        with pytest.raises(RunbookFault, match="and not a list"):
            diagnosed(book(tmp_path, EACH), pods={**PODS, "rows": "abc"})


STATES = st.sampled_from(["yes", "no", "skipped", "failed"])
NAMES = ("a", "b", "c")


def evidence_of(states: dict[str, str]) -> dict[str, Evidence]:
    made = {}
    for name, state in states.items():
        if state in ("yes", "no"):
            made[name] = told(name, {"yes": state == "yes"})
        else:
            made[name] = told(name, state="failed" if state == "failed" else "skipped", reason="why")
    return made


@st.composite
def runbooks(draw: st.DrawFn) -> str:
    """A runbook of up to five findings over three pieces of evidence."""
    evidence = "".join(f"  {name}: {{tcp: {{addresses: [x]}}}}\n" for name in NAMES)
    findings = ""
    for index in range(draw(st.integers(1, 5))):
        reads = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
        when = ", ".join(f"{draw(st.sampled_from(['', 'not ']))}{name}.yes" for name in reads)
        action = draw(st.sampled_from(["mitigate: act", "mitigate: [act, more]", "escalate: x"]))
        findings += f"  - {{name: f{index}, when: [{when}], because: x, {action}}}\n"
    return (
        f"alerts: [SampleDown]\nsummary: x\nevidence:\n{evidence}findings:\n{findings}"
        "mitigations:\n"
        "  act: {role: r, touches: t, risk: low, credential: c, disturbs: nothing, undo: back}\n"
        f"  more: {{role: r, touches: '{{{{ {draw(st.sampled_from(NAMES))} }}}}', risk: low, credential: c}}\n"
        f"  back: {{role: r, touches: '{{{{ {draw(st.sampled_from(NAMES))} }}}}', risk: low, credential: c}}\n"
        "verify: {within: 1m, healed_when: [a.yes]}\n"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runbooks(),
    st.fixed_dictionaries(dict.fromkeys(NAMES, STATES)),
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(["act", "more", "back"])),
)
def test_losing_a_witness_never_leads_to_another_diagnosis(
    tmp_path: Path, text: str, states: dict[str, str], lost: str, tried: set[str]
) -> None:
    made = book(tmp_path, text)
    before = diagnose(made, SCOPE, evidence_of(states), 0, tried)
    after = diagnose(made, SCOPE, evidence_of({**states, lost: "failed"}), 0, tried)
    if states[lost] != "skipped":  # what was not asked cannot be lost
        assert after.chosen in ("", before.chosen)
        assert after.plan in (None, before.plan)
    if before.chosen:
        chosen = next(one for one in before.findings if one.name == before.chosen)
        assert all(condition.truth == "true" for condition in chosen.conditions)
        assert all(evidence_of(states)[name].state != "failed" for name in before.used if name not in made.healed_names)


BRIEFED = SAMPLE.replace(
    "verify:",
    "briefing:\n"
    "  Service itself: '{{ pods.ready }} of {{ pods.total }} pods are ready'\n"
    "  Edge: 'of {{ edge.total }} nodes {{ edge.ok }} serve'\n"
    "  Last words: '{{ crash.port.first }}'\n"
    "  First pod: '{{ pods.names | first }}'\n"
    "verify:",
)


class TestBriefing:
    def test_whoever_is_called_is_told_also_where_the_diagnosis_is_undecided(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path, BRIEFED), edge=silent("edge"))
        assert found.undecided
        assert dict(found.briefing)["Service itself"] == "0 of 3 pods are ready"

    def test_what_is_unknown_is_said_and_what_was_not_asked_is_left_out(self, tmp_path: Path) -> None:
        told_ = dict(diagnosed(book(tmp_path, BRIEFED), edge=silent("edge")).briefing)
        assert told_["Edge"].startswith(f"of (edge is unknown: {SILENT}) nodes")
        assert "Last words" not in told_

    def test_a_line_that_cannot_be_told_keeps_no_call_from_going_out(self, tmp_path: Path) -> None:
        found = diagnosed(book(tmp_path, BRIEFED), pods={**PODS, "names": []})
        assert dict(found.briefing)["First pod"].startswith("cannot be told:")

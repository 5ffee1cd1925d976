# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A replay: what a change of a runbook does to decisions, told by the findings and conditions that make it so."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import probe_class
from ansible_collections.oncall.remedy.plugins.plugin_utils.corpus import (
    Acceptance,
    CorpusError,
    accepts,
    file_of,
    load_accepted,
    load_cases,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import diagnose
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.scenario import rehearse
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.replayed import told
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import Replayed, replay
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns
from tests.support.recording import record
from tests.unit.notation.books import SAMPLE, book, write

Json = dict[str, Any]

PODS = {"ready": 0, "total": 3, "crashing": [], "names": ["a", "b", "c"]}
EDGE = {"ok": 0, "total": 3}
SCOPE = {"namespace": "traefik", "job": "traefik", "target": "lab", "alert": "SampleDown"}


def recorded(made: Runbook, silent: dict[str, str] | None = None, **answers: Any) -> Json:
    """The case that a sweep with this runbook would have left."""
    answers = {"pods": PODS, "edge": EDGE, **answers}
    found = rehearse(made, SCOPE, {name: value for name, value in answers.items() if value is not None}, silent or {})
    evidence = [
        dataclasses.replace(one, question=_question(made, name, found.asked.get(name)))
        for name, one in found.evidence.items()
    ]
    return {
        "version": 1,
        "id": "0123456789abcdef",
        "target": "lab",
        "alertname": "SampleDown",
        "alert": {"name": "SampleDown", "labels": {"job": "traefik"}, "annotations": {"text": "long"}},
        "runbook": made.name,
        "runbook_sha256": made.sha256,
        "opened_at": 1795222282.0,
        "outcome": "healed",
        "params": {"namespace": "traefik"},
        "inputs": {"job": "traefik"},
        "looks": 0,
        "tried": [],
        "evidence": json.loads(json.dumps(as_json(evidence))),
        "diagnosis": json.loads(json.dumps(as_json(diagnose(made, SCOPE, found.evidence)))),
        "gate": [{"guard": "mode"}],
        "chart": {"series": []},
    }


def _question(made: Runbook, name: str, options: Any) -> str:
    return probe_class(made.evidence[name].probe)(None, options).question() if options is not None else name


@pytest.fixture
def case(tmp_path: Path) -> Json:
    """An outage that was restarted."""
    (tmp_path / "then").mkdir()
    return recorded(book(tmp_path / "then"))


def today(tmp_path: Path, case: Json, *changes: tuple[str, str], name: str = "sample") -> Replayed:
    """The case replayed with the sample runbook after these changes of its text."""
    text = SAMPLE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "now").mkdir(parents=True)
    write(tmp_path / "now", text, name)
    return replay(case, catalogue(tmp_path / "now"))


def whats(replayed: Replayed) -> list[str]:
    return [one.what for one in replayed.flips]


def judged(replayed: Replayed) -> list[str]:
    return [f"{one.name}: {one.then} → {one.now}" for one in replayed.findings if one.then != one.now]


def test_the_same_runbook_decides_the_same(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case)
    assert (replayed.flips, replayed.rewords, replayed.findings, dict(replayed.unrecorded)) == ((), (), (), {})
    assert replayed.then == replayed.now == "outage → restart of Pods/traefik (low risk)"


def test_other_words_are_no_flip_and_are_told(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("{{ pods.total }} ready", "{{ pods.total }} pods ready"))
    assert not replayed.flips
    assert [(one.what, one.then, one.now) for one in replayed.rewords] == [
        ("because", "0 of 3 ready", "0 of 3 pods ready")
    ]


def test_a_condition_that_turns_false_flips_the_decision_and_is_named(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("pods.ready < pods.total", "pods.ready > 0"))
    assert whats(replayed)[0] == "finding"
    assert replayed.now == "no finding holds"
    assert judged(replayed) == ["outage: true → false"]
    (finding,) = replayed.findings
    assert [(one.text, one.then, one.now, one.seen) for one in finding.conditions] == [
        ("pods.ready > 0", "", "false", {"pods.ready": 0}),
        ("pods.ready < pods.total", "true", "", {"pods.ready": 0, "pods.total": 3}),
    ]


def test_a_finding_in_front_of_the_former_one_takes_its_place(tmp_path: Path, case: Json) -> None:
    new = "  - name: all_gone\n    when: [pods.ready == 0]\n    because: none\n    escalate: platform\n  - name: outage"
    replayed = today(tmp_path, case, ("  - name: outage", new))
    assert replayed.now == "all_gone → escalate to platform"
    assert judged(replayed) == ["all_gone: not judged → true", "outage: true → not judged"]


def test_another_remedy_or_argument_is_a_flip(tmp_path: Path, case: Json) -> None:
    assert whats(today(tmp_path, case, ("risk: low", "risk: high"))) == ["risk"]


def test_another_argument_alone_is_a_flip(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ('pods: "{{ pods.names }}"', 'pods: "{{ pods.crashing }}"'))
    assert whats(replayed) == ["arguments"]
    assert "arguments.pods: [a, b, c] → none" in told([replayed], {}, [])


def test_what_takes_a_mitigation_back_is_part_of_the_decision(tmp_path: Path, case: Json) -> None:
    second = SAMPLE[SAMPLE.index("  restart:\n") : SAMPLE.index("verify:")].replace("restart:", "back:", 1)
    undo = ("    risk: low\n", "    risk: low\n    undo: back\n")
    assert whats(today(tmp_path, case, undo, ("verify:", f"{second}verify:"))) == ["undo"]


def test_evidence_that_was_not_asked_for_then_is_unknown(tmp_path: Path, case: Json) -> None:
    more = "  nodes: {kubernetes_nodes: }\nfindings:\n  - name: nodes_gone\n    when: [nodes.total == 0]\n"
    replayed = today(tmp_path, case, ("findings:\n", f"{more}    because: x\n    escalate: platform\n"))
    assert replayed.now == "undecided: nodes_gone"
    assert dict(replayed.unrecorded) == {"nodes": "not recorded then"}


def test_an_answer_to_another_question_is_no_answer(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("https://edge.example/", "https://another.example/"))
    assert replayed.now == "undecided: outage"
    assert dict(replayed.unrecorded) == {"edge": "not recorded then: today's question is another one"}


def test_a_question_that_did_not_arise_then_has_no_answer_today(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("    when: [pods.crashing | length > 0]\n", "    when: [pods.total > 0]\n"))
    assert replayed.now == "undecided: port_conflict"
    assert "as the question did not arise" in replayed.unrecorded["crash"]


def test_a_param_that_is_new_is_unknown_where_it_matters(tmp_path: Path, case: Json) -> None:
    changed = ("params: {", "params: {least: '2', "), ("pods.ready < pods.total", "pods.ready < least")
    replayed = today(tmp_path, case, *changed)
    assert replayed.now == "undecided: outage"
    assert "the param was not recorded then" in told([replayed], {}, [])


def test_an_input_that_is_new_is_bound_from_the_recorded_labels(tmp_path: Path, case: Json) -> None:
    case["alert"]["labels"]["zone"] = "nbg1"
    zone = "inputs: {zone: {pattern: 'nbg[0-9]'}, "
    assert not today(tmp_path, case, ("inputs: {", zone)).flips


def test_an_input_that_is_refused_today_says_so(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("[a-z]{1,20}", "[0-9]+"))
    assert whats(replayed) == ["diagnosis"]
    assert "does not match" in replayed.now


def test_a_runbook_that_is_gone_flips_everything(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("[SampleDown]", "[OtherDown]"))
    assert whats(replayed) == ["runbook", "diagnosis"]
    assert replayed.now == "no diagnosis: no runbook handles SampleDown"


def test_what_was_handed_over_is_judged_by_the_runbook_that_went_on(tmp_path: Path, case: Json) -> None:
    handed = {**case, "alertname": "OtherDown", "handovers": [{"runbook": "other", "to": "sample"}]}
    assert today(tmp_path / "handed", handed).flips == ()
    assert whats(today(tmp_path / "begun", {**handed, "handovers": []})) == ["runbook", "diagnosis"]


def test_a_runbook_of_another_name_is_followed_and_told(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, name="renamed")
    assert [(one.what, one.then, one.now) for one in replayed.flips] == [("runbook", "sample", "renamed")]


def test_what_today_answers_in_more_detail_cannot_be_judged_over_an_older_answer(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("pods.ready < pods.total", "pods.evicted == 0"))
    assert whats(replayed) == ["diagnosis"]
    assert "there is no 'evicted'" in replayed.now
    assert str(tmp_path) not in replayed.now


def test_a_witness_that_was_silent_then_stays_silent(tmp_path: Path) -> None:
    (tmp_path / "then").mkdir()
    case = recorded(book(tmp_path / "then"), silent={"edge": "no answer within 5 s"}, edge=None)
    replayed = today(tmp_path, case, ("pods.ready < pods.total", "pods.ready == 0"))
    assert replayed.now == "undecided: outage"
    assert not replayed.flips
    assert not replayed.unrecorded


def test_the_rung_of_a_ladder_is_that_of_what_had_been_tried(tmp_path: Path, case: Json) -> None:
    ladder = ("    mitigate: restart\n", "    mitigate: [other, restart]\n")
    second = SAMPLE[SAMPLE.index("  restart:\n") : SAMPLE.index("verify:")].replace("restart:", "other:", 1)
    replayed = today(tmp_path, {**case, "tried": ["other"]}, ladder, ("verify:", f"{second}verify:"))
    assert not replayed.flips


def test_a_case_without_a_diagnosis_is_skipped(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, {**case, "diagnosis": None})
    assert replayed.skipped
    assert "1 without a diagnosis" in told([replayed], {}, [])


# ---- what is shown


def test_a_flip_is_shown_once_for_all_cases_that_flip_alike_and_fits_the_terminal(tmp_path: Path, case: Json) -> None:
    one = today(tmp_path, case, ("pods.ready < pods.total", "pods.ready > 0"))
    others = [dataclasses.replace(one, case={**case, "id": f"{number:016x}"}) for number in range(3)]
    text = told([one, *others], {}, [])
    assert text.startswith("4 cases · 0 decide as they did · 4 flip\n")
    assert text.count("FLIPS") == 1
    assert "  likewise  3 more cases: 00000000" in text
    assert "              + pods.ready > 0: false (saw 0)" in text
    assert max(columns(line) for line in text.splitlines()) <= 100


def test_hostile_text_of_a_case_cannot_move_the_cursor(tmp_path: Path, case: Json) -> None:
    case["target"], case["outcome"] = "lab\x1b[2J\nFLIPS nothing", "heal\x07ed"
    text = told([today(tmp_path, case, ("risk: low", "risk: high"))], {}, [])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.count("\nFLIPS") == 1


# ---- acceptance and the corpus' files


def test_an_acceptance_is_for_one_case_and_one_new_decision(tmp_path: Path, case: Json) -> None:
    replayed = today(tmp_path, case, ("risk: low", "risk: high"))
    wanted = Acceptance(case["id"], "outage → restart of Pods/traefik (high risk)", "it is")
    assert accepts({case["id"]: wanted}, replayed) == wanted
    assert accepts({case["id"]: dataclasses.replace(wanted, now="outage → nothing")}, replayed) is None
    assert accepts({"another": wanted}, replayed) is None
    assert "1 flips, 1 of them accepted" in told([replayed], {case["id"]: wanted}, [])


@pytest.mark.parametrize("text", ["case: x", "- {case: a, now: b}", "- {case: a, now: b, reason: ' '}", "- [", "- x"])
def test_an_acceptance_without_a_reason_or_in_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "accepted.yml").write_text(text)
    with pytest.raises(CorpusError, match=r"accepted\.yml"):
        load_accepted(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"id": "x"}'])
def test_a_file_that_is_no_case_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "some.json").write_text(text)
    with pytest.raises(CorpusError, match=r"some\.json"):
        load_cases(tmp_path)


def test_a_case_is_kept_without_what_no_replay_needs(tmp_path: Path, case: Json) -> None:
    name, text = file_of(case)
    assert name == "sample.outage.lab.01234567.json"
    kept = json.loads(text)
    assert not {"gate", "chart"} & kept.keys()
    assert kept["alert"] == {"name": "SampleDown", "labels": {"job": "traefik"}}
    assert not today(tmp_path, kept).flips


def test_a_case_that_tells_nothing_new_is_not_recorded_again(tmp_path: Path, case: Json) -> None:
    silent = {**case, "id": "f" * 16, "evidence": [{**one, "state": "failed"} for one in case["evidence"]]}
    corpus = tmp_path / "corpus"
    assert [path.name for path in record([case, {**case, "id": "e" * 16}], corpus)] == [file_of(case)[0]]
    assert record([case], corpus) == []
    assert len(record([silent, {**case, "diagnosis": None}], corpus)) == 1

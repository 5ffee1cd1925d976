# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rehearsing a runbook, and that a table which is wrong is found to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.scenario import (
    Scenario,
    ScenarioError,
    load_table,
    rehearse,
)
from tests.unit.notation.books import SCOPE, book

ANSWERS: dict[str, Any] = {
    "pods": {"ready": 0, "total": 3, "crashing": ["a"], "names": ["a", "b"]},
    "crash": {"port": {"lines": 0, "pods": [], "first": ""}},
    "edge": {"ok": 0, "total": 3},
}


def test_only_what_the_runbook_asks_is_answered(tmp_path: Path) -> None:
    done = rehearse(book(tmp_path), SCOPE, ANSWERS, {})
    assert done.asked["crash"]["pods"] == ["a"]
    quiet = {**ANSWERS, "pods": {**ANSWERS["pods"], "crashing": []}}
    assert rehearse(book(tmp_path), SCOPE, quiet, {}).evidence["crash"].state == "skipped"


def test_a_silent_witness_silences_what_needs_it(tmp_path: Path) -> None:
    evidence = rehearse(book(tmp_path), SCOPE, ANSWERS, {"pods": "403"}).evidence
    assert {name: one.state for name, one in evidence.items()} == {"pods": "failed", "crash": "failed", "edge": "ok"}
    assert evidence["crash"].reason == "pods is unknown: 403"


def test_a_question_without_an_answer_and_an_answer_without_a_question_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="edge is asked"):
        rehearse(book(tmp_path), SCOPE, {name: ANSWERS[name] for name in ("pods", "crash")}, {})
    with pytest.raises(ScenarioError, match="did you mean edge"):
        rehearse(book(tmp_path), SCOPE, {**ANSWERS, "egde": {}}, {})


def scenario(**changed: Any) -> Scenario:
    values: dict[str, Any] = {
        "name": "x",
        "where": "table.yml:1",
        "alert": "",
        "target": "lab",
        "params": {"namespace": "traefik"},
        "inputs": {"job": "x"},
        "answers": ANSWERS,
        "silent": {},
        "looks": 0,
        "expect": {"finding": "outage", "mitigate": "restart"},
    }
    return Scenario(**{**values, **changed})


@pytest.mark.parametrize(
    "expect",
    [
        {"finding": "port_conflict", "mitigate": "restart"},
        {"finding": "outage"},  # a mitigation that is not expected
        {"finding": "outage", "mitigate": "restart", "escalate": "x"},
        {"finding": "outage", "mitigate": "restart", "because": "9 of 3"},
        {"finding": "outage", "mitigate": "restart", "with": {"pods": []}},
        {"finding": "outage", "mitigate": "restart", "skipped": ["crash"]},
        {"finding": "", "undecided": ["outage"]},
        {"finding": "outage", "mitigate": "restart", "rung": 2},
        {"finding": "outage", "mitigate": "restart", "undo": "restart"},
        {"finding": "outage", "mitigate": "restart", "undo_with": {"x": 1}},
        {"finding": "outage", "mitigate": "restart", "disturbs": "1 of 3"},
    ],
)
def test_what_comes_out_otherwise_is_a_difference(tmp_path: Path, expect: dict[str, Any]) -> None:
    assert scenario().differences(book(tmp_path)) == []
    assert scenario(expect=expect).differences(book(tmp_path)) != []


def test_what_was_tried_has_to_be_a_mitigation(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="'restrat' is no mitigation; did you mean restart"):
        scenario(tried=frozenset({"restrat"})).diagnose(book(tmp_path))


def test_params_have_to_be_those_of_the_runbook(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="has no namespace"):
        scenario(params={}).diagnose(book(tmp_path))
    with pytest.raises(ScenarioError, match="sets extra"):
        scenario(params={"namespace": "x", "extra": 1}).diagnose(book(tmp_path))


TABLE = """\
runbook: sample
params: {namespace: x}
bases:
  one: {inputs: {job: a}, evidence: {pods: {ready: 0, total: 1}, edge: {ok: 0}}}
  two: {evidence: {pods: {total: 2}}, silent: {edge: gone}}
scenarios:
  - {name: a, base: [one, two], evidence: {pods: {names: [x]}}, expect: {wait: 5m, undecided: [y]}, tried: [restart]}
"""


def test_bases_are_merged_member_by_member(tmp_path: Path) -> None:
    path = tmp_path / "sample.yml"
    path.write_text(TABLE, encoding="utf-8")
    one = load_table(path).scenarios[0]
    assert one.answers == {"pods": {"ready": 0, "total": 2, "names": ["x"]}, "edge": {"ok": 0}}
    assert (one.silent, one.inputs, one.expect["wait"]) == ({"edge": "gone"}, {"job": "a"}, 300.0)
    assert one.tried == {"restart"}


def test_a_scenario_may_be_of_another_target_than_its_table(tmp_path: Path) -> None:
    path = tmp_path / "sample.yml"
    other = "  - {name: b, base: one, target: other, expect: {}}\n"
    path.write_text(TABLE.replace("params:", "target: usual\nparams:") + other, encoding="utf-8")
    assert [one.target for one in load_table(path).scenarios] == ["usual", "other"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("base: [one, two]", "base: tow", r"sample\.yml:7: .*did you mean two"),
        ("undecided", "undecide", r"sample\.yml:7: .*did you mean undecided"),
        ("wait: 5m", "wait: long", r"sample\.yml:7: .*duration"),
        ("scenarios:", "scenarioes:", r"sample\.yml:6: .*did you mean scenarios"),
    ],
)
def test_a_table_that_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "sample.yml"
    path.write_text(TABLE.replace(old, new), encoding="utf-8")
    with pytest.raises(RunbookError, match=says):
        load_table(path)

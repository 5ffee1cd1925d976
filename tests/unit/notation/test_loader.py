# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Loading a runbook: what it becomes, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import lint, loader
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.schema import schema
from tests.unit.notation.books import SAMPLE, book, line_of, write


def test_a_runbook_is_named_after_its_file_and_known_by_its_hash(tmp_path: Path) -> None:
    made = book(tmp_path)
    assert (made.name, made.alerts, made.draft) == ("sample", ("SampleDown",), False)
    assert len(made.sha256) == 64
    before = made.sha256
    assert book(tmp_path, SAMPLE + "# changed\n").sha256 != before


def test_what_evidence_needs_is_what_its_options_and_when_read_of_other_evidence(tmp_path: Path) -> None:
    made = book(tmp_path)
    assert {name: one.needs for name, one in made.evidence.items()} == {
        "pods": frozenset(),
        "crash": frozenset({"pods"}),
        "edge": frozenset(),
    }
    assert made.with_needs(frozenset({"crash"})) == {"crash", "pods"}
    assert made.healed_names == {"edge"}


def test_params_stay_raw_for_ansible_to_resolve(tmp_path: Path) -> None:
    assert book(tmp_path).params == {"namespace": "{{ sample_namespace | default('traefik') }}"}


def test_a_mitigation_has_its_defaults(tmp_path: Path) -> None:
    restart = book(tmp_path).mitigations["restart"]
    assert (restart.action, restart.cooldown, restart.timeout, restart.cures) == ("restart", 1800.0, 300.0, True)
    assert (restart.within, restart.undo) == (0.0, "")


def test_an_alert_is_mended_at_once_unless_the_runbook_has_patience(tmp_path: Path) -> None:
    assert book(tmp_path).patience == 0.0
    assert book(tmp_path, SAMPLE + "patience: 2m\n").patience == 120.0


def test_one_mitigation_is_a_ladder_of_one_rung(tmp_path: Path) -> None:
    assert [finding.mitigate for finding in book(tmp_path).findings] == [(), ("restart",)]


def test_the_key_on_is_a_text_and_no_truth_value(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match=r"findings\.0\.on: is not known here"):
        book(tmp_path, SAMPLE.replace("    escalate: platform", "    escalate: platform\n    on: x"))


WRONG = [
    # what is replaced, by what, the part on whose line the complaint stands, what it says
    ("summary: A sample.", "sumary: A sample.", "sumary", "sumary is not known here|sumary: is not known here"),
    ("summary: A sample.\n", "", "alerts", "summary is missing"),
    ("alerts: [SampleDown]", "alerts: SampleDown", "alerts", "list"),
    ("alerts: [SampleDown]", "alerts: []", "alerts", "no alert|is a list of 0"),
    ("alerts: [SampleDown]", "alerts: !unsafe [x]", "alerts", "a value of type !unsafe cannot be used"),
    ("summary: A sample.", "summary: 2026-11-21", "summary", "quote it"),
    ("    escalate: platform\n", "", "name: port_conflict", "what to do"),
    ("    escalate: platform", "    wait: {for: 5m, looks: 1}", "name: port_conflict", "what to do"),
    ("    escalate: platform", "    wait: {for: soon, looks: 1}\n    escalate: x", "wait", "soon"),
    ("    escalate: platform", "    handover: x\n    handover: y", "handover: y", "twice"),
    ("summary: A sample.", "summary: A sample.\npatience: soon", "patience", "soon"),
    ("mitigate: restart", "mitigate: [restart]", "mitigate", "two rungs|is a list of 1"),
    ("mitigate: restart", "mitigate: [restart, restart]", "mitigate", "each mitigation once|is a list of 2"),
    ("mitigate: restart", "mitigate: [restart, restrat]", "name: outage", "did you mean restart"),
    ("disturbs: {healthy", "disturbs: {health", "disturbs", "did you mean healthy"),
    ('disturbs: {healthy: "{{ pods.ready }}", of', "disturbs: {healthy: few, of", "disturbs", "whole number"),
    ('disturbs: {healthy: "{{ pods.ready }}", of', "disturbs: {healthy: -1, of", "disturbs", "text|whole number"),
    ('disturbs: {healthy: "{{ pods.ready }}", of', "disturbs: {of", "disturbs", "healthy is missing"),
    ('of: "{{ pods.total }}"}', 'of: "{{ pds.total }}"}', "disturbs", "did you mean pods"),
    (
        'disturbs: {healthy: "{{ pods.ready }}", of: "{{ pods.total }}"}',
        "disturbs: none",
        "disturbs",
        "be nothing|allowed: nothing",
    ),
    ("risk: low", "risk: low\n    within: soon", "within: soon", "soon"),
    ("risk: low", "risk: low\n    undo: restrat", "restart:", "did you mean restart"),
    ("risk: low", "risk: low\n    undo: restart", "restart:", "is not taken back"),
    ("risk: low", "risk: tiny", "risk", "allowed: high, low, medium"),
    ("credential: rollout_restart", "credentials: x", "credentials", "did you mean credential"),
    ("mitigate: restart", "mitigate: restrat", "name: outage", "did you mean restart"),
    ("within: 5m", "within: 5 minutes", "verify", "5 minutes"),
    ("edge: {http: {url: 'https://edge.example/'}}", "edge: {}", "edge", "exactly one probe"),
    ("edge: {http: {url: 'https://edge.example/'}}", "edge: {http: {}, tcp: {}}", "edge", "has http, tcp"),
    ("  edge: {http", "  target: {http", "target", "word of the engine"),
    ("  edge: {http", "  Edge: {http", "Edge", 'no name|is "Edge"'),
    ("[crash.port.lines > 0]", "crash.port.lines > 0", "when: crash.port", "list"),
    ("[crash.port.lines > 0]", "[crash.port.lines > ]", "when: [crash.port", "is not an expression"),
    ("[crash.port.lines > 0]", "[crash.port.lines in (1, 2)]", "when: [crash.port", "has to be quoted"),
    ("[crash.port.lines > 0]", "[crashes.port.lines > 0]", "when: [crashes", "did you mean crash"),
    ("{{ crash.port.first }}", "{{ crush.port.first }}", "because", "did you mean crash"),
    ("    when: [pods.crashing | length > 0]", "    when: [crash.lines > 0]", "crash:", "in a circle"),
    ("  edge: {http", "  job: {http", "job: {http", "a name may stand for one thing"),
    ("name: outage", "name: port_conflict", "name: port_conflict", "several findings named"),
    ("app={{ job }}", "{{ job }}", "pods: {kube", "an input cannot be a whole selector"),
    ("verify: {within: 5m, healed_when: [edge.ok == edge.total]}\n", "", "alerts", "verify is missing"),
    ("url: 'https://edge.example/'", "url: 'https://{{ job }}/'", "edge", "can only come from params"),
]


@pytest.mark.parametrize(("old", "new", "part", "says"), WRONG, ids=[f"{one[1][:30].strip()}" for one in WRONG])
def test_the_loader_and_the_static_check_name_file_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, part: str, says: str
) -> None:
    assert old in SAMPLE
    text = SAMPLE.replace(old, new)
    path = write(tmp_path, text)
    with pytest.raises(RunbookError, match=says) as caught:
        loader.load(path)
    lines = {line_of(text, part) - 1, line_of(text, part)}  # a member of a list may begin a line earlier
    assert caught.value.where in {f"{path}:{line}" for line in lines}
    checked = lint.check(path, lint.Surroundings())
    assert any(one.where in {f"{path}:{line}" for line in lines} for one in checked), [str(one) for one in checked]


def test_the_schema_and_the_loader_know_the_same_keys() -> None:
    known = schema("runbook")
    finding, mitigation = known["$defs"]["finding"], known["$defs"]["mitigation"]
    assert set(known["properties"]) == set(loader.KEYS)
    assert set(finding["properties"]) == {"name", "when", "each", "because", *loader.ACTIONS}
    assert set(mitigation["properties"]) == set(loader.MITIGATION_KEYS)


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text("- hosts: localhost\n  vars:\n    runbook: {alerts: [a]\n", encoding="utf-8")
    with pytest.raises(RunbookError, match=r"broken\.yml:\d: is not YAML"):
        loader.load(path)


def test_a_playbook_without_a_runbook_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    path.write_text("- hosts: localhost\n", encoding="utf-8")
    with pytest.raises(RunbookError, match="holds no runbook"):
        loader.load(path)
    with pytest.raises(RunbookError, match="cannot be read"):
        loader.load(tmp_path / "missing.yml")

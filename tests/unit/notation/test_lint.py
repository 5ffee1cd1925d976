# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The static check beyond what the loader refuses: probes, values, roles, other runbooks, scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import documented, lint
from tests.unit.notation.books import SAMPLE, line_of, write

ALONE = lint.Surroundings()
DISTURBS = '    disturbs: {healthy: "{{ pods.ready }}", of: "{{ pods.total }}"}\n'


def complaints(folder: Path, text: str, around: lint.Surroundings = ALONE) -> list[str]:
    return [str(problem) for problem in lint.check(write(folder, text), around)]


def test_a_good_runbook_has_nothing_wrong(tmp_path: Path) -> None:
    assert complaints(tmp_path, SAMPLE) == []


@pytest.mark.parametrize(
    ("old", "new", "part", "says"),
    [
        ("{kubernetes_pods:", "{kubernetes_pod:", "  pods:", "no probe 'kubernetes_pod'; did you mean kubernetes_pods"),
        ('selector: "app', 'selektor: "app', "  pods:", "no option 'selektor'; did you mean selector"),
        ("{url: 'https://edge.example/'}", "{method: GET}", "  edge:", "http needs the option url"),
        ("'https://edge.example/'}", "'https://edge.example/', method: PUT}", "  edge:", "allowed: GET, HEAD"),
        ("'https://edge.example/'}", "'https://edge.example/', timeout: soon}", "  edge:", "has to be duration"),
        ("edge.ok == 0", "edge.okay == 0", "when: [edge", "edge has no 'okay'; did you mean ok"),
        ("crash.port.lines", "crash.prot.lines", "when: [crash", "crash has no 'prot'; did you mean port"),
        ("crash.port.lines", "crash.port.count", "when: [crash", "crash.port has no 'count'"),
        ("{{ pods.ready }} of", "{{ (pods.pods | first).nod }} of", 'because: "{{ (pods', "did you mean node"),
        (
            "pods.ready < pods.total",
            "(pods.pods | map(attribute='nme') | length) > 0",
            "when: [edge",
            "pods.pods has no 'nme'",
        ),
        ("pods.ready < pods.total", "\"pods.pods | selectattr('rady') == []\"", "when: [edge", "did you mean ready"),
        (
            "  - name: outage",
            "  - {name: x, when: [edge.ok == 1], because: x, handover: y}\n  - name: outage",
            "{name: x",
            "",
        ),
        ("edge.ok == edge.total", "namespace == 'x'", "verify", "reads no evidence"),
        ("within: 5m", "within: 5m, stable_for: 6m", "verify", "stable_for is longer"),
        ("pattern: '[a-z]{1,20}'", "pattern: '[a-z]{1,20}', default: 'A'", "inputs", "default does not match"),
        ("pattern: '[a-z]{1,20}'", "pattern: '(?=a)'", "inputs", "is not an RE2 pattern"),
        ("  edge: {http", "  s: {host_info: {gather: [listening]}}\n  edge: {http", "  s:", "needs hosts"),
        ("  edge: {http: {", "  edge: {hosts: '{{ namespace }}', http: {", "  edge:", "takes no hosts"),
        ("mitigate: restart", "escalate: x", "  restart:", "no finding mitigates with it"),
        (DISTURBS, "", "  restart:", "disturbs is missing: how many healthy members"),
        ('of: "{{ pods.total }}', 'of: "{{ pods.totl }}', "    disturbs:", "pods has no 'totl'; did you mean total"),
        ("    risk: low", "    risk: low\n    within: 10s", "  restart:", "within is shorter than verify's stable_for"),
        ("    risk: low", "    risk: low\n    within: 1m\n    cures: false", "  restart:", "it does not cure"),
    ],
)
def test_it_names_line_thing_and_what_is_allowed(tmp_path: Path, old: str, new: str, part: str, says: str) -> None:
    assert old in SAMPLE
    text = SAMPLE.replace(old, new)
    (tmp_path / "playbooks").mkdir()
    path = write(tmp_path / "playbooks", text)
    found = [str(problem) for problem in lint.check(path, lint.Surroundings(playbooks=path.parent))]
    assert any(one.startswith(f"{path}:{line_of(text, part)}: ") and says in one for one in found), found


def test_a_param_whose_name_is_that_of_a_secret_would_be_missing_from_the_case(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    text = SAMPLE.replace("params: {namespace", "params: {of_secret: x, of_secret_name: x, namespace")
    path = write(tmp_path / "playbooks", text)
    found = [str(problem) for problem in lint.check(path, lint.Surroundings(playbooks=path.parent))]
    assert [one.partition(": ")[2].partition(":")[0] for one in found] == ["param of_secret"]


def test_a_question_to_hosts_cannot_depend_on_anything(tmp_path: Path) -> None:
    sockets = "  s: {host_info: {gather: '{{ pods.names }}'}, hosts: '{{ namespace }}'}\n"
    found = complaints(tmp_path, SAMPLE.replace("  edge: {http", sockets + "  edge: {http"))
    assert any("asked first and of all alike" in one for one in found)


def test_a_draft_may_ask_a_planned_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = documented.Interface({"url": {"type": "str", "required": True}}, {"reachable": None})
    monkeypatch.setitem(documented.PLANNED, "mainframe", planned)
    documented.interface.cache_clear()
    text = SAMPLE.replace("  edge: {http", "  p: {mainframe: {url: 'https://x/'}}\n  edge: {http")
    assert any("no probe 'mainframe' (it is planned: a draft may ask it)" in one for one in complaints(tmp_path, text))
    assert complaints(tmp_path, "draft: true\n" + text) == []


def test_a_role_of_the_collection_and_its_action_have_to_be_there_and_others_are_not_known(tmp_path: Path) -> None:
    actions = tmp_path / "roles" / "traefik" / "tasks"
    actions.mkdir(parents=True)
    for name in ("main", "restart"):
        (actions / f"{name}.yml").touch()
    around = lint.Surroundings(roles=tmp_path / "roles")
    assert complaints(tmp_path, SAMPLE, around) == []
    wrong = complaints(tmp_path, SAMPLE.replace("oncall.remedy.traefik", "oncall.remedy.trafik"), around)
    assert any("did you mean traefik" in one for one in wrong)
    wrong = complaints(tmp_path, SAMPLE.replace("    risk: low", "    action: restrat\n    risk: low"), around)
    assert any("no action 'restrat'; did you mean restart" in one for one in wrong)
    assert complaints(tmp_path, SAMPLE.replace("oncall.remedy.traefik", "their.own.role"), around) == []


TABLE = """\
runbook: sample
params: {namespace: x}
bases:
  down:
    inputs: {job: x}
    evidence:
      pods: {ready: 0, total: 1, crashing: [], names: []}
      edge: {ok: 0, total: 1}
scenarios:
  - {name: down, base: down, expect: {finding: outage, mitigate: restart}}
"""


def test_a_finding_that_no_scenario_reaches_is_named(tmp_path: Path) -> None:
    around = lint.Surroundings(tables=tmp_path / "tables")
    (tmp_path / "tables").mkdir()
    assert any("no scenario table" in one for one in complaints(tmp_path, SAMPLE, around))
    table = tmp_path / "tables" / "sample.yml"
    table.write_text(TABLE, encoding="utf-8")
    path = write(tmp_path)
    found = [str(problem) for problem in lint.check(path, around)]
    assert found == [
        f"{path}:{line_of(SAMPLE, '- name: port')}: finding port_conflict: no scenario of {table} reaches it"
    ]


LADDER = SAMPLE.replace("mitigate: restart", "mitigate: [restart, replace]").replace(
    "verify:",
    "  replace: {role: their.own.role, touches: x, disturbs: nothing, risk: low, credential: c, undo: put_back}\n"
    "  put_back: {role: their.own.role, touches: x, disturbs: nothing, risk: low, credential: c}\n"
    "verify:",
)


def test_a_mitigation_of_a_ladder_or_an_undo_is_used(tmp_path: Path) -> None:
    assert complaints(tmp_path, LADDER) == []


def test_an_undo_is_told_apart_from_what_it_undoes(tmp_path: Path) -> None:
    alike = LADDER.replace("put_back: {role", "put_back: {action: replace, role")
    assert ["replace: its undo put_back does and touches the same" in one for one in complaints(tmp_path, alike)] == [
        True
    ]
    told = alike.replace(
        "put_back: {action: replace, role: their.own.role, touches: x",
        "put_back: {action: replace, role: their.own.role, touches: the replacement of x",
    )
    assert complaints(tmp_path, told) == []


def test_what_does_not_cure_can_only_be_the_last_rung(tmp_path: Path) -> None:
    easing = LADDER.replace("    risk: low", "    risk: low\n    cures: false")
    assert ["restart: it does not cure, so nobody sees" in one for one in complaints(tmp_path, easing)] == [True]
    last = easing.replace("[restart, replace]", "[replace, restart]")
    assert complaints(tmp_path, last) == []


def test_every_rung_of_a_ladder_has_its_scenario(tmp_path: Path) -> None:
    table = tmp_path / "sample.yml"
    table.write_text(
        TABLE + "  - {name: p, base: down, expect: {finding: port_conflict, escalate: platform},"
        " evidence: {pods: {crashing: [a]}, crash: {port: {lines: 1, pods: [a], first: x}}}}\n",
        encoding="utf-8",
    )
    (tmp_path / "playbooks").mkdir()
    path = write(tmp_path / "playbooks", LADDER)
    around = lint.Surroundings(tables=tmp_path)
    where = f"{path}:{line_of(LADDER, '- name: outage')}"
    unplanned = f"{where}: finding outage: no scenario of {table} plans its mitigation replace"
    assert [str(problem) for problem in lint.check(path, around)] == [unplanned]
    climbed = (
        "  - {name: again, base: down, tried: [restart],"
        " expect: {finding: outage, mitigate: replace, rung: 2, undo: put_back, disturbs: 0 of 0}}\n"
    )
    table.write_text(table.read_text(encoding="utf-8") + climbed, encoding="utf-8")
    assert lint.check(path, around) == []


def test_a_table_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "sample.yml").write_text(TABLE.replace("edge: {ok", "edgy: {ok"), encoding="utf-8")
    (tmp_path / "playbooks").mkdir()
    found = lint.check(write(tmp_path / "playbooks"), lint.Surroundings(tables=tmp_path))
    assert ["there is no evidence 'edgy'; did you mean edge?" in str(problem) for problem in found] == [True]


def test_every_built_probe_documents_the_members_of_its_value() -> None:
    undocumented = {
        name for name in documented.probes() if not (documented.interface(name) or documented.HOST_INFO).members
    }
    assert undocumented == set()


def test_members_are_read_from_the_value_paragraph() -> None:
    text = """Asks.

    Value: ``total``, ``pods`` [{name, node, taints [{key}]}] at most 200, ``reasons`` {reason: count}, ``first``
    (a line, ``cut``), ``last``.

    More: ``other``.
    """
    assert documented.members_of(text) == {
        "total": None,
        "pods": {"name": None, "node": None, "taints": None, "key": None},
        "reasons": None,
        "first": None,
        "last": None,
    }


def test_the_command_prints_what_is_wrong_and_says_so_by_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain.yml").write_text("- hosts: localhost\n", encoding="utf-8")
    assert lint.main([str(tmp_path / "plain.yml")]) == 0
    path = write(tmp_path, SAMPLE.replace("summary", "sumary"))
    assert lint.main([str(path)]) == 1
    assert f"{path}:" in capsys.readouterr().out


def test_a_file_of_alerts_is_checked_with_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alerts.json"
    path.write_text(
        json.dumps([{"labels": {"severity": "x"}, "startsAt": "now", "status": {}}], indent=1), encoding="utf-8"
    )
    assert lint.main(["--alerts", str(path)]) == 1
    told = capsys.readouterr().out
    assert f"{path}:3: 0.labels: alertname is missing" in told
    assert f'{path}:6: 0.startsAt: is "now"; allowed: a time as RFC 3339 writes it' in told


def test_what_hides_an_incident_comes_with_a_call(tmp_path: Path) -> None:
    easing = LADDER.replace("    risk: low", "    risk: low\n    cures: false\n    undo: put_back").replace(
        "[restart, replace]", "restart"
    )
    assert "restart: it eases and hides the incident" in " ".join(complaints(tmp_path, easing))

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which file is found for an alert, and what is said of files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError
from tests.unit.notation.books import SAMPLE, write


def test_it_finds_the_runbook_of_an_alert_and_knows_none_of_another(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "remediate.yml").write_text("- hosts: localhost\n", encoding="utf-8")
    found = catalogue(tmp_path)
    assert found.names == ["sample"]
    assert found.problems == []
    made = found.for_alert("SampleDown")
    assert made is not None
    assert made.name == "sample"
    assert made is found.by_name("sample")
    assert found.for_alert("Other") is None


def test_a_broken_runbook_breaks_its_own_alerts_alone(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, SAMPLE.replace("SampleDown", "OtherDown").replace("summary", "sumary"), "other")
    found = catalogue(tmp_path)
    assert found.for_alert("SampleDown") is not None
    for _again in range(2):
        with pytest.raises(RunbookError, match=r"other\.yml:\d+: sumary"):
            found.for_alert("OtherDown")


def test_a_file_whose_alerts_cannot_be_read_is_a_problem_and_no_more(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "broken.yml").write_text("- vars: {runbook: {alerts: {a: b}}}\n", encoding="utf-8")
    (tmp_path / "worse.yml").write_text("- vars: [}\n", encoding="utf-8")
    found = catalogue(tmp_path)
    assert found.alerts.keys() == {"SampleDown"}
    assert [problem.where.rpartition("/")[2] for problem in found.problems] == ["broken.yml:1", "worse.yml:1"]


def test_two_files_that_claim_one_alert_are_both_named(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, SAMPLE.replace("[SampleDown]", "[SampleDown, OtherDown]"), "other")
    found = catalogue(tmp_path)
    with pytest.raises(RunbookError, match=r"other\.yml and .*sample\.yml"):
        found.for_alert("SampleDown")
    assert [str(problem) for problem in found.problems] == [str(found.problems[0])]
    assert found.for_alert("OtherDown") is not None
    assert found.alerts.keys() == {"OtherDown"}


def test_two_files_of_one_name_are_both_named(tmp_path: Path) -> None:
    for folder, alert in (("ours", "SampleDown"), ("theirs", "OtherDown")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, SAMPLE.replace("SampleDown", alert))
    found = catalogue(tmp_path / "ours", tmp_path / "theirs")
    assert found.for_alert("OtherDown") is not None
    with pytest.raises(RunbookError, match=r"ours/sample\.yml and .*theirs/sample\.yml"):
        found.by_name("sample")


def test_a_file_that_holds_itself_breaks_its_own_alerts_alone(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, SAMPLE.replace("SampleDown", "OtherDown") + "params_: &a [*a]\n", "other")
    found = catalogue(tmp_path)
    with pytest.raises(RunbookError, match="members deep"):
        found.for_alert("OtherDown")


def test_a_name_that_is_almost_right_is_suggested(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(RunbookError, match="did you mean sample"):
        catalogue(tmp_path).by_name("smaple")


def test_alerts_are_found_whatever_stands_before_them(tmp_path: Path) -> None:
    text = "params: {list: [1, {runbook: {alerts: [No]}}], alerts: [No]}\n" + SAMPLE.replace(
        "alerts: [SampleDown]", "alerts:\n  - SampleDown\n  - 'Other: Down'"
    ).replace("params:", "inputs_:")
    path = write(tmp_path, text)
    assert catalogue(tmp_path).alerts == {"SampleDown": path, "Other: Down": path}

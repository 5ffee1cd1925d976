# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What real sweeps leave in the metrics, and that they never fail for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible import constants
from prometheus_client.parser import text_string_to_metric_families

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """An estate whose edge hangs, and whose sweeps leave a textfile."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    with Estate(tmp_path, "hetzner") as made:
        made.settings["remedy_linger"] = "3s"
        made.settings["remedy_metrics"] = {"textfile": str(tmp_path / "oncall_remedy.prom")}
        made["hetzner"].hang()
        made.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
        yield made


def left(estate: Estate) -> dict[str, float]:
    """Each series and its value, as ``name{label values}``."""
    text = (estate.folder / "oncall_remedy.prom").read_text()
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_healing_is_a_page_that_was_prevented_and_has_a_time_to_diagnose_and_to_mend(estate: Estate) -> None:
    Engine(estate).sweep()
    found = left(estate)
    assert found["oncall_remedy_incidents_total['edge_down', 'healed']"] == 1
    assert found["oncall_remedy_pages_prevented_total['edge_down']"] == 1
    assert found["oncall_remedy_mitigation_results_total['edge_down', 'healed']"] == 1
    assert found["oncall_remedy_time_to_diagnose_seconds_count['edge_down']"] == 1
    assert found["oncall_remedy_time_to_mend_seconds_count['edge_down']"] == 1
    assert found["oncall_remedy_sweeps_total['completed']"] == 1
    assert found["oncall_remedy_last_successful_sweep_timestamp_seconds[]"] > 0
    assert found["oncall_remedy_source_last_heard_timestamp_seconds['stand-in']"] > 0


def test_a_guard_that_holds_counts_at_every_look(estate: Estate) -> None:
    (estate.folder / "STOP").touch()
    estate.settings["remedy_kill_switch"] = str(estate.folder / "STOP")
    engine = Engine(estate)
    for _sweep in range(2):
        engine.sweep()
        estate.later(3600)
    found = left(estate)
    assert found["oncall_remedy_guard_holds_total['kill switch']"] == 2
    assert found["oncall_remedy_time_to_diagnose_seconds_count['edge_down']"] == 1, "diagnosed once"
    assert found["oncall_remedy_open_incidents['held', 'waiting']"] == 1


def test_a_run_of_one_runbook_proves_nothing_of_the_rest(estate: Estate) -> None:
    Engine(estate).sweep({"runbook": "edge_down", "target": "hetzner", "inputs": {}})
    found = left(estate)
    assert found["oncall_remedy_sweeps_total['completed']"] == 1
    assert "oncall_remedy_last_successful_sweep_timestamp_seconds[]" not in found
    assert found["oncall_remedy_demoted_remedies[]"] == 0


def test_a_sweep_whose_metrics_cannot_be_written_says_so_and_ends_well(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    estate.settings["remedy_metrics"] = {"textfile": str(estate.folder / "gone" / "oncall_remedy.prom")}
    Engine(estate).sweep()
    assert "! metrics could not be written to " in capsys.readouterr().out
    assert estate.case()["outcome"] == "healed"


def test_a_preview_leaves_no_metrics(estate: Estate) -> None:
    engine = Engine(estate)
    engine.remedy = lambda _target, _remedy: {"changed": True, "msg": "would restart"}
    engine.sweep(check=True)
    assert not (estate.folder / "oncall_remedy.prom").exists()

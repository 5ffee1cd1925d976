# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The metrics: what they are called, where they go, and that a sweep never fails for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import (
    Settings,
    SettingsError,
    settings_from,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch import metrics
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.counting import of_decision, of_diagnosis
from tests.support.service import Service, bearer
from tests.support.wire import Answer, Request, answer, answer_text
from tests.unit.watched import exposed, things
from tests.unit.watched.things import NOW

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "monitoring.md").read_text(encoding="utf-8")


def settings(**more: Any) -> Settings:
    return settings_from({"remedy_metrics": more})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with one sweep in it."""
    made = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    made.finish_sweep(made.start_sweep("ops1", 1, NOW - 20), {"fault": ""}, NOW - 8)
    return made


class Gateway:
    """A stand-in for the Pushgateway."""

    def __init__(self) -> None:
        self.status = 200
        self.pushed: list[Request] = []
        self.service = Service(self._answer)

    def _answer(self, request: Request) -> Answer:
        self.pushed.append(request)
        return answer() if self.status == 200 else answer_text("text format parsing error in line 1", self.status)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    with made.service:
        yield made


# What there is


def test_names_follow_the_conventions_of_prometheus() -> None:
    for family in exposed.families():
        assert re.fullmatch(r"oncall_remedy_[a-z_]+[a-z]", family.name)
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
        if re.search(r"time|duration", family.name):
            assert family.name.endswith("_seconds"), family.name


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    table = PAGE.partition("## Metrics")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    shown = {
        f"oncall_remedy_{name}": set(re.findall(r"`(state|why|source|runbook|outcome|result|guard|version)`", cells[2]))
        for cells in rows
        for name in re.findall(r"`([a-z_]+)`", cells[0])
    }
    made = {
        family.name + ("_total" if family.type == "counter" else ""): {
            label for one in family.samples for label in one.labels if label != "le"
        }
        for family in exposed.families()
    }
    assert shown == made


def test_the_moment_stands_in_the_gauges() -> None:
    assert exposed.value("oncall_remedy_storm") == 1
    assert exposed.value("oncall_remedy_open_incidents", state="waiting", why="held") == 1
    assert exposed.value("oncall_remedy_open_incidents", state="waiting", why="patience") == 0
    assert exposed.value("oncall_remedy_oldest_open_incident_timestamp_seconds", runbook="target_down") == NOW - 600
    assert exposed.value("oncall_remedy_undelivered_escalations") == 1
    assert exposed.value("oncall_remedy_oldest_undelivered_escalation_timestamp_seconds") == NOW - 400
    assert exposed.value("oncall_remedy_waiting_approvals") == 1
    assert exposed.value("oncall_remedy_stale_leases") == 1
    assert exposed.value("oncall_remedy_held_leases") == 1
    assert exposed.value("oncall_remedy_unfinished_mitigations") == 1
    assert exposed.value("oncall_remedy_pauses") == 1
    assert exposed.value("oncall_remedy_last_successful_sweep_timestamp_seconds") == NOW - 40
    assert exposed.value("oncall_remedy_source_last_heard_timestamp_seconds", source="lab") == NOW - 40


def test_a_source_that_was_never_heard_is_there_with_zero() -> None:
    assert exposed.value("oncall_remedy_source_last_heard_timestamp_seconds", source="berlin") == 0


def test_means_are_quotients_and_buckets_are_whole() -> None:
    name = "oncall_remedy_time_to_mend_seconds"
    assert exposed.value(f"{name}_sum", **exposed.BOOK) == 100.0
    assert exposed.value(f"{name}_count", **exposed.BOOK) == 1
    assert exposed.value(f"{name}_bucket", le="60.0", **exposed.BOOK) == 0
    assert exposed.value(f"{name}_bucket", le="120.0", **exposed.BOOK) == 1
    assert exposed.value(f"{name}_bucket", le="+Inf", **exposed.BOOK) == 1


def test_every_guard_counts_from_zero_so_that_its_first_hold_is_an_increase() -> None:
    shown = exposed.exposition()
    for guard in GUARDS:
        name = "runbook" if guard.__name__ == "draft" else guard.__name__.replace("_", " ")
        assert f'oncall_remedy_guard_holds_total{{guard="{name}"}}' in shown


def test_a_guard_that_holds_counts_and_one_that_passes_does_not() -> None:
    fresh, chosen = things.episode(outcome=""), Diagnosis((), chosen="edge_outage")
    found = of_decision(fresh, chosen, things.case(fresh), NOW)
    assert [dict(one.labels) for one in found if one.name == "guard_holds"] == [{"guard": "evidence"}]
    assert "time_to_diagnose_sum" in {one.name for one in found}


def test_a_gate_that_was_not_asked_in_this_sweep_counts_nothing() -> None:
    held = things.episode()
    assert of_decision(held, None, things.case(held), NOW) == []


def test_the_time_to_diagnose_counts_once_at_the_first_look_that_chose_a_finding() -> None:
    fresh = things.episode(outcome="")
    chosen = Diagnosis((), chosen="edge_outage")
    (total,) = [one.value for one in of_diagnosis(fresh, chosen, NOW) if one.name == "time_to_diagnose_sum"]
    assert total == 660.0
    assert of_diagnosis(things.episode(outcome="undecided"), chosen, NOW) != []
    assert of_diagnosis(things.episode(outcome="held"), chosen, NOW) == []
    assert of_diagnosis(fresh, Diagnosis((), undecided=("edge_outage",)), NOW) == []
    assert of_diagnosis(fresh, Diagnosis((), chosen="restarting", wait=60.0), NOW) == []
    assert of_diagnosis(fresh, None, NOW) == []


# Where they go


def test_nowhere_unless_the_inventory_says() -> None:
    assert metrics.write(None, settings_from({}), NOW) == ""  # type: ignore[arg-type]


def test_a_run_without_metrics_does_not_pay_for_the_client_library() -> None:
    code = (
        "import sys; from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import settings;"
        "from ansible_collections.oncall.remedy.plugins.plugin_utils.watch import metrics;"
        "metrics.write(None, settings.settings_from({}), 1.0); sys.exit('prometheus_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_textfile_is_replaced_as_a_whole_and_everybody_may_read_it(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "textfile" / "oncall_remedy.prom"
    path.parent.mkdir()
    path.write_text("something older\n" * 5000)
    former = os.umask(0o077)
    try:
        assert metrics.write(ledger, settings(textfile=str(path)), NOW) == ""
    finally:
        os.umask(former)
    assert "something older" not in path.read_text()
    assert "oncall_remedy_last_successful_sweep_timestamp_seconds 1.795321019e+09" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_to_is_a_complaint_and_leaves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "taken.prom"
    path.mkdir()
    complaint = metrics.write(ledger, settings(textfile=str(path)), NOW)
    assert complaint.startswith(f"metrics could not be written to {path}: ")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ledger.db", "taken.prom"]
    assert "No such file" in metrics.write(ledger, settings(textfile=str(tmp_path / "gone" / "a.prom")), NOW)


def test_the_push_replaces_its_group_with_the_credential_of_the_inventory(
    ledger: Ledger, gateway: Gateway, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("sesame\n")
    push = {"url": gateway.service.url + "/", "grouping": {"estate": "hetzner"}, "token_file": str(token)}
    assert metrics.write(ledger, settings(push=push), NOW) == ""
    (request,) = gateway.pushed
    assert (request.method, request.path) == ("PUT", "/metrics/job/oncall_remedy/estate/hetzner")
    assert bearer(request) == "sesame"
    assert b"\noncall_remedy_last_successful_sweep_timestamp_seconds 1.795321019e+09\n" in request.body


def test_a_gateway_that_refuses_is_a_complaint_and_the_textfile_is_written_all_the_same(
    ledger: Ledger, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.status = 400
    path = tmp_path / "a.prom"
    complaint = metrics.write(ledger, settings(textfile=str(path), push={"url": gateway.service.url}), NOW)
    assert complaint.startswith(f"metrics could not be written to {gateway.service.url}: ")
    assert "text format parsing error" in complaint
    assert path.exists()


def test_without_the_client_library_or_a_ledger_there_is_a_complaint_and_no_failure(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(textfile=str(tmp_path / "a.prom"))

    class Broken:
        def watched(self, _now: float) -> None:
            raise LedgerError("the ledger at postgresql://… failed: connection refused")

    broken: Any = Broken()
    assert metrics.write(broken, wanted, NOW).endswith("failed: connection refused")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert "prometheus_client" in metrics.write(ledger, wanted, NOW)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("/tmp/a.prom", "remedy_metrics: expected a mapping with textfile, push, found str"),
        ({"file": "/tmp/a.prom"}, "unknown key file; allowed are textfile, push"),
        ({"textfile": "/tmp/a.txt"}, "does not end in .prom"),
        ({"push": {}}, None),
        ({"push": {"job": "a"}}, "push: needs the url of a Pushgateway"),
        ({"push": {"url": "http://a", "token": "sesame"}}, "push: unknown key token"),
        ({"push": {"url": "http://a", "grouping": "a"}}, "push: grouping is a mapping"),
        (None, None),
    ],
)
def test_a_setting_that_cannot_be_used_says_what_is_allowed(raw: Any, says: str | None) -> None:
    if says is None:
        assert settings_from({"remedy_metrics": raw}).metrics.push is None
    else:
        with pytest.raises(SettingsError, match=re.escape(says)):
            settings_from({"remedy_metrics": raw})

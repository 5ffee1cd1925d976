# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""docs/targets.md: the edits of data that it shows are made, and what it says of them is what comes out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader, scenario
from tests.support import inventories

ROOT = Path(__file__).resolve().parents[3]
HOMELAB = ROOT / "inventories" / "homelab"
PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
BOOK = loader.load(ROOT / "playbooks" / "target_down.yml")
TABLE = ROOT / "tests" / "runbooks" / "target_down.yml"

ADDRESS = "10.10.0.60:9199"
REFUSED = {"total": 1, "open": 0, "refused": 1, "timed_out": 0, "open_at": [], "closed_at": [ADDRESS]}
ANSWERS: dict[str, Any] = {
    "scrape": {
        "total": 1,
        "up": 0,
        "down": 1,
        "unknown": 0,
        "error_kinds": {"refused": 1},
        "through_proxy": 0,
        "pools": ["ups-garage"],
        "empty_pools": [],
        "dropped_of_job": 0,
        "targets": [
            {
                "job": "ups-garage",
                "health": "down",
                "last_error": f"dial tcp {ADDRESS}: connect: connection refused",
                "scrape_url": f"http://{ADDRESS}/metrics",
                "address": ADDRESS,
                "port": 9199,
                "pool": "ups-garage",
            }
        ],
    },
    "everywhere": {"total": 40, "down": 1, "common": {}},
    "samples": {"series": []},
    "now_and_then": {"series": []},
    "durations": {"series": []},
    "within_a_day": {"series": []},
    "inside": {**REFUSED, "node": "talos-monitor", "answers": [{"address": ADDRESS, "state": "refused", "status": 0}]},
    "outside": REFUSED,
    "metrics": {"answers": [{"address": ADDRESS, "state": "refused", "status": 0}]},
    "prometheus_log": {"lines": 100, "about_job": {"lines": 0, "first": ""}},
}


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def edits() -> list[Any]:
    """The rows that the page adds, in its order."""
    blocks = re.findall(r"```yaml\n(.*?)```", section("One more expected target"), re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def told() -> list[str]:
    """What the page says that the case says, in its order."""
    return re.findall(r"^> (.*)$", section("One more expected target"), re.MULTILINE)


def diagnosed(inventory: Path) -> Diagnosis:
    """What TargetDown makes of the UPS that is not there, in an estate with this inventory."""
    params = inventories.params("target_down", "monit", inventory)
    inputs = {"job": "ups-garage", "cluster": "monit"}
    one = scenario.Scenario("ups", "docs", "TargetDown", "monit", params, inputs, dict(ANSWERS), {}, 0, {})
    return one.diagnose(BOOK)


def edited(inventory: Path, variable: str, rows: Any) -> None:
    """Appends rows to a table of the inventory, as an editor would."""
    path = inventory / "group_vars" / "all" / "targets.yml"
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))
    tables[variable] += rows
    path.write_text(yaml.safe_dump(tables), encoding="utf-8")


def test_one_more_type_and_one_more_target_are_two_rows_of_data_and_change_the_diagnosis(tmp_path: Path) -> None:
    inventory = tmp_path / "homelab"
    shutil.copytree(HOMELAB, inventory)
    found = [diagnosed(inventory)]
    for variable, rows in zip(("scrape_kinds", "scrape_targets"), edits(), strict=True):
        edited(inventory, variable, rows)
        found.append(diagnosed(inventory))
    assert [one.chosen for one in found] == ["unknown_job", "unlisted", "nothing_listens"]
    assert [one.because for one in found] == told()
    assert [one.plan for one in found] == [None, None, None]


def test_the_scenarios_are_those_of_the_homelab_as_it_stands() -> None:
    """The table of TargetDown has the inventory's tables as they are resolved, and two more rows of its own."""
    resolved = inventories.params("target_down", "prod", HOMELAB)
    shown = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["params"]
    known = len(resolved["expected_targets"])
    assert shown["expected_targets"][:known] == resolved["expected_targets"]
    assert {name: value for name, value in shown.items() if name != "expected_targets"} == {
        name: value for name, value in resolved.items() if name != "expected_targets"
    }


def test_every_row_of_the_seeds_inventory_of_targets_is_in_the_homelabs() -> None:
    rows = inventories.params("target_down", "prod", HOMELAB)["expected_targets"]
    listed = {(row["cluster"], row["job"]): (row["expected"], row["targets"]) for row in rows}
    nodes = [f"10.10.0.4{number}" for number in range(4)]
    for cluster, job, expected, targets in (
        ("prod", "proxmox-ruapehu", True, ["10.10.0.10:8006"]),
        ("prod", "talos-kubelets", True, [f"{node}:10250" for node in nodes]),
        ("prod", "talos-node-exporter", True, [f"{node}:9100" for node in nodes]),
        ("prod", "kube-state-metrics", True, ["10.10.0.40:30081"]),
        ("prod", "argocd-metrics", True, ["10.10.0.40:30082"]),
        ("prod", "argocd-server-metrics", True, ["10.10.0.40:30083"]),
        ("prod", "kube-proxy", False, []),
        ("prod", "kube-scheduler", False, []),
        ("prod", "kube-controller-manager", False, []),
        ("monit", "proxmox-carrick", True, ["10.30.0.10:8006"]),
        ("monit", "talos-monitor", True, ["10.10.0.30:9100"]),
        ("agentic", "claude-agent", True, ["10.20.0.40:30200"]),
    ):
        assert listed[cluster, job] == (expected, targets), job


def test_the_page_names_every_key_that_a_row_may_have() -> None:
    blank = inventories.params("target_down", "prod", HOMELAB)["expected_targets"][0]
    assert {key for key in blank if f"`{key}`" not in section("What is expected")} == set()


def test_the_kinds_of_the_page_are_those_that_the_playbook_asks_about() -> None:
    text = (ROOT / "playbooks" / "target_down.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\w)kind [!=]= '(\w+)'", text))
    for names in re.findall(r"(?<!\w)kind in \[([^\]]+)\]", text):
        asked |= set(re.findall(r"'(\w+)'", names))
    shown = set(re.findall(r"^\| `(\w+)` \|", section("Which kind it is"), re.MULTILINE))
    assert asked - {"unknown"} == shown


def test_the_findings_that_are_mended_are_on_the_page() -> None:
    mended = {finding.name for finding in BOOK.findings if finding.mitigate}
    assert {name for name in mended if f"`{name}`" not in section("Who mends what")} == set()

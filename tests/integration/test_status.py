# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``playbooks/status.yml`` as an operator runs it: what a sweep has left waiting, without a trace in the ledger."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns
from tests.support import awx
from tests.support.estate import Estate

STATUS = "oncall.remedy.status"


@pytest.fixture
def held(estate: Estate) -> Estate:
    """The kill switch is pulled while the edge is down: a sweep has diagnosed it, and a guard holds the restart."""
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    (estate.folder / "STOP").touch()
    estate.settings["remedy_kill_switch"] = str(estate.folder / "STOP")
    estate.sweep().ended_well()
    return estate


def test_one_command_says_what_is_held_and_by_which_guard_in_80_columns(held: Estate) -> None:
    words = held.sweep(playbook=STATUS).ended_well().output
    assert "Held (1)" in words
    assert "EdgeDown · hetzner" in words
    assert "held by   kill switch: " in words
    assert "! The kill switch is pulled: nothing acts." in words
    assert [line for line in words.splitlines() if columns(line) > 80] == []


def test_it_leaves_no_trace_in_the_ledger_with_and_without_check(held: Estate) -> None:
    before = hashlib.sha256(held.ledger_file.read_bytes()).hexdigest()
    files = sorted(path.name for path in held.ledger_file.parent.iterdir())
    assert "Held (1)" in held.sweep(playbook=STATUS).ended_well().output
    assert "Held (1)" in held.sweep("--check", playbook=STATUS).ended_well().output
    assert hashlib.sha256(held.ledger_file.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in held.ledger_file.parent.iterdir()) == files


def test_where_no_sweep_has_run_it_says_so_and_makes_no_ledger(estate: Estate) -> None:
    words = estate.sweep(playbook=STATUS).ended_well().output
    assert "no sweep has run so far" in words
    assert "Nothing waits" in words
    assert not estate.ledger_file.exists()


def test_as_data_it_is_what_a_program_reads(held: Estate) -> None:
    found = json.loads(held.sweep("-e", "format=json", playbook=STATUS).ended_well().output)
    (incident,) = found["held"]
    assert incident["title"] == "EdgeDown · hetzner"
    assert [one["guard"] for one in incident["held_by"]] == ["kill switch"]


def test_a_target_is_an_inventory_name_to_the_letter(held: Estate) -> None:
    refused = held.sweep("-e", "target={{ 'hetzner' }}", playbook=STATUS)
    assert refused.code == 2
    assert "is not the name of one target of the inventory" in " ".join(refused.output.split())
    assert "Held (1)" in held.sweep("-e", "target=hetzner", playbook=STATUS).ended_well().output


def test_in_awx_it_is_the_artifact_of_the_job(held: Estate) -> None:
    root = awx.private_data(held)
    awx.run(root, "playbooks/status.yml").ended_well()
    events = [json.loads(path.read_text()) for path in root.glob("artifacts/*/job_events/*.json")]
    (stats,) = [one["event_data"] for one in events if one["event"] == "playbook_on_stats"]
    (incident,) = stats["artifact_data"]["remedy_status"]["held"]
    assert incident["title"] == "EdgeDown · hetzner"

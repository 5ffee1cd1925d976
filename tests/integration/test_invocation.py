# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How ansible-playbook is called, and what it answers where a sweep cannot be made."""

from __future__ import annotations

import pytest

from tests.support.estate import Estate

FAULTY = "{{ 'nonsense' if remedy_sweep is defined and remedy_fault is not defined else '5s' }}"
"""A duration that cannot be read while the stage assess runs, and can before and after."""


def shown(output: str) -> str:
    return " ".join(output.split())


@pytest.mark.parametrize("limit", ["hetzner", "localhost", "all:!nobody"])
def test_a_limit_is_refused_before_anything_is_asked(estate: Estate, limit: str) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    run = estate.sweep("--limit", limit)
    assert run.code != 0
    assert "would skip" in shown(run.output)
    assert "-e target=NAME" in shown(run.output)
    assert estate.alertmanager.service.requests == []
    assert not estate.ledger_file.exists()


def test_an_inventory_that_names_no_alertmanager_is_refused(estate: Estate) -> None:
    estate.settings["remedy_sources"] = []
    run = estate.sweep()
    assert run.code != 0
    assert "remedy_sources is empty" in shown(run.output)


def test_a_ledger_that_cannot_be_opened_ends_the_run_before_anything_is_asked(estate: Estate) -> None:
    estate.ledger_file.parent.mkdir()
    estate.ledger_file.write_text("this is no database")
    run = estate.sweep()
    assert run.code != 0
    assert "cannot be opened" in shown(run.output)
    assert estate.alertmanager.service.requests == []


def test_a_fault_of_the_engine_ends_the_run_as_failed_and_reaches_a_human(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.settings["remedy_probe_deadline"] = FAULTY
    run = estate.sweep()
    assert run.code != 0
    assert "the engine itself failed" in shown(run.output)
    case = estate.case()
    assert case["outcome"] == "failed"
    assert "remedy_probe_deadline" in case["escalations"][0]["why"]
    assert estate.ledger.sweeps(unfinished=True) == []

    estate.settings["remedy_probe_deadline"] = "5s"
    estate.later(60)
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"


def test_a_quiet_sweep_says_so_in_one_line_and_ends_well(estate: Estate) -> None:
    run = estate.sweep().ended_well()
    lines = run.output.splitlines()
    assert lines[0] == "0 alerts firing · 0 incidents"
    assert lines[-1].startswith("nothing to do")
    assert len(lines) == 2


def test_an_operators_target_that_is_a_template_is_refused_and_not_rendered(estate: Estate) -> None:
    canary = estate.folder / "canary"
    playbook = str(estate.settings["remedy_playbooks"][0]) + "/edge_down.yml"
    target = "{{ lookup('ansible.builtin.pipe', 'touch " + str(canary) + "') }}"
    run = estate.sweep("-e", f'{{"target": "{target}"}}', playbook=playbook)
    assert run.code != 0
    assert "not, to the letter" in shown(run.output)
    assert not canary.exists()

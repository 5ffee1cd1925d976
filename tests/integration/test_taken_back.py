# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What takes a mitigation back was planned with it: its arguments and what the fix left on the object are enough."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import credential_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Plan
from tests.support.estate import Estate

TAKE_BACK = """\
- hosts: hetzner
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: "{{ role }}"
"""


def take_back(estate: Estate) -> Plan:
    """Carries out by hand what the one mitigation of the ledger says of how it is undone."""
    (mitigation,) = estate.ledger.mitigations(estate.case()["id"])
    undo = Plan(**mitigation.plan["undo"])
    credentials = estate.hosts["hetzner"]["remedy_credentials"]
    remedy: dict[str, Any] = {
        "incident": mitigation.episode,
        "action": undo.action,
        "target": "hetzner",
        "arguments": undo.arguments,
        "credential": credential_for(undo.credential, credentials, str(estate.folder), "by-hand", 600.0),
        "timeout": undo.timeout,
    }
    (estate.folder / "take_back.yml").write_text(TAKE_BACK, encoding="utf-8")
    (estate.folder / "remedy.yml").write_text(yaml.safe_dump({"role": undo.role, "remedy": remedy}), encoding="utf-8")
    estate.sweep("-e", "@remedy.yml", playbook=str(estate.folder / "take_back.yml")).ended_well()
    return undo


def test_a_repaired_service_monitor_is_as_it_was(estate: Estate) -> None:
    hetzner = estate["hetzner"]
    hetzner.mislabel_the_monitor()
    former = copy.deepcopy(hetzner.monitor["spec"])
    estate.alertmanager.fire("MonitorStuck", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"
    assert hetzner.monitor["spec"] != former

    assert take_back(estate).arguments == {"namespace": "traefik", "name": "traefik"}

    assert hetzner.monitor["spec"] == former
    assert len([write for write in hetzner.writes() if "PATCH" in write]) == 2


def test_a_release_that_was_rolled_back_stands_again(estate: Estate) -> None:
    hetzner = estate["hetzner"]
    hetzner.roll_out_badly()
    released = copy.deepcopy(hetzner.daemonset["spec"]["template"])
    estate.alertmanager.fire("EdgeStuck", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"
    assert hetzner.daemonset["spec"]["template"] != released

    assert take_back(estate).arguments["to_revision"] == 2

    assert hetzner.daemonset["spec"]["template"] == released
    assert len(hetzner.patches()) == 2

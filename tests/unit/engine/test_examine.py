# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evidence that is gathered on hosts: which are asked, and what their silence means."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.loader import load
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.examine import host_evidence
from tests.support.estate import RUNBOOKS, Estate
from tests.unit.engine.sweeping import Engine

Json = dict[str, Any]

REACHED: Json = {
    "host": {"listening": [{"protocol": "tcp", "address": "10.0.0.1", "port": 80, "pid": 7, "process": "nginx"}]}
}
LOST: Json = {"unreachable": True, "msg": "ssh: connection refused"}


@pytest.fixture
def book(estate: Estate) -> Runbook:
    """EdgeDown's runbook, which asks two hosts who listens there."""
    plays = yaml.safe_load((RUNBOOKS / "edge_down.yml").read_text())
    runbook = plays[0]["vars"]["runbook"]
    runbook["params"]["edge_hosts"] = "{{ edge_hosts }}"
    runbook["evidence"]["sockets"] = {"host_info": {"gather": ["listening"]}, "hosts": "{{ edge_hosts }}"}
    folder = estate.folder / "runbooks"
    folder.mkdir()
    (folder / "edge_down.yml").write_text(yaml.safe_dump(plays))
    estate.settings["remedy_playbooks"] = [str(folder)]
    estate.hosts["hetzner"]["edge_hosts"] = ["node1", "node2"]
    estate.hosts |= {"node1": {}, "node2": {}}
    return load(folder / "edge_down.yml")


def found(engine: Engine, book: Runbook, results: Json, hosts: list[str] | None = None) -> Evidence:
    params = {"edge_hosts": hosts or ["node1", "node2"]}
    return host_evidence(engine.inventory(), book, params, results.get, 100.0)["sockets"]


def test_the_sweep_names_the_hosts_and_what_to_gather_there(engine: Engine, estate: Estate, book: Runbook) -> None:
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    discovered = engine.act("discover", {})
    assert (discovered["examine"], discovered["gather"]) == (["node1", "node2"], ["listening"])


def test_who_listens_is_told_in_words(engine: Engine, book: Runbook) -> None:
    evidence = found(engine, book, {"node1": REACHED, "node2": REACHED})
    assert (evidence.state, evidence.value["reached"]) == ("ok", ["node1", "node2"])
    assert evidence.value["listening"][0]["holder"] == "nginx (pid 7) on node1 port 80"


def test_a_host_that_is_not_reached_is_an_answer_as_long_as_another_one_is(engine: Engine, book: Runbook) -> None:
    evidence = found(engine, book, {"node1": REACHED, "node2": LOST})
    assert evidence.state == "ok"
    assert evidence.value["unreachable"] == [{"name": "node2", "reason": "ssh: connection refused"}]


@pytest.mark.parametrize(
    "results", [{"node1": LOST, "node2": LOST}, {}, {"node1": {"failed": True, "msg": "x", "host": {}}}]
)
def test_where_no_host_is_reached_nothing_is_known(engine: Engine, book: Runbook, results: Json) -> None:
    evidence = found(engine, book, results)
    assert (evidence.state, evidence.value) == ("failed", None)
    assert "node2" in evidence.reason


@pytest.mark.parametrize("name", ["all", "~node.*", "node1:node2", "localhost", "node3"])
def test_a_name_that_is_no_host_is_refused(engine: Engine, book: Runbook, name: str) -> None:
    with pytest.raises(SettingsError, match="is not a host of the inventory"):
        found(engine, book, {}, [name])


def test_hosts_are_asked_for_nothing_while_the_incident_is_only_verified(
    engine: Engine, estate: Estate, book: Runbook
) -> None:
    estate.settings["remedy_linger"] = 0
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    engine.sweep()
    estate.later(60)
    assert engine.act("discover", {})["examine"] == []

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory of honeydue: what the ingress runbook gets of it, and that what it says twice is the same."""

from __future__ import annotations

import functools
import ipaddress
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader
from tests.support import inventories

PLACE = inventories.ROOT / "inventories" / "honeydue"
BOOK = loader.load(inventories.ROOT / "playbooks" / "ingress.yml")


@functools.cache
def params(name: str = "ingress") -> dict[str, Any]:
    return inventories.params_apart(name, "honeydue", PLACE)


@functools.cache
def values() -> Any:
    return yaml.safe_load(params()["chart_values"])


@functools.cache
def variables(file: str) -> Any:
    return yaml.safe_load((PLACE / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["ingress", "traefik_down"])
def test_all_that_the_runbooks_need_is_there(name: str) -> None:
    assert params(name)


def test_traefik_is_to_trust_just_cloudflares_networks_where_it_hears_of_https_from_it() -> None:
    (argument,) = values()["additionalArguments"]
    name, _equals, networks = argument.partition("=")
    assert name == "--entrypoints.web.forwardedHeaders.trustedIPs"
    assert networks.split(",") == params()["cloudflare"]["ranges"]


def test_cloudflares_networks_are_networks_and_the_firewall_of_the_seed_knows_as_many() -> None:
    networks = [ipaddress.ip_network(one) for one in params()["cloudflare"]["ranges"]]
    assert len(set(networks)) == len(networks)
    assert sum(one.version == 4 for one in networks) == 15


def test_a_new_pod_never_waits_for_the_port_of_the_old_one() -> None:
    assert values()["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}


def test_traefik_is_to_run_on_every_nodes_own_ports() -> None:
    assert values()["deployment"]["kind"] == "DaemonSet"
    assert values()["hostNetwork"] is True
    assert {name: port["hostPort"] for name, port in values()["ports"].items()} == params()["entry_points"]


def test_each_mitigation_has_its_credential_and_each_owner_is_called_somewhere() -> None:
    target, engine = variables("host_vars/honeydue.yml"), variables("group_vars/all/engine.yml")
    assert {one.credential for one in BOOK.mitigations.values()} <= target["remedy_credentials"].keys()
    owners = {params()[name] for name in ("platform", "applications", "network")}
    assert owners <= engine["remedy_escalations"].keys()


def test_each_node_is_a_host_that_can_be_looked_at() -> None:
    estate = inventories.read(PLACE)
    assert all(node in estate for node in params()["node_names"])
    assert len(params()["node_sockets"]) == 2 * len(params()["node_names"])

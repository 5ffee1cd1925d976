"""NetworkPolicies as nftables rules: the API documentation's semantics, without a kernel."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lab import isolation, policies
from lab.console import LabError
from lab.kube import Object
from lab.settings import NODES


def pod(name: str, address: str, *, namespace: str = "shop", node: str = "hetzner1", **more: Any) -> Object:
    """A running pod that is labelled with its name."""
    spec = {"nodeName": node, "containers": [{"ports": more.pop("ports", [])}], **more}
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": {"app": name}}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Running", "podIP": address}}


def policy(namespace: str = "shop", **spec: Any) -> Object:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


API = pod("api", "10.244.1.2", ports=[{"name": "http", "containerPort": 8080}])
WEB = pod("web", "10.244.2.3", node="hetzner2")
OTHER = pod("other", "10.244.3.4", namespace="other", node="hetzner3")
NAMESPACES = {"shop": {"team": "a"}, "other": {"team": "b"}}


def lines(*given: Object, node: str = "hetzner1", pods: tuple[Object, ...] = (API, WEB, OTHER)) -> list[str]:
    """What a node's table says, without how it is put."""
    text = policies.ruleset(policies.World(given, pods, NAMESPACES), node)
    assert text.startswith("table inet lab_network_policies\ndelete table inet lab_network_policies\n")
    assert text.count("{") == text.count("}")
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def chain(*given: Object, **more: Any) -> list[str]:
    """The rules of the only chain of a pod."""
    found = lines(*given, **more)
    return found[: next(number for number, line in enumerate(found) if line.startswith("type filter"))]


def test_a_pod_that_no_policy_selects_is_open() -> None:
    selects_nobody = policy(podSelector={"matchLabels": {"app": "nobody"}})
    assert lines(selects_nobody)[1:] == ["ct direction reply accept"]
    assert lines(policy(namespace="other"))[1:] == ["ct direction reply accept"]


def test_a_policy_without_rules_shuts_its_pods_in_on_their_own_node_only() -> None:
    assert chain(policy()) == ["drop"]
    assert lines(policy())[-1].startswith("ip daddr 10.244.1.2 jump ingress_")
    assert "10.244.1.2" not in "".join(lines(policy(), node="hetzner3"))


def test_an_empty_rule_lets_everybody_in() -> None:
    assert chain(policy(ingress=[{}])) == ["accept", "drop"]


def test_peers_are_pods_of_the_policys_namespace_unless_namespaces_are_named() -> None:
    web = {"podSelector": {"matchLabels": {"app": "web"}}}
    team_b = {"namespaceSelector": {"matchLabels": {"team": "b"}}}
    assert chain(policy(ingress=[{"from": [web]}])) == ["ip saddr { 10.244.2.3 } accept", "drop"]
    assert chain(policy(ingress=[{"from": [team_b]}])) == ["ip saddr { 10.244.3.4 } accept", "drop"]
    assert chain(policy(ingress=[{"from": [{**team_b, **web}]}])) == ["drop"]


def test_pods_of_all_namespaces_are_not_everybody() -> None:
    """What kept the scrape through a NodePort out of Argo CD: it comes from a node's address."""
    rules = chain(policy(ingress=[{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8082}]}]))
    assert rules == ["ip saddr { 10.244.1.2, 10.244.2.3, 10.244.3.4 } tcp dport 8082 accept", "drop"]


def test_what_one_policy_lets_through_another_does_not_take_back() -> None:
    shut, open_port = policy(), policy(ingress=[{"ports": [{"port": 8082}]}])
    assert chain(shut, open_port) == ["tcp dport 8082 accept", "drop"]


def test_a_network_may_have_holes() -> None:
    block = {"ipBlock": {"cidr": "10.66.0.0/24", "except": ["10.66.0.11/32"]}}
    assert chain(policy(ingress=[{"from": [block]}]))[0] == "ip saddr 10.66.0.0/24 ip saddr != 10.66.0.11/32 accept"


@pytest.mark.parametrize(
    ("port", "rule"),
    [
        ({"port": 8080}, "tcp dport 8080 accept"),
        ({"port": 8080, "endPort": 8090}, "tcp dport 8080-8090 accept"),
        ({"port": "http"}, "tcp dport 8080 accept"),
        ({"protocol": "UDP", "port": 53}, "udp dport 53 accept"),
        ({"protocol": "UDP"}, "meta l4proto udp accept"),
    ],
)
def test_ports_are_numbers_ranges_names_or_whole_protocols(port: Object, rule: str) -> None:
    assert chain(policy(ingress=[{"ports": [port]}])) == [rule, "drop"]


def test_a_port_whose_name_the_pod_does_not_have_lets_nobody_in() -> None:
    assert chain(policy(ingress=[{"ports": [{"port": "metrics"}]}])) == ["drop"]


def test_egress_is_shut_only_where_a_policy_speaks_of_it_and_looks_names_up_at_the_other_end() -> None:
    both = policy(egress=[{"to": [{"podSelector": {"matchLabels": {"app": "api"}}}], "ports": [{"port": "http"}]}])
    found = lines(both, node="hetzner2")
    assert "ip daddr { 10.244.1.2 } tcp dport 8080 accept" in found
    assert [re.sub(r"_.*", "", line) for line in found[-2:]] == [
        "ip daddr 10.244.2.3 jump ingress",
        "ip saddr 10.244.2.3 jump egress",
    ]
    only_egress = policy(policyTypes=["Egress"])
    assert lines(only_egress)[-1].startswith("ip saddr 10.244.1.2 jump egress_")


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {"app": "api"}}, True),
        ({"matchLabels": {"app": "api", "tier": "x"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api", "web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["api"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_selectors_match_as_the_api_says(selector: Object | None, matches: bool) -> None:
    assert policies.matches(selector, {"app": "api"}) is matches


def test_an_operator_that_is_not_known_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(LabError, match="Like"):
        policies.matches({"matchExpressions": [{"key": "app", "operator": "Like"}]}, {})


def test_pods_on_the_network_of_their_node_and_those_that_ended_are_no_pods_to_a_policy() -> None:
    ended = {**WEB, "status": {"phase": "Succeeded", "podIP": "10.244.2.3"}}
    on_host = pod("prometheus", "10.66.0.11", hostNetwork=True)
    assert [policies._has_an_address(one) for one in (API, ended, on_host)] == [True, False, False]


def test_the_api_servers_machine_is_cut_off_by_what_it_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A NodePort becomes a pod's address on its way: whoever asked for the node's is let through."""
    given: list[tuple[list[str], str]] = []
    monkeypatch.setattr(isolation, "run", lambda command, stdin="", check=True: given.append((command, stdin)))
    isolation.apply(NODES[1])
    (command, rules), _ = given
    assert command[1] == "--net=/run/netns/hetzner2"
    assert "ip saddr 10.66.0.1 ct direction original ct original ip daddr 10.244.0.0/16 drop" in rules
    assert rules.index("tcp dport 9990 accept") < rules.index("drop")

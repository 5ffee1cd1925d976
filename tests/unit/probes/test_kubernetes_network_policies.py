"""NetworkPolicies, by the semantics that the API's documentation gives each of their fields."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_network_policies import (
    NetworkPolicies,
    summary,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.network_policies import Destination, Source
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import meta

PATH = "/apis/networking.k8s.io/v1/namespaces/argocd/networkpolicies"
CONTROLLER = {"app.kubernetes.io/name": "argocd-application-controller"}
OUTSIDE = Source()
PROMETHEUS = Source({"kubernetes.io/metadata.name": "monitoring", "team": "sre"}, {"app": "prometheus"})
TO = Destination("argocd", {"app": "argo"}, 8082, "metrics")


def policy(name: str = "p", **spec: Any) -> dict[str, Any]:
    body = {"podSelector": {}, "policyTypes": ["Ingress"], **spec}
    return {"metadata": meta(name, "argocd"), "spec": body}


def peers(*peers: dict[str, Any], **rule: Any) -> dict[str, Any]:
    return policy(ingress=[{"from": list(peers), **rule}])


def allowed(one: dict[str, Any], source: Source = OUTSIDE, to: Destination = TO) -> bool:
    value = summary([one], source, to)
    assert value["isolated"]
    return bool(value["allowed"])


def ask(server: wire.Wire, folder: pathlib.Path, **options: Any) -> Any:
    given = {"namespace": "argocd", "pod_labels": CONTROLLER, "port": 8082, **options}
    return NetworkPolicies(transport(server, folder), given).ask(time.monotonic() + 10)


ARGOCD = {
    "metadata": meta("argocd-application-controller-network-policy", "argocd"),
    "spec": {
        "podSelector": {"matchLabels": CONTROLLER},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8082}]}],
    },
}
SUPPLEMENTAL = {
    "metadata": meta("argocd-application-controller-metrics-external", "argocd"),
    "spec": {
        "podSelector": {"matchLabels": CONTROLLER},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": 8082, "protocol": "TCP"}]}],
    },
}


def test_argocds_own_policy_lets_pods_in_and_keeps_a_node_port_out(tmp_path: pathlib.Path) -> None:
    other = policy("other", podSelector={"matchLabels": {"app": "redis"}})
    with wire.Wire() as server:
        server.on("GET", PATH, wire.answer_json({"items": [ARGOCD, other]}))
        outside = ask(server, tmp_path)
        inside = ask(server, tmp_path, from_namespace_labels={"kubernetes.io/metadata.name": "monitoring"})
        assert server.asked() == [f"GET {PATH}"] * 2
    assert outside == {
        "total": 2,
        "selecting": ["argocd-application-controller-network-policy"],
        "allowing": [],
        "isolated": True,
        "allowed": False,
    }
    assert (inside["allowed"], inside["allowing"]) == (True, outside["selecting"])


def test_the_supplemental_policy_adds_the_outside(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PATH, wire.answer_json({"items": [SUPPLEMENTAL, ARGOCD]}))
        found = ask(server, tmp_path)
        elsewhere = ask(server, tmp_path, port=8083)
    assert (found["allowed"], found["allowing"]) == (True, ["argocd-application-controller-metrics-external"])
    assert (len(found["selecting"]), elsewhere["allowed"]) == (2, False)


def test_without_a_policy_everybody_is_let_in() -> None:
    assert summary([], OUTSIDE, TO) == {
        "total": 0,
        "selecting": [],
        "allowing": [],
        "isolated": False,
        "allowed": True,
    }


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({"podSelector": {}}, True),
        ({"podSelector": {"matchLabels": {"app": "argo"}}}, True),
        ({"podSelector": {"matchLabels": {"app": "other"}}}, False),
        ({"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["argo"]}]}}, True),
        ({"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}, False),
        ({"policyTypes": ["Egress"]}, False),
        ({"policyTypes": ["Egress", "Ingress"]}, True),
        ({"policyTypes": None}, True),
        ({"policyTypes": None, "egress": [{}]}, True),
    ],
)
def test_which_policies_isolate_a_pod(spec: dict[str, Any], isolated: bool) -> None:
    value = summary([policy(**spec)], OUTSIDE, TO)
    assert (value["isolated"], value["allowed"]) == (isolated, not isolated)


@pytest.mark.parametrize("ingress", [[], None])
def test_a_policy_without_rules_lets_nobody_in(ingress: Any) -> None:
    assert not allowed(policy(ingress=ingress), OUTSIDE)
    assert not allowed(policy(ingress=ingress), PROMETHEUS)


@pytest.mark.parametrize("rule", [{}, None, {"from": []}, {"from": None, "ports": None}, {"ports": []}])
def test_an_empty_rule_lets_everybody_in(rule: Any) -> None:
    assert allowed(policy(ingress=[rule]), OUTSIDE)
    assert allowed(policy(ingress=[rule]), PROMETHEUS)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"port": 8082}, True),
        ({"port": 8083}, False),
        ({"port": 8082, "protocol": "TCP"}, True),
        ({"port": 8082, "protocol": "UDP"}, False),
        ({"protocol": "TCP"}, True),
        ({"protocol": "SCTP"}, False),
        ({"port": 8000, "endPort": 8100}, True),
        ({"port": 8082, "endPort": 8082}, True),
        ({"port": 8083, "endPort": 8100}, False),
        ({"port": "metrics"}, True),
        ({"port": "web"}, False),
        ({}, True),
    ],
)
def test_ports_of_a_rule(port: dict[str, Any], expected: bool) -> None:
    assert allowed(policy(ingress=[{"ports": [{"port": 1}, port]}])) is expected


def test_a_port_by_a_name_that_is_not_known_decides_nothing() -> None:
    to = Destination("argocd", {"app": "argo"}, 8082)
    named = policy("by-name", ingress=[{"ports": [{"port": "metrics"}]}])
    with pytest.raises(ProbeError, match="NetworkPolicy by-name names its port: 'port_name'") as caught:
        summary([named], OUTSIDE, to)
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    "other",
    [
        policy("all", ingress=[{}]),
        policy("number", ingress=[{"ports": [{"port": "x"}, {"port": 8082}]}]),
    ],
)
def test_where_another_rule_decides_the_name_of_a_port_does_not_matter(other: dict[str, Any]) -> None:
    to = Destination("argocd", {"app": "argo"}, 8082)
    named = policy("by-name", ingress=[{"ports": [{"port": "metrics"}]}])
    assert summary([named, other], OUTSIDE, to)["allowing"] == [other["metadata"]["name"]]
    strangers = policy(ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": "metrics"}]}])
    assert not allowed(strangers, OUTSIDE, to)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ({"namespaceSelector": {}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "sre"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "dev"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}, True),
        ({"podSelector": {}}, False),
        ({"podSelector": {"matchLabels": {"app": "prometheus"}}}, False),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}, True),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "grafana"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "dev"}}, "podSelector": {}}, False),
        ({"namespaceSelector": None, "podSelector": None}, False),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, False),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, True),
    ],
)
def test_peers_for_a_pod_of_another_namespace(peer: dict[str, Any], expected: bool) -> None:
    assert allowed(peers(peer), PROMETHEUS) is expected
    assert allowed(peers({"podSelector": {"matchLabels": {"no": "body"}}}, peer), PROMETHEUS) is expected


def test_a_pod_selector_alone_is_about_the_policys_own_namespace() -> None:
    neighbour = Source({"kubernetes.io/metadata.name": "argocd"}, {"app": "prometheus"})
    assert allowed(peers({"podSelector": {"matchLabels": {"app": "prometheus"}}}), neighbour)
    assert not allowed(peers({"podSelector": {"matchLabels": {"app": "grafana"}}}), neighbour)


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaceSelector": {}},
        {"podSelector": {}},
        {"namespaceSelector": {}, "podSelector": {}},
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
        {"ipBlock": {"cidr": "::/0"}},
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.10.0.0/16"]}},
    ],
)
def test_nobody_outside_of_unknown_address_is_let_in_by_selectors_or_by_some_addresses(peer: dict[str, Any]) -> None:
    assert not allowed(peers(peer), OUTSIDE)


def test_a_block_of_all_addresses_holds_an_unknown_one() -> None:
    assert allowed(peers({"ipBlock": {"cidr": "0.0.0.0/0"}}), OUTSIDE)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"cidr": "10.10.0.0/16"}, True),
        ({"cidr": "10.10.0.30/32"}, True),
        ({"cidr": "10.10.0.31/16"}, True),
        ({"cidr": "10.20.0.0/16"}, False),
        ({"cidr": "10.0.0.0/8", "except": ["10.10.0.0/24"]}, False),
        ({"cidr": "10.0.0.0/8", "except": ["10.20.0.0/16"]}, True),
        ({"cidr": "fd00::/8"}, False),
    ],
)
def test_blocks_of_addresses_for_a_known_one(block: dict[str, Any], expected: bool) -> None:
    assert allowed(peers({"ipBlock": block}), Source(address="10.10.0.30")) is expected


def test_both_source_and_port_have_to_be_of_the_same_rule() -> None:
    apart = policy(ingress=[{"from": [{"podSelector": {}}]}, {"ports": [{"port": 1}]}])
    assert not allowed(apart, OUTSIDE)


def test_labels_of_pods_alone_mean_the_same_namespace() -> None:
    probe = NetworkPolicies(
        None, {"namespace": "argocd", "pod_labels": {}, "port": 1, "from_pod_labels": {"app": "x", "n": 1}}
    )
    assert probe.source == Source({"kubernetes.io/metadata.name": "argocd"}, {"app": "x", "n": "1"})
    assert probe.question() == "NetworkPolicies from pods to argocd/:1"


def test_a_rule_of_an_unexpected_shape_makes_the_answer_unknown(tmp_path: pathlib.Path) -> None:
    odd = policy(podSelector={}, ingress=[{"from": [{"ipBlock": {"cidr": "everywhere"}}]}])
    with wire.Wire() as server:
        server.on("GET", PATH, wire.answer_json({"items": [odd]}))
        with pytest.raises(ProbeError) as caught:
            ask(server, tmp_path)
    assert caught.value.kind == "bad_answer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"namespace": "a/b"},
        {"port": 0},
        {"port": 70000},
        {"from_address": "x"},
        {"pod_labels": None},
        {"protocol": "x"},
    ],
)
def test_options_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        NetworkPolicies(None, {"namespace": "n", "pod_labels": {}, "port": 1, **wrong})
    assert caught.value.kind == "bad_option"

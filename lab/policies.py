"""Enforces NetworkPolicies: ``python -m lab.policies``, kept alive by the machine's supervisord.

Kube-proxy and the bridge plugin enforce none. What enforces them elsewhere needs what not every kernel has (a queue
to user space, sets of its own), so the lab has a small controller: every second it reads policies, pods and
namespaces, and gives each node an nftables table that says the same. The API documentation's rules hold, with two
limits: traffic between two pods of one node is seen only where the kernel shows bridged packets to the IP layer, and
what a node sends to its own pods is always allowed.

A changed policy counts for connections that stand, too: every packet of the direction that opened them is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.console import LabError, say
from lab.kube import Cluster, Object, cluster_of
from lab.settings import NODES, Paths
from lab.shell import in_network_of, run

TABLE = "lab_network_policies"
_PERIOD = 1.0
_KIND = "networking.k8s.io/v1/NetworkPolicy"
_OTHER_END = {"Ingress": ("ingress", "from", "saddr"), "Egress": ("egress", "to", "daddr")}


@dataclass(frozen=True)
class World:
    """What policies speak of: the pods that have an address of their own, and the labels of namespaces."""

    policies: Sequence[Object]
    pods: Sequence[Object]
    namespaces: Mapping[str, Mapping[str, str]]


def read(cluster: Cluster) -> World:
    """The cluster as it is. Raises ApiError."""
    policies = cluster.list(_KIND)
    if not policies:
        return World([], [], {})
    namespaces = {entry["metadata"]["name"]: _labels(entry) for entry in cluster.list("Namespace")}
    return World(policies, [pod for pod in cluster.list("Pod") if _has_an_address(pod)], namespaces)


def ruleset(world: World, node: str) -> str:
    """The table of one node, as ``nft -f`` takes it: it replaces the one before in one step."""
    calls, chains = [], []
    for pod in world.pods:
        if pod["spec"].get("nodeName") != node:
            continue
        for direction, own in (("Ingress", "daddr"), ("Egress", "saddr")):
            policies = [policy for policy in world.policies if _selects(policy, pod, direction)]
            if not policies:
                continue
            name = f"{direction.lower()}_{pod['metadata']['uid'].replace('-', '')}"
            calls.append(f"ip {own} {_address(pod)} jump {name}")
            rules = [rule for policy in policies for rule in _rules(policy, pod, direction, world)]
            chains.append(f"  chain {name} {{\n" + "".join(f"    {rule}\n" for rule in [*rules, "drop"]) + "  }\n")
    forward = ["type filter hook forward priority -5; policy accept;", "ct direction reply accept", *calls]
    body = "".join(chains) + "  chain forward {\n" + "".join(f"    {line}\n" for line in forward) + "  }\n"
    return f"table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n{body}}}\n"


def matches(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches everything.

    Source: the API documentation of LabelSelector. Raises LabError for an operator that it does not know.
    """
    given = selector or {}
    if any(labels.get(key) != value for key, value in (given.get("matchLabels") or {}).items()):
        return False
    return all(_expression(entry, labels) for entry in given.get("matchExpressions") or [])


def _expression(entry: Object, labels: Mapping[str, str]) -> bool:
    key, values = entry["key"], entry.get("values") or []
    answers = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    if entry["operator"] not in answers:
        raise LabError(f"no operator {entry['operator']} in label selectors")
    return answers[entry["operator"]]


def _labels(entry: Object) -> Mapping[str, str]:
    return dict(entry["metadata"].get("labels") or {})


def _has_an_address(pod: Object) -> bool:
    """Policies are not about pods on the network of their node, nor about those that have ended."""
    status = pod.get("status", {})
    running = status.get("phase") not in ("Succeeded", "Failed")
    return bool(status.get("podIP")) and running and not pod["spec"].get("hostNetwork")


def _address(pod: Object) -> str:
    return str(pod["status"]["podIP"])


def _selects(policy: Object, pod: Object, direction: str) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    same_namespace = policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return direction in types and same_namespace and matches(spec.get("podSelector"), _labels(pod))


def _rules(policy: Object, pod: Object, direction: str, world: World) -> Iterator[str]:
    """What lets packets through: one line for each pair of a peer and a port."""
    section, peers, other_end = _OTHER_END[direction]
    for rule in policy["spec"].get(section) or []:
        for where, there in _peers(rule.get(peers), policy, other_end, world):
            # A port's name is looked up at the end that listens.
            for port in _ports(rule.get("ports"), [pod] if direction == "Ingress" else there):
                yield " ".join(filter(None, (where, port, "accept")))


def _peers(
    peers: Sequence[Object] | None, policy: Object, end: str, world: World
) -> Iterator[tuple[str, Sequence[Object]]]:
    """Each peer as a condition on addresses, with its pods. No peers at all: everybody."""
    if not peers:
        yield "", world.pods
    for peer in peers or []:
        if block := peer.get("ipBlock"):
            out = "".join(f" ip {end} != {network}" for network in block.get("except") or [])
            yield f"ip {end} {block['cidr']}{out}", []
            continue
        pods = [pod for pod in world.pods if _is_peer(peer, pod, policy, world)]
        if pods:
            yield f"ip {end} {{ {', '.join(sorted(_address(pod) for pod in pods))} }}", pods


def _is_peer(peer: Object, pod: Object, policy: Object, world: World) -> bool:
    namespace = pod["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        if not matches(peer["namespaceSelector"], world.namespaces.get(namespace, {})):
            return False
    elif namespace != policy["metadata"]["namespace"]:
        return False
    return matches(peer.get("podSelector"), _labels(pod))


def _ports(ports: Sequence[Object] | None, listening: Sequence[Object]) -> Iterator[str]:
    """Each port as a condition. No ports at all: every port."""
    if not ports:
        yield ""
    for port in ports or []:
        protocol = port.get("protocol", "TCP").lower()
        wanted = port.get("port")
        if wanted is None:
            yield f"meta l4proto {protocol}"
        elif isinstance(wanted, int):
            last = f"-{port['endPort']}" if "endPort" in port else ""
            yield f"{protocol} dport {wanted}{last}"
        else:
            for number in sorted({number for pod in listening for number in _named(pod, wanted)}):
                yield f"{protocol} dport {number}"


def _named(pod: Object, name: str) -> Iterator[int]:
    for container in pod["spec"]["containers"]:
        yield from (port["containerPort"] for port in container.get("ports") or [] if port.get("name") == name)


def enforce(paths: Paths) -> None:
    """Keeps every node's table as the policies say, for ever; while the API server is away, as they said last."""
    cluster = cluster_of(paths)
    applied: dict[str, str] = {}
    last_failure = ""
    while True:
        try:
            world = read(cluster)
            for node in NODES:
                wanted = ruleset(world, node.name)
                if applied.get(node.name) != wanted:
                    run(in_network_of(node, ["nft", "-f", "-"]), stdin=wanted)
                    applied[node.name] = wanted
            last_failure = ""
        except LabError as error:
            if str(error) != last_failure:
                say(last_failure := str(error))
        time.sleep(_PERIOD)


if __name__ == "__main__":
    enforce(Paths.from_environment())

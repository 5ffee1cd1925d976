"""Faults that take Traefik away from nodes: taints, and nodes that are not ready or gone."""

from __future__ import annotations

from collections.abc import Sequence

from lab.console import wait_until
from lab.faults import edge
from lab.faults.base import Estate, Fault
from lab.kube import Cluster, Object
from lab.settings import NODES, Node
from lab.supervisor import Supervisor

_TAINT = {"key": "edge.safetywing.dev/maintenance", "value": "forgotten", "effect": "NoExecute"}
BROKEN_NODE = NODES[1]


class Tainted(Fault):
    """Nodes carry a taint that Traefik does not tolerate and everything else in the lab does."""

    def __init__(self, name: str, what: str, nodes: Sequence[Node], fires: str | None) -> None:
        self.name, self.what, self.fires = name, what, fires
        self._nodes = nodes

    def apply(self, estate: Estate) -> None:
        for node in self._nodes:
            taints = [*_other_taints(estate.cluster, node), _TAINT]
            estate.cluster.patch("Node", node.name, {"spec": {"taints": taints}})
        names = {node.name for node in self._nodes}
        wait_until(
            "Traefik's pods leave",
            lambda: not any(pod["spec"].get("nodeName") in names for pod in edge.pods(estate.cluster)),
            timeout=60,
        )

    def undo(self, estate: Estate) -> None:
        for node in self._nodes:
            estate.cluster.patch("Node", node.name, {"spec": {"taints": _other_taints(estate.cluster, node) or None}})


class KubeletStopped(Fault):
    """A node's kubelet is silent; its containers run on."""

    name = "node-not-ready"
    what = f"the kubelet of {BROKEN_NODE.name} is stopped: the node is NotReady, its Traefik still serves"
    fires = "TargetDown"

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.node_supervisor_socket(BROKEN_NODE)).stop("kubelet")
        wait_until(f"{BROKEN_NODE.name} is NotReady", lambda: not _ready(estate.cluster, BROKEN_NODE), timeout=60)

    def undo(self, estate: Estate) -> None:
        Supervisor(estate.paths.node_supervisor_socket(BROKEN_NODE)).start("kubelet")


class NodeDown(Fault):
    """A whole node is gone: every process in it is dead, its address does not answer."""

    name = "node-down"
    what = f"{BROKEN_NODE.name} is switched off: NotReady, and its edge is gone"
    fires = "TargetDown"

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).stop(f"node-{BROKEN_NODE.name}")
        wait_until(f"{BROKEN_NODE.name} is NotReady", lambda: not _ready(estate.cluster, BROKEN_NODE), timeout=60)

    def undo(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).start(f"node-{BROKEN_NODE.name}")


class SshdDown(Fault):
    """A node's sshd does not answer; everything else on it works."""

    name = "sshd-down"
    what = f"the sshd of {BROKEN_NODE.name} is stopped: the node cannot be looked at from inside"

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.node_supervisor_socket(BROKEN_NODE)).stop("sshd")

    def undo(self, estate: Estate) -> None:
        Supervisor(estate.paths.node_supervisor_socket(BROKEN_NODE)).start("sshd")


def _other_taints(cluster: Cluster, node: Node) -> list[Object]:
    found = cluster.get("Node", node.name) or {}
    return [taint for taint in found.get("spec", {}).get("taints") or [] if taint["key"] != _TAINT["key"]]


def _ready(cluster: Cluster, node: Node) -> bool:
    found = cluster.get("Node", node.name) or {}
    conditions = found.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


FAULTS = (
    Tainted(
        "edge-tainted",
        "every node is tainted NoExecute and Traefik does not tolerate it: no Traefik anywhere",
        NODES, "TraefikDown",
    ),
    Tainted(
        "edge-tainted-one-node",
        f"{BROKEN_NODE.name} is tainted NoExecute and Traefik does not tolerate it: no Traefik there",
        [BROKEN_NODE], None,
    ),
    KubeletStopped(),
    NodeDown(),
    SshdDown(),
)  # fmt: skip

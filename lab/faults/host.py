"""Faults on the nodes themselves, under a DaemonSet that is as it should be."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence

from lab import cgroups
from lab.console import wait_until
from lab.faults import edge
from lab.faults.base import Estate, Fault
from lab.kube import Object
from lab.settings import NODES, Node
from lab.shell import in_network_of, run
from lab.supervisor import Supervisor

_TABLE = "lab_fault_edge"
_RULES = f"""\
table inet {_TABLE} {{
  chain input {{
    type filter hook input priority -10; policy accept;
    iifname != "lo" tcp dport {{ 80, 443 }} drop
  }}
}}
"""


class PortTaken(Fault):
    """A stray web server waits for port 80 and gets it when Traefik is restarted."""

    def __init__(self, name: str, what: str, nodes: Sequence[Node], fires: str | None) -> None:
        self.name, self.what, self.fires = name, what, fires
        self._nodes = nodes

    def apply(self, estate: Estate) -> None:
        for node in self._nodes:
            Supervisor(estate.paths.node_supervisor_socket(node)).start("stray-httpd")
        on_these = self._on_these()
        edge.replace_pods(estate.cluster, on_these)

        def all_crash() -> bool:
            now = [pod for pod in edge.pods(estate.cluster) if on_these(pod)]
            return len(now) == len(self._nodes) and all(edge.crashes(pod) for pod in now)

        wait_until("Traefik crashes where the port is taken", all_crash, timeout=90)

    def undo(self, estate: Estate) -> None:
        for node in self._nodes:
            Supervisor(estate.paths.node_supervisor_socket(node)).stop("stray-httpd")
        edge.replace_pods(estate.cluster, lambda pod: not edge.container(pod).get("ready"))

    def _on_these(self) -> Callable[[Object], bool]:
        names = {node.name for node in self._nodes}
        return lambda pod: pod["spec"].get("nodeName") in names


class Firewalled(Fault):
    """The nodes drop what comes in for the edge; Traefik and its metrics are untouched."""

    def __init__(self, name: str, what: str, nodes: Sequence[Node]) -> None:
        self.name, self.what = name, what
        self._nodes = nodes

    def apply(self, estate: Estate) -> None:
        self.undo(estate)
        for node in self._nodes:
            run(in_network_of(node, ["nft", "-f", "-"]), stdin=_RULES)

    def undo(self, estate: Estate) -> None:
        for node in self._nodes:
            run(in_network_of(node, ["nft", "delete", "table", "inet", _TABLE]), check=False)


class Hung(Fault):
    """Every Traefik stands still: ports open, nothing answers, nothing crashes.

    A restart heals it. There is no liveness probe in the estate, so nobody restarts it but an operator.
    """

    name = "traefik-hung"
    what = "every Traefik process is stopped in its tracks: connections open and nothing answers, no pod crashes"
    fires = "TraefikDown"

    def apply(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGSTOP)

    def undo(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGCONT)

    def _signal(self, estate: Estate, number: int) -> None:
        for pod in edge.pods(estate.cluster):
            identifier = edge.container(pod).get("containerID", "").rpartition("/")[2]
            for pid in cgroups.processes(identifier) if identifier else ():
                os.kill(pid, number)


FAULTS = (
    Hung(),
    PortTaken(
        "port-80-taken",
        "a stray web server has port 80 on every node: every Traefik crashes on it",
        NODES, "TraefikDown",
    ),
    PortTaken(
        "port-80-taken-one-node",
        f"a stray web server has port 80 on {NODES[1].name}: the Traefik there crashes on it",
        [NODES[1]], "TargetDown",
    ),
    Firewalled("edge-firewalled", "every node drops packets to ports 80 and 443: no client gets through", NODES),
    Firewalled(
        "edge-firewalled-one-node",
        f"{NODES[1].name} drops packets to ports 80 and 443: a third of the clients do not get through",
        [NODES[1]],
    ),
)  # fmt: skip

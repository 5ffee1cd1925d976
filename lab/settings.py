"""Where the lab keeps its things, which addresses it takes, and which versions it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

SOURCE = Path(__file__).resolve().parent

KUBERNETES_VERSION = "1.35.4"
OPERATOR_VERSION = "0.85.0"
PROMETHEUS_VERSION = "3.10.0"
NODE_EXPORTER_VERSION = "1.12.1"
TRAEFIK_VERSION = "3.7.15"
HELM_VERSION = "3.19.0"
HELM_CONTROLLER_VERSION = "0.17.7"

BRIDGE = "orlab0"
BRIDGE_ADDRESS = "10.66.0.1"
NETWORK = "10.66.0.0/24"
POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"

API_PORT = 16443
ETCD_PORT = 23790
ETCD_PEER_PORT = 23800
CONTROLLER_MANAGER_PORT = 16257
SCHEDULER_PORT = 16259
ALERTMANAGER_PORTS = (9093, 9094)
ALERTMANAGER_GOSSIP_PORTS = (9193, 9194)
PROMETHEUS_PORT = 9090
# Where a backend (binaries/go/backend) takes changes of how it behaves, if it was told to.
BACKEND_CONTROL_PORT = 9990
# Those who call humans, or rather their stand-ins: by name of the program.
STANDIN_PORTS = {"pagerduty": 9701, "slack": 9702, "webhook": 9703, "smtp": 9725}

EDGE_HOST = "grafana.safetywing.dev"
NEIGHBOUR_HOST = "status.safetywing.dev"


class Machine(Protocol):
    """Whatever has a network namespace of its own on the bridge: its cable is called ``link`` on the machine's side."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def link(self) -> str: ...


@dataclass(frozen=True)
class Node:
    """One Kubernetes node: namespaces of its own, with an address of its own on the bridge."""

    number: int

    @property
    def name(self) -> str:
        return f"hetzner{self.number}"

    @property
    def address(self) -> str:
        return f"10.66.0.1{self.number}"

    @property
    def pod_network(self) -> str:
        return f"10.244.{self.number}.0/24"

    @property
    def link(self) -> str:
        """Name of the node's cable on the host's side (at most 15 characters)."""
        return f"orlab-n{self.number}"


NODES = tuple(Node(number) for number in (1, 2, 3))
# Prometheus stays on the first node: its address is stable, and the others can be broken without losing the witness.
MONITORING_NODE = NODES[0]


@dataclass(frozen=True)
class Host:
    """A hypervisor: a whole Debian system, with systemd, and an address of its own on the bridge.

    ``cluster``: the Kubernetes cluster that stands on it, in whose name it is watched.
    """

    name: str
    address: str
    cluster: str

    @property
    def link(self) -> str:
        """Name of the host's cable on the machine's side (at most 15 characters)."""
        return f"orlab-{self.name}"


HOSTS = (Host("ruapehu", "10.66.0.21", "prod"), Host("carrick", "10.66.0.31", "monit"))
PROXMOX_PORT = 8006
# Those with a system of their own: control groups, and SSH to them.
SYSTEMS: tuple[Machine, ...] = (*NODES, *HOSTS)


@dataclass(frozen=True)
class Outsider:
    """Somebody out in the world, with an address of its own on the bridge."""

    name: str
    address: str

    @property
    def link(self) -> str:
        """Name of the cable on the machine's side (at most 15 characters)."""
        return f"orlab-{self.name[:8]}"


# Besides an address of Cloudflare's: see honeydue/settings.py.
CLOUDFLARE = Outsider("cloudflare", "10.66.0.48")
MACHINES: tuple[Machine, ...] = (*NODES, *HOSTS, CLOUDFLARE)


def node_named(name: str) -> Node:
    """The node called ``name``. Raises KeyError where there is none."""
    return {node.name: node for node in NODES}[name]


@dataclass(frozen=True)
class Paths:
    """Every directory and file of the lab. ``cache`` outlives ``down``; ``run`` does not."""

    run: Path
    cache: Path

    @classmethod
    def from_environment(cls) -> Paths:
        """Paths from ONCALL_REMEDY_LAB and ONCALL_REMEDY_CACHE, else the defaults."""
        run = os.environ.get("ONCALL_REMEDY_LAB") or "/var/lib/oncall-remedy-lab"
        cache = os.environ.get("ONCALL_REMEDY_CACHE") or str(Path.home() / ".cache" / "oncall-remedy")
        return cls(Path(run).resolve(), Path(cache).resolve())

    @cached_property
    def programs(self) -> Path:
        """Programs and data files that were downloaded or built: one directory for each program and version."""
        return self.cache / "programs"

    @cached_property
    def images(self) -> Path:
        return self.cache / "images"

    @cached_property
    def snapshot(self) -> Path:
        """What the machine looked like before ``up``: ``leftovers`` compares with it after ``down``."""
        return self.cache / "before-up.json"

    @cached_property
    def pki(self) -> Path:
        return self.run / "pki"

    @cached_property
    def logs(self) -> Path:
        return self.run / "logs"

    @cached_property
    def admin_kubeconfig(self) -> Path:
        return self.run / "admin.kubeconfig"

    @cached_property
    def identities(self) -> Path:
        return self.run / "identities"

    @cached_property
    def standins(self) -> Path:
        """What the stand-ins' clients have to know, and what arrived at each."""
        return self.run / "standins"

    @cached_property
    def ssh(self) -> Path:
        return self.run / "ssh"

    @cached_property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @cached_property
    def active_faults(self) -> Path:
        return self.run / "active-faults"

    def node(self, node: Node) -> Path:
        return self.run / "nodes" / node.name

    @cached_property
    def proxmox(self) -> Path:
        """The secrets of the Proxmox hosts: of each its password and its API token, as an inventory names them."""
        return self.run / "proxmox"

    def host(self, host: Host) -> Path:
        return self.run / "hosts" / host.name

    def node_supervisor_socket(self, node: Node) -> Path:
        return self.node(node) / "supervisor.sock"

    def containerd_socket(self, node: Node) -> Path:
        return self.node(node) / "containerd.sock"

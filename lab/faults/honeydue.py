"""Faults between a visitor of honeydue and its applications: every row of the seed's table, and what its fixes mend."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab import cgroups
from lab.console import wait_until
from lab.faults.base import Estate, Fault
from lab.honeydue import estate as manifests
from lab.honeydue import programs, settings
from lab.kube import Cluster, Object
from lab.settings import BACKEND_CONTROL_PORT, NODES, Node
from lab.shell import in_network_of, run
from lab.supervisor import Supervisor

_ALERT = "IngressErrors"
_ONE = NODES[1]
_DAEMONSET = "apps/v1/DaemonSet"
_PATIENCE = 90
_TABLE = "lab_fault_honeydue"
_NORMAL = {"ready": True, "status": 200, "delay_ms": 0, "burn": 0, "honour_proto": True}


class Changed(Fault):
    """An object of the manifest is changed, and its undo applies it as it was."""

    fires = _ALERT

    def __init__(self, name: str, what: str, kind: str, object_name: str, change: Callable[[Object], None]) -> None:
        self.name, self.what = name, what
        self._kind, self._object_name, self._change = kind, object_name, change

    def apply(self, estate: Estate) -> None:
        document = manifests.document(self._kind, self._object_name)
        self._change(document["spec"])
        estate.cluster.apply(document)

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(manifests.document(self._kind, self._object_name))


class DnsElsewhere(Fault):
    """The API's name points to where it was before honeydue moved."""

    name = "dns-elsewhere"
    what = f"{settings.API_HOST} resolves to the former host, whose web server has no page for it"
    fires = _ALERT

    def apply(self, estate: Estate) -> None:
        self._serve(estate, {settings.API_HOST: settings.FORMER_ADDRESS})

    def undo(self, estate: Estate) -> None:
        self._serve(estate, {})

    def _serve(self, estate: Estate, elsewhere: Mapping[str, str]) -> None:
        programs.write_names(estate.paths, elsewhere)
        daemon = Supervisor(estate.paths.supervisor_socket)
        daemon.stop(programs.NAME_SERVER)
        daemon.start(programs.NAME_SERVER)


class Misbehaving(Fault):
    """The pods of an application are told to behave differently; what they are, and their objects, stay."""

    fires = _ALERT

    def __init__(self, name: str, what: str, application: str, **state: object) -> None:
        self.name, self.what = name, what
        self._application, self._state = application, state

    def apply(self, estate: Estate) -> None:
        self._tell(estate.cluster, self._state)

    def undo(self, estate: Estate) -> None:
        self._tell(estate.cluster, _NORMAL)

    def _tell(self, cluster: Cluster, state: Mapping[str, object]) -> None:
        for pod in cluster.list("Pod", settings.NAMESPACE, f"app={self._application}"):
            if address := pod.get("status", {}).get("podIP"):
                tell(address, state)


class PodMissing(Fault):
    """One node is no longer one of the edge's: the DaemonSet takes its pod away there."""

    name = "edge-pod-missing-one-node"
    what = f"{_ONE.name} lost the label by which the DaemonSet selects its nodes: no Traefik of honeydue there"
    fires = _ALERT

    def apply(self, estate: Estate) -> None:
        manifests.label(estate.cluster, _ONE.name, None)
        wait_until(
            f"no Traefik on {_ONE.name}", lambda: not [p for p in pods(estate.cluster) if _on(p, _ONE)], _PATIENCE
        )

    def undo(self, estate: Estate) -> None:
        manifests.label(estate.cluster, _ONE.name, "true")


class Hung(Fault):
    """Traefik on one node stands still: its ports are open, and nothing answers."""

    name = "edge-hung-one-node"
    what = f"honeydue's Traefik on {_ONE.name} is stopped in its tracks: connections open and nothing answers"
    fires = _ALERT

    def apply(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGSTOP)

    def undo(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGCONT)

    def _signal(self, estate: Estate, number: int) -> None:
        for pod in pods(estate.cluster):
            for container in (pod.get("status", {}).get("containerStatuses") or []) if _on(pod, _ONE) else []:
                for pid in cgroups.processes(container["containerID"].rpartition("/")[2]):
                    os.kill(pid, number)


class NotListening(Fault):
    """Somebody patched the DaemonSet: its pods are ready, and listen where nobody asks. Helm's values are right."""

    name = "edge-not-listening"
    what = "the DaemonSet was patched by hand to other ports: every pod is ready, and nothing listens where it should"
    fires = _ALERT

    def apply(self, estate: Estate) -> None:
        found = estate.cluster.get(_DAEMONSET, settings.CHART, settings.SYSTEM) or {}
        containers = found["spec"]["template"]["spec"]["containers"]
        containers[0]["args"] = [moved(argument) for argument in containers[0]["args"]]
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        estate.cluster.patch(_DAEMONSET, settings.CHART, patch, settings.SYSTEM)
        wait_until("the rollout ends", lambda: rolled_out(estate.cluster), _PATIENCE)

    def undo(self, estate: Estate) -> None:
        manifests.install(estate.cluster)


class ChartConfig(Fault):
    """The HelmChartConfig is not what the repository has, and helm-controller has applied it."""

    fires = _ALERT

    def __init__(self, name: str, what: str, change: Callable[[str], str]) -> None:
        self.name, self.what = name, what
        self._change = change

    def apply(self, estate: Estate) -> None:
        document = manifests.document("HelmChartConfig", settings.CHART)
        document["spec"]["valuesContent"] = self._change(document["spec"]["valuesContent"])
        before = _arguments(estate.cluster)
        estate.cluster.apply(document)
        wait_until(
            "the rollout ends",
            lambda: _arguments(estate.cluster) != before and rolled_out(estate.cluster),
            _PATIENCE,
        )

    def undo(self, estate: Estate) -> None:
        manifests.install(estate.cluster)


class Firewalled(Fault):
    """Nodes drop what comes from the network of Cloudflare's that asks them: a range is missing from their list."""

    fires = _ALERT

    def __init__(self, name: str, what: str, nodes: Sequence[Node]) -> None:
        self.name, self.what = name, what
        self._nodes = nodes

    def apply(self, estate: Estate) -> None:
        self.undo(estate)
        for node in self._nodes:
            run(in_network_of(node, ["nft", "-f", "-"]), stdin=rules(node))

    def undo(self, estate: Estate) -> None:
        for node in self._nodes:
            run(in_network_of(node, ["nft", "delete", "table", "ip", _TABLE]), check=False)


def rules(node: Node) -> str:
    """The table by which a node is closed to the network from which Cloudflare asks."""
    return f"""\
table ip {_TABLE} {{
  chain strangers {{
    type filter hook prerouting priority raw; policy accept;
    ip daddr {settings.outside_address(node)} tcp dport {{ 80, 443 }} ip saddr 173.245.48.0/20 drop
  }}
}}
"""


def moved(argument: str) -> str:
    """One of Traefik's arguments, with the entry points for visitors one port further."""
    name, equals, address = argument.partition("=:")
    if name not in ("--entryPoints.web.address", "--entryPoints.websecure.address"):
        return argument
    port, slash, protocol = address.partition("/")
    return f"{name}{equals}{int(port) + 1}{slash}{protocol}"


def without_ports(values: str) -> str:
    """The chart's values without the block ``ports``: the chart's own ports are in force."""
    kept, inside = [], False
    for line in values.splitlines():
        inside = line == "ports:" or (inside and line.startswith(" "))
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def without_asking_network(values: str) -> str:
    """The chart's values without the network of Cloudflare's that asks, and without another one."""
    return values.replace("173.245.48.0/20,", "").replace("131.0.72.0/22,", "")


def tell(address: str, state: Mapping[str, Any]) -> None:
    """Changes how a pod of an application behaves. Raises OSError where it does not take it."""
    connection = http.client.HTTPConnection(address, BACKEND_CONTROL_PORT, timeout=60)  # it may have no CPU left
    try:
        connection.request("PUT", "/", json.dumps(state), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"{address}: {answer.status} {answer.read(200).decode(errors='replace')}")
    finally:
        connection.close()


def pods(cluster: Cluster) -> list[Object]:
    """The pods of honeydue's Traefik."""
    return cluster.list("Pod", settings.SYSTEM, "app.kubernetes.io/name=traefik")


def rolled_out(cluster: Cluster) -> bool:
    """Whether every pod of honeydue's DaemonSet is of its newest revision and ready."""
    found = cluster.get(_DAEMONSET, settings.CHART, settings.SYSTEM) or {}
    status = found.get("status", {})
    desired = status.get("desiredNumberScheduled")
    return bool(
        found
        and status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("updatedNumberScheduled") == desired
        and status.get("numberReady") == desired
    )


def _arguments(cluster: Cluster) -> list[str]:
    found = cluster.get(_DAEMONSET, settings.CHART, settings.SYSTEM) or {}
    return list(found["spec"]["template"]["spec"]["containers"][0]["args"]) if found else []


def _on(pod: Object, node: Node) -> bool:
    return bool(pod["spec"].get("nodeName") == node.name)


def _other_host(spec: Object) -> None:
    spec["rules"][0]["host"] = "api.honeydue.com"


def _other_selector(spec: Object) -> None:
    spec["selector"]["app"] = "honeydue-api"


def _other_target_port(spec: Object) -> None:
    spec["ports"][0]["targetPort"] = 8001


FAULTS = (
    Changed(
        "ingress-host-missing",
        f"the Ingress honeydue-api names a host that is not {settings.API_HOST}: Traefik has no router for it",
        "Ingress", "honeydue-api", _other_host,
    ),
    DnsElsewhere(),
    Changed(
        "backend-no-endpoints",
        "the Service api selects a label that no pod has: it has no endpoints",
        "Service", "api", _other_selector,
    ),
    Changed(
        "backend-refuses",
        "the Service api leads to port 8001 of its pods, where nothing listens",
        "Service", "api", _other_target_port,
    ),
    Misbehaving("backend-unready", "every pod of the API says that it is not ready", "api", ready=False),
    Misbehaving("backend-slow", "every pod of the API waits 20 s before it answers", "api", delay_ms=20000),
    Misbehaving(
        "backend-cpu", "every pod of the API calculates something besides, and is throttled by its CPU limit", "api",
        burn=128,  # 7 s for an answer; with half of it some come within the 3 s that Traefik waits
    ),
    PodMissing(),
    NotListening(),
    Hung(),
    ChartConfig(
        "trusted-ips-incomplete",
        "the HelmChartConfig's trustedIPs lack two of Cloudflare's networks, one of which asks",
        without_asking_network,
    ),
    Misbehaving(
        "app-ignores-proto", f"{settings.ADMIN_HOST} makes its links without regard to X-Forwarded-Proto", "admin",
        honour_proto=False,
    ),
    ChartConfig(
        "chart-config-drifted",
        "somebody edited the HelmChartConfig: its ports are gone, and Traefik listens on the chart's own",
        without_ports,
    ),
    Firewalled(
        "cloudflare-firewalled", "every node drops what comes from one of Cloudflare's networks: it answers 522", NODES
    ),
    Firewalled(
        "cloudflare-firewalled-one-node", f"{_ONE.name} drops what comes from one of Cloudflare's networks", [_ONE]
    ),
)  # fmt: skip

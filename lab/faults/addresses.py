"""Faults of targets that Prometheus knows by address, as from another cluster: Argo CD, an agent, node exporters."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from lab import cgroups
from lab import estate as manifests
from lab.faults.base import Estate, Fault
from lab.faults.objects import Added, Change, Changed
from lab.kube import Object
from lab.settings import API_PORT, BRIDGE_ADDRESS, MONITORING_NODE, NODES, Node
from lab.shell import in_network_of, run

_DOWN, _MISSING = "TargetDown", "PrometheusTargetMissing"
BROKEN_NODE, STANDINS_NODE = NODES[1], NODES[2]
EXPORTER_PORT, AGENT_PORT = 9100, 30200


def _through_the_api_server(document: Object) -> None:
    """What the seed's incident had: Argo CD's metrics by way of the API server of its cluster."""
    document["spec"].update(
        scheme="HTTPS",
        metricsPath="/api/v1/namespaces/argocd/services/argocd-metrics:8082/proxy/metrics",
        authorization={"credentials": {"name": "prometheus-token", "key": "token"}},
        tlsConfig={"ca": {"configMap": {"name": "kube-root-ca.crt", "key": "ca.crt"}}},
        # The API server waits for thirty seconds before it says 503; a scrape with less patience only times out.
        scrapeInterval="31s",
        scrapeTimeout="31s",
    )
    document["spec"]["staticConfigs"][0]["targets"] = [f"{BRIDGE_ADDRESS}:{API_PORT}"]


def _at(address: str) -> Change:
    def change(document: Object) -> None:
        document["spec"]["staticConfigs"][0]["targets"] = [address]

    return change


def _scaled_to_nothing(document: Object) -> None:
    document["spec"]["replicas"] = 0


def _not_on(node: Node) -> Change:
    def change(document: Object) -> None:
        expression = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": [node.name]}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
        document["spec"]["template"]["spec"]["affinity"] = {"nodeAffinity": required}

    return change


def _scrape(job: str, cluster: str, address: str) -> Object:
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": {"name": job, "namespace": "monitoring"},
        "spec": {"jobName": job, "staticConfigs": [{"targets": [address], "labels": {"cluster": cluster}}]},
    }


class Dropped(Fault):
    """A node drops packets to one of its ports: from one source, or from everybody but itself."""

    fires = _DOWN

    def __init__(self, name: str, what: str, node: Node, port: int, source: Node | None = None) -> None:
        self.name, self.what = name, what
        self._node, self._table = node, f"lab_fault_{port}"
        origin = f"ip saddr {source.address}" if source else 'iifname != "lo"'
        # Before the port of a Service becomes a pod's.
        self._rules = f"""\
table inet {self._table} {{
  chain incoming {{
    type filter hook prerouting priority -310; policy accept;
    {origin} tcp dport {port} drop
  }}
}}
"""

    def apply(self, estate: Estate) -> None:
        self.undo(estate)
        run(in_network_of(self._node, ["nft", "-f", "-"]), stdin=self._rules)

    def undo(self, estate: Estate) -> None:
        run(in_network_of(self._node, ["nft", "delete", "table", "inet", self._table]), check=False)


class ExporterStuck(Fault):
    """The node exporter of one node stands still: it accepts connections and answers nothing."""

    name = "node-exporter-stuck"
    what = f"the node exporter of {BROKEN_NODE.name} stands still: it accepts connections and answers nothing"
    fires = _DOWN

    def apply(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGSTOP)

    def undo(self, estate: Estate) -> None:
        self._signal(estate, signal.SIGCONT)

    def _signal(self, estate: Estate, number: int) -> None:
        for pod in estate.cluster.list("Pod", "monitoring", "app.kubernetes.io/name=prometheus-node-exporter"):
            if pod["spec"].get("nodeName") == BROKEN_NODE.name:
                for status in pod.get("status", {}).get("containerStatuses") or []:
                    for pid in cgroups.processes(status["containerID"].rpartition("/")[2]):
                        os.kill(pid, number)


_PROXIED = ("ScrapeConfig", "argocd-metrics", _through_the_api_server)
_NO_NODE_PORT = ("Service", "argocd-metrics-nodeport", None)
_NO_POLICY = ("NetworkPolicy", "argocd-application-controller-metrics-external", None)


class ArgoCD(Changed):
    """A piece, or several, of the way in to Argo CD's metrics is not as it should be."""

    def __init__(self, name: str, what: str, *objects: tuple[str, str, Change | None]) -> None:
        super().__init__(f"argocd-{name}", what, _DOWN, objects)

    def apply(self, estate: Estate) -> None:
        """Replaces the pod, too: connections that stand outlive the NodePort that they came through."""
        super().apply(estate)
        pods = estate.cluster.list("Pod", "argocd", "app.kubernetes.io/name=argocd-application-controller")
        for pod in pods:
            estate.cluster.delete("Pod", pod["metadata"]["name"], "argocd")

    def undo(self, estate: Estate) -> None:
        """Takes away, too, what a remedy made in the place of what was missing."""
        for kind in ("Service", "networking.k8s.io/v1/NetworkPolicy"):
            for found in estate.cluster.list(kind, "argocd"):
                if not manifests.has(kind.rpartition("/")[2], found["metadata"]["name"]):
                    estate.cluster.delete(kind, found["metadata"]["name"], "argocd")
        super().undo(estate)


FAULTS: Sequence[Fault] = (
    ArgoCD(
        "through-the-api-server",
        "Argo CD is scraped through the API server, which reaches no pod; no NodePort, and a NetworkPolicy in the way",
        _PROXIED, _NO_NODE_PORT, _NO_POLICY,
    ),
    ArgoCD(
        "policy-missing",
        "Argo CD is scraped through its NodePort, and its NetworkPolicy lets only pods in", _NO_POLICY,
    ),
    ArgoCD(
        "node-port-missing",
        "Argo CD is scraped at a NodePort that there is not; the NetworkPolicy would let it in", _NO_NODE_PORT,
    ),
    ArgoCD(
        "target-not-moved",
        "Argo CD is scraped through the API server; NodePort and NetworkPolicy for the other way are there", _PROXIED,
    ),
    ExporterStuck(),
    Changed(
        "node-exporter-missing",
        f"{BROKEN_NODE.name} has no node exporter: the DaemonSet leaves that node out", _DOWN,
        [("DaemonSet", "prometheus-node-exporter", _not_on(BROKEN_NODE))],
    ),
    Dropped(
        "node-exporter-firewalled",
        f"{BROKEN_NODE.name} drops packets to its node exporter", BROKEN_NODE, EXPORTER_PORT,
    ),
    Changed(
        "agent-down", "the agent has no pods: its NodePort refuses", _DOWN,
        [("Deployment", "claude-agent", _scaled_to_nothing)],
    ),
    Dropped(
        "agent-firewalled",
        "the agent's node drops what comes from Prometheus; everybody else is answered",
        STANDINS_NODE, AGENT_PORT, MONITORING_NODE,
    ),
    Changed(
        "agent-address-wrong", "Prometheus scrapes the agent at a port that it is not at", _DOWN,
        [("ScrapeConfig", "claude-agent", _at(f"{STANDINS_NODE.address}:30201"))],
    ),
    Changed(
        "agent-not-scraped", "the agent's ScrapeConfig is deleted: the agent is well and nobody looks", _MISSING,
        [("ScrapeConfig", "claude-agent", None)],
    ),
    Added(
        "job-unknown", "Prometheus scrapes a job of which the inventory knows nothing", _DOWN,
        [_scrape("mystery-exporter", "prod", f"{STANDINS_NODE.address}:9998")],
    ),
    Added(
        "cluster-unknown", "Prometheus scrapes a target of a cluster of which the inventory knows nothing", _DOWN,
        [_scrape("mystery-exporter", "staging", f"{STANDINS_NODE.address}:9998")],
    ),
)  # fmt: skip

"""Faults of an application that Prometheus finds by a ServiceMonitor: from the monitor to the pod that answers."""

from __future__ import annotations

from collections.abc import Sequence

from lab.faults.objects import Added, Change, Changed
from lab.kube import Object

_DOWN, _MISSING = "TargetDown", "PrometheusTargetMissing"
_TRACKED = {"argocd.argoproj.io/tracking-id": "shop:monitoring.coreos.com/ServiceMonitor:apps/shop"}


def _with_arguments(*arguments: str) -> Change:
    def change(document: Object) -> None:
        document["spec"]["template"]["spec"]["containers"][0]["args"] += arguments

    return change


def _scaled_to_nothing(document: Object) -> None:
    document["spec"]["replicas"] = 0


def _wrong_monitor_selector(document: Object) -> None:
    document["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "store"


def _wrong_monitor_port(document: Object) -> None:
    document["spec"]["endpoints"][0]["port"] = "http-metrics"


def _wrong_monitor_of_argocd(document: Object) -> None:
    _wrong_monitor_selector(document)
    document["metadata"]["annotations"] = _TRACKED


def _wrong_service_selector(document: Object) -> None:
    document["spec"]["selector"]["app.kubernetes.io/name"] = "store"


_SHUT_IN: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "same-namespace-only", "namespace": "apps"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}


def _monitored(job: str, namespace: str, addresses: Sequence[str], port: int, owner: Object) -> list[Object]:
    """A Service whose endpoints somebody wrote down, and the ServiceMonitor that has Prometheus scrape them."""
    service = f"kube-prometheus-stack-{job}"
    labels = {"app": service, "jobLabel": job}
    meta = {"name": service, "namespace": namespace, "labels": labels}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"clusterIP": "None", "ports": [{"name": "http-metrics", "port": port, "targetPort": port}]},
        },
        {
            # Not an EndpointSlice: the operator has Prometheus look for Endpoints, of which the cluster makes slices.
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": meta,
            "subsets": [
                {
                    "addresses": [{"ip": address} for address in addresses],
                    "ports": [{"name": "http-metrics", "port": port}],
                }
            ],
        },
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": {"name": service, "namespace": "monitoring", **owner},
            "spec": {
                "jobLabel": "jobLabel",
                "namespaceSelector": {"matchNames": [namespace]},
                "selector": {"matchLabels": {"app": service}},
                "endpoints": [{"port": "http-metrics"}],
            },
        },
    ]


# On Talos they listen on the node's own loopback address only, as kube-proxy does in the lab.
_NODES = ("10.66.0.11", "10.66.0.12", "10.66.0.13")
_HELM: Object = {
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
    "annotations": {
        "meta.helm.sh/release-name": "kube-prometheus-stack",
        "meta.helm.sh/release-namespace": "monitoring",
    },
}
_SCHEDULER = _monitored("kube-scheduler", "kube-system", _NODES, 10259, {})
_PROXY = _monitored("kube-proxy", "kube-system", _NODES, 10249, {})
_MANAGER = _monitored("kube-controller-manager", "kube-system", _NODES, 10257, {})

FAULTS = (
    Changed(
        "app-crashing", "the pod of the shop crashes on an option that it does not have", _DOWN,
        [("Deployment", "shop", _with_arguments("-verbose"))],
    ),
    Changed(
        "app-scaled-to-nothing", "the shop has no pods: nobody finds a target any more", _MISSING,
        [("Deployment", "shop", _scaled_to_nothing)],
    ),
    Changed(
        "app-service-selector-wrong", "the Service shop selects no pod: nobody finds a target any more", _MISSING,
        [("Service", "shop", _wrong_service_selector)],
    ),
    Changed(
        "app-monitor-missing", "the ServiceMonitor of the shop is deleted; pods and Service are well", _MISSING,
        [("ServiceMonitor", "shop", None)],
    ),
    Changed(
        "app-monitor-selector-wrong", "the ServiceMonitor of the shop selects a label that no Service has", _MISSING,
        [("ServiceMonitor", "shop", _wrong_monitor_selector)],
    ),
    Changed(
        "app-monitor-port-wrong", "the ServiceMonitor of the shop names a port that no Service has", _MISSING,
        [("ServiceMonitor", "shop", _wrong_monitor_port)],
    ),
    Changed(
        "app-monitor-of-argocd", "the ServiceMonitor of the shop selects nothing, and Argo CD owns it", _MISSING,
        [("ServiceMonitor", "shop", _wrong_monitor_of_argocd)],
    ),
    Added(
        "app-policy-in-the-way", "a NetworkPolicy lets only pods of its namespace reach the shop", _DOWN, [_SHUT_IN],
    ),
    Changed(
        "app-metrics-moved", "the shop has its metrics somewhere else now: 404", _DOWN,
        [("Deployment", "shop", _with_arguments("-metrics-path=/internal/metrics"))],
    ),
    Changed(
        "app-metrics-forbidden", "the shop wants a credential for its metrics: 401", _DOWN,
        [("Deployment", "shop", _with_arguments("-metrics-status=401"))],
    ),
    Changed(
        "app-metrics-not-metrics", "the shop serves a page where its metrics were", _DOWN,
        [("Deployment", "shop", _with_arguments("-metrics-body=<html>down for maintenance</html>"))],
    ),
    Changed(
        "app-scrapes-flap", "every other answer of the shop's metrics is a 500", "PrometheusScrapeFailed",
        [("Deployment", "shop", _with_arguments("-metrics-fail-every=2"))],
    ),
    Added(
        "app-decommissioned", "an exporter that was switched off is still scraped", _DOWN,
        _monitored("legacy-exporter", "apps", ["10.66.0.13"], 9999, {}),
    ),
    Added(
        "kube-scheduler-monitored", "the scheduler is monitored, but Talos does not expose its metrics", _DOWN,
        _SCHEDULER,
    ),
    Added(
        "kube-scheduler-monitored-by-helm", "the scheduler is monitored by what a Helm release brought", _DOWN,
        _monitored("kube-scheduler", "kube-system", _NODES, 10259, _HELM),
    ),
    Added(
        "kube-components-monitored", "scheduler, controller manager and kube-proxy are monitored", _DOWN,
        [*_SCHEDULER, *_MANAGER, *_PROXY],
    ),
)  # fmt: skip

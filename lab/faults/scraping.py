"""Faults between Prometheus and a healthy Traefik: the Service and the ServiceMonitor."""

from __future__ import annotations

from collections.abc import Callable

from lab import estate as manifests
from lab.faults.base import Estate, Fault
from lab.kube import Object


class Changed(Fault):
    """An object of the estate is changed."""

    def __init__(self, name: str, what: str, kind: str, object_name: str, change: Callable[[Object], None]) -> None:
        self.name, self.what, self.fires = name, what, "TraefikDown"
        self._kind, self._object_name, self._change = kind, object_name, change

    def apply(self, estate: Estate) -> None:
        document = manifests.document(self._kind, self._object_name)
        self._change(document["spec"])
        estate.cluster.apply(document)

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(manifests.document(self._kind, self._object_name))


class ServiceGone(Fault):
    """The Service that Prometheus finds Traefik by is deleted."""

    name = "metrics-service-gone"
    what = "the Service traefik-metrics is deleted: Prometheus finds nothing to scrape"
    fires = "TraefikDown"

    def apply(self, estate: Estate) -> None:
        estate.cluster.delete("Service", "traefik-metrics", "traefik")

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(manifests.document("Service", "traefik-metrics"))


def _wrong_target_port(spec: Object) -> None:
    spec["ports"][0]["targetPort"] = 9199


def _wrong_selector(spec: Object) -> None:
    spec["selector"]["matchLabels"]["app.kubernetes.io/name"] = "traefik-edge"


def _wrong_endpoint_port(spec: Object) -> None:
    spec["endpoints"][0]["port"] = "metric"


FAULTS = (
    Changed(
        "metrics-port-wrong",
        "the Service traefik-metrics points to port 9199, where nothing listens: every scrape is refused",
        "Service", "traefik-metrics", _wrong_target_port,
    ),
    ServiceGone(),
    Changed(
        "service-monitor-selector-wrong",
        "the ServiceMonitor selects a label that no Service has: Prometheus finds nothing to scrape",
        "ServiceMonitor", "traefik", _wrong_selector,
    ),
    Changed(
        "service-monitor-port-wrong",
        "the ServiceMonitor names a port that the Service does not have: Prometheus finds nothing to scrape",
        "ServiceMonitor", "traefik", _wrong_endpoint_port,
    ),
)  # fmt: skip

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Service and the addresses behind it (EndpointSlices)."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names, owner


class Endpoints(Probe):
    """A Service, what it exposes, and who answers for it.

    Value: ``exists`` (the Service), ``namespace``, ``service``; where it exists also ``cluster_ip``, ``labels``,
    ``selector`` (empty: the Service selects nothing by itself), ``ports`` [{name, port, target_port}], ``port_names``,
    ``ready`` and ``not_ready`` (how many addresses), ``addresses`` (ready ones), ``sockets`` [{name, port, socket}]
    (``host:port`` where a ready one takes what comes to the Service's port of that name and number), ``nodes`` (of the
    ready ones), ``owner``, ``resource_version``.
    """

    name = "kubernetes_endpoints"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "service")

    def question(self) -> str:
        return "Service {namespace}/{service} and its endpoints".format(**self.given)

    def _ask(self, deadline: float) -> Json:
        namespace, name = self.given["namespace"], self.given["service"]
        service = self.transport.find(object_path("v1", "services", namespace, name), None, deadline)
        if service is None:
            return dict(self.given, exists=False)
        return dict(self.given, **summary(service, slices_of(self.transport, namespace, name, deadline)))


def slices_of(transport: Any, namespace: str, service: str, deadline: float) -> list[Json]:
    """The EndpointSlices of a Service."""
    path = object_path("discovery.k8s.io/v1", "endpointslices", namespace)
    selector = {"labelSelector": f"kubernetes.io/service-name={service}"}
    found: list[Json] = transport.list(path, selector, deadline)["items"]
    return found


def summary(service: Json, slices: list[Json]) -> Json:
    """The probe's value from the API's Service and EndpointSlices."""
    spec, ports = service["spec"], service_ports(service)
    ready, waiting, nodes = endpoint_addresses(slices)
    return {
        "exists": True,
        "cluster_ip": spec.get("clusterIP", ""),
        "labels": service["metadata"].get("labels") or {},
        "selector": ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items())),
        "ports": ports,
        "port_names": [port["name"] for port in ports if port["name"]],
        "ready": len(ready),
        "not_ready": len(waiting),
        "addresses": ready[:MOST],
        "sockets": _sockets(slices, ports)[:MOST],
        "nodes": nodes,
        "owner": owner(service),
        "resource_version": service["metadata"]["resourceVersion"],
    }


def service_ports(service: Json) -> list[Json]:
    return [
        {"name": port.get("name", ""), "port": port["port"], "target_port": port.get("targetPort", port["port"])}
        for port in service["spec"].get("ports") or []
    ]


def _sockets(slices: list[Json], ports: list[Json]) -> list[Json]:
    """A slice has the ports as numbers, under the names that they have in the Service."""
    numbers = {port["name"]: port["port"] for port in ports}
    found = {
        (port.get("name") or "", f"[{address}]:{port['port']}" if ":" in address else f"{address}:{port['port']}")
        for one in slices
        for port in one.get("ports") or []
        for member in one.get("endpoints") or []
        if port.get("port") and (member.get("conditions") or {}).get("ready") is not False
        for address in member.get("addresses") or []
    }
    return [{"name": name, "port": numbers.get(name), "socket": socket} for name, socket in sorted(found)]


def endpoint_addresses(slices: list[Json]) -> tuple[list[str], list[str], list[str]]:
    """Ready addresses, others, and the nodes of the ready ones. An address may stand in several slices."""
    state: dict[str, bool] = {}
    nodes = set()
    for member in (member for one in slices for member in one.get("endpoints") or []):
        ready = (member.get("conditions") or {}).get("ready") is not False  # null means ready, says the API
        for address in member.get("addresses") or []:
            state[address] = state.get(address, False) or ready
        if ready and member.get("nodeName"):
            nodes.add(member["nodeName"])
    return sorted(a for a in state if state[a]), sorted(a for a in state if not state[a]), sorted(nodes)

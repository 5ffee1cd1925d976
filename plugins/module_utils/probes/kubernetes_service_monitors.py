# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ServiceMonitors of the Prometheus operator, compared with the Service that they should scrape."""

from __future__ import annotations

from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import (
    check_names,
    owner,
    selector_text,
    selects,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_endpoints import service_ports

API = "monitoring.coreos.com/v1"


class ServiceMonitors(Probe):
    """The ServiceMonitors of a namespace, and which of them fit a Service.

    ``namespace`` is the Service's; ``monitor_namespace`` is where ServiceMonitors are looked for (the same one where
    it is missing, ``*`` for all); ``name`` narrows the look to one of them.

    Value: ``total``, ``names``, ``service_exists``, ``selecting`` (names of those whose selector and namespaceSelector
    match the Service), ``with_port`` (of these, the ones with an endpoint whose port the Service has), ``monitors``
    [{name, namespace, selector, ports, paths, selects, port_exists, pool, owner, resource_version}], ``truncated``.
    ``pool`` is what Prometheus calls the scrape pool of its first endpoint.
    """

    name = "kubernetes_service_monitors"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "monitor_namespace": {"type": "str"},
        "name": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "service", "name")
        if self.given["monitor_namespace"] != "*":
            check_names(self.given, "monitor_namespace")

    def question(self) -> str:
        where = self.given["monitor_namespace"] or self.given["namespace"]
        which = f"ServiceMonitor {self.given['name']}" if self.given["name"] else "ServiceMonitors"
        place = "all namespaces" if where == "*" else where
        return f"{which} in {place} for Service {self.given['namespace']}/{self.given['service']}"

    def _ask(self, deadline: float) -> Json:
        namespace = self.given["namespace"]
        where = self.given["monitor_namespace"] or namespace
        path = object_path(API, "servicemonitors", None if where == "*" else where)
        name = self.given["name"]
        found = self.transport.list(path, {"fieldSelector": f"metadata.name={name}" if name else None}, deadline)
        service = self.transport.find(object_path("v1", "services", namespace, self.given["service"]), None, deadline)
        return summary(found["items"], service)


def summary(monitors: list[Json], service: Json | None) -> Json:
    """The probe's value from the API's ServiceMonitors and the Service, where there is one."""
    rows = sorted((row(one, service) for one in monitors), key=lambda one: (one["name"], one["namespace"]))
    return {
        "total": len(rows),
        "names": [one["name"] for one in rows],
        "service_exists": service is not None,
        "selecting": [one["name"] for one in rows if one["selects"]],
        "with_port": [one["name"] for one in rows if one["selects"] and one["port_exists"]],
        "monitors": rows[:MOST],
        "truncated": len(rows) > MOST,
    }


def row(monitor: Json, service: Json | None) -> Json:
    meta, spec = monitor["metadata"], monitor["spec"]
    endpoints = spec.get("endpoints") or []
    return {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "selector": selector_text(spec.get("selector")),
        "ports": [str(one.get("port") or one.get("targetPort") or "") for one in endpoints],
        "paths": [one.get("path") or "/metrics" for one in endpoints],
        "selects": service is not None and _selects(monitor, service),
        "port_exists": service is not None and any(_has_port(one, service) for one in endpoints),
        "pool": f"serviceMonitor/{meta['namespace']}/{meta['name']}/0",
        "owner": owner(monitor),
        "resource_version": meta["resourceVersion"],
    }


def _selects(monitor: Json, service: Json) -> bool:
    """By the operator's rules: without a namespaceSelector only its own namespace counts."""
    where = monitor["spec"].get("namespaceSelector") or {}
    place = service["metadata"]["namespace"]
    inside = where.get("any") or place in (where.get("matchNames") or [monitor["metadata"]["namespace"]])
    return bool(inside) and selects(monitor["spec"].get("selector"), service["metadata"].get("labels") or {})


def _has_port(endpoint: Json, service: Json) -> bool:
    """``port`` names a port of the Service; ``targetPort`` one of its pods' ports, by name or number."""
    ports = service_ports(service)
    if endpoint.get("port"):
        return any(port["name"] == endpoint["port"] for port in ports)
    return any(port["target_port"] == endpoint.get("targetPort") for port in ports)

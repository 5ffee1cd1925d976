# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Ingress routes a request, by the rules of the API (networking.k8s.io/v1)."""

from __future__ import annotations

import functools
import re
from typing import Any, ClassVar, Iterator

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names, owner
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_endpoints import (
    endpoint_addresses,
    service_ports,
    slices_of,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

SERVICES = 8
"""Services whose addresses are looked up: those of the best matches."""

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*", re.ASCII)


class Ingresses(Probe):
    """The Ingresses that match a host and a path, the best match first.

    A host matches as it is written, by a wildcard for its first label, or where a rule names none; a path by element
    (``/a`` matches /a/b but not /ab) unless its type is Exact, the longest first. A rule without paths, and a
    defaultBackend, match every path. With ``class_name`` an Ingress of another class does not match; one without a
    class does, since Traefik, too, takes it. Without ``namespace`` all namespaces are looked at.

    Traefik (3.7) answers 404 not only where no Ingress matches, but also where the Service of the one that does is
    missing, lacks the port, or has no address; this last with 503 ``no available server`` where allowEmptyServices is
    on. Unless strictPrefixMatching is on it takes a prefix by characters and not by element.

    Value: ``total``, ``hosts`` (distinct, of all rules; ``*`` for a rule without one), ``matching`` [{namespace, name,
    class_name, host, path, path_type (empty for a defaultBackend), service, port, tls (whether it has a certificate for
    the host), service_exists, port_exists (whether the Service has it), ready (addresses behind the Service; these
    three are null where the Service was not looked up, beyond the eighth), owner, resource_version}], ``other_class``
    (namespace/name of those that would match in the class), ``same_path_missing`` (namespace/name of those that have
    the host but not the path), ``ready_matching`` (how many of ``matching`` have the port and a ready address),
    ``truncated``.
    """

    name = "kubernetes_ingresses"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "host": {"type": "str", "required": True},
        "path": {"type": "str", "default": "/"},
        "class_name": {"type": "str"},
        "namespace": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "class_name")
        check_host(self.given["host"])
        if not self.given["path"].startswith("/") or "?" in self.given["path"]:
            raise ProbeError("bad_option", "'path' has to begin with / and to have no query")

    def question(self) -> str:
        where = f" in {self.given['namespace']}" if self.given["namespace"] else ""
        of_class = f" of class {self.given['class_name']}" if self.given["class_name"] else ""
        return one_line(f"Ingresses{of_class}{where} for {self.given['host']}{self.given['path']}")

    def _ask(self, deadline: float) -> Json:
        path = object_path("networking.k8s.io/v1", "ingresses", self.given["namespace"])
        found = self.transport.list(path, None, deadline)["items"]
        value = summary(found, self.given["host"].lower(), self.given["path"], self.given["class_name"])
        self._look_up(value["matching"], deadline)
        ready = [one for one in value["matching"] if one["ready"] and one["port_exists"]]
        return dict(value, ready_matching=len(ready))

    def _look_up(self, rows: list[Json], deadline: float) -> None:
        """Fills in what is behind the best matches."""
        places = list(dict.fromkeys((one["namespace"], one["service"]) for one in rows if one["service"]))[:SERVICES]
        jobs = [functools.partial(self._behind, *place, deadline) for place in places]
        for place, found in zip(places, at_once(jobs, deadline)):
            if isinstance(found, ProbeError):
                raise found
            for one in rows:
                if (one["namespace"], one["service"]) == place:
                    known = found["ports"]
                    one.update(service_exists=found["exists"], port_exists=one["port"] in known, ready=found["ready"])

    def _behind(self, namespace: str, service: str, deadline: float) -> Json:
        """Whether the Service exists, its ports by number and name, and how many ready addresses it has."""
        found = self.transport.find(object_path("v1", "services", namespace, service), None, deadline)
        if found is None:
            return {"exists": False, "ports": [], "ready": 0}
        ready, _waiting, _nodes = endpoint_addresses(slices_of(self.transport, namespace, service, deadline))
        ports = [word for port in service_ports(found) for word in (port["port"], port["name"]) if word]
        return {"exists": True, "ports": ports, "ready": len(ready)}


def check_host(host: str) -> None:
    """Raises ProbeError (bad_option) for what is not the name of one host."""
    if not _HOST.fullmatch(host):
        raise ProbeError("bad_option", f"'host': not the name of a host: {host[:80]!r}")


def summary(ingresses: list[Json], host: str, path: str, class_name: str | None) -> Json:
    """The probe's value from the API's Ingresses, but for the addresses behind them."""
    matching, other_class, missing = [], [], []
    for ingress in ingresses:
        found = [route for route in routes(ingress) if host_rank(route["host"], host) is not None]
        right = [route for route in found if path_matches(route["path"], route["path_type"], path)]
        title = f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"
        if class_name and class_of(ingress) not in ("", class_name):
            other_class += [title] if right else []
        elif right:
            matching += [row(ingress, route, host) for route in right]
        elif any(route["host"] != "*" for route in found):
            missing.append(title)
    matching.sort(key=lambda one: _precedence(one, host))
    return {
        "total": len(ingresses),
        "hosts": sorted({route["host"] for ingress in ingresses for route in routes(ingress)})[:MOST],
        "matching": matching[:MOST],
        "other_class": sorted(other_class)[:MOST],
        "same_path_missing": sorted(missing)[:MOST],
        "truncated": len(matching) > MOST,
    }


def routes(ingress: Json) -> Iterator[Json]:
    """Each path of each rule, and the default backend as what takes everything else."""
    spec = ingress["spec"]
    for rule in spec.get("rules") or []:
        for one in (rule.get("http") or {}).get("paths") or [{"path": "/", "pathType": "Prefix"}]:
            yield {
                "host": (rule.get("host") or "*").lower(),
                "path": one.get("path") or "/",
                "path_type": one.get("pathType") or "ImplementationSpecific",
                **_backend(one.get("backend") or spec.get("defaultBackend")),
            }
    if spec.get("defaultBackend"):
        yield {"host": "*", "path": "/", "path_type": "", **_backend(spec["defaultBackend"])}


def row(ingress: Json, route: Json, host: str) -> Json:
    meta = ingress["metadata"]
    return {
        "namespace": meta["namespace"],
        "name": meta["name"],
        "class_name": class_of(ingress),
        **route,
        "tls": any(
            not one.get("hosts") or any(host_rank(name.lower(), host) is not None for name in one["hosts"])
            for one in ingress["spec"].get("tls") or []
        ),
        "service_exists": None,
        "port_exists": None,
        "ready": None,
        "owner": owner(ingress),
        "resource_version": meta["resourceVersion"],
    }


def class_of(ingress: Json) -> str:
    """The Ingress' class; empty where it has none. The annotation is what was used before there was the field."""
    annotations = ingress["metadata"].get("annotations") or {}
    return str(ingress["spec"].get("ingressClassName") or annotations.get("kubernetes.io/ingress.class") or "")


def host_rank(pattern: str, host: str) -> int | None:
    """How well a rule's host fits: 0 as it is written, 1 by its wildcard, 2 because it takes all; None not at all."""
    if pattern == "*":
        return 2
    if pattern.startswith("*."):
        return 1 if host.partition(".")[2] == pattern[2:] else None
    return 0 if pattern == host else None


def path_matches(pattern: str, kind: str, path: str) -> bool:
    """By the API's rules: Exact as it is written, everything else element by element."""
    if kind == "Exact":
        return path == pattern
    wanted = pattern.rstrip("/")
    return path == wanted or path.startswith(wanted + "/")


def _backend(backend: Any) -> Json:
    service = (backend or {}).get("service") or {}
    port = service.get("port") or {}
    return {"service": service.get("name", ""), "port": port.get("number") or port.get("name") or None}


def _precedence(one: Json, host: str) -> tuple[Any, ...]:
    """The order in which the API's documentation lets rules win; the default backend comes last."""
    by_default = not one["path_type"]
    exact = one["path_type"] == "Exact"
    return (by_default, host_rank(one["host"], host), -len(one["path"]), not exact, one["namespace"], one["name"])

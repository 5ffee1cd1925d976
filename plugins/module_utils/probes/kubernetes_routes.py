# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What routes requests beside Ingresses: IngressRoutes of Traefik (traefik.io/v1alpha1) and HTTPRoutes of the Gateway
API (gateway.networking.k8s.io/v1)."""

from __future__ import annotations

import functools
import re
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes import traefik_rules
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import brief, check_names, owner
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_ingresses import check_host
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

INGRESS_ROUTES = ("traefik.io/v1alpha1", "ingressroutes")
HTTP_ROUTES = ("gateway.networking.k8s.io/v1", "httproutes")
_ENTRY_POINT = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Routes(Probe):
    """The IngressRoutes and HTTPRoutes that may route a host: those of which it cannot be ruled out.

    An IngressRoute is taken by each ``match`` of its own. Of Traefik's language only and, or, not and brackets are
    followed, and ``Host`` (in capitals or not, with one name or several, as Traefik 2 and 3 have it): a rule may route
    the host unless it holds only for other ones that ``Host`` names. Every other matcher may hold, ``HostRegexp`` too,
    and so may whatever is negated. So a rule without ``Host`` may route every host, and so may one that is not
    understood. Of a name that begins with an asterisk the rest has to fit. With ``entry_points`` an IngressRoute that
    names entry points, and none of these, does not count: the chart's own route to the dashboard is one. An HTTPRoute
    is taken by its ``hostnames``, where ``*.example.com`` is every name below it; one that names none may route every
    host.

    Not looked at: paths and other matchers, priorities, ingress classes, whether a Gateway has accepted the route and
    whose it is, and IngressRoutes of traefik.containo.us, which Traefik 3 does not read any more.

    A cluster that does not know one of the kinds has none of it. Where the identity may not list it, that is an error,
    unless the API server says that it does not serve it.

    Value: ``total`` (of both kinds), ``routes`` [{kind, namespace, name, rule (the first that may route the host; of an
    HTTPRoute its hostnames), owner}], ``names`` (of these, as ``IngressRoute web/shop``), ``truncated``.
    """

    name = "kubernetes_routes"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "host": {"type": "str", "required": True},
        "entry_points": {"type": "list", "elements": "str"},
        "namespace": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace")
        check_host(self.given["host"])
        for one in self.given["entry_points"] or []:
            if not _ENTRY_POINT.fullmatch(one):
                raise ProbeError("bad_option", f"'entry_points': not the name of an entry point: {one[:80]!r}")

    def question(self) -> str:
        where = f" in {self.given['namespace']}" if self.given["namespace"] else ""
        at = f" at {', '.join(self.given['entry_points'])}" if self.given["entry_points"] else ""
        return one_line(f"IngressRoutes{at} and HTTPRoutes{where} for {self.given['host']}")

    def _ask(self, deadline: float) -> Json:
        kinds = (INGRESS_ROUTES, HTTP_ROUTES)
        found = []
        for outcome in at_once([functools.partial(self._all, *kind, deadline) for kind in kinds], deadline):
            if isinstance(outcome, ProbeError):
                raise outcome
            found.append(outcome)
        of_traefik, of_gateways = found
        return summary(of_traefik, of_gateways, self.given["host"].lower(), self.given["entry_points"])

    def _all(self, api_version: str, plural: str, deadline: float) -> list[Json]:
        """All objects of a kind; none where the cluster does not know the kind."""
        try:
            found: list[Json] = self.transport.list(
                object_path(api_version, plural, self.given["namespace"]), None, deadline
            )["items"]
        except ProbeError as error:
            if error.kind == "not_found" or (
                error.kind == "forbidden" and not self._serves(api_version, plural, error, deadline)
            ):
                return []
            raise
        return found

    def _serves(self, api_version: str, plural: str, refusal: ProbeError, deadline: float) -> bool:
        """Whether the API server has the kind at all. It refuses a list before it looks whether there is such a kind,
        and lets everybody whom it knows see which there are. Raises the refusal where that is not to be seen either."""
        try:
            served = self.transport.get(f"/apis/{api_version}", None, deadline)
        except ProbeError as error:
            if error.kind == "not_found":
                return False
            raise refusal from error
        return any(one.get("name") == plural for one in served.get("resources") or [])


def summary(of_traefik: list[Json], of_gateways: list[Json], host: str, entry_points: list[str] | None) -> Json:
    """The probe's value from the API's objects."""
    rows = [
        *(row("IngressRoute", one, rule_for(one, host, entry_points)) for one in of_traefik),
        *(row("HTTPRoute", one, hostnames_for(one, host)) for one in of_gateways),
    ]
    found = sorted((one for one in rows if one["rule"] is not None), key=_order)
    return {
        "total": len(rows),
        "routes": found[:MOST],
        "names": ["{kind} {namespace}/{name}".format(**one) for one in found[:MOST]],
        "truncated": len(found) > MOST,
    }


def row(kind: str, thing: Json, rule: str | None) -> Json:
    meta = thing["metadata"]
    return {
        "kind": kind,
        "namespace": meta["namespace"],
        "name": meta["name"],
        "rule": rule,
        "owner": owner(thing),
    }


def rule_for(route: Json, host: str, entry_points: list[str] | None) -> str | None:
    """The first rule of an IngressRoute that may route the host; None where there is none."""
    spec = route.get("spec") or {}
    listens = spec.get("entryPoints") or []  # none named: Traefik's default ones
    if entry_points and listens and not set(listens) & set(entry_points):
        return None
    rules = (str(one.get("match") or "") for one in spec.get("routes") or [])
    return next((brief(rule) for rule in rules if traefik_rules.may_route(rule, host)), None)


def hostnames_for(route: Json, host: str) -> str | None:
    """The hostnames of an HTTPRoute if they have the host; None where they do not."""
    names = [str(one).lower() for one in (route.get("spec") or {}).get("hostnames") or []]
    fits = not names or any(traefik_rules.covers(name, host) for name in names)
    return brief(", ".join(names) or "every host") if fits else None


def _order(one: Json) -> tuple[Any, ...]:
    return (one["kind"] != "IngressRoute", one["namespace"], one["name"])

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Proxmox VE host, asked by its API. Its silence is an answer, not an error."""

from __future__ import annotations

import re
import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes import failures
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import connect, place
from ansible_collections.oncall.remedy.plugins.module_utils.proxmox import ProxmoxHost, got

_NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

_OF_THE_HOST = {"refused", "timeout", "dns", "unreachable", "reset", "tls", "network"}
"""Errors by which the host is silent. A certificate that is not believed is one: nothing is sent then."""


class Proxmox(Probe):
    """How a Proxmox VE host and the node on it are, by its API, and whether its metrics are had with our credential.

    ``host`` is the name under which the endpoint lists it, ``node`` the name of the node in Proxmox where that is
    another one. With ``control`` (``host:port``) silence counts only while that address answers: when it is silent as
    well, that is an error.

    ``error_kind`` says in one word why the API did not tell all: refused, timeout, tls, dns, unreachable, unauthorized
    (it does not know our credential), unavailable (503), server_error, body or other; empty where it did. A credential
    that it knows and that may not see the node is an error of the question: it needs the role PVEAuditor.

    Value: ``url``, ``reachable`` (an HTTP answer came, of whatever status), ``authenticated``, ``error``,
    ``error_kind``, ``version``, ``nodes`` [{name, status, uptime}], ``node_online`` (null where it is not known, as
    without its pvestatd), ``services`` [{name, state}] of the node (null where not known, as of one that is offline),
    ``services_down`` (names of those that are enabled and do not run; null likewise), ``metrics_status`` (HTTP status
    of the metrics in Prometheus' format, asked for with our credential; 0: none).
    """

    name = "proxmox"
    endpoint = "proxmox"
    options: ClassVar[Spec] = {
        "host": {"type": "str", "required": True},
        "node": {"type": "str"},
        "control": {"type": "str"},
        "timeout": {"type": "duration", "default": 10},
    }

    def check(self) -> None:
        self.node = self.given["node"] or self.given["host"]
        if not _NODE.fullmatch(self.node):
            raise ProbeError("bad_option", f"not the name of a node: {self.node[:80]!r}")
        self.control = place(self.given["control"]) if self.given["control"] else None

    def question(self) -> str:
        return f"Proxmox {self.given['host']}: version, node {self.node}, its services, metrics"

    def _ask(self, deadline: float) -> Json:
        until = min(deadline, time.monotonic() + self.given["timeout"])
        host: ProxmoxHost = self.transport.host(self.given["host"])
        value = nothing(host.url)
        try:
            self._tell(value, host, until)
        except ProbeError as error:
            if error.kind not in _OF_THE_HOST | {"unauthorized", "server_error", "bad_answer"}:
                raise
            value.update(error=error.message, error_kind=failures.of_probe(error))
            value["reachable"] = error.kind not in _OF_THE_HOST or value["authenticated"]
        if value["reachable"]:
            value["metrics_status"] = _metrics(host, until)
        elif self.control:
            self._prove(value, deadline)
        return value

    def _tell(self, value: Json, host: ProxmoxHost, deadline: float) -> None:
        """Fills in what the API says, as far as it gets."""
        api = host.api(deadline)
        value["version"] = str(got(api.version)["version"])
        value.update(reachable=True, authenticated=True)
        nodes = [_node(one) for one in got(api.nodes)]
        value["nodes"] = sorted(nodes, key=lambda one: str(one["name"]))[:MOST]
        known = {one["name"]: one for one in nodes}
        if self.node not in known:
            raise ProbeError("not_found", f"{host.url} has no node {self.node}; there are {', '.join(sorted(known))}")
        if known[self.node]["status"] != "unknown":  # that is what a node says of itself while pvestatd is down
            value["node_online"] = known[self.node]["status"] == "online"
        if value["node_online"] is not False:
            node = api.nodes(self.node)
            known[self.node]["uptime"] = int(got(node.status).get("uptime") or 0)
            value.update(services(got(node.services), alone=len(nodes) == 1))

    def _prove(self, value: Json, deadline: float) -> None:
        """That the asker could ask at all, by a control that answers."""
        host, port = self.control or ("", 0)
        state = connect(host, port, min(deadline, time.monotonic() + self.given["timeout"]))["state"]
        if value["error_kind"] != "refused" and state not in ("open", "refused"):
            words = f"{value['url']} is silent, and so is the control {self.given['control']}: {value['error']}"
            raise ProbeError(state, words)


def nothing(url: str) -> Json:
    """The probe's value before anything is known."""
    return {
        "url": url,
        "reachable": False,
        "authenticated": False,
        "error": "",
        "error_kind": "",
        "version": "",
        "nodes": [],
        "node_online": None,
        "services": None,
        "services_down": None,
        "metrics_status": 0,
    }


def services(found: list[Json], alone: bool) -> Json:
    """The services of a node. What is not enabled is not down, nor is corosync on a host that is ``alone``."""
    rows = [{"name": str(one["name"]), "state": str(one["state"])} for one in found]
    meant = {str(one["name"]) for one in found if one.get("unit-state", "enabled") in ("enabled", "static")}
    meant -= {"corosync"} if alone else set()
    return {
        "services": sorted(rows, key=lambda row: row["name"])[:MOST],
        "services_down": sorted(row["name"] for row in rows if row["state"] != "running" and row["name"] in meant),
    }


def _node(one: Json) -> Json:
    return {"name": str(one["node"]), "status": str(one["status"]), "uptime": int(one.get("uptime") or 0)}


def _metrics(host: ProxmoxHost, deadline: float) -> int:
    try:
        return host.metrics_status(deadline)
    except ProbeError as error:
        if error.kind not in _OF_THE_HOST | {"bad_answer"}:
            raise
        return 0

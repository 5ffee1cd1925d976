# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witnesses of the benchmark: one HTTP server that answers every question after a fixed delay.

It stands for Prometheus, the Kubernetes API, an edge and an Alertmanager with the shapes of their documented APIs, so
that all contestants ask the same thing of the same server. Plain HTTP: TLS costs each the same and is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import urllib.parse
from typing import Any

PODS = 30
METADATA = {"resourceVersion": "1", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}


def _object(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    metadata = {**METADATA, "name": name, "namespace": "traefik", "labels": {"app": "traefik"}}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status}


def _pod(number: int) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}]
    container = {"name": "traefik", "ready": True, "restartCount": 0, "state": {"running": {}}}
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": [container]}
    return _object("Pod", f"traefik-{number}", {"nodeName": f"node-{number}"}, status)


def _node(number: int) -> dict[str, Any]:
    status = {"conditions": [{"type": "Ready", "status": "True"}], "addresses": []}
    return _object("Node", f"node-{number}", {}, status)


def _list(kind: str, members: list[dict[str, Any]], version: str = "v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": f"{kind}List", "metadata": {"resourceVersion": "1"}, "items": members}


def _resources(version: str, kinds: dict[str, str]) -> dict[str, Any]:
    resources = [
        {"name": plural, "kind": kind, "namespaced": kind != "Node", "verbs": ["get", "list"], "singularName": ""}
        for plural, kind in kinds.items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


SERVICE = _object("Service", "traefik", {"selector": {"app": "traefik"}, "ports": [{"name": "web", "port": 80}]}, {})
ENDPOINTS = {**_object("Endpoints", "traefik", {}, {}), "subsets": []}
DAEMON_SET = {**_object("DaemonSet", "traefik", {}, {"desiredNumberScheduled": PODS}), "apiVersion": "apps/v1"}
KUBERNETES: dict[str, Any] = {
    "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "apps",
                "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
                "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"},
            }
        ],
    },
    "/api/v1": _resources("v1", {"pods": "Pod", "nodes": "Node", "services": "Service", "endpoints": "Endpoints"}),
    "/apis/apps/v1": _resources("apps/v1", {"daemonsets": "DaemonSet"}),
    "/api/v1/nodes": _list("Node", [_node(number) for number in range(PODS)]),
    "/api/v1/namespaces/traefik/pods": _list("Pod", [_pod(number) for number in range(PODS)]),
    "/api/v1/namespaces/traefik/services": _list("Service", [SERVICE]),
    "/api/v1/namespaces/traefik/services/traefik": SERVICE,
    "/api/v1/namespaces/traefik/endpoints": _list("Endpoints", [ENDPOINTS]),
    "/api/v1/namespaces/traefik/endpoints/traefik": ENDPOINTS,
    "/apis/apps/v1/namespaces/traefik/daemonsets": _list("DaemonSet", [DAEMON_SET], "apps/v1"),
    "/apis/apps/v1/namespaces/traefik/daemonsets/traefik": DAEMON_SET,
}
PROMETHEUS = {
    "status": "success",
    "data": {"resultType": "vector", "result": [{"metric": {"job": "traefik"}, "value": [1.0, "3"]}]},
}


def _alert(number: int) -> dict[str, Any]:
    return {
        "labels": {"alertname": "BenchDown", "instance": f"instance-{number}"},
        "annotations": {"summary": "for the benchmark"},
        "startsAt": "2026-01-01T00:00:00.000Z",
        "endsAt": "2036-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "fingerprint": f"{number:016x}",
        "receivers": [{"name": "none"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "generatorURL": "http://prometheus.example/graph",
    }


class Backend:
    """Answers each request after ``delay`` seconds; keeps connections alive."""

    def __init__(self, delay: float, alerts: int) -> None:
        self._delay = delay
        self._alerts = [_alert(number) for number in range(alerts)]

    def answer(self, path: str) -> tuple[int, Any]:
        """The status and the JSON for a path."""
        if path == "/api/v1/query":
            return 200, PROMETHEUS
        if path == "/api/v2/alerts":
            return 200, self._alerts
        if path.startswith("/edge"):
            return 200, {"ok": True}
        return (200, KUBERNETES[path]) if path in KUBERNETES else (404, {"kind": "Status", "code": 404})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while (request := await reader.readuntil(b"\r\n\r\n")) != b"":
                lines = request.decode("latin-1").split("\r\n")
                length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
                await reader.readexactly(length)
                status, value = self.answer(urllib.parse.urlsplit(lines[0].split(" ")[1]).path)
                await asyncio.sleep(self._delay)
                body = json.dumps(value).encode()
                head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    """Serves on a free port of loopback and says which on the first line of stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--alerts", type=int, default=0, help="alerts that fire")
    options = parser.parse_args()
    backend = Backend(options.delay, options.alerts)
    server = await asyncio.start_server(backend.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

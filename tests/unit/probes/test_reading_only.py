"""The proof on the wire: whatever a probe asks, and whatever it is answered, it sends nothing but GET and HEAD."""

from __future__ import annotations

import contextlib
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import transport_for
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import PROBES, probe_class
from tests.support import wire
from tests.support.kubeconfig import kubeconfig

HOSTILE = [
    "../../x",
    "a/../b",
    "x\x00y",
    "x\r\nHost: evil",
    "x" * 100_000,
    "$(id)",
    "{{ 7*7 }}",
    "%2e%2e%2f",
    "a b;c",
    "?x=1#",
]

ASKED: dict[str, dict[str, Any]] = {
    "alertmanager_alerts": {"matchers": ['a="b"']},
    "cloudflare_ranges": {"url": "URL/client/v4/ips", "trusted": ["192.0.2.0/24"]},
    "dns": {"name": "a.example", "servers": ["127.0.0.1:PORT"], "timeout": 0.1},
    "http": {"url": "URL/", "read": 100},
    "kubernetes_endpoints": {"namespace": "n", "service": "s"},
    "kubernetes_events": {"namespace": "n"},
    "kubernetes_helm_chart": {"namespace": "n", "name": "c", "expected": "a: 1"},
    "kubernetes_ingresses": {"host": "a.example", "path": "/b", "class_name": "c", "namespace": "n"},
    "kubernetes_network_policies": {"namespace": "n", "pod_labels": {"a": "b"}, "port": 80},
    "kubernetes_nodes": {"selector": "a=b"},
    "kubernetes_object": {"api_version": "v1", "kind": "Pod", "namespace": "n", "name": "x"},
    "kubernetes_pods": {"namespace": "n", "selector": "a=b"},
    "kubernetes_routes": {"host": "a.example", "entry_points": ["web"], "namespace": "n"},
    "kubernetes_service_monitors": {"namespace": "n", "service": "s", "name": "m"},
    "kubernetes_workload": {"kind": "DaemonSet", "namespace": "n", "name": "d"},
    "pod_exec": {"namespace": "n", "pod": "p", "command": "load"},
    "pod_logs": {"namespace": "n", "pods": ["p"], "previous": True},
    "pod_reach": {"namespace": "n", "selector": "a=b", "addresses": ["127.0.0.1:80"]},
    "prometheus_targets": {"job": "x"},
    "promql": {"query": "up"},
    "promql_range": {"query": "up", "since": "5m"},
    "proxmox": {"host": "h"},
    "scrape_credential": {"namespace": "n", "secret": "s", "job": "j", "password_file": __file__},
    "tcp": {"addresses": ["127.0.0.1:PORT"]},
    "traefik_arguments": {"namespace": "n", "daemonset": "d", "entry_points": {"web": 80}},
}


class Anything(wire.Wire):
    """Gives the same answer to every request."""

    def __init__(self, answer: wire.Answer) -> None:
        super().__init__()
        self._same = answer

    def _answer(self, request: wire.Request) -> wire.Answer:
        return self._same


def put(name: str, server: wire.Wire, folder: pathlib.Path, options: dict[str, Any]) -> None:
    """Asks, and takes an answer as well as an error."""
    token = folder / "token"
    token.write_text("t0ken")
    settings: dict[str, Any] = {
        "kubernetes": {"kubeconfig": kubeconfig(server.url, folder)},
        "prometheus": {"url": server.url},
        "alertmanager": {"url": server.url},
        "proxmox": {"hosts": {"h": {"url": server.url, "user": "u", "token_name": "t", "token_file": str(token)}}},
    }
    probe = probe_class(name)
    with contextlib.suppress(ProbeError):
        probe(transport_for(probe.endpoint, settings.get(probe.endpoint or "")), options).ask(time.monotonic() + 10)


def filled(value: Any, server: wire.Wire) -> Any:
    if isinstance(value, list):
        return [filled(one, server) for one in value]
    return value.replace("URL", server.url).replace("PORT", str(server.port)) if isinstance(value, str) else value


def test_every_probe_is_asked_here() -> None:
    assert ASKED.keys() == PROBES.keys()


@pytest.mark.parametrize(
    "answer",
    [
        wire.answer_json({"items": [], "status": "success", "data": {}}),
        wire.answer_json([]),
        wire.kube_status(401, "Unauthorized", "no"),
        wire.kube_status(403, "Forbidden", "no"),
        wire.kube_status(405, "MethodNotAllowed", "POST to me"),
        wire.kube_status(400, "BadRequest", "previous terminated container not found"),
        wire.answer(307, headers={"Location": "/elsewhere"}),
        wire.reset,
    ],
    ids=["empty", "list", "401", "403", "405", "400", "307", "reset"],
)
@pytest.mark.parametrize("name", PROBES)
def test_whatever_it_is_answered_a_probe_only_reads(tmp_path: pathlib.Path, name: str, answer: wire.Answer) -> None:
    with Anything(answer) as server:
        options = {option: filled(value, server) for option, value in ASKED[name].items()}
        put(name, server, tmp_path, options)
        assert server.requests or name in ("tcp", "dns")
        assert server.methods() <= {"GET", "HEAD"}


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", PROBES)
def test_whatever_its_options_hold_a_probe_asks_where_it_should_or_not_at_all(
    tmp_path: pathlib.Path, name: str, hostile: str
) -> None:
    with Anything(wire.answer_json({"items": [], "status": "success", "data": {}})) as server:
        for option, rule in probe_class(name).options.items():
            given = {one: filled(value, server) for one, value in ASKED[name].items()}
            given[option] = [hostile] if rule["type"] == "list" else hostile
            put(name, server, tmp_path, given)
        for request in server.requests:
            assert request.method in ("GET", "HEAD")
            assert ".." not in request.path
            assert request.path.startswith(("/api/", "/apis/", "/api2/")) or name in ("http", "cloudflare_ranges")
            assert request.headers["host"] == f"127.0.0.1:{server.port}"

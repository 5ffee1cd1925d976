"""The probes as modules."""

from __future__ import annotations

import importlib
import pathlib
import socket
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import probe_class
from tests.support import wire
from tests.support.nameserver import Nameserver, records
from tests.unit.modules.running import run

Capture = pytest.CaptureFixture[str]
SECRET = "pl4nted-s3cret"

PROBES_OF = {
    "alertmanager_alerts_info": ["alertmanager_alerts"],
    "cloudflare_ranges_info": ["cloudflare_ranges"],
    "dns_info": ["dns"],
    "edge_info": ["http"],
    "prometheus_info": ["promql", "promql_range"],
    "prometheus_targets_info": ["prometheus_targets"],
    "proxmox_info": ["proxmox"],
    "tcp_info": ["tcp"],
}


def success(kind: str, result: Any) -> wire.Answer:
    return wire.answer_json({"status": "success", "data": {"resultType": kind, "result": result}})


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_prometheus_info_at_an_instant(capsys: Capture, tmp_path: pathlib.Path, check: bool) -> None:
    (tmp_path / "token").write_text(SECRET)
    with wire.Wire() as server:
        server.on("GET", "/api/v1/query", success("vector", [{"metric": {}, "value": [1, "3"]}]))
        token = str(tmp_path / "token")
        result = run("prometheus_info", capsys, check, url=server.url, query="count(up)", token_file=token)
        assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert (result["changed"], result["question"], result["source"]) == (False, "count(up)", server.url)
    assert (result["answer"]["value"], result["answer"]["count"]) == (3.0, 1)
    assert result["took"] >= 0
    assert SECRET not in str(result)


def test_prometheus_info_over_a_range(capsys: Capture) -> None:
    with wire.Wire() as server:
        server.on("GET", "/api/v1/query_range", success("matrix", [{"metric": {}, "values": [[1, "3"]]}]))
        result = run("prometheus_info", capsys, url=server.url, query="up", since="5m", step="1m", at=1000)
        assert server.requests[0].one("start") == "700.0"
    assert result["answer"]["series"] == [{"labels": {}, "points": [[1.0, 3.0]]}]


def test_prometheus_targets_info(capsys: Capture) -> None:
    with wire.Wire() as server:
        targets = {"status": "success", "data": {"activeTargets": [], "droppedTargets": []}}
        server.on("GET", "/api/v1/targets", wire.answer_json(targets))
        server.on(
            "GET", "/api/v1/scrape_pools", wire.answer_json({"status": "success", "data": {"scrapePools": ["a"]}})
        )
        result = run("prometheus_targets_info", capsys, url=server.url, job="x")
    assert (result["answer"]["total"], result["answer"]["pools"]) == (0, ["a"])


def test_alertmanager_alerts_info(capsys: Capture) -> None:
    with wire.Wire() as server:
        server.on("GET", "/api/v2/alerts", wire.answer_json([]))
        result = run("alertmanager_alerts_info", capsys, urls=[server.url], matchers=['a="b"'], silenced=False)
        assert server.requests[0].one("silenced") == "false"
    assert (result["answer"]["total"], result["source"]) == (0, server.url)


def test_edge_info_keeps_its_failed_apart_from_the_modules(capsys: Capture) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer(503))
        result = run("edge_info", capsys, url=server.url + "/", through=["127.0.0.1"])
    assert (result["answer"]["failed"], result.get("failed", False), "source" in result) == (1, False, False)


def test_edge_info_tells_whose_page_it_is(capsys: Capture) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.raw(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\n\r\nBad Gateway"))
        headers = {"X-Forwarded-Proto": "https"}
        result = run("edge_info", capsys, url=server.url + "/", read=512, edge="traefik", headers=headers)
        assert server.requests[0].headers["x-forwarded-proto"] == "https"
    assert result["answer"]["by_traefik"] == 1


def test_dns_info(capsys: Capture) -> None:
    with Nameserver(records("192.0.2.1")) as server:
        result = run("dns_info", capsys, name="a.example", servers=[server.address], expect=["192.0.2.0/28"])
    assert (result["answer"]["addresses"], result["answer"]["elsewhere"]) == (["192.0.2.1"], [])
    assert result["question"] == f"A/AAAA of a.example at {server.address}"


def test_cloudflare_ranges_info(capsys: Capture) -> None:
    with wire.Wire() as server:
        answer = {"result": {"ipv4_cidrs": ["192.0.2.0/24"], "ipv6_cidrs": []}}
        server.on("GET", "/ips", wire.answer_json(answer))
        known = {"as_of": "2026-11-01", "ranges": ["192.0.2.0/25"]}
        url = server.url + "/ips"
        result = run("cloudflare_ranges_info", capsys, url=url, known=known, trusted=["192.0.2.0/25,10.0.0.0/8"])
        assert server.asked() == ["GET /ips"]
    answer = result["answer"]
    assert (answer["differs"], answer["missing"], answer["foreign"]) == (True, ["192.0.2.0/24"], ["10.0.0.0/8"])


def test_proxmox_info(capsys: Capture, tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    with wire.Wire() as server:
        server.on("GET", "/api2/json/version", wire.answer_json({"message": "no such token"}, 401))
        server.on("GET", "/api2/prometheus", wire.answer(401))
        given = {"url": server.url, "user": "remedy@pve", "token_name": "reader", "token_file": str(tmp_path / "token")}
        result = run("proxmox_info", capsys, host="carrick", **given)
        assert server.requests[0].headers["authorization"] == f"PVEAPIToken=remedy@pve!reader={SECRET}"
    answer = result["answer"]
    assert (answer["reachable"], answer["authenticated"], answer["metrics_status"]) == (True, False, 401)
    assert (result["changed"], result["source"]) == (False, server.url)
    assert SECRET not in str(result)


def test_tcp_info(capsys: Capture) -> None:
    with wire.Wire() as server:
        result = run("tcp_info", capsys, addresses=[f"127.0.0.1:{server.port}"], timeout="2s")
    assert (result["answer"]["open"], result["question"]) == (1, f"TCP to 127.0.0.1:{server.port}")


def test_host_info(capsys: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = run("host_info", capsys, gather=["listening"])
        port = server.getsockname()[1]
    assert port in [one["port"] for one in result["host"]["listening"]]
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"query": "up", "timeout": "soon"}, "bad_option"),
        ({"query": "up\x1b"}, "bad_option"),
        ({"query": "up", "token_file": "/nowhere"}, "bad_config"),
        ({"query": "up", "headers": {"Cookie": SECRET}}, "bad_option"),
        ({"query": "up"}, "forbidden"),
        ({"query": "up", "since": "0"}, "bad_option"),
    ],
)
def test_a_failure_has_a_message_and_a_kind(capsys: Capture, options: dict[str, Any], kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", "/api/v1/query", wire.answer_json({"error": "no"}, 403))
        result = run("prometheus_info", capsys, url=server.url, **options)
    assert (result["failed"], result["kind"]) == (True, kind)
    assert result["msg"]
    assert SECRET not in result["msg"]


def documented_options(documentation: str) -> set[str]:
    """The options, those of the documentation fragments (``oncall.remedy.<file>.<part>``) among them."""
    told = yaml.safe_load(documentation)
    names = set(told.get("options", {}))
    for fragment in told.get("extends_documentation_fragment", []):
        file, _dot, part = fragment.removeprefix("oncall.remedy.").partition(".")
        shared = importlib.import_module(f"ansible_collections.oncall.remedy.plugins.doc_fragments.{file}")
        names |= documented_options(getattr(shared.ModuleDocFragment, (part or "documentation").upper()))
    return names


@pytest.mark.parametrize("name", [*PROBES_OF, "host_info"])
def test_a_modules_documentation_names_each_option_and_each_key_of_its_value(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.oncall.remedy.plugins.modules.{name}")
    documented = documented_options(module.DOCUMENTATION)
    for probe in map(probe_class, PROBES_OF.get(name, [])):
        assert set(probe.options) <= documented
    assert yaml.safe_load(module.EXAMPLES)
    assert yaml.safe_load(module.RETURN)

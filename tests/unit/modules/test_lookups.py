"""The probes as lookups, loaded and configured by Ansible itself (in a process of its own: its loader is global)."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

from tests.support import wire
from tests.support.nameserver import Nameserver, records

PROGRAM = """
import json, sys
from ansible.errors import AnsibleError
from ansible.plugins.loader import init_plugin_loader, lookup_loader
init_plugin_loader()
answers = []
for name, terms, options in json.load(sys.stdin):
    try:
        answers.append(lookup_loader.get("oncall.remedy." + name).run(terms, {}, **options))
    except AnsibleError as error:
        answers.append(["AnsibleError", str(error)])
json.dump(answers, sys.stdout)
"""

Question = tuple[str, list[str], dict[str, Any]]


def look(*questions: Question) -> Any:
    """The answers, each a list; an error of Ansible's is a list of two words."""
    asked = json.dumps(questions)
    run = subprocess.run([sys.executable, "-c", PROGRAM], input=asked, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def success(data: Any) -> wire.Answer:
    return wire.answer_json({"status": "success", "data": data})


def test_a_term_is_a_question_where_it_can_be_and_all_terms_are_one_where_they_belong_together() -> None:
    with wire.Wire() as server:
        one = success({"resultType": "scalar", "result": [1, "1"]})
        two = success({"resultType": "scalar", "result": [1, "2"]})
        server.on("GET", "/api/v1/query", one, two)
        server.on("GET", "/api/v1/targets", success({"activeTargets": [], "droppedTargets": []}))
        server.on("GET", "/api/v1/scrape_pools", success({"scrapePools": ["p"]}))
        server.on("GET", "/api/v2/alerts", wire.answer_json([]))
        server.on("GET", "/", wire.answer(204))
        port = f"127.0.0.1:{server.port}"
        numbers, targets, alerts, edge, ports = look(
            ("prometheus", ["a", "b"], {"url": server.url, "at": 1000}),
            ("prometheus_targets", ["x"], {"url": server.url}),
            ("alertmanager_alerts", ['a="b"', 'c="d"'], {"urls": [server.url]}),
            ("edge", [server.url + "/"], {"through": ["127.0.0.1"]}),
            ("tcp", [port, port], {"timeout": "2s"}),
        )
        queries = [request for request in server.requests if request.path == "/api/v1/query"]
        (asked,) = [request for request in server.requests if request.path == "/api/v2/alerts"]
    assert [(request.one("query"), request.one("time")) for request in queries] == [("a", "1000.0"), ("b", "1000.0")]
    assert [value["value"] for value in numbers] == [1.0, 2.0]
    assert asked.query["filter"] == ['a="b"', 'c="d"']
    assert [len(values) for values in (targets, alerts, edge, ports)] == [1, 1, 1, 1]
    assert (targets[0]["pools"], alerts[0]["total"], edge[0]["statuses"], ports[0]["open"]) == (["p"], 0, [204], 2)


def test_names_and_networks() -> None:
    known = {"as_of": "2026-11-01", "ranges": ["192.0.2.0/24"]}
    with Nameserver(records("192.0.2.1")) as server:
        names, ranges = look(
            ("dns", ["a.example", "b.example"], {"servers": [server.address], "expect": ["198.51.100.0/24"]}),
            ("cloudflare_ranges", ["10.0.0.0/8", "192.0.2.0/25"], {"known": known, "refresh": False}),
        )
    assert [(one["name"], one["elsewhere"]) for one in names] == [
        ("a.example", ["192.0.2.1"]),
        ("b.example", ["192.0.2.1"]),
    ]
    assert [(one["missing"], one["foreign"]) for one in ranges] == [(["192.0.2.0/24"], ["10.0.0.0/8"])]


def test_hosts_of_proxmox_are_the_nodes_of_one_url(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    nodes = [{"node": name, "status": "offline"} for name in ("carrick", "ruapehu")]
    with wire.Wire() as server:
        server.on("GET", "/api2/json/version", wire.answer_json({"data": {"version": "8.4.1"}}))
        server.on("GET", "/api2/json/nodes", wire.answer_json({"data": nodes}))
        server.on("GET", "/api2/prometheus", wire.answer(200))
        given = {"url": server.url, "user": "u@pve", "token_name": "t", "token_file": str(tmp_path / "token")}
        (answers,) = look(("proxmox", ["carrick", "ruapehu"], given))
    assert [(one["version"], one["node_online"]) for one in answers] == [("8.4.1", False)] * 2


def test_an_error_is_ansibles_with_the_probes_words() -> None:
    with wire.Wire() as server:
        silent, odd, without = look(
            ("prometheus", ["up"], {"url": server.url}),
            ("prometheus", ["up"], {"url": server.url, "timeout": "soon"}),
            ("prometheus", ["up"], {}),
        )
    assert silent[0] == odd[0] == "AnsibleError"
    assert silent[1].startswith(f"501 not implemented: GET {server.url}/api/v1/query")
    assert "'soon' is not a duration" in odd[1]
    assert "url" in without[1]

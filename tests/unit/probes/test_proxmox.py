"""Proxmox VE hosts: what is asked, by which credential, and what becomes of an answer."""

from __future__ import annotations

import base64
import logging
import pathlib
import socket
import time
import urllib.parse
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils import proxmox
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import source_of, transport_for
from ansible_collections.oncall.remedy.plugins.module_utils.probes.proxmox import Proxmox, services
from tests.support import wire
from tests.support.certs import Authority

API = "/api2/json"
TICKET, METRICS = API + "/access/ticket", "/api2/prometheus"
ASKED = [f"GET {API}/{path}" for path in ("version", "nodes", "nodes/carrick/status", "nodes/carrick/services")]
ASKED += [f"GET {METRICS}"]
TOKEN, PASSWORD = "pl4nted-t0ken", "pl4nted-p4ssword&"
BASIC = "Basic " + base64.b64encode(f"remedy@pve:{PASSWORD}".encode()).decode()


def data(value: Any) -> wire.Answer:
    return wire.answer_json({"data": value}, content_type="application/json;charset=UTF-8")


def service(name: str, state: str = "running", **more: str) -> dict[str, str]:
    return {"service": name, "name": name, "desc": name, "state": state, "unit-state": "enabled", **more}


def node(name: str = "carrick", status: str = "online") -> dict[str, Any]:
    return {"node": name, "status": status, "uptime": 86400, "type": "node", "id": f"node/{name}", "cpu": 0.1}


def host(server: wire.Wire, *nodes: dict[str, Any], **answers: wire.Answer) -> None:
    """Scripts a host; an answer that is given replaces the one of its word."""
    there = [service("pveproxy"), service("pvestatd", "dead"), service("corosync", "dead")]
    script = {
        "version": data({"version": "8.4.1", "release": "8.4", "repoid": "x"}),
        "nodes": data(list(nodes) or [node()]),
        "nodes/carrick/status": data({"uptime": 86461, "pveversion": "pve-manager/8.4.1"}),
        "nodes/carrick/services": data([*there, service("chrony", "dead", **{"unit-state": "not-found"})]),
        **{word.replace("_", "/"): answer for word, answer in answers.items() if word != "metrics"},
    }
    for path, answer in script.items():
        server.on("GET", f"{API}/{path}", answer)
    server.on("GET", METRICS, answers.get("metrics", wire.answer_text("pve_up 1")))
    ticket = {"ticket": "PVE:remedy@pve:65A0::c2ln+/=", "CSRFPreventionToken": "x", "username": "remedy@pve"}
    server.on("POST", TICKET, answers.get("ticket", data(ticket)))


def settings(url: str, folder: pathlib.Path, *kinds: str, **more: Any) -> dict[str, Any]:
    """An endpoint with one host and the kinds of credential that are named (else a token)."""
    one: dict[str, Any] = {"url": url, "user": "remedy@pve", **more}
    for kind, secret in (("token", TOKEN), ("password", PASSWORD)):
        if kind in (kinds or ("token",)):
            (folder / kind).write_text(secret + "\n")
            one[f"{kind}_file"] = str(folder / kind)
    if "token_file" in one:
        one["token_name"] = "reader"
    return {"hosts": {"carrick": one}}


def ask(given: dict[str, Any], **options: Any) -> Any:
    asked = {"host": "carrick", "timeout": 5, **options}
    return Proxmox(transport_for("proxmox", given), asked).ask(time.monotonic() + 10)


def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_a_host_is_told_with_its_node_services_version_and_metrics(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server)
        found = ask(settings(server.url, tmp_path))
        assert server.asked() == ASKED
        assert {request.headers["authorization"] for request in server.requests} == {
            f"PVEAPIToken=remedy@pve!reader={TOKEN}"
        }
        assert server.requests[-1].query == {"format": ["prometheus"]}
        url = server.url
    assert found == {
        "url": url,
        "reachable": True,
        "authenticated": True,
        "error": "",
        "error_kind": "",
        "version": "8.4.1",
        "nodes": [{"name": "carrick", "status": "online", "uptime": 86461}],
        "node_online": True,
        "services": [
            {"name": "chrony", "state": "dead"},
            {"name": "corosync", "state": "dead"},
            {"name": "pveproxy", "state": "running"},
            {"name": "pvestatd", "state": "dead"},
        ],
        "services_down": ["pvestatd"],
        "metrics_status": 200,
    }


def test_a_password_costs_one_post_for_a_ticket_and_asks_for_the_metrics_itself(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server)
        found = ask(settings(server.url, tmp_path, "password"))
        first, *others = server.requests
        assert server.asked() == [f"POST {TICKET}", *ASKED]
        form = urllib.parse.parse_qs(first.body.decode())
        assert (form, first.query) == ({"username": ["remedy@pve"], "password": [PASSWORD]}, {})
        assert "authorization" not in first.headers
        cookies = [request.headers.get("cookie") for request in others]
        assert cookies == ["PVEAuthCookie=PVE:remedy@pve:65A0::c2ln+/="] * 4 + [None]
        assert others[-1].headers["authorization"] == BASIC
    assert (found["authenticated"], found["metrics_status"]) == (True, 200)


def test_with_both_the_token_asks_the_api_and_the_password_for_the_metrics(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server)
        ask(settings(server.url, tmp_path, "token", "password"))
        assert server.asked() == ASKED
        shown = [request.headers["authorization"] for request in server.requests]
    assert shown == [f"PVEAPIToken=remedy@pve!reader={TOKEN}"] * 4 + [BASIC]


@pytest.mark.parametrize(("kind", "word"), [("token", "version"), ("password", "ticket")])
def test_a_credential_that_is_not_known_is_an_answer(tmp_path: pathlib.Path, kind: str, word: str) -> None:
    refused = wire.answer_json({"data": None, "message": "authentication failure\n"}, 401)
    with wire.Wire() as server:
        host(server, **{word: refused, "metrics": wire.answer(401)})
        found = ask(settings(server.url, tmp_path, kind))
        assert len(server.requests) == 2
    assert (found["reachable"], found["authenticated"]) == (True, False)
    assert (found["error_kind"], found["metrics_status"]) == ("unauthorized", 401)
    assert found["error"].startswith("401 unauthorized")
    assert (found["node_online"], found["services"], found["services_down"]) == (None, None, None)


def test_what_stands_in_the_line_of_the_status_is_told(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, version=wire.raw(b"HTTP/1.1 401 no such user ('remedy@pve')\r\nContent-Length: 0\r\n\r\n"))
        found = ask(settings(server.url, tmp_path))
        url = server.url
    assert found["error"] == f"401 unauthorized: GET {url}{API}/version; no such user ('remedy@pve')"


def test_metrics_that_are_refused_while_the_api_answers_are_told_apart(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, metrics=wire.answer(401))
        found = ask(settings(server.url, tmp_path, "token", "password"))
    assert (found["authenticated"], found["error_kind"], found["metrics_status"]) == (True, "", 401)


def test_metrics_that_are_silent_while_the_api_answers_have_no_status(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, metrics=wire.reset)
        found = ask(settings(server.url, tmp_path))
    assert (found["authenticated"], found["metrics_status"]) == (True, 0)


def test_what_the_credential_may_not_see_makes_the_answer_unknown(tmp_path: pathlib.Path) -> None:
    denied = wire.answer_json({"data": None, "message": "Permission check failed (/nodes/carrick, Sys.Audit)\n"}, 403)
    with wire.Wire() as server:
        host(server, nodes_carrick_services=denied)
        with pytest.raises(ProbeError, match=r"403 forbidden: GET .*services; Permission check failed") as caught:
            ask(settings(server.url, tmp_path))
    assert caught.value.kind == "forbidden"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.answer(503), "unavailable"),
        (wire.answer(595), "server_error"),
        (wire.answer(200, b"<html>Welcome to nginx", {"Content-Type": "text/html"}), "body"),
        (wire.answer_json({"no": "data"}), "body"),
    ],
    ids=["503", "595", "page", "no data"],
)
def test_an_api_that_answers_badly_is_reachable(tmp_path: pathlib.Path, answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        host(server, version=answer)
        found = ask(settings(server.url, tmp_path))
    assert (found["reachable"], found["authenticated"], found["error_kind"]) == (True, False, kind)
    assert (found["version"], found["metrics_status"]) == ("", 200)


def test_what_was_learnt_before_a_failure_is_kept(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, nodes_carrick_services=wire.answer(595))
        found = ask(settings(server.url, tmp_path))
    assert (found["version"], found["node_online"], found["error_kind"]) == ("8.4.1", True, "server_error")
    assert (found["authenticated"], found["services"]) == (True, None)


def test_a_shape_that_was_not_promised_makes_the_answer_unknown(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, nodes=data({"not": "a list"}))
        with pytest.raises(ProbeError, match="not of the promised shape"):
            ask(settings(server.url, tmp_path))


def test_silence_is_an_answer_and_no_metrics_are_asked_for_then(tmp_path: pathlib.Path) -> None:
    found = ask(settings(f"http://{closed()}", tmp_path))
    assert (found["reachable"], found["error_kind"], found["metrics_status"]) == (False, "refused", 0)
    with wire.Wire() as server:
        host(server, version=wire.hang)
        found = ask(settings(server.url, tmp_path), timeout=0.3)
        assert server.asked() == ASKED[:1]
    assert (found["reachable"], found["error_kind"]) == (False, "timeout")


def test_a_certificate_that_is_not_believed_gets_no_request(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ca.pem").write_text(Authority("other").certificate)
    with wire.Wire(Authority().issue("127.0.0.1").context(tmp_path)) as server:
        found = ask(settings(server.url, tmp_path, ca_path=str(tmp_path / "ca.pem")))
        assert server.requests == []
    assert (found["reachable"], found["error_kind"]) == (False, "tls")
    assert "certificate" in found["error"]


def test_a_certificate_of_the_estates_authority_is_believed(tmp_path: pathlib.Path) -> None:
    authority = Authority()
    (tmp_path / "ca.pem").write_text(authority.certificate)
    with wire.Wire(authority.issue("127.0.0.1").context(tmp_path)) as server:
        host(server)
        assert ask(settings(server.url, tmp_path, ca_path=str(tmp_path / "ca.pem")))["authenticated"]


def test_silence_with_a_silent_control_says_nothing(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, version=wire.hang)
        given = settings(server.url, tmp_path)
        with pytest.raises(ProbeError, match=r"is silent, and so is the control nowhere\.invalid:1") as caught:
            ask(given, timeout=0.3, control="nowhere.invalid:1")
        assert caught.value.kind == "dns"
        assert ask(given, timeout=0.3, control=closed())["error_kind"] == "timeout"


def test_a_refusal_needs_no_control(tmp_path: pathlib.Path) -> None:
    assert ask(settings(f"http://{closed()}", tmp_path), control="nowhere.invalid:1")["error_kind"] == "refused"


def test_a_node_that_is_offline_is_not_asked_for_its_services(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, node(status="offline"), node("ruapehu"))
        found = ask(settings(server.url, tmp_path))
        assert server.asked() == [*ASKED[:2], ASKED[-1]]
    assert (found["node_online"], found["services"], found["services_down"]) == (False, None, None)
    assert [one["name"] for one in found["nodes"]] == ["carrick", "ruapehu"]


def test_a_node_without_its_statistics_is_asked_all_the_same(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, node(status="unknown"))
        found = ask(settings(server.url, tmp_path))
    assert (found["node_online"], found["services_down"]) == (None, ["pvestatd"])


def test_another_name_in_proxmox_is_given_as_node(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, node("pve1"), nodes_pve1_status=data({"uptime": 1}), nodes_pve1_services=data([]))
        assert ask(settings(server.url, tmp_path), node="pve1")["node_online"] is True
        with pytest.raises(ProbeError, match="has no node carrick; there are pve1") as caught:
            ask(settings(server.url, tmp_path))
    assert caught.value.kind == "not_found"


def test_in_a_cluster_corosync_has_to_run() -> None:
    found = [service("corosync", "dead"), service("odd", "dead", **{"unit-state": "masked"})]
    assert services(found, alone=False)["services_down"] == ["corosync"]
    assert services(found, alone=True)["services_down"] == []


@pytest.mark.parametrize("name", ["", "a/b", "..", "a.b", "-x", "x" * 64, "a b", "é"])
def test_what_is_no_name_of_a_node_is_refused(name: str) -> None:
    with pytest.raises(ProbeError) as caught:
        Proxmox(None, {"host": name or "/", "node": name or None})
    assert caught.value.kind == "bad_option"


def test_a_host_that_the_endpoint_does_not_list_is_refused_by_name(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ProbeError, match="no host 'ruapehu'; the endpoint has carrick") as caught:
        ask(settings("http://127.0.0.1:1", tmp_path), host="ruapehu")
    assert caught.value.kind == "bad_option"


def test_proxmoxers_ways_to_write_are_refused_before_anything_is_sent(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server)
        transport: Any = transport_for("proxmox", settings(server.url, tmp_path, "password"))
        api = transport.host("carrick").api(time.monotonic() + 10)
        before = len(server.requests)
        for write in (api.nodes.post, api.nodes.create, api.nodes.put, api.nodes.set, api.nodes.delete):
            with pytest.raises(ProbeError, match="this transport only reads"):
                write(command="reboot")
        assert len(server.requests) == before == 1


def test_a_second_factor_is_no_matter_for_a_probe(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        host(server, ticket=data({"ticket": "PVE:!tfa!x", "NeedTFA": 1}))
        with pytest.raises(ProbeError, match="second factor: use an API token") as caught:
            ask(settings(server.url, tmp_path, "password"))
    assert caught.value.kind == "bad_config"


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("kind", ["token", "password"])
def test_no_secret_is_in_a_value_an_error_a_question_a_repr_or_a_log(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, status: int, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with wire.Wire() as server:
        host(server, nodes=data([node()]) if status == 200 else wire.answer_json({"message": "no"}, status))
        given = settings(server.url, tmp_path, kind)
        transport = transport_for("proxmox", given)
        probe = Proxmox(transport, {"host": "carrick"})
        try:
            seen = repr(probe.ask(time.monotonic() + 10))
        except ProbeError as error:
            seen = repr(error) + str(error)
        one = transport.host("carrick")  # type: ignore[union-attr]
        seen += repr(transport) + repr(vars(one)) + probe.question() + source_of("proxmox", given) + caplog.text
    assert not [secret for secret in (TOKEN, PASSWORD, "c2ln") if secret in seen]


def test_without_the_library_it_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxmox, "HAS_PROXMOXER", False)
    with pytest.raises(ProbeError, match="proxmoxer is not installed") as caught:
        ask(settings("http://127.0.0.1:1", tmp_path))
    assert caught.value.kind == "missing_library"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": None}, "'url' is missing"),
        ({"user": None}, "'user' is missing"),
        ({"token_name": None}, "a token needs its name"),
        ({"token_file": None}, "a token_file or a password_file is required"),
        ({"url": "ftp://x"}, "not an http or https URL"),
        ({"url": "https://me:pw@x"}, "may not hold credentials"),
        ({"password": "x"}, "no option 'password'"),
    ],
)
def test_settings_that_are_refused_name_the_host(wrong: dict[str, Any], says: str) -> None:
    one = {"url": "https://x", "user": "u", "token_name": "t", "token_file": "/t", **wrong}
    with pytest.raises(ProbeError, match=f"endpoint proxmox: host h: .*{says}") as caught:
        transport_for("proxmox", {"hosts": {"h": one}})
    assert caught.value.kind == "bad_option"


def test_a_secret_that_is_missing_is_named_and_nothing_is_sent(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        one = {"url": server.url, "user": "u", "token_name": "t", "token_file": "/nowhere/token"}
        with pytest.raises(ProbeError, match="/nowhere/token") as caught:
            ask({"hosts": {"carrick": one}})
        assert (caught.value.kind, server.requests) == ("bad_config", [])


def test_where_answers_come_from(tmp_path: pathlib.Path) -> None:
    assert source_of("proxmox", settings("https://10.30.0.10:8006/", tmp_path)) == "https://10.30.0.10:8006"

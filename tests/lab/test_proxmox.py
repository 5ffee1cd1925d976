"""The stand-in for Proxmox VE: who is let in, who may do what, and the manners in which the rest is refused."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.standins.proxmox import access, server
from lab.standins.proxmox.access import Access, Identity, Refused
from lab.standins.proxmox.api import Api
from lab.standins.proxmox.system import STALE, System

NODE = "carrick"
PASSWORD = "correct horse"
SECRET = "c0ffee00-0000-4000-8000-000000000000"
USERS = """\
user:root@pam:1:0:::::
user:remedy@pve:1:0:::::
user:nobody@pve:1:0:::::
user:gone@pve:0:0:::::
token:remedy@pve!probe:0:1::
token:remedy@pve!bare:0:1::
token:remedy@pve!whole:0:0::
acl:1:/:remedy@pve,remedy@pve!probe:PVEAuditor:
"""
SHADOW = (
    f"root@pam:{access.hashed(PASSWORD)}:\nnobody@pve:{access.hashed(PASSWORD)}:\ngone@pve:{access.hashed(PASSWORD)}:\n"
)
TOKENS = f"remedy@pve!probe {SECRET}\nremedy@pve!bare {SECRET}\nremedy@pve!whole {SECRET}\n"


@pytest.fixture
def users(tmp_path: Path) -> Access:
    folder = tmp_path / "pve"
    (folder / "priv").mkdir(parents=True)
    for name, content in {
        "user.cfg": USERS,
        "priv/shadow.cfg": SHADOW,
        "priv/token.cfg": TOKENS,
        "priv/authkey.key": "key",
    }.items():
        (folder / name).write_text(content, encoding="utf-8")
    return Access(folder)


def systemctl(units: Sequence[str]) -> str:
    """As systemd prints it: what is not installed has a paragraph, too."""
    known = {
        "pveproxy.service": "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled",
        "pvestatd.service": "LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=enabled",
    }
    missing = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState="
    return "\n\n".join(f"{known.get(unit, missing)}\nDescription={unit}" for unit in units) + "\n"


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(NODE, tmp_path / "run" / "node.json", systemctl)


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    port: int

    def __call__(self, path: str, *, verb: str = "GET", body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            if body:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(verb, path, body or None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.reason, answer.read())
        finally:
            connection.close()


@contextmanager
def serving(service: server.Daemon) -> Iterator[int]:
    made = server.Server(("127.0.0.1", 0), service)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()
        thread.join(10)


@pytest.fixture
def host(users: Access, system: System) -> Iterator[Client]:
    """Both servers of a host, one behind the other, and nobody who has to wait."""
    api = Api(users, system)
    with ExitStack() as stack:
        daemon = stack.enter_context(serving(server.Daemon(api)))
        yield Client(stack.enter_context(serving(server.Proxy(api, daemon, penalty=0))))


@pytest.fixture
def without_daemon(users: Access, system: System) -> Iterator[Client]:
    with serving(server.Daemon(Api(users, system))) as port:
        pass  # nothing listens there any more
    with serving(server.Proxy(Api(users, system), port, penalty=0)) as proxy:
        yield Client(proxy)


def token(name: str = "probe", secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"PVEAPIToken=remedy@pve!{name}={secret}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def logged_in(host: Client, user: str = "root@pam") -> dict[str, str]:
    answer = host(
        "/api2/json/access/ticket", verb="POST", body=f"username={user}&password={PASSWORD.replace(' ', '+')}"
    )
    assert answer.status == 200
    return {"Cookie": f"PVEAuthCookie={answer.json['data']['ticket']}"}


def test_a_token_reads_what_an_auditor_may(host: Client) -> None:
    assert host("/api2/json/version", **token()).json["data"]["release"] == "8.4"
    assert host(f"/api2/json/nodes/{NODE}/status", **token()).json["data"]["uptime"] >= 0


def test_a_ticket_reads_what_its_user_may(host: Client) -> None:
    assert host(f"/api2/json/nodes/{NODE}/status", **logged_in(host)).status == 200


def test_whoever_shows_nothing_is_refused_without_a_body(host: Client) -> None:
    answer = host("/api2/json/nodes")
    assert (answer.status, answer.reason, answer.body) == (401, "No ticket", b"")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (token(secret="c0ffee00-0000-4000-8000-000000000001"), "invalid token value!"),
        (token("unknown"), "no such token 'unknown' for user 'remedy@pve'"),
        ({"Authorization": "PVEAPIToken=who@pve!x=1"}, "no such user ('who@pve')"),
        ({"Authorization": "PVEAPIToken=gone@pve!x=1"}, "user 'gone@pve' is disabled"),
        ({"Authorization": "PVEAPIToken=remedy@pve"}, "no tokenid specified"),
        ({"Cookie": "PVEAuthCookie=PVE:root@pam:00000000::x"}, "permission denied - invalid PVE ticket"),
    ],
)
def test_why_somebody_is_refused_stands_in_the_status_line_alone(
    host: Client, headers: dict[str, str], reason: str
) -> None:
    answer = host("/api2/json/version", **headers)
    assert (answer.status, answer.reason, answer.body) == (401, reason, b"")


def test_a_wrong_password_tells_nobody_what_was_wrong_with_it(host: Client) -> None:
    for user in ("root@pam", "who@pve", "gone@pve"):
        answer = host("/api2/json/access/ticket", verb="POST", body=f"username={user}&password=wrong")
        assert (answer.status, answer.reason) == (401, "authentication failure")
        assert answer.json["data"] is None


def test_a_ticket_needs_both_a_name_and_a_password(host: Client) -> None:
    answer = host("/api2/json/access/ticket", verb="POST", body="username=root@pam")
    assert (answer.status, answer.reason) == (400, "Parameter verification failed.")
    assert list(answer.json["errors"]) == ["password"]


def test_a_ticket_renews_itself(host: Client) -> None:
    ticket = logged_in(host)["Cookie"].removeprefix("PVEAuthCookie=")
    body = f"username=root@pam&password={ticket.replace('+', '%2B')}"
    assert host("/api2/json/access/ticket", verb="POST", body=body).status == 200


@pytest.mark.parametrize("name", ["bare"])
def test_a_token_with_privileges_of_its_own_has_only_what_it_was_given(host: Client, name: str) -> None:
    answer = host(f"/api2/json/nodes/{NODE}/services", **token(name))
    assert (answer.status, answer.reason) == (403, f"Permission check failed (/nodes/{NODE}, Sys.Audit)")
    assert answer.json["data"] is None


def test_a_token_without_privileges_of_its_own_has_its_users(host: Client) -> None:
    assert host(f"/api2/json/nodes/{NODE}/services", **token("whole")).status == 200


def test_whoever_may_not_look_sees_the_nodes_name_and_state_only(host: Client, system: System) -> None:
    system.observe()
    seen = host("/api2/json/nodes", **token())
    assert {"uptime", "maxmem"} <= set(seen.json["data"][0])
    hidden = host("/api2/json/nodes", **logged_in(host, "nobody@pve")).json["data"][0]
    assert "uptime" not in hidden
    assert (hidden["node"], hidden["status"]) == (NODE, "online")


def test_a_node_that_pvestatd_has_not_looked_at_for_long_is_of_unknown_state(
    host: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host("/api2/json/nodes", **token()).json["data"][0]["status"] == "unknown"
    system.observe()
    assert host("/api2/json/nodes", **token()).json["data"][0]["status"] == "online"
    later = time.time() + STALE + 1
    monkeypatch.setattr("lab.standins.proxmox.system.time.time", lambda: later)
    assert host("/api2/json/nodes", **token()).json["data"][0]["status"] == "unknown"


def test_the_services_are_as_systemd_has_them(host: Client) -> None:
    services = {entry["name"]: entry for entry in host(f"/api2/json/nodes/{NODE}/services", **token()).json["data"]}
    states = {
        name: (services[name]["state"], services[name]["unit-state"]) for name in ("pveproxy", "pvestatd", "cron")
    }
    assert states == {
        "pveproxy": ("running", "enabled"),
        "pvestatd": ("failed", "enabled"),
        "cron": ("dead", "not-found"),
    }


def test_one_service_can_be_asked_for_and_an_unknown_one_is_a_wrong_parameter(host: Client) -> None:
    path = f"/api2/json/nodes/{NODE}/services"
    assert host(f"{path}/pvestatd/state", **token()).json["data"]["active-state"] == "failed"
    assert host(f"{path}/coffee/state", **token()).status == 400


def test_another_node_cannot_be_reached_through_this_one(host: Client) -> None:
    answer = host("/api2/json/nodes/ruapehu/status", **token())
    assert answer.status == 500
    assert answer.reason.startswith("hostname lookup 'ruapehu' failed")


def test_without_pvedaemon_only_what_pveproxy_knows_itself_is_answered(without_daemon: Client) -> None:
    assert without_daemon("/api2/json/version", **token()).status == 200
    for path in (f"/api2/json/nodes/{NODE}/services", "/api2/prometheus?format=prometheus"):
        answer = without_daemon(path, **token())
        assert (answer.status, answer.reason, answer.body) == (595, "Connection refused", b"")


def test_what_is_refused_stays_refused_without_pvedaemon(without_daemon: Client) -> None:
    assert without_daemon(f"/api2/json/nodes/{NODE}/services").status == 401
    assert without_daemon(f"/api2/json/nodes/{NODE}/services", **token("bare")).status == 403


def test_prometheus_scrapes_with_a_password(host: Client) -> None:
    answer = host("/api2/prometheus?format=prometheus", **basic("root@pam", PASSWORD))
    assert answer.status == 200
    assert f'pve_up{{id="node/{NODE}"}} 1' in answer.body.decode()


def test_prometheus_with_a_wrong_password_is_refused(host: Client) -> None:
    answer = host("/api2/prometheus?format=prometheus", **basic("root@pam", "the one of last year"))
    assert (answer.status, answer.body) == (401, b"")


def test_prometheus_as_a_user_who_may_not_look_is_forbidden(host: Client) -> None:
    assert host("/api2/prometheus?format=prometheus", **basic("nobody@pve", PASSWORD)).status == 403


def test_the_api_itself_takes_no_password(host: Client) -> None:
    assert host("/api2/json/version", **basic("root@pam", PASSWORD)).reason == "No ticket"


def test_nothing_can_be_changed_and_a_ticket_alone_does_not_even_ask(host: Client) -> None:
    ticket = logged_in(host)
    path = f"/api2/json/nodes/{NODE}/services/pveproxy/stop"
    assert host(path, verb="POST", **ticket).reason == "Permission denied - invalid csrf token"
    assert host(path, verb="POST", **token()).status == 501


def test_a_csrf_token_is_its_users_own(users: Access) -> None:
    users.require_csrf_token("root@pam", users.csrf_token("root@pam"))
    with pytest.raises(Refused, match="invalid csrf token"):
        users.require_csrf_token("root@pam", users.csrf_token("remedy@pve"))


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/", 200, "OK"),
        ("/api2/yaml/version", 501, "no such uri"),
        ("/elsewhere", 501, "no such file '/elsewhere'"),
        ("/api2/json/pools", 501, "Method 'GET /pools' not implemented"),
    ],
)
def test_what_it_does_not_have_it_says_so(host: Client, path: str, status: int, reason: str) -> None:
    answer = host(path, **token())
    assert (answer.status, answer.reason) == (status, reason)


def test_whoever_is_refused_has_to_wait(users: Access, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    proxy = server.Proxy(Api(users, system), 1)
    monkeypatch.setattr(proxy._closing, "wait", waited.append)
    proxy.answer(server.Request("GET", "/api2/json/version", {"authorization": token()["Authorization"]}))
    assert waited == []
    proxy.answer(server.Request("GET", "/api2/json/version"))
    assert waited == [server.PENALTY]


def test_a_ticket_ends_after_two_hours(users: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = users.ticket("root@pam")
    assert users.by_ticket(ticket) == Identity("root@pam")
    later = time.time() + access.TICKET_LIFETIME + 1
    monkeypatch.setattr("lab.standins.proxmox.access.time.time", lambda: later)
    with pytest.raises(Refused):
        users.by_ticket(ticket)


def test_a_ticket_for_another_user_is_not_the_one_that_was_signed(users: Access) -> None:
    forged = users.ticket("remedy@pve").replace("remedy@pve", "root@pam")
    with pytest.raises(Refused, match="invalid PVE ticket"):
        users.by_ticket(forged)


@pytest.mark.parametrize(
    ("entries", "path", "allowed"),
    [
        ("acl:1:/:nobody@pve:PVEAuditor:\n", "/nodes/carrick", True),
        ("acl:0:/:nobody@pve:PVEAuditor:\n", "/nodes/carrick", False),
        ("acl:0:/nodes/carrick:nobody@pve:PVEAuditor:\n", "/nodes/carrick", True),
        ("acl:1:/nodes:nobody@pve:PVEAuditor:\n", "/", False),
        ("acl:1:/:nobody@pve:PVEAuditor:\nacl:1:/nodes/carrick:nobody@pve:NoAccess:\n", "/nodes/carrick", False),
        ("acl:1:/node:nobody@pve:PVEAuditor:\n", "/nodes/carrick", False),
    ],
)
def test_the_entry_closest_to_the_path_decides(users: Access, entries: str, path: str, allowed: bool) -> None:
    with (users._folder / "user.cfg").open("a", encoding="utf-8") as file:
        file.write(entries)
    assert users.allowed(Identity("nobody@pve"), path, "Sys.Audit") is allowed


def test_what_is_changed_in_the_files_holds_at_once(users: Access) -> None:
    change: Callable[[str], int] = (users._folder / "priv" / "token.cfg").write_text
    users.by_token(f"remedy@pve!probe={SECRET}")
    change("remedy@pve!probe another\n")
    with pytest.raises(Refused, match="invalid token value!"):
        users.by_token(f"remedy@pve!probe={SECRET}")

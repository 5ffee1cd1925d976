"""The backend that every application of the lab is behaves as its switches say. Needs the program (``lab fetch``)."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.binaries.catalogue import BACKEND
from lab.console import wait_until
from lab.settings import Paths

PROGRAM = Paths.from_environment().programs / f"backend-{BACKEND.version}" / "bin" / "backend"
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="the backend is not built: lab/lab fetch")


@dataclass
class Backend:
    """A running one."""

    port: int
    control_port: int

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return ask(self.port, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def switch(self, **state: Any) -> tuple[int, str]:
        return ask(self.control_port, "PUT", "/", json.dumps(state))


def ask(port: int, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend(free_port(), free_port())
    addresses = [f"-listen=127.0.0.1:{made.port}", f"-control=127.0.0.1:{made.control_port}"]
    with subprocess.Popen([PROGRAM, *addresses, "-name=shop"], stderr=subprocess.DEVNULL) as process:
        try:
            for port in (made.port, made.control_port):
                wait_until("it answers", lambda port=port: bool(ask(port, "GET", "/")), timeout=10, every=0.02)  # type: ignore[misc]
            yield made
        finally:
            process.terminate()
            process.wait(10)


def test_links_follow_the_protocol_that_the_proxy_tells_of_unless_it_is_told_to_ignore_it(backend: Backend) -> None:
    assert 'href="https://' in backend.get("/", X_Forwarded_Proto="https")[1]
    assert 'href="http://' in backend.get("/")[1]
    backend.switch(honour_proto=False)
    assert 'href="https://' not in backend.get("/", X_Forwarded_Proto="https")[1]


def test_status_and_readiness_are_switched_apart(backend: Backend) -> None:
    backend.switch(status=503)
    assert (backend.get("/")[0], backend.get("/ready")[0]) == (503, 200)
    backend.switch(ready=False, status=200)
    assert (backend.get("/")[0], backend.get("/ready")[0]) == (200, 503)


def test_metrics_count_what_was_asked_by_status(backend: Backend) -> None:
    backend.switch(status=404)
    backend.get("/a")
    status, text = backend.get("/metrics")
    assert status == 200
    assert 'backend_requests_total{code="404"} 1' in text
    assert 'backend_info{name="shop"' in text


def test_metrics_can_fail_every_other_time_or_be_something_else(backend: Backend) -> None:
    backend.switch(metrics_fail_every=2)
    assert [backend.get("/metrics")[0] for _ in range(4)] == [200, 500, 200, 500]
    backend.switch(metrics_fail_every=0, metrics_body="<html>")
    assert backend.get("/metrics") == (200, "<html>\n")


def test_a_change_names_what_it_changes_and_an_unknown_switch_is_refused(backend: Backend) -> None:
    assert backend.switch(colour="blue")[0] == 400
    status, text = backend.switch(delay_ms=1)
    assert status == 200
    state = json.loads(text)
    assert state["delay_ms"] == 1
    assert state["ready"] is True

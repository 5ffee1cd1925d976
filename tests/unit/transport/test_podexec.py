"""Exec over a websocket."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils import podexec
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support import wire
from tests.support.certs import Authority
from tests.support.kubeconfig import kubeconfig, transport

EXEC = "/api/v1/namespaces/traefik/pods/p/exec"
SUCCESS = (3, b'{"status": "Success"}')
EXIT_3 = {
    "status": "Failure",
    "reason": "NonZeroExitCode",
    "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
}


def test_a_command_is_sent_word_by_word_and_its_streams_come_apart(tmp_path: pathlib.Path) -> None:
    answer = wire.channels((1, b"one "), (2, b"oops"), (1, b"two"), SUCCESS)
    with wire.Wire() as server:
        server.on("GET", EXEC, answer)
        outcome = transport(server, tmp_path).exec("traefik", "p", ["df", "-P", "/ && reboot"], container="c")
        (request,) = server.requests
    assert outcome == (0, "one two", "oops")
    assert request.query == {
        "command": ["df", "-P", "/ && reboot"],
        "stdout": ["true"],
        "stderr": ["true"],
        "container": ["c"],
    }
    assert request.headers["authorization"] == "Bearer t0ken"


def test_an_exit_code_is_an_outcome(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", EXEC, wire.channels((2, b"no"), (3, json.dumps(EXIT_3).encode())))
        assert transport(server, tmp_path).exec("traefik", "p", ["false"]) == (3, "", "no")


def test_it_works_over_tls(tmp_path: pathlib.Path) -> None:
    authority = Authority()
    (tmp_path / "ca.crt").write_text(authority.certificate)
    with wire.Wire(authority.issue("127.0.0.1").context(tmp_path)) as server:
        server.on("GET", EXEC, wire.channels((1, b"x" * 7000), SUCCESS))
        cluster: dict[str, Any] = {"certificate-authority": "ca.crt"}
        kube = KubeTransport(kubeconfig(server.url, tmp_path, **cluster))
        assert kube.exec("traefik", "p", ["true"]) == (0, "x" * 7000, "")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.kube_status(403, "Forbidden", 'User "x" cannot create resource "pods/exec"'), "forbidden"),
        (wire.kube_status(404, "NotFound", "pods p not found", "p"), "not_found"),
        (wire.answer_json({}), "bad_answer"),
        (wire.reset, "reset"),
        (wire.channels((1, b"half")), "bad_answer"),
        (wire.channels((3, b"not json")), "bad_answer"),
        (wire.channels((3, b'{"status": "Failure", "message": "no such program"}')), "server_error"),
        (wire.channels((3, b'{"status": "Failure", "reason": "NonZeroExitCode"}')), "bad_answer"),
    ],
)
def test_a_command_that_could_not_be_run_to_its_end_is_an_error(
    tmp_path: pathlib.Path, answer: wire.Answer, kind: str
) -> None:
    with wire.Wire() as server:
        server.on("GET", EXEC, answer)
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).exec("traefik", "p", ["true"])
    assert caught.value.kind == kind
    assert "t0ken" not in caught.value.message


@pytest.mark.parametrize(
    "answer", [wire.hang, wire.channels((1, b"x"), close=False), wire.drip(b"HTTP/1.1 101 Switching\r\nX: ")]
)
def test_a_command_without_end_keeps_to_the_deadline(tmp_path: pathlib.Path, answer: wire.Answer) -> None:
    with wire.Wire() as server:
        server.on("GET", EXEC, answer)
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).exec("traefik", "p", ["true"], deadline=time.monotonic() + 0.3)
    assert caught.value.kind == "timeout"


def test_more_output_than_the_limit_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(podexec, "LIMIT", 10)
    with wire.Wire() as server:
        server.on("GET", EXEC, wire.channels((1, b"x" * 11), SUCCESS))
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).exec("traefik", "p", ["true"])
    assert caught.value.kind == "too_large"

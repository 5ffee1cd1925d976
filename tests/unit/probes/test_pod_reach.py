"""Addresses asked from within a pod: what runs there, and what its words mean."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.pod_reach import PodReach, seen_by_nc, seen_by_wget
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import pod

PODS = "/api/v1/namespaces/monitoring/pods"
ASKED = {"namespace": "monitoring", "selector": "app=prometheus"}
OLD_NC = "nc: invalid option -- 'z'\nBusyBox v1.35.0 (Debian 1:1.35.0-4) multi-call binary.\n\nUsage: nc ..."


def ended(code: int = 0, errors: str = "", output: str = "") -> wire.Answer:
    """A command that wrote this and ended so."""
    if code == 0:
        status = b'{"status": "Success"}'
    else:
        cause = f'{{"reason": "ExitCode", "message": "{code}"}}'
        status = f'{{"status": "Failure", "reason": "NonZeroExitCode", "details": {{"causes": [{cause}]}}}}'.encode()
    return wire.channels((1, output.encode()), (2, errors.encode()), (3, status))


class Cluster(wire.Wire):
    """An API server with one Prometheus, in whose pod a command does what is scripted for its words."""

    def __init__(self, commands: dict[str, wire.Answer], *pods: dict[str, Any]) -> None:
        super().__init__()
        self._commands = commands
        there = pods or (pod("b", ready=True, node="n2"), pod("a", node="n1"), pod("c", ready=True, node="n3"))
        self.on("GET", PODS, wire.answer_json({"items": list(there)}))

    def _answer(self, request: wire.Request) -> wire.Answer:
        if request.path == f"{PODS}/b/exec":
            return self._commands[" ".join(request.query["command"])]
        return super()._answer(request)

    def ran(self) -> list[str]:
        """The commands in the pod, sorted: they run side by side."""
        return sorted(" ".join(one.query["command"]) for one in self.requests if one.path.endswith("/exec"))


def ask(server: wire.Wire, folder: pathlib.Path, *addresses: str, **options: Any) -> Any:
    given = {**ASKED, "addresses": list(addresses), **options}
    return PodReach(transport(server, folder), given).ask(time.monotonic() + 10)


def nc(place: str, seconds: int = 5) -> str:
    return f"nc -z -v -v -w {seconds} {place}"


def test_every_address_is_tried_from_the_first_ready_pod(tmp_path: pathlib.Path) -> None:
    commands = {
        nc("10.30.0.10 8006"): ended(1, "nc: 10.30.0.10 (10.30.0.10:8006): Connection timed out\n"),
        nc("10.10.0.10 8006"): ended(0, "10.10.0.10 (10.10.0.10:8006) open\n"),
        nc("node.example 9100"): ended(1, "nc: node.example (10.1.1.1:9100): Connection refused\n"),
    }
    with Cluster(commands) as server:
        found = ask(server, tmp_path, "10.30.0.10:8006", "10.10.0.10:8006", "node.example:9100", container="prometheus")
        assert server.ran() == sorted(commands)
        execs = [request for request in server.requests if request.path.endswith("/exec")]
        assert {request.one("container") for request in execs} == {"prometheus"}
        assert server.requests[0].one("labelSelector") == "app=prometheus"
        assert server.methods() == {"GET"}
    assert found == {
        "pod": "b",
        "node": "n2",
        "total": 3,
        "open": 1,
        "refused": 1,
        "timed_out": 1,
        "open_at": ["10.10.0.10:8006"],
        "closed_at": ["10.30.0.10:8006", "node.example:9100"],
        "answers": [
            {"address": "10.30.0.10:8006", "state": "timeout", "status": 0},
            {"address": "10.10.0.10:8006", "state": "open", "status": 0},
            {"address": "node.example:9100", "state": "refused", "status": 0},
        ],
    }


@pytest.mark.parametrize(
    ("annotations", "container"), [({}, "traefik"), ({"kubectl.kubernetes.io/default-container": "main"}, "main")]
)
def test_without_a_container_it_is_the_one_that_kubectl_takes(
    tmp_path: pathlib.Path, annotations: dict[str, str], container: str
) -> None:
    there = pod("b", ready=True, annotations=annotations)
    there["spec"]["containers"].append({"name": "sidecar"})
    with Cluster({nc("10.0.0.1 80"): ended(0)}, there) as server:
        assert ask(server, tmp_path, "10.0.0.1:80")["open"] == 1
        assert server.requests[-1].one("container") == container


def test_with_a_path_the_address_is_asked_over_http_and_any_status_is_an_answer(tmp_path: pathlib.Path) -> None:
    wget = "timeout 3 wget -q -S -O /dev/null https://10.20.0.40:30200/metrics"
    refused = "  HTTP/1.1 403 Forbidden\nwget: server returned error: HTTP/1.1 403 Forbidden\n"
    with Cluster({wget: ended(1, refused)}) as server:
        found = ask(server, tmp_path, "10.20.0.40:30200", path="/metrics", scheme="https", timeout="3s")
        assert server.ran() == [wget]
    assert found["answers"] == [{"address": "10.20.0.40:30200", "state": "open", "status": 403}]


@pytest.mark.parametrize(
    ("code", "errors", "state"),
    [
        (0, "", "open"),
        (143, "", "open"),  # connected, and the other side did not hang up
        (1, "nc: can't connect to remote host (10.0.0.1): Connection refused\n", "refused"),
        (1, "nc: timed out\n", "timeout"),
    ],
)
def test_an_nc_that_does_not_know_z_is_asked_in_another_way(
    tmp_path: pathlib.Path, code: int, errors: str, state: str
) -> None:
    plainly = "timeout 7 nc -w 5 10.0.0.1 80"
    with Cluster({nc("10.0.0.1 80"): ended(1, OLD_NC), plainly: ended(code, errors)}) as server:
        found = ask(server, tmp_path, "10.0.0.1:80")
        assert server.ran() == [nc("10.0.0.1 80"), plainly]
    assert found["answers"][0]["state"] == state


@pytest.mark.parametrize(
    ("code", "output", "state"),
    [
        (0, "", "open"),
        (1, "nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused", "refused"),
        (1, "nc: connect to 10.0.0.1 port 80 (tcp) timed out: Operation now in progress", "timeout"),
        (1, "Ncat: TIMEOUT.\nNcat: Connection timed out.", "timeout"),
        (1, "nc: bad address 'nowhere.invalid'", "dns"),
        (1, 'nc: getaddrinfo for host "x" port 80: Name or service not known', "dns"),
        (1, "nc: 10.0.0.1 (10.0.0.1:80): No route to host", "unreachable"),
        (1, "nc: can't connect to remote host (10.0.0.1): Network is unreachable", "unreachable"),
        (1, "", "network"),
    ],
)
def test_the_words_of_nc(code: int, output: str, state: str) -> None:
    assert seen_by_nc("a:1", code, output) == {"address": "a:1", "state": state, "status": 0}


@pytest.mark.parametrize(
    ("code", "output", "state", "status"),
    [
        (0, "  HTTP/1.1 200 OK\n  Content-Type: text/plain\n", "open", 200),
        (1, "  HTTP/1.0 404 File not found\nwget: server returned error: HTTP/1.0 404 File not found", "open", 404),
        (8, "  HTTP/1.1 301 Moved Permanently\n  Location: /x\n  HTTP/1.1 503 Service Unavailable", "open", 503),
        (0, "", "open", 0),
        (143, "Connecting to 10.0.0.1 (10.0.0.1:80)", "timeout", 0),
        (124, "", "timeout", 0),
        (1, "wget: can't connect to remote host (10.0.0.1): Connection refused", "refused", 0),
        (1, "wget: bad address 'nowhere.invalid:80'", "dns", 0),
        (1, "wget: can't connect to remote host (10.0.0.1): No route to host", "unreachable", 0),
        (1, "wget: error getting response: Connection reset by peer", "reset", 0),
        (4, "", "network", 0),
        (1, "wget: note: see HTTP/1.1 200 for more", "network", 0),
    ],
)
def test_the_words_of_wget(code: int, output: str, state: str, status: int) -> None:
    assert seen_by_wget("a:1", code, output) == {"address": "a:1", "state": state, "status": status}


def test_silence_everywhere_with_a_silent_control_says_nothing(tmp_path: pathlib.Path) -> None:
    silence = ended(1, "nc: x: Connection timed out")
    says = pytest.raises(ProbeError, match=r"nothing answers b, nor does the control 10\.0\.0\.9:53")
    with Cluster({nc("10.0.0.1 80"): silence, nc("10.0.0.9 53"): silence}) as server, says as caught:
        ask(server, tmp_path, "10.0.0.1:80", control="10.0.0.9:53")
    assert caught.value.kind == "timeout"


def test_silence_with_a_control_that_answers_is_an_answer(tmp_path: pathlib.Path) -> None:
    wget = "timeout 5 wget -q -S -O /dev/null http://10.0.0.1:80/metrics"
    with Cluster({wget: ended(143), nc("10.0.0.9 53"): ended(1, "Connection refused")}) as server:
        found = ask(server, tmp_path, "10.0.0.1:80", path="/metrics", control="10.0.0.9:53")
    assert (found["timed_out"], found["total"]) == (1, 1)


def test_no_addresses_are_an_answer(tmp_path: pathlib.Path) -> None:
    with Cluster({}) as server:
        assert ask(server, tmp_path)["total"] == 0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ended(127, "sh: nc: not found"), "unsupported"),
        (ended(126, "nc: Permission denied"), "unsupported"),
        (wire.channels((3, b'{"status": "Failure", "message": "exec: \\"nc\\": not found in $PATH"}')), "server_error"),
        (wire.kube_status(403, "Forbidden", 'User "probe" cannot create pods/exec'), "forbidden"),
        (wire.reset, "reset"),
    ],
    ids=["127", "126", "no program", "403", "reset"],
)
def test_a_command_that_cannot_be_run_says_nothing_of_any_address(
    tmp_path: pathlib.Path, answer: wire.Answer, kind: str
) -> None:
    commands = {nc("10.0.0.1 80"): ended(0), nc("10.0.0.2 80"): answer}
    with Cluster(commands) as server, pytest.raises(ProbeError) as caught:
        ask(server, tmp_path, "10.0.0.1:80", "10.0.0.2:80")
    assert caught.value.kind == kind


def test_without_a_ready_pod_there_is_nobody_to_ask_from(tmp_path: pathlib.Path) -> None:
    with Cluster({}, pod("a")) as server, pytest.raises(ProbeError, match="no ready pod to ask from") as caught:
        ask(server, tmp_path, "10.0.0.1:80")
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    "wrong",
    [
        {"addresses": ["10.0.0.1"]},
        {"addresses": ["x;id:80"]},
        {"addresses": ["-x:80"]},
        {"addresses": ["[::1]:80"]},
        {"addresses": ["a:1"] * 21},
        {"path": "metrics"},
        {"path": "/$(id)"},
        {"path": "/a b"},
        {"scheme": "file", "path": "/"},
        {"timeout": 0.2},
        {"timeout": "1m"},
        {"control": "nowhere"},
        {"namespace": "a/b"},
        {"selector": "a;b"},
        {"selector": None},
    ],
)
def test_options_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        PodReach(None, {**ASKED, "addresses": ["a:1"], **wrong})
    assert caught.value.kind == "bad_option"


def test_the_question_as_people_read_it() -> None:
    probe = PodReach(None, {**ASKED, "addresses": ["a:1", "b:2"]})
    assert probe.question() == "TCP to a:1, b:2 from monitoring/app=prometheus"
    probe = PodReach(None, {**ASKED, "addresses": ["a:1"], "path": "/metrics"})
    assert probe.question() == "http://…/metrics to a:1 from monitoring/app=prometheus"

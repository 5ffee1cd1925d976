"""Commands in a pod: only those of the list, only with arguments that are harmless."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.exec_commands import COMMANDS, command_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes.pod_exec import PodExec
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import pod

PODS = "/api/v1/namespaces/traefik/pods"
DONE = (3, b'{"status": "Success"}')


def test_a_command_in_the_first_ready_pod(tmp_path: pathlib.Path) -> None:
    pods = [pod("c", ready=True), pod("b", ready=True), pod("a")]
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json({"items": pods}))
        server.on("GET", f"{PODS}/b/exec", wire.channels((1, b"Name: x\n\nAddress: 1.2.3.4\n"), (2, b"warn\x07"), DONE))
        options = {"namespace": "traefik", "selector": "app=t", "command": "resolve", "arguments": {"host": "x.y"}}
        probe = PodExec(transport(server, tmp_path), options)
        found = probe.ask(time.monotonic() + 10)
        assert server.requests[1].query["command"] == ["nslookup", "x.y"]
        assert server.methods() == {"GET"}
    assert found == {"pod": "b", "exit_code": 0, "output": ["Name: x", "Address: 1.2.3.4", "warn"], "truncated": False}
    assert probe.question() == "nslookup x.y in traefik/app=t"


def test_forty_lines_are_told(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/exec", wire.channels((1, b"x\n" * 41), DONE))
        options = {"namespace": "traefik", "pod": "a", "command": "processes"}
        found = PodExec(transport(server, tmp_path), options).ask(time.monotonic() + 10)
    assert (len(found["output"]), found["truncated"]) == (40, True)


def test_without_a_ready_pod_there_is_nobody_to_ask_from(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json({"items": [pod("a")]}))
        options = {"namespace": "traefik", "selector": "app=t", "command": "load"}
        with pytest.raises(ProbeError, match="no ready pod to ask from") as caught:
            PodExec(transport(server, tmp_path), options).ask(time.monotonic() + 10)
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    "options",
    [
        {"pod": "a", "command": "sh"},
        {"pod": "a", "command": "load", "arguments": {"x": "y"}},
        {"pod": "a", "command": "resolve"},
        {"command": "load"},
        {"pod": "a", "selector": "b=c", "command": "load"},
        {"pod": "../x", "command": "load"},
        {"pod": "a", "container": "c/../../x", "command": "load"},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        PodExec(None, {"namespace": "traefik", **options})
    assert caught.value.kind == "bad_option"


@pytest.mark.parametrize(
    "hostile",
    ["-c", "--help", "x;id", "$(id)", "`id`", "a b", "x\ny", "/etc/../etc/shadow", "../x", "", "é", "x" * 999],
)
@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.arguments])
def test_no_argument_is_an_option_a_shell_word_or_a_way_out(name: str, hostile: str) -> None:
    arguments: dict[str, object] = dict.fromkeys(COMMANDS[name].arguments, hostile)
    with pytest.raises(ProbeError):
        command_line(name, arguments)


@pytest.mark.parametrize(
    ("arguments", "address"),
    [({}, ":8080"), ({"address": ":9000"}, ":9000"), ({"address": "10.0.0.1:8082"}, "10.0.0.1:8082")],
)
def test_traefiks_own_health_check_asks_where_traefik_answers_pings(arguments: dict[str, object], address: str) -> None:
    words = command_line("traefik_healthcheck", arguments)
    assert words == ["traefik", "healthcheck", "--ping=true", f"--entrypoints.traefik.address={address}"]


def test_no_command_is_a_shell_or_takes_free_words() -> None:
    for command in COMMANDS.values():
        assert command.words[0] not in ("sh", "bash", "ash", "env", "python3")
        assert "{" not in command.words[0]

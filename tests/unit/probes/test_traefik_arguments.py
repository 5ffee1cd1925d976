# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Traefik's command line: where its entry points listen, and whom they believe."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.traefik_arguments import (
    TraefikArguments,
    flags,
    summary,
)
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import meta

PORTS = {"web": 80, "websecure": 443}
RIGHT = ["--entryPoints.web.address=:80/tcp", "--entrypoints.websecure.address=0.0.0.0:443"]


def program(*words: str, host: bool = True) -> dict[str, Any]:
    return {"hostNetwork": host, "containers": [{"name": "traefik", "args": list(words)}, {"name": "sidecar"}]}


def test_entry_points_at_their_ports_are_right_however_the_address_is_written() -> None:
    found = summary([program(*RIGHT), program("--entrypoints.web.address", "[::]:80", RIGHT[1])], PORTS)
    assert (found["exists"], found["total"], found["wrong_ports"]) == (True, 2, [])
    assert found["addresses"] == ["web :80/tcp", "web [::]:80", "websecure 0.0.0.0:443"]


@pytest.mark.parametrize(
    ("programs", "wrong"),
    [
        ([program(RIGHT[0])], ["websecure"]),
        ([program("--entrypoints.web.address=:8080/tcp", RIGHT[1])], ["web"]),
        ([program("--entrypoints.web.address=:800", RIGHT[1])], ["web"]),
        ([program(*RIGHT), program(RIGHT[1])], ["web"]),
        ([program(*RIGHT, host=False)], ["web", "websecure"]),
        ([program()], ["web", "websecure"]),
        ([], []),
    ],
    ids=["missing", "elsewhere", "longer number", "one of two", "not on the host network", "no words", "nobody"],
)
def test_entry_points_that_one_of_them_does_not_have_at_their_port(programs: list[Any], wrong: list[str]) -> None:
    assert summary(programs, PORTS)["wrong_ports"] == wrong


def test_whom_all_of_them_believe() -> None:
    one = program("--entrypoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8, 2606:4700::/32,")
    two = program("--ENTRYPOINTS.WEB.FORWARDEDHEADERS.TRUSTEDIPS=2606:4700::/32,192.0.2.0/24")
    assert summary([one, two], PORTS)["trusted"] == {"web": ["2606:4700::/32"], "websecure": []}
    assert summary([one, program()], PORTS)["trusted"]["web"] == []


@pytest.mark.parametrize(
    ("word", "believing"),
    [("=true", ["web"]), ("", ["web"]), ("=false", [])],
)
def test_who_believes_everybody(word: str, believing: list[str]) -> None:
    found = summary([program(f"--entrypoints.web.forwardedHeaders.insecure{word}")], PORTS)
    assert found["believes_all"] == believing


def test_a_flag_takes_the_next_word_only_if_that_is_none() -> None:
    assert flags(["traefik", "--a", "--b", "x", "y", "--C=z=1"]) == {"--a": "", "--b": "x", "--c": "z=1"}


def daemonset(**strategy: Any) -> dict[str, Any]:
    return {
        "metadata": meta("traefik"),
        "spec": {"template": {"spec": program(*RIGHT)}, "updateStrategy": strategy},
    }


@pytest.mark.parametrize(
    ("strategy", "safely"),
    [
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}, True),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "33%", "maxSurge": "0%"}}, True),
        ({}, True),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}, False),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": "10%"}}, False),
        ({"type": "OnDelete"}, False),
    ],
)
def test_a_roll_out_is_safe_if_the_old_pod_goes_first(
    tmp_path: pathlib.Path, strategy: dict[str, Any], safely: bool
) -> None:
    with wire.Wire() as server:
        path = "/apis/apps/v1/namespaces/kube-system/daemonsets/traefik"
        server.on("GET", path, wire.answer_json(daemonset(**strategy)))
        options = {"namespace": "kube-system", "daemonset": "traefik", "entry_points": PORTS}
        found = TraefikArguments(transport(server, tmp_path), options).ask(time.monotonic() + 10)
    assert (found["exists"], found["rolls_safely"], found["wrong_ports"]) == (True, safely, [])


def test_pods_that_have_ended_say_nothing(tmp_path: pathlib.Path) -> None:
    pods = [
        {"metadata": meta("a"), "spec": program(*RIGHT), "status": {"phase": "Running"}},
        {"metadata": meta("b"), "spec": program(), "status": {"phase": "Failed"}},
    ]
    with wire.Wire() as server:
        server.on("GET", "/api/v1/namespaces/kube-system/pods", wire.answer_json({"items": pods}))
        options = {"namespace": "kube-system", "selector": "app=traefik", "entry_points": PORTS}
        found = TraefikArguments(transport(server, tmp_path), options).ask(time.monotonic() + 10)
    assert (found["total"], found["wrong_ports"], found["rolls_safely"]) == (1, [], None)


@pytest.mark.parametrize(
    "options",
    [
        {"entry_points": PORTS},
        {"entry_points": PORTS, "daemonset": "d", "selector": "a=b"},
        {"entry_points": {"web": "80"}, "daemonset": "d"},
    ],
)
def test_options_that_are_refused(tmp_path: pathlib.Path, options: dict[str, Any]) -> None:
    with wire.Wire() as server, pytest.raises(ProbeError) as caught:
        TraefikArguments(transport(server, tmp_path), {"namespace": "n", **options})
    assert caught.value.kind == "bad_option"

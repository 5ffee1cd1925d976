"""Logs: which run is read, what a signature finds, and what hostile lines cannot do."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.pod_logs import PodLogs
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import pod

PODS = "/api/v1/namespaces/traefik/pods"
NO_PREVIOUS = wire.kube_status(400, "BadRequest", 'previous terminated container "traefik" in pod "a" not found')
SEVERAL = wire.kube_status(400, "BadRequest", "a container name must be specified for pod a, choose one of: [x y]")
PORT = r"listen tcp .*: bind: address already in use"


def ask(server: wire.Wire, folder: pathlib.Path, **options: Any) -> Any:
    return PodLogs(transport(server, folder), {"namespace": "traefik", **options}).ask(time.monotonic() + 10)


def log(*lines: str) -> wire.Answer:
    return wire.answer_text("".join(line + "\n" for line in lines))


def test_signatures_tell_how_often_where_and_by_which_line(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", log("starting", "error: listen tcp :80: bind: address already in use"))
        server.on("GET", f"{PODS}/b/log", log("listen tcp :80: bind: address already in use", "", "bye"))
        found = ask(server, tmp_path, pods=["a", "b"], match={"port_conflict": PORT, "other": "nothing"})
        assert server.methods() == {"GET"}
    assert (found["pods"], found["lines"], found["unavailable"]) == (["a", "b"], 4, [])
    assert found["port_conflict"] == {
        "lines": 2,
        "pods": ["a", "b"],
        "first": "error: listen tcp :80: bind: address already in use",
    }
    assert found["other"] == {"lines": 0, "pods": [], "first": ""}


def test_what_is_asked_on_the_wire(tmp_path: pathlib.Path) -> None:
    options = {"previous": True, "tail": 50, "since": "10m", "container": "traefik"}
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", log("x"))
        found = ask(server, tmp_path, pods=["a"], **options)
        assert server.requests[0].query == {
            "previous": ["true"],
            "tailLines": ["50"],
            "sinceSeconds": ["600"],
            "container": ["traefik"],
            "limitBytes": ["1048576"],
        }
    assert found["sources"] == [{"pod": "a", "source": "previous", "reason": ""}]


def test_a_container_without_a_previous_run_is_read_as_it_runs(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", NO_PREVIOUS, log("x"))
        found = ask(server, tmp_path, pods=["a"], previous=True)
        assert [request.query.get("previous") for request in server.requests] == [["true"], None]
    assert found["sources"] == [{"pod": "a", "source": "current", "reason": "the container has no previous run"}]
    assert found["unavailable"] == []


@pytest.mark.parametrize(
    ("annotations", "chosen"), [({}, "traefik"), ({"kubectl.kubernetes.io/default-container": "y"}, "y")]
)
def test_of_several_containers_the_default_is_read(
    tmp_path: pathlib.Path, annotations: dict[str, str], chosen: str
) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", SEVERAL, log("x"))
        server.on("GET", f"{PODS}/a", wire.answer_json(pod("a", annotations=annotations)))
        assert ask(server, tmp_path, pods=["a"])["lines"] == 1
        assert server.requests[2].one("container") == chosen


def test_pods_by_selector(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json({"items": [pod("b"), pod("a")]}))
        server.on("GET", f"{PODS}/a/log", log("x")).on("GET", f"{PODS}/b/log", log("x"))
        assert ask(server, tmp_path, selector="app=traefik")["pods"] == ["a", "b"]
        assert server.requests[0].one("labelSelector") == "app=traefik"


def test_no_pods_have_no_lines(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        found = ask(server, tmp_path, pods=[], match={"x": "y"})
        assert server.requests == []
    assert (found["pods"], found["lines"], found["x"]["lines"]) == ([], 0, 0)


def test_a_pod_that_cannot_be_read_is_named_while_another_can(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", wire.kube_status(500, "InternalError", "dial tcp 10.0.0.3:10250: refused"))
        server.on("GET", f"{PODS}/b/log", log("x"))
        found = ask(server, tmp_path, pods=["a", "b"])
    (unavailable,) = found["unavailable"]
    assert (unavailable["pod"], "dial tcp 10.0.0.3:10250: refused" in unavailable["reason"]) == ("a", True)
    assert found["lines"] == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.kube_status(403, "Forbidden", "no"), "forbidden"),
        (wire.kube_status(404, "NotFound", "no", "a"), "not_found"),
        (wire.reset, "reset"),
    ],
)
def test_when_no_pod_can_be_read_nothing_is_known(tmp_path: pathlib.Path, answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", answer)
        with pytest.raises(ProbeError) as caught:
            ask(server, tmp_path, pods=["a"], previous=True)
    assert caught.value.kind == kind


def test_twenty_pods_are_read_and_the_others_are_said_not_to_be(tmp_path: pathlib.Path) -> None:
    names = [f"p{number}" for number in range(22)]
    with wire.Wire() as server:
        for name in names:
            server.on("GET", f"{PODS}/{name}/log", log("x"))
        found = ask(server, tmp_path, pods=names)
        assert len(server.requests) == 20
    assert found["unavailable"] == [{"pod": name, "reason": "not read: 20 pods at most"} for name in names[20:]]


def test_a_line_is_cut_before_a_pattern_sees_it_and_freed_of_colours(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", log("x" * 3000 + "needle", "\x1b[31mERR\x1b[0m \x00\x07cannot bind"))
        found = ask(server, tmp_path, pods=["a"], match={"needle": "needle", "bind": "^ERR .*cannot"})
    assert found["needle"]["lines"] == 0
    assert found["bind"]["first"] == "ERR  cannot bind"


def test_hostile_lines_stay_text(tmp_path: pathlib.Path) -> None:
    line = "{{ lookup('pipe', 'id') }} </script> ${jndi:ldap://x} " + "A" * 400
    with wire.Wire() as server:
        server.on("GET", f"{PODS}/a/log", log(line))
        first = ask(server, tmp_path, pods=["a"], match={"any": "lookup"})["any"]["first"]
    assert first.startswith("{{ lookup('pipe', 'id') }} </script>")
    assert len(first) == 300


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pods": ["a"], "selector": "x=y"},
        {"pods": ["../secrets/x"]},
        {"pods": ["a"], "namespace": "../../x"},
        {"pods": ["a"], "tail": 0},
        {"pods": ["a"], "tail": 10001},
        {"pods": ["a"], "match": {"x": "("}},
        {"pods": ["a"], "match": {"x": 3}},
        {"pods": ["a"], "match": {"lines": "x"}},
        {"pods": ["a"], "match": {"items": "x"}},
        {"pods": ["a"], "match": {"Two Words": "x"}},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        PodLogs(None, {"namespace": "traefik", **options})
    assert caught.value.kind == "bad_option"


def test_the_question_in_words() -> None:
    probe = PodLogs(None, {"namespace": "traefik", "pods": ["a", "b"], "previous": True})
    assert probe.question() == "last run's log of a, b in traefik, 200 lines"

"""The Kubernetes API as plain JSON: requests, paging, errors."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import (
    JSON_PATCH,
    STRATEGIC,
    KubeTransport,
    describe,
    object_path,
)
from tests.support import wire
from tests.support.kubeconfig import kubeconfig, transport

PODS = "/api/v1/namespaces/traefik/pods"
DAEMONSET = "/apis/apps/v1/namespaces/traefik/daemonsets/traefik"


def test_paths_of_the_core_group_of_others_and_of_subresources() -> None:
    assert object_path("v1", "pods", "traefik") == PODS
    assert object_path("apps/v1", "daemonsets", "traefik", "traefik") == DAEMONSET
    assert object_path("v1", "nodes") == "/api/v1/nodes"
    assert object_path("v1", "serviceaccounts", "a", "b", "token") == "/api/v1/namespaces/a/serviceaccounts/b/token"
    assert object_path("rbac.authorization.k8s.io/v1", "clusterroles", name="system:node").endswith("/system%3Anode")


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", ".", "a..b", "a b", "a?x=1", "a%2fb", "a\n", "x" * 300, "-a"])
def test_nothing_but_a_name_gets_into_a_path(name: str) -> None:
    for args in [("v1", "pods", name), ("v1", "pods", "ns", name), ("v1", name), (name, "pods")]:
        if args == (name, "pods") and name == "a/b":  # that is a group and a version
            continue
        with pytest.raises(ProbeError) as caught:
            object_path(*args)
        assert caught.value.kind == "bad_option"


def test_creating_one_touches_neither_the_file_nor_the_network() -> None:
    KubeTransport("/nowhere/kubeconfig")


def test_a_get_carries_the_token_and_the_parameters(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", DAEMONSET, wire.answer_json({"kind": "DaemonSet"}))
        assert transport(server, tmp_path).get(DAEMONSET, {"pretty": True, "left": None}) == {"kind": "DaemonSet"}
        (request,) = server.requests
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.query == {"pretty": ["true"]}


def test_a_list_is_read_page_by_page(tmp_path: pathlib.Path) -> None:
    first = {"items": [{"n": 1}], "metadata": {"continue": "abc=="}}
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json(first), wire.answer_json({"items": [{"n": 2}], "metadata": {}}))
        found = transport(server, tmp_path).list(PODS, {"labelSelector": "a=b"})
        queries = [request.query for request in server.requests]
    assert found["items"] == [{"n": 1}, {"n": 2}]
    assert [query.get("continue") for query in queries] == [None, ["abc=="]]
    assert all(query["labelSelector"] == ["a=b"] and query["limit"] == ["250"] for query in queries)


def test_a_page_that_fails_fails_the_list(tmp_path: pathlib.Path) -> None:
    first = {"items": [{"n": 1}], "metadata": {"continue": "abc"}}
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json(first), wire.kube_status(410, "Expired", "too old"))
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).list(PODS)
    assert caught.value.kind == "gone"


def test_a_missing_object_is_found_missing(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", DAEMONSET, wire.kube_status(404, "NotFound", "not found", name="traefik"))
        assert transport(server, tmp_path).find(DAEMONSET) is None
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).get(DAEMONSET)
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    "answer",
    [
        wire.answer_text("404 page not found", 404),
        wire.kube_status(404, "NotFound", "the server could not find the requested resource"),
        wire.answer_json(["not found"], 404),
        wire.answer_json({"reason": "NotFound", "details": None}, 404),
    ],
)
def test_any_other_404_does_not_mean_that_the_object_is_missing(tmp_path: pathlib.Path, answer: wire.Answer) -> None:
    with wire.Wire() as server:
        server.on("GET", DAEMONSET, answer)
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).find(DAEMONSET)
    assert caught.value.kind == "not_found"


def test_a_403_says_who_may_not_do_what(tmp_path: pathlib.Path) -> None:
    path = object_path("monitoring.coreos.com/v1", "servicemonitors", "traefik")
    said = 'servicemonitors is forbidden: User "system:serviceaccount:oncall-remedy:probe" cannot list resource'
    with wire.Wire() as server:
        server.on("GET", path, wire.kube_status(403, "Forbidden", said))
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).list(path)
    message = "403 forbidden: list servicemonitors in traefik as system:serviceaccount:oncall-remedy:probe"
    assert (caught.value.kind, caught.value.message) == ("forbidden", message)


def test_a_401_without_a_renewed_credential_is_final(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS, wire.kube_status(401, "Unauthorized", "Unauthorized"))
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).list(PODS)
        assert server.asked() == [f"GET {PODS}"]
    assert caught.value.kind == "unauthorized"
    assert "t0ken" not in caught.value.message


def test_a_kubeconfig_that_was_renewed_meanwhile_is_read_again(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS, wire.answer_json({"items": []}), wire.kube_status(401, "Unauthorized", "expired"))
        kube = transport(server, tmp_path)
        kube.list(PODS)
        kubeconfig(server.url, tmp_path, {"token": "renewed"})
        server.on("GET", PODS, wire.kube_status(401, "Unauthorized", "x"), wire.answer_json({"items": [1]}))
        assert kube.list(PODS)["items"] == [1]
        shown = [request.headers["authorization"] for request in server.requests]
    assert shown == ["Bearer t0ken", "Bearer t0ken", "Bearer renewed"]


Write = Callable[[KubeTransport], Any]
WRITES: list[tuple[Write, str, str, Any]] = [
    (lambda kube: kube.create(PODS, {"a": 1}, {"dryRun": "All"}), f"POST {PODS}", "application/json", {"a": 1}),
    (lambda kube: kube.replace(DAEMONSET, {"a": 1}), f"PUT {DAEMONSET}", "application/json", {"a": 1}),
    (lambda kube: kube.patch(DAEMONSET, {"a": 1}), f"PATCH {DAEMONSET}", "application/merge-patch+json", {"a": 1}),
    (lambda kube: kube.patch(DAEMONSET, {}, STRATEGIC), f"PATCH {DAEMONSET}", STRATEGIC, {}),
    (lambda kube: kube.patch(DAEMONSET, [], JSON_PATCH), f"PATCH {DAEMONSET}", JSON_PATCH, []),
    (lambda kube: kube.delete(DAEMONSET, {"kind": "DeleteOptions"}), f"DELETE {DAEMONSET}", "application/json", None),
]


@pytest.mark.parametrize(("write", "line", "content_type", "body"), WRITES)
def test_writes_carry_their_body_and_its_type(
    tmp_path: pathlib.Path, write: Write, line: str, content_type: str, body: Any
) -> None:
    method, _, path = line.partition(" ")
    with wire.Wire() as server:
        server.on(method, path, wire.answer_json({"kind": "x"}, 201))
        assert write(transport(server, tmp_path, read_only=False)) == {"kind": "x"}
        (request,) = server.requests
    assert request.headers["content-type"] == content_type
    assert body is None or request.json() == body


@pytest.mark.parametrize("write", [write for write, *_rest in WRITES])
def test_a_reading_transport_refuses_to_write_before_anything_is_sent(tmp_path: pathlib.Path, write: Write) -> None:
    with wire.Wire() as server:
        with pytest.raises(ProbeError) as caught:
            write(transport(server, tmp_path, read_only=True))
        assert (caught.value.kind, server.requests) == ("unsupported", [])


def test_a_stale_precondition_is_a_conflict(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("PATCH", DAEMONSET, wire.kube_status(409, "Conflict", "the object has been modified", "traefik"))
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path, read_only=False).patch(DAEMONSET, {})
    assert caught.value.kind == "conflict"
    assert caught.value.message == "409 conflict: patch daemonsets/traefik in traefik; the object has been modified"


def test_a_log_is_a_text_whatever_bytes_it_holds(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS + "/p/log", wire.answer(200, b"a\xffb\n", {"Content-Type": "text/plain"}))
        assert transport(server, tmp_path).text(PODS + "/p/log", {"tailLines": 5}) == "a\ufffdb\n"
        assert server.requests[0].query == {"tailLines": ["5"]}


def test_a_silent_api_server_is_a_timeout(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", PODS, wire.hang)
        with pytest.raises(ProbeError) as caught:
            transport(server, tmp_path).list(PODS, deadline=time.monotonic() + 0.2)
    assert caught.value.kind == "timeout"


def test_requests_are_described_as_people_say_them() -> None:
    assert describe("GET", PODS, "list") == "list pods in traefik"
    assert describe("PATCH", DAEMONSET) == "patch daemonsets/traefik in traefik"
    assert describe("GET", "/api/v1/nodes/n1") == "get nodes/n1"

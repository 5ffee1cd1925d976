"""Any object by its kind."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_object import Objects, field, summary
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import daemonset, meta

SERVED = wire.answer_json(
    {
        "resources": [
            {"name": "daemonsets/status", "kind": "DaemonSet", "namespaced": True},
            {"name": "daemonsets", "kind": "DaemonSet", "namespaced": True},
            {"name": "clusters", "kind": "Cluster", "namespaced": False},
        ]
    }
)
KIND = {"api_version": "apps/v1", "kind": "DaemonSet"}
THING = {
    "metadata": meta("t", annotations={"example.com/x": "y"}),
    "spec": {"template": {"spec": {"containers": [{"image": "a:1"}, {"image": "b:2"}]}}, "n": 3, "on": True},
}


def ask(server: wire.Wire, folder: pathlib.Path, **options: Any) -> Any:
    return Objects(transport(server, folder), {**KIND, **options}).ask(time.monotonic() + 10)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("spec.n", 3),
        ("spec.on", True),
        ("spec.template.spec.containers[1].image", "b:2"),
        ("spec.template.spec.containers.0.image", "a:1"),
        ("metadata.annotations['example.com/x']", "y"),
        ("spec.template.spec.containers", [{"image": "a:1"}, {"image": "b:2"}]),
        ("spec.template.spec.containers[7].image", None),
        ("spec.template.spec.containers.image", None),
        ("spec.missing.deeper", None),
        ("spec.n.deeper", None),
    ],
)
def test_a_field_by_its_path(path: str, expected: Any) -> None:
    assert field(THING, path) == expected


def test_a_field_is_no_dump() -> None:
    assert len(field({"a": "x" * 5000}, "a")) == 300
    with pytest.raises(ProbeError, match="more than 4000 characters"):
        field({"a": {"b": "x" * 5000}}, "a")


def test_objects_in_short() -> None:
    found = summary([THING, {"metadata": {"name": "b"}}], {"image": "spec.template.spec.containers[0].image"})
    assert (found["exists"], found["total"]) == (True, 2)
    assert found["objects"][0] == {
        "name": "b",
        "namespace": "",
        "labels": {},
        "owner": "",
        "resource_version": "",
        "image": None,
    }
    assert found["objects"][1]["image"] == "a:1"


def test_fifty_objects_are_told_and_all_are_counted() -> None:
    found = summary([{"metadata": {"name": str(number)}} for number in range(51)], {})
    assert (found["total"], len(found["objects"]), found["truncated"]) == (51, 50, True)


def test_the_resource_of_a_kind_is_what_the_server_says(tmp_path: pathlib.Path) -> None:
    path = "/apis/apps/v1/namespaces/traefik/daemonsets"
    with wire.Wire() as server:
        server.on("GET", "/apis/apps/v1", SERVED).on("GET", path, wire.answer_json({"items": [daemonset()]}))
        assert ask(server, tmp_path, namespace="traefik", selector="a=b")["total"] == 1
        assert server.asked() == ["GET /apis/apps/v1", f"GET {path}"]
        assert server.requests[1].one("labelSelector") == "a=b"


def test_an_object_by_its_name_that_does_not_exist_is_an_answer(tmp_path: pathlib.Path) -> None:
    path = "/apis/apps/v1/namespaces/traefik/daemonsets/x"
    with wire.Wire() as server:
        server.on("GET", "/apis/apps/v1", SERVED).on("GET", path, wire.kube_status(404, "NotFound", "no", "x"))
        assert ask(server, tmp_path, namespace="traefik", name="x")["exists"] is False


@pytest.mark.parametrize(
    ("options", "answer", "kind"),
    [
        ({"kind": "Route"}, SERVED, "unsupported"),
        ({}, wire.answer_text("404 page not found", 404), "unsupported"),
        ({}, wire.answer_text("", 503), "server_error"),
        ({"name": "x"}, SERVED, "bad_option"),
    ],
    ids=["kind", "group", "server", "namespace"],
)
def test_what_cannot_be_asked_is_unknown_and_not_missing(
    tmp_path: pathlib.Path, options: dict[str, str], answer: wire.Answer, kind: str
) -> None:
    with wire.Wire() as server:
        server.on("GET", "/apis/apps/v1", answer)
        with pytest.raises(ProbeError) as caught:
            ask(server, tmp_path, **options)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "Secret"},
        {"api_version": "apps/v1/x"},
        {"api_version": "../v1"},
        {"name": "a", "selector": "b=c"},
        {"fields": {"items": "spec.n"}},
        {"fields": {"name": "spec.n"}},
        {"fields": {"Bad-Name": "spec.n"}},
        {"fields": {"x": "spec['n"}},
        {"fields": {"x": ""}},
        {"fields": {"x": 3}},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        Objects(None, {**KIND, **options})
    assert caught.value.kind == "bad_option"

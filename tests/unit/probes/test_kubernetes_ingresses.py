"""Which Ingress routes a request: hosts, paths, classes, and what is behind."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_ingresses import (
    Ingresses,
    host_rank,
    path_matches,
    summary,
)
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import meta

ALL = "/apis/networking.k8s.io/v1/ingresses"
SERVICE = "/api/v1/namespaces/honeydue/services/api"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/honeydue/endpointslices"

Json = dict[str, Any]


def rule(host: str | None, path: str | None = "/", kind: str = "Prefix", service: str = "api") -> Json:
    backend = {"service": {"name": service, "port": {"number": 8000}}}
    made: Json = {"http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}
    return {"host": host, **made} if host else made


def ingress(name: str, *rules: Json, class_name: str | None = "traefik", **spec: Any) -> Json:
    body = {"ingressClassName": class_name, "rules": list(rules), **spec}
    return {"metadata": meta(name, "honeydue"), "spec": {key: value for key, value in body.items() if value}}


def found(*ingresses: Json, host: str = "api.example.com", path: str = "/", class_name: str | None = "traefik") -> Json:
    return summary(list(ingresses), host, path, class_name)


def names(value: Json) -> list[str]:
    return [one["name"] for one in value["matching"]]


class TestHosts:
    @pytest.mark.parametrize(
        ("pattern", "host", "rank"),
        [
            ("api.example.com", "api.example.com", 0),
            ("*.example.com", "api.example.com", 1),
            ("*", "api.example.com", 2),
            ("*.example.com", "a.b.example.com", None),
            ("*.example.com", "example.com", None),
            ("example.com", "api.example.com", None),
        ],
    )
    def test_a_wildcard_is_one_label(self, pattern: str, host: str, rank: int | None) -> None:
        assert host_rank(pattern, host) == rank

    def test_the_closest_host_comes_first(self) -> None:
        value = found(
            ingress("all", rule(None)), ingress("wild", rule("*.example.com")), ingress("own", rule("api.example.com"))
        )
        assert names(value) == ["own", "wild", "all"]
        assert value["hosts"] == ["*", "*.example.com", "api.example.com"]

    def test_a_host_is_the_same_in_capitals(self) -> None:
        assert names(found(ingress("a", rule("API.Example.com")))) == ["a"]

    def test_a_default_backend_takes_what_nothing_else_does_and_comes_last(self) -> None:
        default = ingress("default", defaultBackend={"service": {"name": "web", "port": {"name": "http"}}})
        value = found(default, ingress("a", rule(None)))
        assert names(value) == ["a", "default"]
        assert (value["matching"][1]["service"], value["matching"][1]["port"]) == ("web", "http")

    def test_with_no_ingress_for_the_host_nothing_matches(self) -> None:
        value = found(ingress("a", rule("other.example.com")))
        assert (value["total"], value["matching"], value["hosts"]) == (1, [], ["other.example.com"])
        assert (value["other_class"], value["same_path_missing"]) == ([], [])

    def test_no_ingresses_are_an_answer(self) -> None:
        value = found()
        assert (value["total"], value["hosts"], value["matching"], value["truncated"]) == (0, [], [], False)


class TestPaths:
    @pytest.mark.parametrize(
        ("pattern", "kind", "path", "matches"),
        [  # the table of the API's documentation
            ("/", "Prefix", "/anything", True),
            ("/foo", "Exact", "/foo", True),
            ("/foo", "Exact", "/bar", False),
            ("/foo", "Exact", "/foo/", False),
            ("/foo/", "Exact", "/foo", False),
            ("/foo", "Prefix", "/foo", True),
            ("/foo", "Prefix", "/foo/", True),
            ("/foo/", "Prefix", "/foo", True),
            ("/foo/", "Prefix", "/foo/", True),
            ("/aaa/bb", "Prefix", "/aaa/bbb", False),
            ("/aaa/bbb", "Prefix", "/aaa/bbb", True),
            ("/aaa/bbb/", "Prefix", "/aaa/bbb", True),
            ("/aaa/bbb", "Prefix", "/aaa/bbb/", True),
            ("/aaa/bbb", "Prefix", "/aaa/bbb/ccc", True),
            ("/aaa/bbb", "Prefix", "/aaa/bbbxyz", False),
            ("/foo", "ImplementationSpecific", "/foo/bar", True),
        ],
    )
    def test_a_path_matches_by_element(self, pattern: str, kind: str, path: str, matches: bool) -> None:
        assert path_matches(pattern, kind, path) is matches

    def test_the_longest_path_comes_first_and_of_two_the_exact_one(self) -> None:
        host = "api.example.com"
        value = found(
            ingress("root", rule(host)), ingress("b", rule(host, "/a")), ingress("a", rule(host, "/a", "Exact")),
            path="/a",
        )  # fmt: skip
        assert names(value) == ["a", "b", "root"]

    def test_an_ingress_with_the_host_but_not_the_path_is_told(self) -> None:
        value = found(ingress("a", rule("api.example.com", "/v1")), ingress("b", rule(None, "/v1")), path="/v2")
        assert (value["matching"], value["same_path_missing"]) == ([], ["honeydue/a"])

    def test_a_rule_without_paths_leads_to_the_default_backend(self) -> None:
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        value = found(ingress("a", {"host": "api.example.com"}, defaultBackend=backend))
        assert [(one["host"], one["service"]) for one in value["matching"]] == [
            ("api.example.com", "web"),
            ("*", "web"),
        ]

    def test_a_backend_that_is_no_service_is_named_as_none(self) -> None:
        other = {"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": "x"}}
        paths = [{"path": "/", "pathType": "Prefix", "backend": other}]
        value = found(ingress("a", {"host": "api.example.com", "http": {"paths": paths}}))
        assert (value["matching"][0]["service"], value["matching"][0]["port"]) == ("", None)


class TestClasses:
    def test_an_ingress_of_another_class_does_not_match_but_is_told(self) -> None:
        value = found(ingress("a", rule("api.example.com"), class_name="nginx"))
        assert (value["matching"], value["other_class"]) == ([], ["honeydue/a"])

    def test_the_old_annotation_is_a_class_too(self) -> None:
        old = ingress("a", rule("api.example.com"), class_name=None)
        old["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
        assert found(old)["other_class"] == ["honeydue/a"]

    def test_one_without_a_class_counts_for_every_class(self) -> None:
        assert names(found(ingress("a", rule("api.example.com"), class_name=None))) == ["a"]

    def test_without_a_wanted_class_all_match(self) -> None:
        assert names(found(ingress("a", rule("api.example.com"), class_name="nginx"), class_name=None)) == ["a"]


@pytest.mark.parametrize(
    ("tls", "covered"),
    [
        (None, False),
        ([{"hosts": ["api.example.com"], "secretName": "s"}], True),
        ([{"hosts": ["*.example.com"]}], True),
        ([{"hosts": ["example.com"]}], False),
        ([{"secretName": "s"}], True),
    ],
)
def test_whether_there_is_a_certificate_for_the_host(tls: Any, covered: bool) -> None:
    assert found(ingress("a", rule("api.example.com"), tls=tls))["matching"][0]["tls"] is covered


def slices(*addresses: str) -> wire.Answer:
    return wire.answer_json({"items": [{"endpoints": [{"addresses": [address]} for address in addresses]}]})


def api(*ports: Json) -> wire.Answer:
    return wire.answer_json({"metadata": meta("api", "honeydue"), "spec": {"ports": list(ports)}})


def ask(server: wire.Wire, folder: pathlib.Path, **options: Any) -> Json:
    given = {"host": "api.example.com", "class_name": "traefik", **options}
    return Ingresses(transport(server, folder), given).ask(time.monotonic() + 10)


def behind(folder: pathlib.Path, service: wire.Answer, addresses: wire.Answer, port: Json | None = None) -> Json:
    """What is told of one Ingress that matches, with that behind it."""
    one = ingress("own", rule("api.example.com"))
    if port:
        one["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = port
    with wire.Wire() as server:
        server.on("GET", ALL, wire.answer_json({"items": [one]}))
        server.on("GET", SERVICE, service).on("GET", SLICES, addresses)
        return ask(server, folder)


def test_the_cluster_is_asked_for_all_ingresses_and_for_what_is_behind_those_that_match(
    tmp_path: pathlib.Path,
) -> None:
    items = [ingress("own", rule("api.example.com")), ingress("admin", rule("admin.example.com", service="admin"))]
    with wire.Wire() as server:
        server.on("GET", ALL, wire.answer_json({"items": items}))
        server.on("GET", SERVICE, api({"port": 8000}))
        server.on("GET", SLICES, slices("10.42.0.5", "10.42.1.6"))
        value = ask(server, tmp_path)
        assert server.asked() == [f"GET {ALL}", f"GET {SERVICE}", f"GET {SLICES}"]
        assert server.requests[2].one("labelSelector") == "kubernetes.io/service-name=api"
    assert (value["total"], value["ready_matching"]) == (2, 1)
    assert value["matching"] == [
        {
            "namespace": "honeydue",
            "name": "own",
            "class_name": "traefik",
            "host": "api.example.com",
            "path": "/",
            "path_type": "Prefix",
            "service": "api",
            "port": 8000,
            "tls": False,
            "service_exists": True,
            "port_exists": True,
            "ready": 2,
            "owner": "",
            "resource_version": "7",
        }
    ]


def test_a_match_with_no_address_behind_it_is_not_ready(tmp_path: pathlib.Path) -> None:
    value = behind(tmp_path, api({"port": 8000}), slices())
    assert (value["matching"][0]["ready"], value["ready_matching"]) == (0, 0)


def test_a_match_whose_service_is_missing_is_told(tmp_path: pathlib.Path) -> None:
    value = behind(tmp_path, wire.kube_status(404, "NotFound", "no", name="api"), slices())
    (one,) = value["matching"]
    assert (one["service_exists"], one["port_exists"], one["ready"], value["ready_matching"]) == (False, False, 0, 0)


@pytest.mark.parametrize(
    ("port", "exists"),
    [({"number": 8000}, True), ({"name": "http"}, True), ({"number": 80}, False), ({"name": "web"}, False)],
)
def test_a_port_that_the_service_does_not_have_leads_nowhere(tmp_path: pathlib.Path, port: Json, exists: bool) -> None:
    value = behind(tmp_path, api({"port": 8000, "name": "http"}), slices("10.42.0.5"), port)
    (one,) = value["matching"]
    assert (one["service_exists"], one["port_exists"], one["ready"]) == (True, exists, 1)
    assert value["ready_matching"] == int(exists)


def test_one_service_is_looked_up_once_and_eight_at_most(tmp_path: pathlib.Path) -> None:
    same = [ingress(f"s{index}", rule("api.example.com", service="api")) for index in range(3)]
    more = [ingress(f"t{index}", rule("*.example.com", service=f"web{index}")) for index in range(20)]
    with wire.Wire() as server:
        server.on("GET", ALL, wire.answer_json({"items": same + more}))
        for name in ["api", *(f"web{index}" for index in range(20))]:
            server.on("GET", f"/api/v1/namespaces/honeydue/services/{name}", api({"port": 8000}))
        server.on("GET", SLICES, slices("10.42.0.5"))
        value = ask(server, tmp_path)
        selectors = [one.one("labelSelector") for one in server.requests if one.path == SLICES]
    assert len(selectors) == len(set(selectors)) == 8
    assert [one["ready"] for one in value["matching"]] == [1] * 10 + [None] * 13
    assert value["ready_matching"] == 10


def test_one_namespace_is_asked_alone_where_it_is_named(tmp_path: pathlib.Path) -> None:
    place = "/apis/networking.k8s.io/v1/namespaces/honeydue/ingresses"
    with wire.Wire() as server:
        server.on("GET", place, wire.answer_json({"items": []}))
        assert ask(server, tmp_path, namespace="honeydue")["total"] == 0
        assert server.asked() == [f"GET {place}"]


def test_addresses_that_cannot_be_looked_up_are_a_failure_and_no_empty_service(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", ALL, wire.answer_json({"items": [ingress("own", rule("api.example.com"))]}))
        server.on("GET", SERVICE, api({"port": 8000}))
        server.on("GET", SLICES, wire.kube_status(403, "Forbidden", "no"))
        with pytest.raises(ProbeError) as caught:
            ask(server, tmp_path)
    assert caught.value.kind == "forbidden"


@pytest.mark.parametrize(
    "options",
    [
        {"host": ""},
        {"host": "a b"},
        {"host": "a/b"},
        {"host": "*.example.com"},
        {"host": "a..b"},
        {"host": "a" * 64},
        {"host": "a.example", "path": "x"},
        {"host": "a.example", "path": "/x?y"},
        {"host": "a.example", "namespace": "../x"},
        {"host": "a.example", "class_name": "a/b"},
    ],
)
def test_options_that_are_refused(options: Json) -> None:
    with pytest.raises(ProbeError) as caught:
        Ingresses(None, options)
    assert caught.value.kind == "bad_option"


def test_the_question_in_words() -> None:
    probe = Ingresses(None, {"host": "a.example", "path": "/x", "class_name": "traefik", "namespace": "web"})
    assert probe.question() == "Ingresses of class traefik in web for a.example/x"

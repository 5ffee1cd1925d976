# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may route a host beside Ingresses, and what is made of a cluster that does not know or does not tell it."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_routes import Routes, summary
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import meta

OF_TRAEFIK = "/apis/traefik.io/v1alpha1/ingressroutes"
OF_GATEWAYS = "/apis/gateway.networking.k8s.io/v1/httproutes"
TRAEFIKS_KINDS = "/apis/traefik.io/v1alpha1"
GATEWAYS_KINDS = "/apis/gateway.networking.k8s.io/v1"
HOST = "api.example.com"

Json = dict[str, Any]

UNKNOWN_KIND = wire.answer(404, b"404 page not found\n", {"Content-Type": "text/plain"})
REFUSED = wire.kube_status(403, "Forbidden", 'ingressroutes.traefik.io is forbidden: User "probe" cannot list')
EMPTY = wire.answer_json({"items": []})


def ingress_route(name: str, *rules: str, entry_points: list[str] | None = None, **more: Any) -> Json:
    spec = {"entryPoints": entry_points, "routes": [{"kind": "Rule", "match": rule} for rule in rules]}
    return {"metadata": meta(name, "shop", **more), "spec": {key: value for key, value in spec.items() if value}}


def http_route(name: str, *hostnames: str) -> Json:
    return {"metadata": meta(name, "web"), "spec": {"hostnames": list(hostnames)} if hostnames else {}}


def names(*of_traefik: Json, of_gateways: tuple[Json, ...] = (), at: list[str] | None = None) -> list[str]:
    found: list[str] = summary(list(of_traefik), list(of_gateways), HOST, at)["names"]
    return found


def ask(server: wire.Wire, folder: pathlib.Path, **options: Any) -> Json:
    return Routes(transport(server, folder), {"host": HOST, **options}).ask(time.monotonic() + 10)


def served(*kinds: str) -> wire.Answer:
    return wire.answer_json({"kind": "APIResourceList", "resources": [{"name": kind} for kind in kinds]})


class TestWhichMayRouteTheHost:
    def test_an_ingress_route_is_told_with_the_first_rule_that_may(self) -> None:
        one = ingress_route("api", "Host(`a.example.com`)", "Host(`API.example.com`) && Path(`/x`)", "Path(`/y`)")
        assert summary([one], [], HOST, None) == {
            "total": 1,
            "routes": [
                {
                    "kind": "IngressRoute",
                    "namespace": "shop",
                    "name": "api",
                    "rule": "Host(`API.example.com`) && Path(`/x`)",
                    "owner": "",
                }
            ],
            "names": ["IngressRoute shop/api"],
            "truncated": False,
        }

    def test_one_for_other_hosts_is_counted_and_not_told(self) -> None:
        value = summary([ingress_route("a", "Host(`a.example.com`)")], [http_route("b", "b.example.com")], HOST, None)
        assert (value["total"], value["routes"], value["names"]) == (2, [], [])

    @pytest.mark.parametrize(
        ("hostnames", "rule"),
        [
            (["api.example.com"], "api.example.com"),
            (["a.example.com", "API.Example.com"], "a.example.com, api.example.com"),
            (["*.example.com"], "*.example.com"),
            (["*.com"], "*.com"),  # by the Gateway API an asterisk stands for any number of labels
            ([], "every host"),
        ],
    )
    def test_an_http_route_is_told_by_its_hostnames(self, hostnames: list[str], rule: str) -> None:
        (one,) = summary([], [http_route("r", *hostnames)], HOST, None)["routes"]
        assert (one["kind"], one["namespace"], one["name"], one["rule"]) == ("HTTPRoute", "web", "r", rule)

    @pytest.mark.parametrize("hostname", ["example.com", "*.api.example.com", "api.example.org"])
    def test_an_http_route_of_other_hostnames_is_not(self, hostname: str) -> None:
        assert names(of_gateways=(http_route("r", hostname),)) == []

    def test_ingress_routes_come_first_in_the_order_of_their_names(self) -> None:
        rule = f"Host(`{HOST}`)"
        found = names(ingress_route("b", rule), ingress_route("a", rule), of_gateways=(http_route("0"),))
        assert found == ["IngressRoute shop/a", "IngressRoute shop/b", "HTTPRoute web/0"]

    def test_whose_it_is_is_told(self) -> None:
        labels = {"kustomize.toolkit.fluxcd.io/name": "shop"}
        (one,) = summary([ingress_route("a", "Path(`/`)", labels=labels)], [], HOST, None)["routes"]
        assert one["owner"] == "Flux Kustomization shop"

    def test_there_may_be_too_many_to_tell(self) -> None:
        value = summary([ingress_route(f"r{index}", "Path(`/`)") for index in range(MOST + 1)], [], HOST, None)
        assert (value["total"], len(value["routes"]), len(value["names"]), value["truncated"]) == (201, 200, 200, True)

    def test_an_object_without_a_rule_routes_nothing_and_one_with_an_empty_rule_may(self) -> None:
        bare = {"metadata": meta("bare", "shop"), "spec": {"routes": [{"kind": "Rule"}]}}
        assert names(ingress_route("none"), {"metadata": meta("x", "shop")}, bare) == ["IngressRoute shop/bare"]


class TestEntryPoints:
    DASHBOARD = ingress_route("dashboard", "PathPrefix(`/dashboard`) || PathPrefix(`/api`)", entry_points=["traefik"])

    def test_a_route_at_other_entry_points_does_not_count(self) -> None:
        assert names(self.DASHBOARD, at=["web", "websecure"]) == []

    def test_it_does_where_nobody_says_which_count(self) -> None:
        assert names(self.DASHBOARD) == ["IngressRoute shop/dashboard"]

    @pytest.mark.parametrize("entry_points", [["websecure"], ["traefik", "web"], None])
    def test_one_at_these_or_at_the_default_ones_does(self, entry_points: list[str] | None) -> None:
        route = ingress_route("api", f"Host(`{HOST}`)", entry_points=entry_points)
        assert names(route, at=["web", "websecure"]) == ["IngressRoute shop/api"]


class TestTheCluster:
    def test_it_is_asked_for_all_of_both_kinds(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire() as server:
            server.on("GET", OF_TRAEFIK, wire.answer_json({"items": [ingress_route("api", f"Host(`{HOST}`)")]}))
            server.on("GET", OF_GATEWAYS, wire.answer_json({"items": [http_route("all")]}))
            value = ask(server, tmp_path)
            assert sorted(server.asked()) == [f"GET {OF_GATEWAYS}", f"GET {OF_TRAEFIK}"]
        assert value["names"] == ["IngressRoute shop/api", "HTTPRoute web/all"]

    def test_one_namespace_is_asked_alone_where_it_is_named(self, tmp_path: pathlib.Path) -> None:
        places = [
            "/apis/traefik.io/v1alpha1/namespaces/shop/ingressroutes",
            "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes",
        ]
        with wire.Wire() as server:
            for place in places:
                server.on("GET", place, EMPTY)
            assert ask(server, tmp_path, namespace="shop")["total"] == 0
            assert sorted(server.asked()) == sorted(f"GET {place}" for place in places)

    def test_a_kind_that_it_does_not_know_is_none_and_no_failure(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire() as server:
            server.on("GET", OF_TRAEFIK, UNKNOWN_KIND).on("GET", OF_GATEWAYS, UNKNOWN_KIND)
            value = ask(server, tmp_path)
            assert sorted(server.asked()) == [f"GET {OF_GATEWAYS}", f"GET {OF_TRAEFIK}"]
        assert value == {"total": 0, "routes": [], "names": [], "truncated": False}

    @pytest.mark.parametrize("kinds", [UNKNOWN_KIND, served("middlewares")], ids=["no group", "others of the group"])
    def test_a_refusal_to_list_what_it_does_not_serve_is_none(self, tmp_path: pathlib.Path, kinds: wire.Answer) -> None:
        with wire.Wire() as server:
            server.on("GET", OF_TRAEFIK, REFUSED).on("GET", TRAEFIKS_KINDS, kinds)
            server.on("GET", OF_GATEWAYS, wire.answer_json({"items": [http_route("all")]}))
            value = ask(server, tmp_path)
            assert f"GET {TRAEFIKS_KINDS}" in server.asked()
        assert (value["total"], value["names"]) == (1, ["HTTPRoute web/all"])

    @pytest.mark.parametrize(
        ("refused", "other", "kinds", "word"),
        [
            (OF_TRAEFIK, OF_GATEWAYS, TRAEFIKS_KINDS, "ingressroutes"),
            (OF_GATEWAYS, OF_TRAEFIK, GATEWAYS_KINDS, "httproutes"),
        ],
    )
    def test_a_refusal_to_list_what_it_serves_is_a_failure_that_says_so(
        self, tmp_path: pathlib.Path, refused: str, other: str, kinds: str, word: str
    ) -> None:
        with wire.Wire() as server:
            server.on("GET", refused, REFUSED).on("GET", kinds, served(word)).on("GET", other, EMPTY)
            with pytest.raises(ProbeError) as caught:
                ask(server, tmp_path)
        assert caught.value.kind == "forbidden"
        assert caught.value.message == f"403 forbidden: list {word} as probe"

    def test_a_refusal_stays_one_where_nobody_says_what_is_served(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire() as server:
            server.on("GET", OF_TRAEFIK, REFUSED).on("GET", TRAEFIKS_KINDS, wire.kube_status(403, "Forbidden", "no"))
            server.on("GET", OF_GATEWAYS, EMPTY)
            with pytest.raises(ProbeError) as caught:
                ask(server, tmp_path)
        assert caught.value.message == "403 forbidden: list ingressroutes as probe"

    def test_any_other_error_is_a_failure(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire() as server:
            server.on("GET", OF_TRAEFIK, wire.kube_status(503, "ServiceUnavailable", "no")).on(
                "GET", OF_GATEWAYS, EMPTY
            )
            with pytest.raises(ProbeError) as caught:
                ask(server, tmp_path)
        assert caught.value.kind == "server_error"


@pytest.mark.parametrize(
    "options",
    [
        {"host": ""},
        {"host": "*.example.com"},
        {"host": "a b"},
        {"host": "a.example", "namespace": "../x"},
        {"host": "a.example", "entry_points": ["web", "a b"]},
        {"host": "a.example", "entry_points": [""]},
    ],
)
def test_options_that_are_refused(options: Json) -> None:
    with pytest.raises(ProbeError) as caught:
        Routes(None, options)
    assert caught.value.kind == "bad_option"


def test_the_question_in_words() -> None:
    probe = Routes(None, {"host": "a.example", "entry_points": ["web", "websecure"], "namespace": "shop"})
    assert probe.question() == "IngressRoutes at web, websecure and HTTPRoutes in shop for a.example"

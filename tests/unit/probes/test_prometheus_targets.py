"""Scrape targets."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.prometheus_targets import (
    PrometheusTargets,
    common,
    dropped,
    scraped,
)
from tests.support import wire

TARGETS, POOLS = "/api/v1/targets", "/api/v1/scrape_pools"
NOW = 1795000000.0
REFUSED = 'Get "http://10.0.0.1:9101/metrics": dial tcp 10.0.0.1:9101: connect: connection refused'


def success(data: Any) -> wire.Answer:
    return wire.answer_json({"status": "success", "data": data})


def target(job: str, health: str = "up", instance: str = "10.0.0.1:9101", **more: Any) -> dict[str, Any]:
    url = f"http://me:pw@{instance}/metrics?api_key=secret"
    labels = {"job": job, "instance": instance, **more.pop("labels", {})}
    body = {"labels": labels, "health": health, "scrapeUrl": url, "scrapePool": f"serviceMonitor/x/{job}/0"}
    return {**body, "lastError": "", "lastScrape": "2026-11-18T11:06:30.5+00:00", **more}


def read(active: list[Any], drops: dict[str, int] | None = None, **options: Any) -> Any:
    """The value, of what is fetched already."""
    return PrometheusTargets(None, options).value_of(scraped({"activeTargets": active}, ["p"], drops, NOW))


def ask(active: list[Any], pools: wire.Answer, drops: wire.Answer, **options: Any) -> Any:
    with wire.Wire() as server:
        server.on("GET", TARGETS, success({"activeTargets": active}), drops).on("GET", POOLS, pools)
        found = PrometheusTargets(HttpTransport(server.url), options).ask(time.monotonic() + 10)
        assert server.methods() == {"GET"}
        assert [request.query.get("state") for request in server.requests] == [["active"], None, ["dropped"]]
        return found


def test_targets_are_chosen_by_their_job_as_a_whole_and_counted_by_health() -> None:
    active = [target("traefik-metrics"), target("traefik-metrics", "down", lastError="connection\nrefused")]
    active += [target("x-traefik", "unknown"), target("node"), {"labels": {}, "health": "up"}]
    found = ask(active, success({"scrapePools": ["b", "a"]}), success({"droppedTargets": [{}, {}]}), job="traefik.*")
    assert [found[key] for key in ("total", "up", "down", "unknown")] == [2, 1, 1, 0]
    assert (found["pools"], found["dropped"]) == (["a", "b"], 2)
    assert found["targets"][0]["last_error"] == "connection refused"


def test_without_a_job_all_are_meant() -> None:
    found = ask([target("a"), {"labels": {}}], success({"scrapePools": []}), success({"droppedTargets": []}))
    assert (found["total"], found["unknown"]) == (2, 1)


def test_one_fetch_answers_for_every_job_and_no_option_is_on_the_wire() -> None:
    assert PrometheusTargets.shared == ()
    with wire.Wire() as server:
        server.on("GET", TARGETS, success({"activeTargets": [target("a"), target("b", "down")]}), success({}))
        server.on("GET", POOLS, success({"scrapePools": []}))
        transport = HttpTransport(server.url)
        fetched = PrometheusTargets(transport, {"job": "a"}).answer(time.monotonic() + 10)
        values = [PrometheusTargets(transport, {"job": job}).value_of(fetched) for job in ("a", "b", "c")]
        assert len(server.requests) == 3
    assert [(value["up"], value["down"]) for value in values] == [(1, 0), (0, 1), (0, 0)]


def test_a_target_is_told_without_credentials_and_with_the_age_of_its_scrape() -> None:
    assert read([target("t")])["targets"] == [
        {
            "job": "t",
            "instance": "10.0.0.1:9101",
            "address": "10.0.0.1:9101",
            "port": 9101,
            "health": "up",
            "last_error": "",
            "error_kind": "",
            "scrape_url": "http://10.0.0.1:9101/metrics",
            "pool": "serviceMonitor/x/t/0",
            "labels": {"job": "t", "instance": "10.0.0.1:9101"},
            "last_scrape_age": 9.5,
        }
    ]


def test_a_target_that_was_never_scraped_has_no_age() -> None:
    assert read([target("t", lastScrape="0001-01-01T00:00:00Z")])["targets"][0]["last_scrape_age"] is None


def test_what_is_down_is_told_by_kind_of_error_by_host_and_by_what_it_has_in_common() -> None:
    place = {"cluster": "prod", "zone": "a"}
    found = read(
        [
            target("t", labels=place),
            target("t", "down", "10.0.0.2:9101", lastError=REFUSED, labels=place),
            target("t", "down", "10.0.0.2:9102", lastError="server returned HTTP status 403 Forbidden", labels=place),
            target("t", "down", "[fd00::3]:1", lastError=REFUSED, labels={"cluster": "prod", "zone": "b"}),
            target("other", "down", "10.0.0.9:1", lastError="EOF"),
        ],
        job="t",
    )
    assert found["error_kinds"] == {"forbidden": 1, "refused": 2}
    assert found["hosts_down"] == ["10.0.0.2", "fd00::3"]
    assert found["common"] == {"cluster": "prod", "job": "t"}
    assert found["through_proxy"] == 0


def test_of_one_target_alone_nothing_is_common() -> None:
    assert common([{"a": "b"}]) == {}
    assert read([target("t", "down")])["common"] == {}


def test_a_target_that_is_down_without_a_reason_is_counted_all_the_same() -> None:
    assert read([target("t", "down")])["error_kinds"] == {"other": 1}


def test_a_scrape_through_an_api_server_is_told_apart_from_one_that_is_direct() -> None:
    proxy = "https://10.10.0.40:6443/api/v1/namespaces/argocd/services/argocd-metrics:8082/proxy/metrics"
    unavailable = "server returned HTTP status 503 Service Unavailable"
    found = read(
        [
            target("argocd-metrics", "down", scrapeUrl=proxy, lastError=unavailable),
            target("argocd-metrics", "down", lastError=unavailable),
        ]
    )
    assert found["error_kinds"] == {"proxy_unavailable": 1, "unavailable": 1}
    assert (found["through_proxy"], found["hosts_down"]) == (1, ["10.0.0.1", "10.10.0.40"])


def test_of_thousands_of_targets_those_that_are_down_are_listed_first_and_all_are_counted() -> None:
    active = [target("big", instance=f"10.0.{n // 250}.{n % 250}:1") for n in range(5000)]
    active += [target("big", "down", f"10.1.0.{n}:1", lastError=REFUSED) for n in range(150)]
    found = read(active, job="big")
    assert (found["total"], found["down"], len(found["targets"]), found["truncated"]) == (5150, 150, 200, True)
    assert {one["health"] for one in found["targets"][:150]} == {"down"}
    assert (found["error_kinds"], len(found["hosts_down"])) == ({"refused": 150}, 150)


def test_the_pattern_sees_each_job_once_however_many_targets_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Counting:
        def fullmatch(self, job: str) -> bool:
            seen.append(job)
            return True

    probe = PrometheusTargets(None, {})
    monkeypatch.setattr(probe, "pattern", Counting())
    raw = scraped({"activeTargets": [target("a") for _ in range(1000)] + [target("b")]}, [], {}, NOW)
    assert probe.value_of(raw)["total"] == 1001
    assert seen == ["a", "b"]


def test_a_job_may_be_named_by_its_scrape_pool() -> None:
    active = [target("kube-scheduler", scrapePool="serviceMonitor/monitoring/kps-scheduler/0"), target("other")]
    assert [one["job"] for one in read(active, job="serviceMonitor/monitoring/kps-scheduler/0")["targets"]] == [
        "kube-scheduler"
    ]


def test_targets_of_another_cluster_are_left_out_and_those_without_the_label_stay() -> None:
    active = [target("t", labels={"cluster": cluster}) for cluster in ("prod", "agentic")] + [target("t")]
    assert read(active, labels={"cluster": "prod"})["total"] == 2


def test_a_limit_shortens_the_list_and_nothing_else() -> None:
    active = [target("t", "down", f"10.0.0.{n}:9101", lastError=REFUSED) for n in range(5)]
    found = read(active, limit=0)
    assert (found["total"], found["down"], found["targets"], found["truncated"]) == (5, 5, [], True)
    assert found["addresses_down"] == [f"10.0.0.{n}:9101" for n in range(5)]
    assert found["error_kinds"] == {"refused": 5}
    with pytest.raises(ProbeError, match="'limit' has to be within 0 and 200"):
        read(active, limit=201)


def test_pools_without_a_target_are_told() -> None:
    raw = scraped({"activeTargets": [target("a")]}, ["serviceMonitor/x/a/0", "serviceMonitor/x/b/0"], {}, NOW)
    assert PrometheusTargets(None, {"job": "none"}).value_of(raw)["empty_pools"] == ["serviceMonitor/x/b/0"]


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("http://10.0.0.1:9101/metrics", "10.0.0.1:9101", 9101),
        ("https://pve.example/api2/prometheus", "pve.example:443", 443),
        ("http://[fd00::3]/metrics", "[fd00::3]:80", 80),
        ("http://10.0.0.1:99999/metrics", "", 0),
        ("", "", 0),
    ],
)
def test_a_target_says_where_it_is_scraped(url: str, address: str, port: int) -> None:
    told = read([target("t", scrapeUrl=url)])["targets"][0]
    assert (told["address"], told["port"]) == (address, port)


def test_a_list_of_active_targets_may_be_longer_than_other_answers() -> None:
    labels = {f"__meta_{n}": "x" * 100 for n in range(30)}
    active = [target("a", discoveredLabels=labels)] * 3000
    assert ask(active, success({"scrapePools": []}), success({}))["total"] == 3000


def test_an_old_prometheus_tells_its_pools_by_its_targets() -> None:
    found = ask([target("b"), target("a")], wire.answer_text("404", 404), success({"droppedTargets": []}))
    assert found["pools"] == ["serviceMonitor/x/a/0", "serviceMonitor/x/b/0"]


def test_pools_that_cannot_be_read_make_the_answer_unknown() -> None:
    with pytest.raises(ProbeError, match="503"):
        ask([], wire.answer_text("busy", 503), success({}))


def test_a_list_of_dropped_targets_that_is_too_large_is_unknown_for_itself_only() -> None:
    huge = wire.answer_json({"status": "success", "data": {"droppedTargets": ["x" * 100] * 100_000}})
    found = ask([target("a")], success({"scrapePools": []}), huge)
    assert (found["total"], found["dropped"], found["dropped_of_job"]) == (1, None, None)


def test_dropped_targets_are_counted_by_the_servers_own_count_where_it_gives_one() -> None:
    assert dropped({"droppedTargets": [{}], "droppedTargetCounts": {"a": 3, "b": 4}}) == {"a": 3, "b": 4}
    listed = [{"discoveredLabels": {"job": "a"}}, {"discoveredLabels": {"job": "x"}, "scrapePool": "a"}, {}]
    assert dropped({"droppedTargets": listed, "droppedTargetCounts": {}}) == {"a": 2, "": 1}
    assert dropped({}) == {}


def test_dropped_targets_of_a_job_are_those_of_a_pool_or_monitor_of_its_name() -> None:
    drops = {"node": 1, "serviceMonitor/monitoring/node/0": 2, "scrapeConfig/x/node": 4, "a/b/node": 8, "nodes": 16}
    found = read([], drops, job="node")
    assert (found["dropped_of_job"], found["dropped"]) == (7, 31)


def test_an_answer_without_targets_is_none() -> None:
    with pytest.raises(ProbeError, match="lists no active targets"):
        scraped({}, [], {}, NOW)


def test_a_job_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ProbeError, match="no regular expression"):
        PrometheusTargets(None, {"job": "("})

"""Scrape targets."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.prometheus_targets import (
    PrometheusTargets,
    dropped,
    summary,
)
from tests.support import wire

TARGETS, POOLS = "/api/v1/targets", "/api/v1/scrape_pools"


def success(data: Any) -> wire.Answer:
    return wire.answer_json({"status": "success", "data": data})


def target(job: str, health: str = "up", **more: Any) -> dict[str, Any]:
    url = "http://me:pw@10.0.0.1:9101/metrics?api_key=secret"
    labels = {"job": job, "instance": "10.0.0.1:9101"}
    body = {"labels": labels, "health": health, "scrapeUrl": url, "scrapePool": f"serviceMonitor/x/{job}/0"}
    return {**body, "lastError": "", "lastScrape": "2026-11-18T11:06:30.5+00:00", **more}


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
    found = ask(active, success({"scrapePools": ["b", "a"]}), success({"droppedTargets": [1, 2]}), job="traefik.*")
    assert [found[key] for key in ("total", "up", "down", "unknown")] == [2, 1, 1, 0]
    assert (found["pools"], found["dropped"]) == (["a", "b"], 2)
    assert found["targets"][1]["last_error"] == "connection refused"


def test_without_a_job_all_are_meant() -> None:
    found = ask([target("a"), {"labels": {}}], success({"scrapePools": []}), success({"droppedTargets": []}))
    assert (found["total"], found["unknown"]) == (2, 1)


def test_a_target_is_told_without_credentials_and_with_the_age_of_its_scrape() -> None:
    found = summary({"activeTargets": [target("t")]}, [], 0, PrometheusTargets(None, {}).pattern, 1795000000.0)
    assert found["targets"] == [
        {
            "job": "t",
            "instance": "10.0.0.1:9101",
            "health": "up",
            "last_error": "",
            "scrape_url": "http://10.0.0.1:9101/metrics",
            "pool": "serviceMonitor/x/t/0",
            "labels": {"job": "t", "instance": "10.0.0.1:9101"},
            "last_scrape_age": 9.5,
        }
    ]


def test_a_target_that_was_never_scraped_has_no_age() -> None:
    active = {"activeTargets": [target("t", lastScrape="0001-01-01T00:00:00Z")]}
    assert summary(active, [], 0, PrometheusTargets(None, {}).pattern, 1.0)["targets"][0]["last_scrape_age"] is None


def test_an_old_prometheus_tells_its_pools_by_its_targets() -> None:
    found = ask([target("b"), target("a")], wire.answer_text("404", 404), success({"droppedTargets": []}))
    assert found["pools"] == ["serviceMonitor/x/a/0", "serviceMonitor/x/b/0"]


def test_pools_that_cannot_be_read_make_the_answer_unknown() -> None:
    with pytest.raises(ProbeError, match="503"):
        ask([], wire.answer_text("busy", 503), success({}))


def test_a_list_of_dropped_targets_that_is_too_large_is_unknown_for_itself_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    huge = wire.answer_json({"status": "success", "data": {"droppedTargets": ["x" * 100] * 100_000}})
    assert ask([target("a")], success({"scrapePools": []}), huge)["dropped"] is None


def test_dropped_targets_are_counted_by_the_servers_own_count_where_it_gives_one() -> None:
    assert dropped({"droppedTargets": [1], "droppedTargetCounts": {"a": 3, "b": 4}}) == 7
    assert dropped({"droppedTargets": [1, 2], "droppedTargetCounts": {}}) == 2
    assert dropped({}) == 0


def test_an_answer_without_targets_is_none() -> None:
    with pytest.raises(ProbeError, match="lists no active targets"):
        summary({}, [], 0, PrometheusTargets(None, {}).pattern, 1.0)


def test_a_job_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ProbeError, match="no regular expression"):
        PrometheusTargets(None, {"job": "("})

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus scrapes, and how that goes (/api/v1/targets, /api/v1/scrape_pools)."""

from __future__ import annotations

import re
import time
import urllib.parse
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import data_of
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix


class PrometheusTargets(Probe):
    """Targets whose ``job`` label the regular expression matches as a whole (RE2 and Python agree on simple ones).

    Value: ``total``, ``up``, ``down``, ``unknown`` (not scraped yet), ``targets`` [{job, instance, health, last_error,
    scrape_url, pool, labels, last_scrape_age (seconds or null)}], ``truncated``, ``pools`` (names of all scrape pools
    of this Prometheus), ``dropped`` (targets that relabelling dropped, of all jobs; null where the server does not
    say).
    """

    name = "prometheus_targets"
    endpoint = "prometheus"
    options: ClassVar[Spec] = {"job": {"type": "str"}}

    def check(self) -> None:
        try:
            self.pattern = re.compile(self.given["job"] or ".*", re.DOTALL)
        except re.error as error:
            raise ProbeError("bad_option", f"'job' is no regular expression: {error}") from None

    def question(self) -> str:
        return f"scrape targets with job=~{self.given['job']!r}" if self.given["job"] else "scrape targets"

    def _ask(self, deadline: float) -> Json:
        active = data_of(self.transport, "/api/v1/targets", {"state": "active"}, deadline)
        try:
            pools = data_of(self.transport, "/api/v1/scrape_pools", {}, deadline).get("scrapePools")
        except ProbeError as error:
            if error.kind != "not_found":  # before Prometheus 2.42
                raise
            pools = None
        return summary(active, pools, self._dropped(deadline), self.pattern, time.time())

    def _dropped(self, deadline: float) -> int | None:
        try:
            return dropped(data_of(self.transport, "/api/v1/targets", {"state": "dropped"}, deadline))
        except ProbeError as error:
            if error.kind == "too_large":  # every label of every dropped target: megabytes on a large estate
                return None
            raise


def summary(active: Json, pools: list[str] | None, drops: int | None, pattern: re.Pattern[str], now: float) -> Json:
    """The probe's value from the API's answers."""
    everything = active.get("activeTargets")
    if not isinstance(everything, list):
        raise ProbeError("bad_answer", "the answer lists no active targets")
    if pools is None:
        pools = sorted({one.get("scrapePool", "") for one in everything})
    chosen = [_target(one, now) for one in everything]
    chosen = [one for one in chosen if pattern.fullmatch(one["job"])]
    health = [one["health"] for one in chosen]
    return {
        "total": len(chosen),
        "up": health.count("up"),
        "down": health.count("down"),
        "unknown": health.count("unknown"),
        "targets": chosen[:MOST],
        "truncated": len(chosen) > MOST,
        "pools": sorted(pools),
        "dropped": drops,
    }


def dropped(data: Json) -> int:
    """How many targets were dropped; ``droppedTargetCounts`` is right where the list itself is limited."""
    counts = data.get("droppedTargetCounts")
    if isinstance(counts, dict) and counts:
        return sum(counts.values())
    return len(data.get("droppedTargets") or [])


def _target(one: Json, now: float) -> Json:
    labels = one.get("labels") or {}
    scraped = unix(one.get("lastScrape"))
    return {
        "job": labels.get("job", ""),
        "instance": labels.get("instance", ""),
        "health": one.get("health", "unknown"),
        "last_error": one_line(one.get("lastError") or "", 300),
        "scrape_url": _without_credentials(one.get("scrapeUrl") or ""),
        "pool": one.get("scrapePool", ""),
        "labels": labels,
        "last_scrape_age": round(now - scraped, 3) if scraped else None,
    }


def _without_credentials(url: str) -> Any:
    """Parameters of a scrape may be secrets (an API key for a blackbox), and so may be what stands before the @."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

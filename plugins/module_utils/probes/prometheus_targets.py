# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus scrapes, and how that goes (/api/v1/targets, /api/v1/scrape_pools)."""

from __future__ import annotations

import dataclasses
import re
import time
import urllib.parse
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes import failures
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import data_of
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix

ACTIVE_BYTES = 48 * 1024 * 1024
"""Of the list of active targets. Each takes 2 to 4 kB, most of it labels of its discovery: more than 10000 fit."""


ADDRESSES = 100
_PORTS = {"http": 80, "https": 443}


@dataclasses.dataclass(frozen=True)
class Scraped:
    """What one Prometheus said of all its jobs, in the shape in which a job is looked up: by its name and its pool's.

    ``dropped`` is how many targets relabelling dropped by the name of their pool, None where the server did not say.
    """

    by_job: dict[tuple[str, str], list[Json]]
    pools: list[str]
    dropped: dict[str, int] | None


class PrometheusTargets(Probe):
    """Targets whose ``job`` label, or the name of whose scrape pool, the regular expression matches as a whole (RE2 and
    Python agree on simple ones).

    ``labels`` leaves out those that have one of these labels with another value; one without the label stays.
    ``limit`` is how many are listed in ``targets`` at most; everything else is about all of them.

    ``error_kind`` of a target says in one word why its last scrape failed: refused, timeout, unauthorized, forbidden,
    not_found, unavailable (503), proxy_unavailable (503 from an API server through whose proxy the target is scraped),
    server_error, tls, dns, unreachable, body (an answer that is no metrics, or too many) or other; empty where it did
    not fail.

    Value: ``total``, ``up``, ``down``, ``unknown`` (not scraped yet), ``targets`` [{job, instance, health, last_error,
    error_kind, scrape_url, address (host:port that is scraped), port, pool, labels, last_scrape_age (seconds or
    null)}] with those that are down first, ``truncated``, ``addresses_down`` (distinct, 100 at most), ``error_kinds``
    {kind: count} of those that are down, ``common`` {label: value} that all of them share where there are several,
    ``hosts_down`` (where they are scraped, without ports), ``through_proxy`` (how many of them are scraped through an
    API server's proxy), ``pools`` (names of all scrape pools of this Prometheus), ``empty_pools`` (those of them that
    have no target at all), ``dropped`` (targets that relabelling dropped, of all jobs; null where the server does not
    say), ``dropped_of_job`` (those of pools that are named as the job, or whose monitor is; null where not known).
    """

    name = "prometheus_targets"
    endpoint = "prometheus"
    options: ClassVar[Spec] = {
        "job": {"type": "str"},
        "labels": {"type": "dict", "default": {}},
        "limit": {"type": "int", "default": MOST},
    }
    shared: ClassVar[tuple[str, ...]] = ()
    """The options that change what goes over the wire: none, so one fetch answers for every job."""

    def check(self) -> None:
        try:
            self.pattern = re.compile(self.given["job"] or ".*", re.DOTALL)
        except re.error as error:
            raise ProbeError("bad_option", f"'job' is no regular expression: {error}") from None
        if not 0 <= self.given["limit"] <= MOST:
            raise ProbeError("bad_option", f"'limit' has to be within 0 and {MOST}")

    def question(self) -> str:
        return f"scrape targets with job=~{self.given['job']!r}" if self.given["job"] else "scrape targets"

    def fetch(self, deadline: float) -> Scraped:
        """All that this probe asks Prometheus, whatever its options. Raises ProbeError."""
        active = data_of(self.transport, "/api/v1/targets", {"state": "active"}, deadline, ACTIVE_BYTES)
        try:
            pools = data_of(self.transport, "/api/v1/scrape_pools", {}, deadline).get("scrapePools")
        except ProbeError as error:
            if error.kind != "not_found":  # before Prometheus 2.42
                raise
            pools = None
        return scraped(active, pools, self._dropped(deadline), time.time())

    def read(self, answer: Scraped) -> Json:
        """The value for this probe's job, out of what was fetched. Does no I/O and changes nothing."""
        chosen = [row for row in chosen_by(answer, self.pattern) if _with_labels(row, self.given["labels"])]
        return summary(answer, chosen, self.pattern, self.given["limit"])

    def _dropped(self, deadline: float) -> dict[str, int] | None:
        try:
            return dropped(data_of(self.transport, "/api/v1/targets", {"state": "dropped"}, deadline))
        except ProbeError as error:
            if error.kind == "too_large":  # every label of every dropped target: megabytes on a large estate
                return None
            raise


def scraped(active: Json, pools: list[str] | None, drops: dict[str, int] | None, now: float) -> Scraped:
    """The API's answers by job, each target brought into its shape once."""
    everything = active.get("activeTargets")
    if not isinstance(everything, list):
        raise ProbeError("bad_answer", "the answer lists no active targets")
    if pools is None:
        pools = list({one.get("scrapePool", "") for one in everything})
    by_job: dict[tuple[str, str], list[Json]] = {}
    for one in everything:
        row = _target(one, now)
        by_job.setdefault((row["job"], row["pool"]), []).append(row)
    return Scraped(by_job, sorted(pools), drops)


def chosen_by(raw: Scraped, pattern: re.Pattern[str]) -> list[Json]:
    """The targets of the jobs and pools that the pattern matches. It is tried on each once, not on each target."""
    return [one for names, rows in raw.by_job.items() if any(map(pattern.fullmatch, names)) for one in rows]


def _with_labels(row: Json, labels: Json) -> bool:
    return all(row["labels"].get(name, value) == value for name, value in labels.items())


def summary(raw: Scraped, chosen: list[Json], pattern: re.Pattern[str], limit: int) -> Json:
    """The probe's value, about the chosen targets."""
    down = [one for one in chosen if one["health"] == "down"]
    health = [one["health"] for one in chosen]
    kinds = [one["error_kind"] or "other" for one in down]
    return {
        "total": len(chosen),
        "up": health.count("up"),
        "down": len(down),
        "unknown": health.count("unknown"),
        "targets": (down + [one for one in chosen if one["health"] != "down"])[:limit],
        "truncated": len(chosen) > limit,
        "addresses_down": sorted({one["address"] for one in down if one["address"]})[:ADDRESSES],
        "error_kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "common": common([one["labels"] for one in down]),
        "hosts_down": sorted({host for host in map(_host, down) if host})[:MOST],
        "through_proxy": sum(_proxied(one["scrape_url"]) for one in down),
        "pools": raw.pools,
        "empty_pools": sorted(set(raw.pools) - {pool for _job, pool in raw.by_job}),
        "dropped": None if raw.dropped is None else sum(raw.dropped.values()),
        "dropped_of_job": None if raw.dropped is None else _dropped_of(raw.dropped, pattern),
    }


def common(labels: list[dict[str, str]]) -> dict[str, str]:
    """The labels that all of several share; of one alone nothing can be said."""
    if len(labels) < 2:
        return {}
    shared = set(labels[0].items())
    for one in labels[1:]:
        shared &= one.items()
    return dict(sorted(shared))


def dropped(data: Json) -> dict[str, int]:
    """How many targets each pool dropped; ``droppedTargetCounts`` is right where the list itself is limited."""
    counts = data.get("droppedTargetCounts")
    if isinstance(counts, dict) and counts:
        return {str(pool): int(count) for pool, count in counts.items()}
    found: dict[str, int] = {}
    for one in data.get("droppedTargets") or []:
        pool = str(one.get("scrapePool") or (one.get("discoveredLabels") or {}).get("job", ""))
        found[pool] = found.get(pool, 0) + 1
    return found


def _dropped_of(drops: dict[str, int], pattern: re.Pattern[str]) -> int:
    return sum(count for pool, count in drops.items() if any(map(pattern.fullmatch, _names(pool))))


def _names(pool: str) -> list[str]:
    """A pool's name, and that of the monitor that Prometheus' operator made it of (serviceMonitor/NAMESPACE/NAME/0)."""
    parts = pool.split("/")
    of_operator = len(parts) > 2 and parts[0] in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    return [pool, parts[2]] if of_operator else [pool]


def _target(one: Json, now: float) -> Json:
    labels = one.get("labels") or {}
    scraped_at = unix(one.get("lastScrape"))
    url = _without_credentials(one.get("scrapeUrl") or "")
    error = str(one.get("lastError") or "")
    address, port = _address(url)
    return {
        "job": labels.get("job", ""),
        "instance": labels.get("instance", ""),
        "health": one.get("health", "unknown"),
        "last_error": one_line(error, 300),
        "error_kind": failures.of_scrape(error, _proxied(url)) if error else "",
        "scrape_url": url,
        "address": address,
        "port": port,
        "pool": one.get("scrapePool", ""),
        "labels": labels,
        "last_scrape_age": round(now - scraped_at, 3) if scraped_at else None,
    }


def _address(url: str) -> tuple[str, int]:
    """``host:port`` that a URL leads to, and the port; an empty text and 0 where there is none."""
    parts = urllib.parse.urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    host = parts.hostname or ""
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}", port) if host and port else ("", 0)


def _proxied(url: str) -> bool:
    return "/proxy" in url and failures.through_proxy(urllib.parse.urlsplit(url).path)


def _host(target: Json) -> str:
    """The host that is scraped; the label ``instance`` may have been given any other name."""
    return urllib.parse.urlsplit(target["scrape_url"]).hostname or target["instance"].rpartition(":")[0]


def _without_credentials(url: str) -> Any:
    """Parameters of a scrape may be secrets (an API key for a blackbox), and so may be what stands before the @."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

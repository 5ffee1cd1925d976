# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The same ten questions from bare concurrent Python: the least that asking them can cost."""

from __future__ import annotations

import concurrent.futures
import json
import sys
import urllib.parse

import urllib3

BACKEND = sys.argv[1]
QUERIES = [
    'count(up{instance="instance-0"} == 1)',
    'sum(rate(traefik_requests_total{instance="instance-0"}[5m]))',
    'sum(rate(traefik_errors_total{instance="instance-0"}[5m]))',
]
PATHS = [
    *(f"/api/v1/query?query={urllib.parse.quote(query)}" for query in QUERIES),
    "/api/v1/nodes",
    "/api/v1/namespaces/traefik/pods?labelSelector=app%3Dtraefik",
    "/apis/apps/v1/namespaces/traefik/daemonsets/traefik",
    "/api/v1/namespaces/traefik/services/traefik",
    "/api/v1/namespaces/traefik/endpoints/traefik",
    "/edge/home",
    "/edge/status",
]


def ask(path: str) -> object:
    """One question."""
    answer = POOL.request("GET", BACKEND + path, timeout=20.0)
    return json.loads(answer.data)


POOL = urllib3.PoolManager(maxsize=len(PATHS))
with concurrent.futures.ThreadPoolExecutor(len(PATHS)) as threads:
    answers = list(threads.map(ask, PATHS))
assert all(answers)

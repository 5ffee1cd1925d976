# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the stand-in Prometheus makes of a query: it knows ``ALERTS``, ``max_over_time`` and what the engine asks about
all jobs, has nothing to tell of single jobs, and takes anything else for the count of the edge's targets that are up.
No PromQL is evaluated here; that a query means what it should is for the lab to show.
"""

from __future__ import annotations

import re
import time
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils import storm
from tests.support.wire import Request

Json = dict[str, Any]

OTHERS = 20
"""Jobs of this Prometheus beside the edge. They are well."""

_NAME = re.compile(r'alertname="((?:[^"\\]|\\.)*)"')


def answer_query(query: str, healthy: int, healthy_before: int, firing: list[Json]) -> Json:
    """/api/v1/query: the firing alerts of the asked name, or how many targets are healthy, or were once."""
    if query.startswith("ALERTS"):
        wanted = _NAME.search(query)
        name = wanted[1].encode().decode("unicode_escape") if wanted else ""
        found = [labels for labels in firing if labels["alertname"] == name]
        return _vector([({"__name__": "ALERTS", "alertstate": "firing", **labels}, 1.0) for labels in found])
    if query.startswith(("max by (job)", "avg by (job)")):
        return _vector([])
    if query == storm.QUERIES[storm.WATCHES]:
        return _vector([({}, float(OTHERS + 1))])
    if query == storm.QUERIES[storm.MISSES]:
        return _vector([({}, 1.0)] if not healthy else [])
    return _vector([({}, float(healthy_before if query.startswith("max_over_time") else healthy))])


def answer_range(request: Request, healthy: int) -> Json:
    """/api/v1/query_range: the same number all the time."""
    start, end = float(request.one("start")), float(request.one("end"))
    values = [[start, str(healthy)], [end, str(healthy)]]
    return {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}}


def _vector(series: list[tuple[Json, float]]) -> Json:
    result = [{"metric": labels, "value": [time.time(), str(value)]} for labels, value in series]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}

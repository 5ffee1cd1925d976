# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PromQL, at an instant and over a range (prometheus.io/docs/prometheus/latest/querying/api).

A number that is not finite (NaN, Inf) has no place in JSON and no meaning in a condition: it is null here, and it is
not part of sum, min and max.
"""

from __future__ import annotations

import math
import time
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import Params
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec

_POINTS = 240


class Promql(Probe):
    """A query at one instant.

    Value: ``count`` (series), ``value`` (the number, when there is exactly one series or a scalar; else null), ``sum``,
    ``min``, ``max`` (null without a number), ``series`` [{labels, value}], ``truncated``.
    """

    name = "promql"
    endpoint = "prometheus"
    options: ClassVar[Spec] = {
        "query": {"type": "str", "required": True},
        "at": {"type": "float"},
    }

    def question(self) -> str:
        return one_line(self.given["query"])

    def _ask(self, deadline: float) -> Json:
        params = {"query": self.given["query"], "timeout": _patience(deadline)}
        if self.given["at"] is not None:
            params["time"] = str(self.given["at"])
        return instant(data_of(self.transport, "/api/v1/query", params, deadline))


class PromqlRange(Probe):
    """A query over the time before ``at`` (now).

    Value: ``count``, ``series`` [{labels, points [[unix seconds, number or null]]}], ``truncated``.
    """

    name = "promql_range"
    endpoint = "prometheus"
    options: ClassVar[Spec] = {
        "query": {"type": "str", "required": True},
        "since": {"type": "duration", "default": "1h"},
        "step": {"type": "duration"},
        "at": {"type": "float"},
    }

    def check(self) -> None:
        if not self.given["since"] or self.given["step"] == 0:
            raise ProbeError("bad_option", "'since' and 'step' have to be longer than 0")
        if self._step() * 11000 < self.given["since"]:
            raise ProbeError("bad_option", "'step' is so short that there are more than 11000 points")

    def question(self) -> str:
        return one_line(f"{self.given['query']} over {self.given['since']:g} s")

    def _ask(self, deadline: float) -> Json:
        end = time.time() if self.given["at"] is None else self.given["at"]
        params = {
            "query": self.given["query"],
            "start": str(end - self.given["since"]),
            "end": str(end),
            "step": str(self._step()),
            "timeout": _patience(deadline),
        }
        data = data_of(self.transport, "/api/v1/query_range", params, deadline)
        found = _result(data, "matrix")
        series = [{"labels": one["metric"], "points": [_point(pair) for pair in one["values"]]} for one in found[:MOST]]
        return {"count": len(found), "series": series, "truncated": len(found) > MOST}

    def _step(self) -> float:
        return float(self.given["step"] or max(1.0, self.given["since"] / _POINTS))


def data_of(transport: Any, path: str, params: Params, deadline: float, limit: int | None = None) -> Json:
    """The ``data`` of a whole and successful answer of ``limit`` bytes at most (the transport's limit).

    One with warnings is partial (a store or shard did not answer): what it says may be too little, so it is an error.
    """
    body = transport.json(path, params, deadline, limit)
    doing = f"GET {transport.source}{path}"
    if body.get("status") != "success":
        raise ProbeError("bad_answer", f"{doing}: {body.get('error') or 'no success'}")
    if body.get("warnings"):
        raise ProbeError("bad_answer", f"{doing}: the answer is partial: {'; '.join(map(str, body['warnings']))}")
    if not isinstance(body.get("data"), (dict, list)):
        raise ProbeError("bad_answer", doing + ": the answer holds no data")
    data: Json = body["data"]
    return data


def instant(data: Json) -> Json:
    """The probe's value from the ``data`` of /api/v1/query."""
    if data.get("resultType") == "scalar":
        found: list[Json] = [{"metric": {}, "value": data.get("result")}]
    else:
        found = _result(data, "vector")
    series = [{"labels": one["metric"], "value": _point(one["value"])[1]} for one in found]
    numbers = [one["value"] for one in series if one["value"] is not None]
    return {
        "count": len(series),
        "value": series[0]["value"] if len(series) == 1 else None,
        "sum": math.fsum(numbers) if numbers else None,
        "min": min(numbers, default=None),
        "max": max(numbers, default=None),
        "series": series[:MOST],
        "truncated": len(series) > MOST,
    }


def _result(data: Json, wanted: str) -> list[Json]:
    """The series of a result of the wanted type, each with labels and floats."""
    if data.get("resultType") != wanted:
        raise ProbeError("unsupported", f"the query yields a {data.get('resultType')}, not a {wanted}")
    found = data.get("result")
    field = "value" if wanted == "vector" else "values"
    if not isinstance(found, list):
        raise ProbeError("bad_answer", "the result is no list")
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("metric"), dict):
            raise ProbeError("bad_answer", "a series without labels")
        if field not in one:
            raise ProbeError("unsupported", "the query yields native histograms; take a function of them")
    return found


def _point(pair: Any) -> list[float | None]:
    """[time, "number"] of the API as two numbers; null for what is not finite."""
    try:
        at, number = float(pair[0]), float(pair[1])
    except (TypeError, ValueError, IndexError) as error:
        raise ProbeError("bad_answer", "a sample that is no number") from error
    return [at, number if math.isfinite(number) else None]


def _patience(deadline: float) -> str:
    """Prometheus gives up when we do."""
    return f"{max(1, int(deadline - time.monotonic()))}s"

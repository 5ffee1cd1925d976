"""PromQL: what is asked, what counts as an answer, and what is made of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import Promql, PromqlRange
from tests.support import wire

QUERY, RANGE = "/api/v1/query", "/api/v1/query_range"


def success(kind: str, result: Any, **more: Any) -> wire.Answer:
    return wire.answer_json({"status": "success", "data": {"resultType": kind, "result": result}, **more})


def vector(*numbers: str) -> wire.Answer:
    return success("vector", [{"metric": {"n": str(at)}, "value": [1.5, text]} for at, text in enumerate(numbers)])


def ask(answer: wire.Answer, **options: Any) -> Any:
    with wire.Wire() as server:
        server.on("GET", QUERY, answer).on("GET", RANGE, answer)
        probe = (PromqlRange if "since" in options else Promql)(HttpTransport(server.url), {"query": "up", **options})
        return probe.ask(time.monotonic() + 10)


def error(answer: wire.Answer, **options: Any) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        ask(answer, **options)
    return caught.value


def test_one_series_has_a_value() -> None:
    assert ask(vector("3")) == {
        "count": 1,
        "value": 3.0,
        "sum": 3.0,
        "min": 3.0,
        "max": 3.0,
        "series": [{"labels": {"n": "0"}, "value": 3.0}],
        "truncated": False,
    }


def test_several_series_have_none_but_a_sum() -> None:
    found = ask(vector("0.1", "0.2", "0.3"))
    assert (found["count"], found["value"], found["sum"], found["min"], found["max"]) == (3, None, 0.6, 0.1, 0.3)


def test_no_series_is_an_answer() -> None:
    found = ask(vector())
    assert (found["count"], found["value"], found["sum"], found["min"]) == (0, None, None, None)


def test_a_scalar_has_a_value() -> None:
    assert ask(success("scalar", [1, "42"]))["value"] == 42.0


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf"])
def test_a_number_that_is_not_finite_is_null_and_left_out_of_the_sum(text: str) -> None:
    found = ask(vector("1", text))
    assert (found["count"], found["sum"], found["series"][1]["value"]) == (2, 1.0, None)
    assert ask(vector(text))["value"] is None


def test_more_series_than_the_value_holds_are_counted_all_the_same() -> None:
    found = ask(vector(*["1"] * 201))
    assert (found["count"], found["sum"], len(found["series"]), found["truncated"]) == (201, 201.0, 200, True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.answer_json({"status": "error", "errorType": "timeout", "error": "x"}), "bad_answer"),
        (wire.answer_json({"status": "error", "errorType": "bad_data", "error": "x"}, 400), "invalid"),
        (wire.answer_json({"status": "error", "error": "x"}, 503), "server_error"),
        (success("vector", [], warnings=["store gateway 3 did not answer"]), "bad_answer"),
        (wire.answer_json({"status": "success"}), "bad_answer"),
        (wire.answer_json({"status": "success", "data": None}), "bad_answer"),
        (wire.answer_json({}), "bad_answer"),
        (success("vector", None), "bad_answer"),
        (success("vector", [{"value": [1, "1"]}]), "bad_answer"),
        (success("vector", [{"metric": {}, "value": ["x", "1"]}]), "bad_answer"),
        (success("vector", [{"metric": {}, "value": [1]}]), "bad_answer"),
        (success("vector", [{"metric": {}, "histogram": [1, {}]}]), "unsupported"),
        (success("matrix", []), "unsupported"),
        (success("string", [1, "x"]), "unsupported"),
        (wire.answer_text("ok"), "bad_answer"),
        (wire.truncated(b'{"status": "success"', 99), "bad_answer"),
        (wire.reset, "reset"),
    ],
)
def test_anything_less_than_a_whole_answer_is_unknown(answer: wire.Answer, kind: str) -> None:
    assert error(answer).kind == kind


def test_a_note_of_the_server_does_no_harm() -> None:
    assert ask(success("vector", [], infos=["metric might not be a counter"]))["count"] == 0


def test_an_instant_question_on_the_wire() -> None:
    with wire.Wire() as server:
        server.on("GET", QUERY, vector("1"))
        query = 'count(up{job=~".*traefik.*"} == 1)'
        Promql(HttpTransport(server.url), {"query": query, "at": 1795000000}).ask(time.monotonic() + 9)
        (request,) = server.requests
    assert (request.method, request.one("query"), request.one("time")) == ("GET", query, "1795000000.0")
    assert request.one("timeout") in ("8s", "9s")


def test_a_range_on_the_wire() -> None:
    with wire.Wire() as server:
        matrix = [{"metric": {"job": "t"}, "values": [[1, "1"], [61, "NaN"]]}]
        server.on("GET", RANGE, success("matrix", matrix))
        options = {"query": "up", "since": "10m", "step": "1m", "at": 1000}
        found = PromqlRange(HttpTransport(server.url), options).ask(time.monotonic() + 9)
        (request,) = server.requests
    assert [request.one(part) for part in ("start", "end", "step")] == ["400.0", "1000.0", "60.0"]
    assert found == {
        "count": 1,
        "series": [{"labels": {"job": "t"}, "points": [[1.0, 1.0], [61.0, None]]}],
        "truncated": False,
    }


@pytest.mark.parametrize("options", [{"since": 0}, {"since": "1h", "step": 0}, {"since": "52w", "step": "1s"}])
def test_a_range_that_prometheus_would_refuse_is_refused_here(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        PromqlRange(None, {"query": "up", **options})
    assert caught.value.kind == "bad_option"


def test_the_question_is_the_query_on_one_line() -> None:
    assert Promql(None, {"query": "sum(\n  up\n)"}).question() == "sum(   up )"

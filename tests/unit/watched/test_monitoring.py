# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alert rules and dashboard ask for nothing that the engine does not expose, and say what to do."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.unit.watched import exposed

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "monitoring" / "prometheus" / "oncall_remedy.rules.yml"
TESTS = ROOT / "monitoring" / "prometheus" / "oncall_remedy.test.yml"
DASHBOARD: Json = json.loads((ROOT / "monitoring" / "grafana" / "oncall_remedy.json").read_text(encoding="utf-8"))
ALERTS: list[Json] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
SAMPLES = exposed.samples()

# Grafana puts these in before it asks; ``$runbook`` stands within a matcher's text.
VARIABLES = {"$__rate_interval": "5m", "$__range": "7d"}


def panels() -> Iterator[tuple[str, str]]:
    """(name, query) of everything that the dashboard asks for."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]


QUERIES = [*((one["alert"], str(one["expr"])) for one in ALERTS), *panels()]


def parsed(query: str) -> Any:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return promql_parser.parse(query)


def nodes(node: Any) -> Iterator[Any]:
    """The node and all below it."""
    yield node
    for name in ("expr", "lhs", "rhs", "args", "param", "vector_selector"):
        below = getattr(node, name, None)
        for one in below if isinstance(below, list) else [below] if below is not None else []:
            yield from nodes(one)


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=[name for name, _query in QUERIES])
def test_a_query_names_series_and_labels_that_the_engine_exposes(name: str, query: str) -> None:
    found = list(nodes(parsed(query)))
    selectors = [node for node in found if isinstance(node, promql_parser.VectorSelector)]
    assert selectors
    assert {one.name for one in selectors} - set(SAMPLES) == set()
    known: set[str] = set()
    for one in selectors:
        labels = SAMPLES[str(one.name)]
        assert {matcher.name for matcher in one.matchers.matchers} - labels == set()
        known |= labels
    grouped = [node.modifier for node in found if isinstance(node, promql_parser.AggregateExpr) and node.modifier]
    assert {label for modifier in grouped for label in modifier.labels} - known == set()


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=[name for name, _query in QUERIES])
def test_a_query_takes_one_of_the_controllers_that_report_the_same_ledger(name: str, query: str) -> None:
    """Else an incident would count once for each controller."""

    def unaggregated(node: Any) -> Iterator[str]:
        if isinstance(node, promql_parser.VectorSelector):
            yield str(node.name)
        elif isinstance(node, promql_parser.AggregateExpr) and str(node.op) in ("max", "min"):
            return
        else:
            for name in ("expr", "lhs", "rhs", "args", "vector_selector"):
                below = getattr(node, name, None)
                for one in below if isinstance(below, list) else [below] if below is not None else []:
                    yield from unaggregated(one)

    assert list(unaggregated(parsed(query))) in ([], ["oncall_remedy_build_info"])


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_what_is_wrong_and_what_to_do_and_is_documented_and_tested(rule: Json) -> None:
    assert rule["alert"].startswith("OncallRemedy")
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert len(rule["annotations"]["summary"]) < 100
    assert re.search(r"\b(look|run|read)\b", rule["annotations"]["description"], re.IGNORECASE)
    assert f"| {rule['alert']} | {rule['labels']['severity']} |" in PAGE
    assert TESTS.read_text(encoding="utf-8").count(rule["alert"]) >= 2, "seen to fire, and not to fire"


def test_what_an_alert_tells_to_run_is_there() -> None:
    named = {name for rule in ALERTS for name in re.findall(r"playbooks/\w+\.yml", str(rule["annotations"]))}
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_issue_s_alerts_are_there() -> None:
    names = {rule["alert"].removeprefix("OncallRemedy") for rule in ALERTS}
    assert {"NoSuccessfulSweep", "IncidentOpenTooLong", "EscalationUndelivered", "StaleLock"} <= names


def test_no_two_panels_of_the_dashboard_lie_upon_each_other() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_the_dashboard_belongs_to_no_particular_grafana() -> None:
    assert "id" not in DASHBOARD
    sources = {json.dumps(panel["datasource"]) for panel in DASHBOARD["panels"]}
    assert sources == {'{"type": "prometheus", "uid": "${datasource}"}'}


# With Prometheus' own tool. The lab builds it beside Prometheus.


@pytest.fixture(scope="module")
def promtool() -> str:
    """Where it is; where it has to be there (``make rules``), its absence is a failure."""
    cache = Path(os.environ.get("ONCALL_REMEDY_CACHE") or Path.home() / ".cache" / "oncall-remedy")
    built = sorted(cache.glob("programs/prometheus-*/bin/promtool"))
    found = shutil.which("promtool") or (str(built[-1]) if built else "")
    if not found and os.environ.get("REMEDY_NEEDS_PROMTOOL"):
        pytest.fail("promtool is neither on PATH nor built by the lab")
    if not found:
        pytest.skip("promtool is neither on PATH nor built by the lab")
    return found


def run(promtool: str, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run([promtool, *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_sees_every_alert_fire_and_not_fire_a_moment_before(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", str(TESTS))


def test_promtool_finds_nothing_wrong_with_rules_and_metrics(promtool: str) -> None:
    assert f"SUCCESS: {len(ALERTS)} rules found" in run(promtool, "check", "rules", "--lint=all", str(RULES))
    assert run(promtool, "check", "metrics", stdin=exposed.exposition()) == ""

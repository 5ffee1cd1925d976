# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two hundred targets down in one alert group: each fact is asked for once, and one call says what they share."""

from __future__ import annotations

import collections

import pytest

from tests.integration.conftest import Build
from tests.support.estate import Estate
from tests.support.target import PROMETHEUS, scraped

MANY = 200
ERROR = 'Get "http://10.0.0.{number}:9100/metrics": context deadline exceeded'


@pytest.fixture
def down(build: Build) -> Estate:
    """An estate whose Prometheus gets no answer from any of two hundred jobs on 10.0.0.0/24, each with its alert."""
    estate = build("prod")
    estate.settings["scrape_kinds"] = [{"job": "job.*", "kind": "external"}]
    estate.settings["scrape_targets"] = [
        {"job": f"job{number}", "cluster": "prod", "targets": [f"10.0.0.{number}:9100"], "expected": True, "why": "x"}
        for number in range(MANY)
    ]
    estate["prod"].scraped_besides = [
        scraped(f"job{number}", f"10.0.0.{number}:9100", ERROR.format(number=number), cluster="prod", zone="b")
        for number in range(MANY)
    ]
    for number in range(MANY):
        estate.alertmanager.fire("TargetDown", {"cluster": "prod", "job": f"job{number}"})
    return estate


def asked_of_prometheus(estate: Estate) -> collections.Counter[tuple[str, str]]:
    return collections.Counter(
        (request.path.removeprefix(PROMETHEUS), str(sorted(request.query.items())))
        for request in estate["prod"].api.requests
        if request.path.startswith(PROMETHEUS) and not request.path.endswith("/query_range")
    )


def test_one_sweep_asks_once_for_each_fact_and_one_call_says_what_they_have_in_common(down: Estate) -> None:
    down.sweep().ended_well()

    asked = asked_of_prometheus(down)
    assert {question: times for question, times in asked.items() if times > 1} == {}
    assert {path for path, _query in asked} >= {"/api/v1/targets", "/api/v1/query"}
    assert down.writes() == []

    cases = down.ledger.cases(limit=2 * MANY)
    assert [case["diagnosis"]["chosen"] for case in cases] == ["down_together"] * MANY
    calls = [
        escalation for case in cases for escalation in down.ledger.escalations(case["id"]) if escalation.state != "told"
    ]
    assert len(calls) == 1
    why = calls[0].why
    assert "200 of 202 targets are down at once" in why
    assert "zone=b" in why
    assert "timeout 200" in why
    assert f"the same of {MANY - 1} more" in why

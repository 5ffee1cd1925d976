# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A target that is lost in the middle of its remedy. ``rescue`` and ``always`` do not run for such a host."""

from __future__ import annotations

from tests.integration.conftest import Build
from tests.support.estate import Estate


def sick(estate: Estate, target: str) -> None:
    """The remedy works on the target itself, whose connection is lost after the first step; it is not well then."""
    estate.hosts[target] |= {"ansible_connection": "vanishing", "treatment_log": str(estate.folder / target)}
    estate[target].nodes["node1"]["ready"] = False
    estate.alertmanager.fire("HostSick", {"cluster": target})


def assert_told(estate: Estate, target: str) -> None:
    case = estate.case(target)
    assert (case["outcome"], case["mitigation"]["outcome"]) == ("interrupted", "interrupted")
    (escalation,) = case["escalations"]
    assert "lost in the middle of the remedy" in escalation["why"]
    assert (estate.folder / target).exists(), "the remedy had begun"


def test_a_lost_target_ends_in_a_case_and_an_escalation_and_the_others_are_healed(build: Build) -> None:
    estate = build("lost", "other")
    sick(estate, "lost")
    estate["other"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "other"})
    run = estate.sweep()
    assert run.code != 0
    assert_told(estate, "lost")
    assert estate.case("other")["outcome"] == "healed"


def test_where_the_only_target_is_lost_the_sweep_is_closed_all_the_same(build: Build) -> None:
    estate = build("lost")
    sick(estate, "lost")
    run = estate.sweep()
    assert run.code != 0
    assert_told(estate, "lost")
    assert estate.ledger.sweeps(unfinished=True) == []


def test_where_the_only_remedy_fails_the_sweep_is_closed_all_the_same(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate["hetzner"].daemonset["spec"]["updateStrategy"] = {"type": "OnDelete"}
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    run = estate.sweep()
    assert run.code != 0
    case = estate.case()
    assert case["outcome"] == "failed"
    assert "OnDelete" in case["escalations"][0]["why"]
    assert estate["hetzner"].patches() == []

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SIGKILL for ansible-playbook at the worst moments, and another sweep."""

from __future__ import annotations

import pytest

from tests.support.estate import LONGEST, Estate
from tests.support.target import Cluster


@pytest.fixture
def hetzner(estate: Estate) -> Cluster:
    """Its edge is down, and an alert says so."""
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    return estate["hetzner"]


def mitigations(estate: Estate) -> list[str]:
    return [one.outcome for one in estate.ledger.mitigations(estate.case()["id"])]


def test_killed_while_the_pods_come_up_it_is_healed_with_one_restart_in_all(estate: Estate, hetzner: Cluster) -> None:
    hetzner.pods_come_up = False
    run = estate.begin()
    assert hetzner.patched.wait(LONGEST)
    run.kill()  # its workers live on, and wait for the pods
    hetzner.pods_come_up = True

    estate.sweep().ended_well()

    assert estate.case()["outcome"] == "healed"
    assert len(hetzner.patches()) == 1
    assert hetzner.revision == 2
    assert mitigations(estate) == ["interrupted"]
    assert len(estate.cases()) == 1


def test_killed_before_the_write_it_ends_at_a_human_and_is_not_tried_again(estate: Estate, hetzner: Cluster) -> None:
    hetzner.hangs_at = "POST"  # the permit is used by then, and its credential is being asked for
    run = estate.begin()
    assert hetzner.hung_up.wait(LONGEST)
    run.kill()
    estate.kill_workers()
    hetzner.hangs_at = ""

    estate.sweep().ended_well()

    case = estate.case()
    assert (case["outcome"], len(case["escalations"])) == ("interrupted", 1)
    estate.later(48 * 3600)
    estate.sweep().ended_well()
    assert hetzner.patches() == []
    assert mitigations(estate) == ["interrupted"]
    assert len(estate.ledger.escalations(case["id"])) == 1


def test_killed_while_it_asks_the_next_sweep_goes_on_at_once(estate: Estate, hetzner: Cluster) -> None:
    hetzner.hangs_at = "GET"
    run = estate.begin()
    assert hetzner.hung_up.wait(LONGEST)
    run.kill()
    estate.kill_workers()
    hetzner.hangs_at = ""

    estate.sweep().ended_well()

    assert estate.case()["outcome"] == "healed"
    assert len(hetzner.patches()) == 1
    assert mitigations(estate) == ["done"]

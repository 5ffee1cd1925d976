# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SIGKILL at random moments of a sweep that mends three incidents, and sweeps until all is quiet.

Nothing is lost, nothing is mended twice, no lock is left. ``tools/faults kill`` has the full number of moments.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kills import Course, Kill, course_of, kill, sweep_killed, wait_for_workers
from tests.faults.options import TOLD, Record
from tests.support.estate import Estate
from tests.support.target import Cluster

BROKEN = {"alpha": "EdgeDown", "beta": "BadRelease", "gamma": "MonitorWrong"}
"""The alert of each target."""

MOST_SWEEPS = 8
PUT_OFF = 400.0
"""Seconds between two sweeps: longer than anything is put off for, and than a lease lasts."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each kill."""
    if "a_kill" in metafunc.fixturenames:
        only, seed = metafunc.config.getoption("only"), metafunc.config.getoption("seed")
        numbers = [only] if only else range(1, metafunc.config.getoption("kills") + 1)
        metafunc.parametrize("a_kill", [kill(seed, number) for number in numbers], ids=lambda one: str(one.number))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """What the sweep does when nobody kills it."""
    with broken_estate(tmp_path_factory.mktemp("course")) as estate:
        return course_of(estate)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with broken_estate(tmp_path) as estate:
        yield estate


def broken_estate(folder: Path) -> Estate:
    """Three targets, each with another fault."""

    class Broken(Estate):
        def __enter__(self) -> Broken:
            super().__enter__()
            self["alpha"].hang()
            self["beta"].roll_out_badly()
            self["gamma"].mislabel_the_monitor()
            for target, alert in BROKEN.items():
                self.alertmanager.fire(alert, {"cluster": target})
            return self

    return Broken(folder, *BROKEN)


def is_well(cluster: Cluster) -> bool:
    return cluster.serves and cluster.healthy > 0


def test_killed_at_any_moment_nothing_is_lost_nothing_mended_twice_and_no_lock_left(
    a_kill: Kill, course: Course, estate: Estate, record_property: Record
) -> None:
    story = [a_kill.words()]
    try:
        sweeps = sweep_until_quiet(a_kill, course, estate)
        story.append(f"{sweeps} more sweeps · {', '.join(ends(estate).values())}")
        complaints = [*lost(estate), *twice(estate), *locked(estate)]
        assert not complaints, "\n".join([*complaints, "to repeat it: tools/faults " + a_kill.words()])
    finally:
        record_property(TOLD, " · ".join(story))


def sweep_until_quiet(a_kill: Kill, course: Course, estate: Estate) -> int:
    """The sweep that is killed and those after it; how many came after it."""
    killed = sweep_killed(estate, a_kill.moment, a_kill.share, course)
    if killed and a_kill.workers:
        estate.kill_workers()
    elif not a_kill.at_once:
        wait_for_workers(estate)
    for number in range(1, MOST_SWEEPS + 1):
        if number > 1:
            estate.later(PUT_OFF)
        if number > 1 or not a_kill.lag:
            what_is_mended_resolves(estate)
        if number == 1 and a_kill.again is not None:
            sweep_killed(estate, "time", a_kill.again, course)
        else:
            estate.sweep().ended_well()
        if is_quiet(estate):
            break
    wait_for_workers(estate)
    estate.later(PUT_OFF)
    what_is_mended_resolves(estate)
    estate.sweep().ended_well()  # nothing that it finds makes it begin anew
    return number + 1


def what_is_mended_resolves(estate: Estate) -> None:
    """Alertmanager lists the alerts of targets that are not well."""
    estate.alertmanager.alerts = [
        alert for alert in estate.alertmanager.alerts if not is_well(estate[alert["labels"]["cluster"]])
    ]


def is_quiet(estate: Estate) -> bool:
    """Nobody works, and what is open waits for a human who was told."""
    ledger = estate.ledger
    if estate.processes() or ledger.sweeps(unfinished=True) or ledger.unfinished():
        return False
    return all(one.state == "waiting" and ledger.escalations(one.id) for one in ledger.episodes())


def ends(estate: Estate) -> dict[str, str]:
    """How the incident of each target stands, and how its remedy ended where that was not as it should."""
    found = {}
    for case in sorted(estate.cases(), key=lambda case: str(case["target"])):
        begun = [one.outcome for one in estate.ledger.mitigations(case["id"]) if one.began_at is not None]
        found[case["target"]] = " after ".join([case["outcome"], *(one for one in begun if one != "done")])
    return found


def lost(estate: Estate) -> list[str]:
    """Every alert has one incident, which is healed, or of which a human was told."""
    ledger, complaints = estate.ledger, []
    for target, alert in BROKEN.items():
        cases = [case for case in estate.cases() if case["target"] == target]
        if [case["alertname"] for case in cases] != [alert]:
            complaints.append(f"{target} has the cases {[(case['alertname'], case['outcome']) for case in cases]}")
            continue
        (case,) = cases
        episode = ledger.episode(case["id"])
        told = ledger.escalations(case["id"])
        well = is_well(estate[target])
        if episode.state == "closed" and not well:
            complaints.append(f"{target} is closed as {case['outcome']} and is not well")
        if case["outcome"] != "healed" and not told:
            complaints.append(f"{target} ends as {case['outcome']}, and nobody was told")
        if len({one.level for one in told}) != len(told):
            complaints.append(f"{target} called {len(told)} times")
    return complaints


def twice(estate: Estate) -> list[str]:
    """No target got more than one write, and none that was not written down before."""
    complaints = []
    for case in estate.cases():
        target = case["target"]
        patches = [one for one in estate[target].writes() if ": PATCH " in one]
        begun = [one for one in estate.ledger.mitigations(case["id"]) if one.began_at is not None]
        if len(patches) > len(begun) or len(begun) > 1:
            complaints.append(f"{target} got {patches}, and the ledger knows {[dataclasses.asdict(o) for o in begun]}")
        if case["outcome"] == "healed" and len(patches) != 1:
            complaints.append(f"{target} is healed with {patches}")
    return complaints


def locked(estate: Estate) -> list[str]:
    """No lease, no claim, no intent without an outcome, no sweep without an end."""
    ledger = estate.ledger
    now = time.time()
    leases = [ledger.lease(target) for target in BROKEN]
    left = {
        "leases": [lease for lease in leases if lease and lease.held(now)],
        "claims": [one for one in ledger.episodes() if one.claimed_by],
        "mitigations": ledger.unfinished(),
        "sweeps": ledger.sweeps(unfinished=True),
        "episodes under way": [one for one in ledger.episodes() if one.state in ("open", "permitted", "mending")],
    }
    return [f"{name} left: {found}" for name, found in left.items() if found]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger against a model of it: sweeps with clocks of their own do whatever they like, in any order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    ClaimLost,
    Mitigation,
    PermitRefused,
    StepRefused,
)
from tests.unit.ledger.helpers import incident, intent

TARGETS = st.sampled_from(["t1", "t2"])
BENEATH = st.sampled_from([(), ("host",), ("host", "rack")])
ALERTS = st.sampled_from(["A", "B"])
SWEEPS = st.sampled_from(["s1", "s2", "s3"])


class Sweeps(RuleBasedStateMachine):
    """What must hold: one writer a target at a time, each permit used once, no episode closed over an open intent."""

    place: ClassVar[Callable[[], AbstractContextManager[str]]]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.ledger = Ledger.open(self.stack.enter_context(type(self).place()))
        self.now = 1000.0
        self.permits: dict[str, str] = {}
        self.used: set[str] = set()
        self.fences: dict[str, int] = {}

    def teardown(self) -> None:
        self.stack.close()

    @rule(seconds=st.sampled_from([1.0, 50.0, 400.0, 700.0, -30.0, -5000.0]))
    def the_clock_goes_on_or_is_set_back(self, seconds: float) -> None:
        self.now += seconds

    @rule(on=TARGETS, alert=ALERTS, sweep=SWEEPS)
    def a_sweep_finds_an_alert(self, on: str, alert: str, sweep: str) -> None:
        episode = self.ledger.open_episode(incident(on, alertname=alert), self.now)
        self.ledger.claim(episode.id, sweep, self.now + 600, self.now)

    @rule(on=TARGETS, beneath=BENEATH, alert=ALERTS, sweep=SWEEPS, limit=st.sampled_from([0, 1]))
    def a_sweep_asks_for_a_permit(self, on: str, beneath: tuple[str, ...], alert: str, sweep: str, limit: int) -> None:
        episode = self.ledger.open_episode(incident(on, alertname=alert), self.now)
        seen = {name: standing.fence for name, standing in self.ledger.standings(beneath, 0.0).items()}
        more = {"beneath_seen": seen, "cohort": "all", "at_once": limit}
        others = self.ledger.under_way("all")
        answer = self.ledger.issue_permit(intent(self.ledger, episode.id, sweep, on, self.now, **more), self.now)
        if limit and isinstance(answer, Mitigation):
            assert others == 0 or self.ledger.under_way("all") == others
        if isinstance(answer, Mitigation):
            assert self.ledger.episode(episode.id).claimed_by == sweep
            self.permits[answer.permit] = on

    @precondition(lambda self: self.permits)
    @rule(data=st.data())
    def a_worker_uses_a_permit(self, data: st.DataObject) -> None:
        permit = data.draw(st.sampled_from(sorted(self.permits)))
        others = [one for one in self.ledger.unfinished(target=self.permits[permit]) if one.state == "begun"]
        try:
            self.ledger.consume(permit, self.permits[permit], self.now)
        except PermitRefused:
            return
        assert permit not in self.used
        assert others == []
        self.used.add(permit)

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def somebody_reports_an_outcome(self, data: st.DataObject) -> None:
        permit = data.draw(st.sampled_from(sorted(self.used)))
        before = self.ledger.mitigation(permit)
        first = self.ledger.finished(permit, "done", {}, self.now)
        assert first is (before.state == "begun")

    @rule(on=TARGETS, alert=ALERTS, sweep=SWEEPS, close=st.booleans())
    def a_sweep_leaves(self, on: str, alert: str, sweep: str, close: bool) -> None:
        episode = self.ledger.open_episode(incident(on, alertname=alert), self.now)
        mine = episode.claimed_by == sweep
        begun = any(one.state == "begun" for one in self.ledger.mitigations(episode.id))
        try:
            if close:
                self.ledger.close_episode(episode.id, "healed", sweep, self.now)
            else:
                self.ledger.wait(episode.id, "held", self.now + 60, sweep, self.now)
        except ClaimLost:
            assert not mine
        except StepRefused:
            assert begun
        else:
            assert mine
            assert not begun

    @rule(sweep=SWEEPS)
    def a_sweep_is_found_dead(self, sweep: str) -> None:
        self.ledger.abandon_sweep(sweep, "gone", self.now)
        assert all(one.claimed_by != sweep for one in self.ledger.episodes())

    @invariant()
    def nothing_has_two_mitigations_under_way_on_it(self) -> None:
        begun = [name for one in self.ledger.unfinished() if one.state == "begun" for name in one.fences]
        assert len(begun) == len(set(begun))

    @invariant()
    def a_fence_never_falls(self) -> None:
        for target, standing in self.ledger.standings(["t1", "t2", "host", "rack"], 0.0).items():
            assert standing.fence >= self.fences.get(target, 0)
            self.fences[target] = standing.fence

    @invariant()
    def what_is_under_way_belongs_to_an_open_episode(self) -> None:
        open_ = {episode.id for episode in self.ledger.episodes()}
        assert {one.episode for one in self.ledger.unfinished()} <= open_


@contextmanager
def a_file() -> Iterator[str]:
    """A place for a ledger that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/ledger.db"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_sweeps_do_in_any_order(database: str, request: pytest.FixtureRequest) -> None:
    if database == "sqlite":
        place: Callable[[], AbstractContextManager[str]] = a_file
    else:
        place = request.getfixturevalue("postgres").database
    machine = type("SweepsThere", (Sweeps,), {"place": staticmethod(place)})
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=30))

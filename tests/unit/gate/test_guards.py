# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every guard: when it passes, when it holds, when it cannot tell, and what it says."""

from __future__ import annotations

import dataclasses
import math

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GUARDS, GateInput, verdicts
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import ModeError, mode_of
from tests.unit.gate.views import (
    DIAGNOSIS,
    NOW,
    answer,
    evidence,
    lease,
    mitigation,
    plan,
    standing,
    view,
)

CUT_OFF = dataclasses.replace(DIAGNOSIS, used=("edge", "never_asked"))

PASSES: list[tuple[str, GateInput, str]] = [
    ("kill switch", view(), "not pulled"),
    ("mode", view(mode={"low": "observe", "medium": "act", "high": "propose"}), "act, for medium risk on hetzner"),
    ("runbook", view(), "not a draft"),
    ("still firing", view(), "lists it as active"),
    ("still firing", view(alert_state="silenced"), "lists it as active"),
    ("still firing", view(alert_state="not_needed"), "an operator's run"),
    ("not silenced", view(), "neither silenced nor inhibited"),
    ("not silenced", view(alert_state="not_needed"), "an operator's run"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own",), own_silences=frozenset({"own"})),
        "only by a silence of the engine itself",
    ),
    ("evidence", view(), "2 answered, 1 not asked, the oldest 10 s old"),
    ("evidence", view(evidence=evidence(edge=answer("edge", asked_at=NOW - 120))), "the oldest 2 min old"),
    ("lease", view(), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease(released_at=NOW - 1))), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease(owner="s0", expires_at=NOW))), "hetzner is free"),
    ("lease", view(standing=standing(lease=lease())), "held by this sweep"),
    ("nothing unfinished", view(standing=standing(unfinished=(mitigation(state="issued"),))), "has an outcome"),
    ("cooldown", view(), "not done to hetzner within 30 min"),
    ("cooldown", view(standing=standing(history=(mitigation(),))), "last done 60 min ago, the cooldown is 30 min"),
    ("cooldown", view(standing=standing(history=(mitigation(remedy="another", ended_at=NOW),))), "not done"),
    (
        "cooldown",
        view(plan=plan(cooldown=0.0), standing=standing(history=(mitigation(ended_at=NOW),))),
        "last done 0 s ago",
    ),
    ("not tried", view(), "not done in this incident before"),
    ("not tried", view(standing=standing(history=(mitigation(), mitigation(episode="e1", remedy="x")))), "not done"),
    ("owner", view(), "nothing would put DaemonSet/traefik/traefik back"),
]

HOLDS: list[tuple[str, GateInput, str]] = [
    ("kill switch", view(kill_switch="present"), "nothing acts"),
    ("kill switch", view(kill_switch="unreadable"), "cannot be told"),
    ("kill switch", view(kill_switch="?"), "cannot be told"),
    ("mode", view(mode="propose"), "as set, the change is shown to a human and not made"),
    ("mode", view(mode="observe"), "as set, this is only watched"),
    ("mode", view(mode={"medium": "propose"}), "propose, for medium risk"),
    ("mode", view(mode=None), "remedy_mode is not set; allowed is one of observe, propose, approve, act"),
    ("mode", view(mode="Act"), "remedy_mode is 'Act'; allowed is one of observe, propose, approve, act"),
    ("mode", view(mode=True), "remedy_mode is True; allowed"),
    ("mode", view(mode={"low": "act"}), "says nothing of 'medium' risk"),
    ("mode", view(mode={"medium": "act", "hihg": "propose"}), "has the key 'hihg'"),
    ("mode", view(mode={"medium": "act", "high": "maybe"}), "remedy_mode.high is 'maybe'"),
    ("mode", view(mode={}), "says nothing of 'medium' risk"),
    ("mode", view(mode=["act"]), "allowed is one of"),
    ("mode", view(plan=plan(risk="tiny"), mode={"low": "act"}), "says nothing of 'tiny' risk"),
    ("runbook", view(draft=True), "shown to a human and not carried out"),
    ("runbook", view(draft=None), "a draft"),
    ("still firing", view(alert_state="resolved"), "it has resolved meanwhile"),
    ("still firing", view(alert_state="gone"), "resolved, or forgotten in a restart"),
    ("still firing", view(alert_state="unknown"), "does not answer"),
    ("still firing", view(alert_state="?"), "cannot be told"),
    ("not silenced", view(alert_state="silenced", silenced_by=("a1",)), "silenced by a1"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own", "a1", "a2"), own_silences=frozenset({"own"})),
        "silenced by a1 and 1 more",
    ),
    ("not silenced", view(alert_state="silenced"), "cannot be told by whom"),
    ("not silenced", view(alert_state="inhibited", inhibited_by=("f1",)), "another alert explains this one"),
    ("not silenced", view(alert_state="inhibited"), "another alert explains this one"),
    (
        "not silenced",
        view(alert_state="silenced", silenced_by=("own",), own_silences=frozenset({"own"}), inhibited_by=("f1",)),
        "inhibited by f1",
    ),
    ("not silenced", view(alert_state="gone"), "cannot be told"),
    ("not silenced", view(alert_state="unknown"), "cannot be told"),
    ("evidence", view(evidence=evidence(pods=answer("pods", state="failed", reason="403"))), "pods failed: 403"),
    ("evidence", view(evidence=evidence(pods=answer("pods", state="?"))), "pods failed"),
    (
        "evidence",
        view(evidence=evidence(pods=answer("pods", asked_at=NOW - 121))),
        "pods is 2 min old, allowed are 2 min",
    ),
    ("evidence", view(evidence=evidence(pods=answer("pods", asked_at=NOW + 400))), "a clock is wrong"),
    ("evidence", view(evidence=evidence(pods=answer("pods", asked_at=math.nan))), "pods is nan"),
    ("evidence", view(diagnosis=CUT_OFF), "never_asked is missing"),
    ("evidence", view(evidence={}), "no answer at all; edge is missing; pods is missing; and 1 more"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, used=())), "rests on no answer at all"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, used=("crash",))), "rests on no answer at all"),
    ("evidence", view(diagnosis=dataclasses.replace(DIAGNOSIS, chosen="")), "no finding holds"),
    (
        "evidence",
        view(diagnosis=dataclasses.replace(DIAGNOSIS, undecided=("port_conflict",))),
        "undecided: port_conflict",
    ),
    ("lease", view(standing=None), "cannot be told"),
    ("lease", view(standing=standing(lease=lease(episode="e2"))), "held for episode e2, for at most 60 s more"),
    ("lease", view(standing=standing(lease=lease(owner="s2"))), "is held"),
    ("lease", view(standing=standing(lease=lease(owner="s2", expires_at=NOW + 1e6))), "a clock is wrong"),
    ("nothing unfinished", view(standing=None), "cannot be told"),
    (
        "nothing unfinished",
        view(standing=standing(unfinished=(mitigation(state="begun", began_at=NOW - 600, ended_at=None),))),
        "was begun, 10 min ago and has no outcome",
    ),
    ("cooldown", view(standing=None), "cannot be told"),
    ("cooldown", view(standing=standing(since=NOW - 60)), "the history that was read is shorter than 30 min"),
    ("cooldown", view(plan=plan(cooldown=math.nan)), "is no duration"),
    ("cooldown", view(plan=plan(cooldown=-1.0)), "is no duration"),
    (
        "cooldown",
        view(standing=standing(history=(mitigation(ended_at=NOW - 1799.0),))),
        "done 30 min ago; not again for another 1 s",
    ),
    ("cooldown", view(standing=standing(history=(mitigation(ended_at=None, began_at=NOW - 60),))), "not again for"),
    ("cooldown", view(standing=standing(history=(mitigation(ended_at=NOW + 60),))), "a clock was set back"),
    (
        "cooldown",
        view(standing=standing(history=(mitigation(ended_at=NOW - 60), mitigation(permit="p0")))),
        "done 60 s ago",
    ),
    ("not tried", view(standing=None), "cannot be told"),
    (
        "not tried",
        view(standing=standing(history=(mitigation(episode="e1", began_at=NOW - 7200),))),
        "done in this incident 2 h ago (done), and it is still there",
    ),
    ("not tried", view(standing=standing(history=(mitigation(episode="e1", outcome=""),))), "no outcome"),
    ("owner", view(plan=plan(owner="Helm release traefik")), "belongs to Helm release traefik"),
    ("owner", view(plan=plan(owner=None)), "cannot be told who owns"),
]


def verdict(guard: str, seen: GateInput) -> tuple[bool, str]:
    """What the guard of this name says."""
    (found,) = [one for one in verdicts(seen) if one.guard == guard]
    return found.passes, found.reason


@pytest.mark.parametrize(("guard", "seen", "says"), PASSES, ids=[f"{guard}: {says}" for guard, _, says in PASSES])
def test_passes(guard: str, seen: GateInput, says: str) -> None:
    passes, reason = verdict(guard, seen)
    assert passes
    assert says in reason


@pytest.mark.parametrize(("guard", "seen", "says"), HOLDS, ids=[f"{guard}: {says}" for guard, _, says in HOLDS])
def test_holds(guard: str, seen: GateInput, says: str) -> None:
    passes, reason = verdict(guard, seen)
    assert not passes
    assert says in reason


def test_every_guard_is_in_both_tables() -> None:
    names = {one.guard for one in verdicts(view())}
    assert len(names) == len(GUARDS)
    assert names == {guard for guard, _, _ in PASSES} == {guard for guard, _, _ in HOLDS}


@pytest.mark.parametrize(
    ("setting", "risk", "found"),
    [("act", "high", "act"), ({"low": "act", "high": "observe"}, "high", "observe"), ({"low": "act"}, "low", "act")],
)
def test_the_mode_is_one_word_or_one_for_each_risk(setting: object, risk: str, found: str) -> None:
    assert mode_of(setting, risk) == found


def test_an_absurd_mode_is_cut_short_in_the_reason() -> None:
    with pytest.raises(ModeError) as caught:
        mode_of("x" * 100_000, "low")
    assert len(str(caught.value)) < 300

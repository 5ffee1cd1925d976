# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan that every guard lets pass, to take one thing away from it."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GateInput
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import Cohort, Storm
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Approval,
    Lease,
    Mitigation,
    Pause,
    Relapse,
    Standing,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Finding, Plan

NOW = 1_795_291_200.0
"""2026-11-21 20:00:00 UTC."""
REMEDY = "oncall.remedy.traefik.restart DaemonSet/traefik/traefik"
PLAN = Plan(
    mitigation="restart",
    role="oncall.remedy.traefik",
    action="restart",
    risk="medium",
    arguments={"namespace": "traefik"},
    touches="DaemonSet/traefik/traefik",
    credential="rollout_restart",
    timeout=300.0,
    cooldown=1800.0,
    disturbs=0,
    among=3,
)
DIAGNOSIS = Diagnosis(
    (Finding("edge_outage", "true", ()),), chosen="edge_outage", used=("edge", "pods", "crash"), plan=PLAN
)
STANDING = Standing("hetzner", since=0.0, fence=0, lease=None, unfinished=(), history=())


def answer(name: str, **more: Any) -> Evidence:
    """An answer, asked 10 s ago."""
    return dataclasses.replace(Evidence(name, "http", "ok", "?", "lab", NOW - 10, 0.1, value={}), **more)


EVIDENCE = {
    "edge": answer("edge"),
    "pods": answer("pods"),
    "crash": answer("crash", state="skipped", reason="no pod crashes"),
    "unused": answer("unused", state="failed", reason="timed out"),
}


def view(**more: Any) -> GateInput:
    """What the gate sees, all in order but for what is given."""
    fine = GateInput(
        target="hetzner",
        episode="e1",
        sweep="s1",
        plan=PLAN,
        diagnosis=DIAGNOSIS,
        evidence=EVIDENCE,
        mode="act",
        draft=False,
        kill_switch="absent",
        alert_state="firing",
        standing=STANDING,
        now=NOW,
        pauses=(),
        opt_out="",
        maintenance={"hetzner": []},
        patience=0.0,
        firing_since=NOW - 600,
        blast_radius="50%",
        cohort=Cohort("group edges", 0, None),
        storm=Storm(False, 1, 10, 5),
        recurrence={"times": 3, "within": "24h"},
        approvals_readable=True,
    )
    return dataclasses.replace(fine, **more)


def on_rack(**more: Any) -> GateInput:
    """The target stands on a rack, of which everything is in order, but for what is given."""
    beneath = {"rack": dataclasses.replace(STANDING, target="rack")}
    return view(**{"stands_on": ("rack",), "beneath": beneath, "maintenance": {"hetzner": [], "rack": []}, **more})


def rack(**more: Any) -> dict[str, Standing]:
    """What the ledger says of the rack."""
    return {"rack": standing(target="rack", **more)}


def plan(**more: Any) -> Plan:
    """The plan, but for what is given."""
    return dataclasses.replace(PLAN, **more)


def lease(**more: Any) -> Lease:
    """A lease that this sweep holds for this episode for another minute."""
    return dataclasses.replace(Lease("hetzner", 1, "s1", "e1", NOW - 60, NOW + 60), **more)


def mitigation(**more: Any) -> Mitigation:
    """The same remedy, finished an hour ago."""
    fine = Mitigation(
        permit="p1",
        episode="e0",
        target="hetzner",
        fence=1,
        remedy=REMEDY,
        plan={},
        plan_hash="",
        evidence_hash="",
        owner="s0",
        state="finished",
        issued_at=NOW - 3700,
        expires_at=NOW - 3640,
        hold_for=360.0,
        began_at=NOW - 3690,
        ended_at=NOW - 3600,
        outcome="done",
    )
    return dataclasses.replace(fine, **more)


def standing(**more: Any) -> Standing:
    """What the ledger says of the target: nothing, but for what is given."""
    return dataclasses.replace(STANDING, **more)


def evidence(**changed: Evidence) -> dict[str, Evidence]:
    """The evidence, but for what is given."""
    return {**EVIDENCE, **changed}


def healed(hours_ago: float, **more: Any) -> Mitigation:
    """The same remedy, which healed an earlier incident so many hours ago."""
    at = NOW - hours_ago * 3600
    return mitigation(**{"permit": f"p{hours_ago}", "began_at": at - 60, "ended_at": at, "verified": "healed", **more})


def relapse(hours_ago: float, **more: Any) -> Relapse:
    """A heal by the same remedy that came back after ten minutes, so many hours ago."""
    at = NOW - hours_ago * 3600
    return dataclasses.replace(Relapse("hetzner", REMEDY, at - 600, at), **more)


def pause(**more: Any) -> Pause:
    """Somebody wants nothing done to the target for another two hours."""
    return dataclasses.replace(Pause("a1", "hetzner", "new switches", "ana", NOW - 60, NOW + 7200), **more)


def approval(**more: Any) -> Approval:
    """A yes to just this plan on just this evidence, good for another half hour."""
    fine = Approval(
        id="1a2b3c4d5e6f",
        kind="approval",
        episode="e1",
        target="hetzner",
        remedy=REMEDY,
        finding="edge_outage",
        because="",
        plan={},
        plan_hash=plan_hash(PLAN),
        evidence_hash=evidence_hash(DIAGNOSIS),
        state="approved",
        asked_at=NOW - 1800,
        expires_at=NOW + 1800,
        decided_at=NOW - 60,
        decided_by="ana",
        decided_why="looks right",
    )
    return dataclasses.replace(fine, **more)

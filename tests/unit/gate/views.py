# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan that every guard lets pass, to take one thing away from it."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.gate import GateInput
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Lease, Mitigation, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Finding, Plan

NOW = 10_000.0
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
    )
    return dataclasses.replace(fine, **more)


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
        remedy="oncall.remedy.traefik.restart DaemonSet/traefik/traefik",
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

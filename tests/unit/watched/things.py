# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A moment at which there is one of everything that an operator wants to see. Times are near ``NOW``."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import empty_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Answer,
    Approval,
    Delivery,
    Episode,
    Escalation,
    Lease,
    Mitigation,
    Pause,
    Sweep,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Condition, Watched

Json = dict[str, Any]

NOW = 1795321027.0


def episode(id_: str = "e1", **more: Any) -> Episode:
    """TraefikDown on hetzner, held since ten minutes ago, looked at in half a minute."""
    fields: Json = {
        "source": "lab",
        "target": "hetzner",
        "runbook": "traefik_down",
        "alertname": "TraefikDown",
        "fingerprint": "",
        "origin": "alert",
        "inputs": {},
        "starts_at": NOW - 660,
        "opened_at": NOW - 600,
        "seen_at": NOW - 20,
        "state": "waiting",
        "why": "held",
        "due_at": NOW + 30,
        "looks": 0,
        "outcome": "held",
        "closed_at": None,
        "changed_at": NOW - 20,
        "claimed_by": None,
        "claimed_until": None,
    }
    return Episode(**{**fields, "id": id_ * 8, **more})


def case(of: Episode, **more: Any) -> Json:
    """Its case: Prometheus is silent, so the guard of the evidence holds a restart."""
    gate = [
        {"guard": "mode", "passes": True, "reason": "act for medium risk"},
        {"guard": "evidence", "passes": False, "reason": "healthy is unknown: Prometheus did not answer in 20 s"},
    ]
    plan = {"mitigation": "restart", "touches": "DaemonSet traefik/traefik", "risk": "medium"}
    return {
        **empty_case(),
        "id": of.id,
        "target": of.target,
        "runbook": of.runbook,
        "outcome": of.outcome,
        "headline": "No node serves the page and no pod is ready; Prometheus does not answer.",
        "diagnosis": {"plan": plan},
        "mode": "act",
        "gate": gate,
        **more,
    }


def approval(of: Episode, **more: Any) -> Approval:
    """A restart that was put before a human five minutes ago, for an hour."""
    fields: Json = {
        "id": "3f2a91c4",
        "kind": "approval",
        "episode": of.id,
        "target": of.target,
        "remedy": "oncall.remedy.traefik.restart DaemonSet traefik/traefik",
        "finding": "edge_outage",
        "because": "3 of 3 nodes do not serve the page",
        "plan": {"mitigation": "restart", "touches": "DaemonSet traefik/traefik", "risk": "medium"},
        "plan_hash": "p",
        "evidence_hash": "e",
        "state": "waiting",
        "asked_at": NOW - 300,
        "expires_at": NOW + 3300,
    }
    return Approval(**{**fields, **more})


def escalation(of: Episode, **more: Any) -> Escalation:
    """A call that has failed twice."""
    fields: Json = {
        "id": 7,
        "episode": of.id,
        "level": 1,
        "to": "platform",
        "why": "restart did not heal it",
        "state": "failed",
        "attempts": 2,
        "recorded_at": NOW - 400,
        "due_at": NOW + 60,
        "sent_at": None,
        "error": "",
    }
    return Escalation(**{**fields, **more})


def delivery(of: Escalation, channel: str = "pager", **more: Any) -> Delivery:
    """By one channel, which is down."""
    fields: Json = {"state": "failed", "attempts": 2, "due_at": NOW + 60, "sent_at": None, "error": "HTTP 503"}
    return Delivery(**{"escalation": of.id, "channel": channel, **fields, **more})


def lease(of: Episode, **more: Any) -> Lease:
    """Held for four more minutes."""
    return Lease(
        **{
            "target": of.target,
            "fence": 3,
            "owner": "sweep",
            "episode": of.id,
            "acquired_at": NOW - 60,
            "expires_at": NOW + 240,
            **more,
        }
    )


def mitigation(of: Episode, **more: Any) -> Mitigation:
    """A restart that was begun and of which nothing was heard since."""
    fields: Json = {
        "permit": "p" * 32,
        "episode": of.id,
        "target": of.target,
        "fence": 3,
        "remedy": "oncall.remedy.traefik.restart DaemonSet traefik/traefik",
        "plan": {},
        "plan_hash": "p",
        "evidence_hash": "e",
        "owner": "sweep",
        "state": "begun",
        "issued_at": NOW - 70,
        "expires_at": NOW,
        "hold_for": 360.0,
        "began_at": NOW - 60,
    }
    return Mitigation(**{**fields, **more})


def pause(**more: Any) -> Pause:
    """Of everything, for two hours."""
    fields: Json = {"id": "9c1d", "target": "", "reason": "move of the racks", "owner": "ada"}
    return Pause(**{**fields, "began_at": NOW - 3600, "ends_at": NOW + 3600, **more})


def sweep(ended: float | None = NOW - 40, **more: Any) -> Sweep:
    """One that took twelve seconds and ended well."""
    fields: Json = {"id": "s1", "host": "ops1", "pid": 42, "place": "", "process_start": 0}
    times = {"started_at": (ended or NOW) - 12, "finished_at": ended}
    return Sweep(**{**fields, **times, "summary": {"outcomes": {}, "fault": ""}, **more})


def everything(**more: Any) -> Watched:
    """One of each."""
    held = episode("a1b2")
    asked = episode("c3d4", target="edge-fra1", why="approval", outcome="proposed")
    human = episode("e5f6", alertname="TargetDown", runbook="target_down", why="human", outcome="escalated")
    over = episode("0a0b", state="closed", closed_at=NOW - 390, outcome="not_healed")
    called = escalation(over)
    return dataclasses.replace(
        Watched(
            episodes=(held, asked, human),
            over=(over,),
            leases=(lease(held), lease(human, target="edge-fra2", expires_at=NOW - 300)),
            unfinished=(mitigation(held),),
            approvals=(approval(asked),),
            pauses=(pause(),),
            undelivered=(called,),
            deliveries=(delivery(called),),
            last_sweep=sweep(),
            last_success=sweep(),
            under_way=(sweep(None, started_at=NOW - 5),),
            sources=(Answer("lab", NOW - 40, "http://lab", None),),
            conditions={"storm": Condition(NOW - 120, {"on": True, "unrelated": 12, "since": NOW - 120})},
        ),
        **more,
    )


def cases(watched: Watched) -> dict[str, Json]:
    """The case of every open incident; only the one that is held has a guard against it."""
    return {
        one.id: case(one) if one.why == "held" else case(one, gate=[], headline="It is down, and a human was called.")
        for one in watched.episodes
    }

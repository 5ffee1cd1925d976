# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of the domain for tests of the pure parts: each complete, each changed by naming what differs."""

from __future__ import annotations

from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan, Verification


def plan(**more: Any) -> Plan:
    """To restart Traefik."""
    fields: dict[str, Any] = {
        "mitigation": "restart",
        "role": "oncall.remedy.traefik",
        "action": "restart",
        "risk": "medium",
        "arguments": {},
        "touches": "DaemonSet traefik/traefik",
        "credential": "rollout_restart",
        "timeout": 300.0,
        "cooldown": 1800.0,
    }
    return Plan(**{**fields, **more})


def episode(**more: Any) -> Episode:
    """An incident of Traefik on hetzner that has just been opened."""
    fields: dict[str, Any] = {
        "id": "e",
        "source": "lab",
        "target": "hetzner",
        "runbook": "x",
        "alertname": "X",
        "fingerprint": "",
        "origin": "alert",
        "inputs": {},
        "starts_at": None,
        "opened_at": 0.0,
        "seen_at": 0.0,
        "state": "open",
        "why": "",
        "due_at": 0.0,
        "looks": 0,
        "outcome": "",
        "closed_at": None,
        "changed_at": 0.0,
        "claimed_by": None,
        "claimed_until": None,
    }
    return Episode(**{**fields, **more})


def diagnosis(**more: Any) -> Diagnosis:
    """The edge is down."""
    return Diagnosis((), **{"chosen": "edge_outage", "because": "the edge is down", **more})


def evidence(name: str = "edge", value: Any = None, state: str = "ok", **more: Any) -> Evidence:
    """An answer, or why there is none."""
    fields: dict[str, Any] = {"probe": "http", "question": "?", "source": "", "asked_at": 100.0, "took": 0.1}
    return Evidence(**{"name": name, "value": value, "state": state, **fields, **more})


def verification(outcome: Literal["healed", "not_healed", "cannot_tell"]) -> Verification:
    """What a verification came to."""
    return Verification(outcome, (), (), 0.0, 9.0, reason="edge.silent == 0 (edge.silent is 3)")

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The case of an incident: one JSON document that the stages write on, from the opening to the closing.

Everything that is shown of an incident (page, terminal text) and everything that a replay needs comes from it. Pure:
the functions here return a new case and read no clock. See docs/case.md for the shape.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import (
    Alert,
    Diagnosis,
    Evidence,
    Json,
    Verdict,
    Verification,
    as_json,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.version import ENGINE

VERSION = 1


def empty_case() -> Json:
    """Every member of a case, with nothing known yet."""
    return {
        "version": VERSION,
        "id": "",
        "engine": "",
        "origin": "alert",
        "source": "",
        "alert": None,
        "alertname": "",
        "target": "",
        "runbook": "",
        "runbook_sha256": "",
        "summary": "",
        "inputs": {},
        "params": {},
        "opened_at": 0.0,
        "closed_at": 0.0,
        "outcome": "",
        "headline": "",
        "evidence": [],
        "diagnosis": None,
        "mode": "",
        "check": False,
        "gate": [],
        "mitigation": None,
        "verification": None,
        "earlier": [],
        "handovers": [],
        "approval": None,
        "looks": 0,
        "tried": [],
        "escalations": [],
        "chart": None,
        "next": "",
        "due_at": 0.0,
        "timeline": [],
    }


def new_case(episode: Any, alert: Alert | None) -> Json:
    """The case of an episode that has just been opened. ``episode`` is the ledger's Episode."""
    return {
        **empty_case(),
        "id": episode.id,
        "engine": ENGINE,
        "origin": episode.origin,
        "source": episode.source,
        "alert": as_json(alert) if alert else None,
        "alertname": episode.alertname,
        "target": episode.target,
        "runbook": episode.runbook,
        "inputs": episode.inputs,
        "opened_at": episode.opened_at,
        "outcome": "waiting",
    }


def examined(case: Json, runbook: Any, inputs: Json, params: Json, evidence: list[Evidence]) -> Json:
    """Adds which runbook was followed and what its questions were answered; what was made of older answers goes."""
    return {
        **case,
        "runbook": runbook.name,
        "runbook_sha256": runbook.sha256,
        "summary": runbook.summary,
        "inputs": inputs,
        "params": params,
        "evidence": as_json(evidence),
        "diagnosis": None,
    }


def decided(case: Json, diagnosis: Diagnosis, mode: str, verdicts: tuple[Verdict, ...]) -> Json:
    """Adds what the evidence says and what the gate said of the plan."""
    return {**case, "diagnosis": as_json(diagnosis), "mode": mode, "gate": as_json(verdicts)}


def handed_over(case: Json, now: float) -> Json:
    """Adds that the runbook followed so far leaves the incident to the one that its finding names, and why."""
    diagnosis = case["diagnosis"]
    handed = {
        "runbook": case["runbook"],
        "finding": diagnosis["chosen"],
        "because": diagnosis["because"],
        "briefing": diagnosis["briefing"],
        "to": diagnosis["handover"],
        "at": now,
    }
    return {**case, "handovers": [*case.get("handovers", []), handed]}


def asked(case: Json, approval: Any) -> Json:
    """Adds the approval that the plan waits for, or that was given. ``approval`` is the ledger's Approval, or None."""
    if approval is None:
        return {**case, "approval": None}
    shown = ("id", "kind", "state", "asked_at", "expires_at", "decided_at", "decided_by", "decided_why")
    return {**case, "approval": {name: getattr(approval, name) for name in shown}}


def permitted(case: Json, plan: Json, permit: str) -> Json:
    """Adds the mitigation that a permit was issued for; nothing has been done yet. What was done before it in the same
    incident goes to ``earlier``."""
    blank = {"plan": plan, "permit": permit, "began_at": 0.0, "ended_at": 0.0, "outcome": "", "result": {}}
    former, earlier = case["mitigation"], case.get("earlier", [])
    if former and former["outcome"] and former["permit"] != permit:
        earlier = [*earlier, {"mitigation": former, "verification": case["verification"]}]
    return {**case, "mitigation": blank, "verification": None, "earlier": earlier}


def mended(case: Json, began_at: float, ended_at: float, outcome: str, result: Json) -> Json:
    """Adds what the mitigation did."""
    done = {"began_at": began_at, "ended_at": ended_at, "outcome": outcome, "result": result}
    return {**case, "mitigation": {**case["mitigation"], **done}}


def verified(case: Json, verification: Verification) -> Json:
    """Adds what the verification saw."""
    return {**case, "verification": as_json(verification)}


def ended(case: Json, outcome: str, headline: str, following: str, now: float, due_at: float = 0.0) -> Json:
    """Says how the incident stands at the end of a sweep: closed, or waiting until ``due_at`` where that is given."""
    closed_at = 0.0 if due_at else now
    return {
        **case,
        "outcome": outcome,
        "headline": headline,
        "next": following,
        "due_at": due_at,
        "closed_at": closed_at,
    }

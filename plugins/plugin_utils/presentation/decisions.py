# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a human decides about, as text for a terminal: plans that wait for an approval, and pauses.

Pure. Laid out as the incidents of a sweep are (``report.py``), and as careful with texts from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Pause
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.block import Row, block, line, row
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import INDENT, WIDTH, wrapped
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import brief, clock, span, visible

Json = dict[str, Any]


def plan(approval: Approval, case: Mapping[str, Any] | None, now: float, playbook: str = "") -> str:
    """A plan that was put before a human: what would be done to what, why, and until when an answer counts.

    ``playbook`` is the runbook's own, which shows what would change.
    """
    title = f"{_alert(case)}{approval.target}: {_what(approval.plan)}"
    rows = [*_why(approval), *_doing(approval.plan), *_asking(approval, now)]
    told = block(title, f"{_state(approval, now)} · {approval.id}", rows)
    return "\n".join([told, *_preview(approval, playbook)])


def waiting(approvals: Sequence[Approval], now: float) -> str:
    """Everything that waits for an answer, a line each."""
    if not approvals:
        return "Nothing waits for an approval."
    lines = [line(f"{one.target}: {_what(one.plan)}", f"{_state(one, now)} · {one.id}") for one in approvals]
    return "\n".join(["Waiting for an approval:", *lines])


def following(text: str) -> str:
    """What comes of a decision, in lines that fit."""
    return "\n".join(wrapped(visible(text), WIDTH, INDENT))


def pause(one: Pause, now: float) -> str:
    """One pause: what rests, until when, by whose wish and why."""
    if one.lifted_at is not None:
        state = f"lifted by {one.lifted_by}"
    else:
        state = f"{_about(max(0.0, one.ends_at - now))} left, until {clock(one.ends_at, now)} UTC"
    rows = [("owner", one.owner), ("reason", one.reason), ("since", f"{clock(one.began_at, now)} UTC")]
    return block(f"Pause of {one.target or 'everything'}", f"{state} · {one.id}", rows)


def _alert(case: Mapping[str, Any] | None) -> str:
    name = (case or {}).get("alertname") or (case or {}).get("runbook") or ""
    return f"{name} · " if name else ""


def _what(planned: Json) -> str:
    return f"{planned.get('mitigation', '?')} of {planned.get('touches', '?')} ({planned.get('risk', '?')} risk)"


def _state(one: Approval, now: float) -> str:
    if one.state == "waiting" and one.expires_at is not None:
        return f"{_about(one.expires_at - now)} left" if one.expires_at > now else "ran out"
    return "ran out" if one.state == "expired" else one.state


def _about(seconds: float) -> str:
    """A duration without the seconds that nobody needs beside minutes."""
    return span(seconds if seconds < 120 else 60.0 * round(seconds / 60))


def _why(one: Approval) -> Iterator[Row]:
    yield "because", one.because or "no explanation was given"
    if one.finding:
        yield "finding", one.finding


def _doing(planned: Json) -> Iterator[Row]:
    """What is done exactly, whom that disturbs, and how it is taken back."""
    timeout = span(float(planned.get("timeout") or 0.0))
    yield "does", f"{planned.get('action', '?')} (role {planned.get('role', '?')}), in at most {timeout}"
    for name, value in (planned.get("arguments") or {}).items():
        yield "with", f"{name}: {brief(value, 300)}"
    disturbs, among = planned.get("disturbs"), planned.get("among")
    if disturbs is not None:
        of = f" of {among}" if among is not None else ""
        yield "disturbs", f"{disturbs}{of} healthy" if disturbs else "nothing that is healthy"
    if planned.get("credential"):
        yield "identity", str(planned["credential"])
    if planned.get("owner"):
        yield "owned by", str(planned["owner"])
    if not planned.get("cures", True):
        yield "cures", "no: it eases, and the incident stays open"
    undo = planned.get("undo")
    yield "undo", f"{undo.get('mitigation')} of {undo.get('touches')}, if it does not heal" if undo else "none declared"
    if (planned.get("rungs") or 1) > 1:
        yield "step", f"{planned.get('rung')} of {planned.get('rungs')} that the runbook has for this"


def _asking(one: Approval, now: float) -> Iterator[Row]:
    asked = f"{clock(one.asked_at, now)} UTC, {_about(max(0.0, now - one.asked_at))} ago"
    until = f"; an answer counts until {clock(one.expires_at, now)} UTC" if one.expires_at is not None else ""
    yield "asked", asked + until
    yield "incident", one.episode
    if one.decided_by:
        reason = f": {one.decided_why}" if one.decided_why else ", no reason given"
        yield one.state if one.state == "rejected" else "approved", f"by {one.decided_by}{reason}"
    yield "hashes", f"plan {one.plan_hash[:16]}, evidence {one.evidence_hash[:16]}"


def _preview(one: Approval, playbook: str) -> list[str]:
    """How to see what would change before one decides: a command on a line of its own, to copy."""
    if not playbook or one.state != "waiting":
        return []
    command = f"ansible-playbook {playbook} -e target={one.target} -e remedy_mode=act --check --diff"
    return [*row("preview", "what it would change, with nothing written:"), visible(f"    {command}")]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a permit does with the approval that it names: it is used up by it, and learns how it turned out."""

from __future__ import annotations

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Intent

A = schema.approvals.c


def use_approval(connection: sa.Connection, intent: Intent, permit: str, now: float) -> str:
    """Turns the approval of an intent from approved into used, within the step of the caller. Returns why it cannot be
    used, or nothing.

    It is for one episode, one plan and what the evidence amounted to; for anything else it was not given.
    """
    used = connection.execute(
        sa.update(schema.approvals)
        .where(
            A.id == intent.approval,
            A.kind == "approval",
            A.state == "approved",
            A.episode == intent.episode,
            A.plan_hash == intent.plan_hash,
            A.evidence_hash == intent.evidence_hash,
            sa.or_(A.expires_at.is_(None), A.expires_at > now),
        )
        .values(state="used", permit=permit)
    )
    return "" if used.rowcount == 1 else _why_not(connection, intent)


def _why_not(connection: sa.Connection, intent: Intent) -> str:
    name = f"the approval {intent.approval[:8]}"
    row = connection.execute(sa.select(schema.approvals).where(A.id == intent.approval)).one_or_none()
    if row is None or row.kind != "approval":
        return f"there is no approval {intent.approval[:8]}"
    if row.episode != intent.episode:
        return f"{name} is for another incident"
    if (row.plan_hash, row.evidence_hash) != (intent.plan_hash, intent.evidence_hash):
        return f"{name} was given for another plan, or on other evidence"
    words = {
        "waiting": "was not given yet",
        "rejected": f"was refused by {row.decided_by}",
        "used": "was used already",
        "void": "is void: the decision has changed since",
    }
    return f"{name} {words.get(row.state, 'ran out')}"


def turned_out(connection: sa.Connection, approval: str, outcome: str, now: float) -> None:
    """Notes on an approval what came of the mitigation that used it."""
    if approval:
        connection.execute(sa.update(schema.approvals).where(A.id == approval).values(outcome=outcome, ended_at=now))

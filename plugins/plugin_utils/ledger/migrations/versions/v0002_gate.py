# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The complete gate: approvals, pauses, cohorts, leases beneath a target; deliveries, conditions and sums.

From here on Alembic's own table says of which version a ledger is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SECONDS = sa.Float(53)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _seconds(name: str, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, _SECONDS, nullable=nullable)


def upgrade() -> None:
    """From a ledger of version 1."""
    _episodes()
    _mitigations()
    _escalations()
    _decisions()
    _estate()
    op.drop_table("ledger_version")


def _episodes() -> None:
    """What came back, and what is long over, is found among very many."""
    op.drop_index("episodes_key", "episodes")
    op.create_index("episodes_key", "episodes", ["key", "opened_at"])
    op.create_index("episodes_target", "episodes", ["target", "opened_at"])
    op.create_index("episodes_closed", "episodes", ["closed_at"])


def _mitigations() -> None:
    """A permit of version 1 came with one lease, that of its target."""
    texts = ("finding", "cohort", "approval", "undoes", "verified")
    with op.batch_alter_table("mitigations") as table:
        for name in texts:
            table.add_column(sa.Column(name, sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("fences", sa.JSON, nullable=True))
    _fill_fences()
    with op.batch_alter_table("mitigations") as table:
        for name in texts:
            table.alter_column(name, existing_type=sa.Text(), existing_nullable=False, server_default=None)
        table.alter_column("fences", existing_type=sa.JSON(), nullable=False)
    op.create_index("mitigations_cohort", "mitigations", ["cohort", "began_at"])


def _fill_fences() -> None:
    rows = sa.table(
        "mitigations",
        sa.column("permit", sa.Text),
        sa.column("target", sa.Text),
        sa.column("fence", sa.Integer),
        sa.column("fences", sa.JSON),
    )
    connection = op.get_bind()
    known = connection.execute(sa.select(rows.c.permit, rows.c.target, rows.c.fence)).all()
    if known:
        connection.execute(
            sa.update(rows).where(rows.c.permit == sa.bindparam("_permit")).values(fences=sa.bindparam("_fences")),
            [{"_permit": row.permit, "_fences": {row.target: row.fence}} for row in known],
        )


def _escalations() -> None:
    with op.batch_alter_table("escalations") as table:
        table.add_column(sa.Column("told_by", sa.Integer, nullable=True))
        table.create_foreign_key("escalations_told_by_fkey", "escalations", ["told_by"], ["id"])
    op.create_table(
        "deliveries",
        sa.Column("escalation", sa.Integer, sa.ForeignKey("escalations.id"), primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        _text("state"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _seconds("due_at", nullable=True),
        _seconds("sent_at", nullable=True),
        _text("error"),
    )
    op.create_index("deliveries_due", "deliveries", ["due_at"])


def _decisions() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text, primary_key=True),
        _text("kind"),
        sa.Column("episode", sa.Text, sa.ForeignKey("episodes.id"), nullable=False),
        *(_text(name) for name in ("target", "remedy", "finding", "because")),
        sa.Column("plan", sa.JSON, nullable=False),
        *(_text(name) for name in ("plan_hash", "evidence_hash", "state")),
        _seconds("asked_at"),
        _seconds("expires_at", nullable=True),
        _seconds("decided_at", nullable=True),
        *(_text(name) for name in ("decided_by", "decided_why", "permit", "outcome")),
        _seconds("ended_at", nullable=True),
    )
    op.create_index("approvals_episode", "approvals", ["episode"])
    op.create_index("approvals_target", "approvals", ["target", "remedy", "asked_at"])
    op.create_index("approvals_state", "approvals", ["state"])
    op.create_table(
        "pauses",
        sa.Column("id", sa.Text, primary_key=True),
        *(_text(name) for name in ("target", "reason", "owner")),
        _seconds("began_at"),
        _seconds("ends_at"),
        _seconds("lifted_at", nullable=True),
        _text("lifted_by"),
    )
    op.create_index("pauses_ends", "pauses", ["ends_at"])


def _estate() -> None:
    op.create_table("cohorts", sa.Column("name", sa.Text, primary_key=True), _seconds("changed_at"))
    op.create_table(
        "conditions",
        sa.Column("name", sa.Text, primary_key=True),
        _seconds("changed_at"),
        sa.Column("value", sa.JSON, nullable=False),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("labels", sa.Text, primary_key=True),
        sa.Column("value", sa.Float(53), nullable=False),
    )

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first ledger: episodes, leases, mitigations, cases and what happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SECONDS = sa.Float(53)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _seconds(name: str, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, _SECONDS, nullable=nullable)


def _episode() -> sa.Column[str]:
    return sa.Column("episode", sa.Text, sa.ForeignKey("episodes.id"), nullable=False)


def upgrade() -> None:
    """What a ledger of version 1 consists of."""
    op.create_table("ledger_version", sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))
    _episodes()
    _targets()
    _records()
    _runs()


def _episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", sa.Text, primary_key=True),
        _text("key"),
        sa.Column("open_key", sa.Text, unique=True),
        *(_text(name) for name in ("source", "target", "runbook", "alertname", "fingerprint", "origin")),
        sa.Column("inputs", sa.JSON, nullable=False),
        _seconds("starts_at", nullable=True),
        _seconds("opened_at"),
        _seconds("seen_at"),
        _text("state"),
        _text("why"),
        _seconds("due_at"),
        sa.Column("looks", sa.Integer, nullable=False),
        _text("outcome"),
        _seconds("closed_at", nullable=True),
        _seconds("echo_until", nullable=True),
        _seconds("changed_at"),
        sa.Column("claimed_by", sa.Text),
        _seconds("claimed_until", nullable=True),
    )
    op.create_index("episodes_due", "episodes", ["state", "due_at"])
    op.create_index("episodes_key", "episodes", ["key", "closed_at"])


def _targets() -> None:
    op.create_table(
        "leases",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("fence", sa.Integer, nullable=False),
        _text("owner"),
        _episode(),
        _seconds("acquired_at"),
        _seconds("expires_at"),
        _seconds("released_at", nullable=True),
    )
    op.create_table(
        "mitigations",
        sa.Column("permit", sa.Text, primary_key=True),
        _episode(),
        _text("target"),
        sa.Column("fence", sa.Integer, nullable=False),
        _text("remedy"),
        sa.Column("plan", sa.JSON, nullable=False),
        *(_text(name) for name in ("plan_hash", "evidence_hash", "owner", "state")),
        *(_seconds(name) for name in ("issued_at", "expires_at", "hold_for")),
        _seconds("began_at", nullable=True),
        _seconds("ended_at", nullable=True),
        _text("outcome"),
        sa.Column("result", sa.JSON),
    )
    op.create_index("mitigations_target", "mitigations", ["target", "remedy", "began_at"])
    op.create_index("mitigations_episode", "mitigations", ["episode"])
    op.create_index("mitigations_state", "mitigations", ["state"])


def _records() -> None:
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _episode(),
        _seconds("at"),
        _text("stage"),
        _text("event"),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("timeline_episode", "timeline", ["episode", "id"])
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _episode(),
        sa.Column("level", sa.Integer, nullable=False),
        *(_text(name) for name in ("to", "why", "state")),
        sa.Column("attempts", sa.Integer, nullable=False),
        _seconds("recorded_at"),
        _seconds("due_at", nullable=True),
        _seconds("sent_at", nullable=True),
        _text("error"),
        sa.UniqueConstraint("episode", "level"),
    )
    op.create_index("escalations_due", "escalations", ["due_at"])
    op.create_table(
        "cases",
        sa.Column("id", sa.Text, sa.ForeignKey("episodes.id"), primary_key=True),
        *(_text(name) for name in ("target", "runbook", "outcome")),
        _seconds("opened_at"),
        _seconds("saved_at"),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_index("cases_saved", "cases", ["saved_at"])


def _runs() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Text, primary_key=True),
        _text("host"),
        sa.Column("pid", sa.Integer, nullable=False),
        _seconds("started_at"),
        _seconds("finished_at", nullable=True),
        sa.Column("summary", sa.JSON),
    )
    op.create_index("sweeps_started", "sweeps", ["started_at"])
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        _seconds("answered_at"),
        _text("url"),
        sa.Column("answer", sa.JSON),
    )

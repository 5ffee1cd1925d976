# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables. SQLAlchemy Core, and only what SQLite and PostgreSQL both know.

Texts and JSON go through ``storable``: hostile texts become storable and secrets are taken out, whoever writes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact, storable_text

VERSION = "0003"
"""Of the schema below: the newest revision in ``migrations/versions``, which lead here from every earlier one. A ledger
of another version is refused, never written to by guess."""

metadata = sa.MetaData()


class SafeText(sa.types.TypeDecorator[str]):
    """Text from anywhere, an alert included."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable_text(value)


class SafeJson(sa.types.TypeDecorator[Any]):
    """JSON from anywhere, without its secrets."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else redact(value)


def _seconds(name: str, nullable: bool = False) -> sa.Column[float]:
    """A point in time in Unix seconds, or a duration; double precision on both databases."""
    return sa.Column(name, sa.Float(53), nullable=nullable)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, SafeText, nullable=False, default=default)


def _episode(primary_key: bool = False, name: str = "episode") -> sa.Column[str]:
    return sa.Column(name, SafeText, sa.ForeignKey("episodes.id"), nullable=False, primary_key=primary_key)


# Alembic's table: it reads and changes it when a ledger is migrated. Before there were migrations it was another one.
version = sa.Table(
    "alembic_version",
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
first_version = sa.table("ledger_version", sa.column("version", sa.Integer))

episodes = sa.Table(
    "episodes",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    # The same for two alerts that are one incident. ``open_key`` repeats it while the episode is open and is null
    # afterwards: a plain unique column says "at most one open episode" on every database.
    _text("key"),
    sa.Column("open_key", SafeText, unique=True),
    _text("source"),
    _text("target"),
    _text("runbook"),
    _text("alertname"),
    _text("fingerprint"),
    _text("origin"),
    sa.Column("inputs", SafeJson, nullable=False),
    _seconds("starts_at", nullable=True),
    _seconds("opened_at"),
    _seconds("seen_at"),
    _text("state"),
    _text("why", default=""),
    _seconds("due_at"),
    sa.Column("looks", sa.Integer, nullable=False, default=0),
    _text("outcome", default=""),
    _seconds("closed_at", nullable=True),
    _seconds("echo_until", nullable=True),
    _seconds("changed_at"),
    sa.Column("claimed_by", SafeText),
    _seconds("claimed_until", nullable=True),
    sa.Index("episodes_due", "state", "due_at"),
    sa.Index("episodes_key", "key", "opened_at"),
    sa.Index("episodes_target", "target", "opened_at"),
    sa.Index("episodes_closed", "closed_at"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("target", SafeText, primary_key=True),
    sa.Column("fence", sa.Integer, nullable=False),
    _text("owner"),
    _episode(),
    _seconds("acquired_at"),
    _seconds("expires_at"),
    _seconds("released_at", nullable=True),
)

mitigations = sa.Table(
    "mitigations",
    metadata,
    sa.Column("permit", SafeText, primary_key=True),
    _episode(),
    _text("target"),
    sa.Column("fence", sa.Integer, nullable=False),
    _text("remedy"),
    sa.Column("plan", SafeJson, nullable=False),
    _text("plan_hash"),
    _text("evidence_hash"),
    _text("owner"),
    _text("state"),
    _seconds("issued_at"),
    _seconds("expires_at"),
    _seconds("hold_for"),
    _seconds("began_at", nullable=True),
    _seconds("ended_at", nullable=True),
    _text("outcome", default=""),
    sa.Column("result", SafeJson),
    _text("finding", default=""),
    _text("cohort", default=""),
    # The fence of every lease that came with the permit: of the target and of what it stands on. Names from the
    # inventory and numbers, stored as they are: a machine may be called "token".
    sa.Column("fences", sa.JSON(none_as_null=True), nullable=False),
    _text("approval", default=""),
    _text("undoes", default=""),
    _text("verified", default=""),
    sa.Index("mitigations_target", "target", "remedy", "began_at"),
    sa.Index("mitigations_episode", "episode"),
    sa.Index("mitigations_state", "state"),
    sa.Index("mitigations_cohort", "cohort", "began_at"),
)

# One row for each cohort that was ever acted on: locked while the members under way are counted.
cohorts = sa.Table("cohorts", metadata, sa.Column("name", SafeText, primary_key=True), _seconds("changed_at"))

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    _text("kind"),
    _episode(),
    _text("target"),
    _text("remedy"),
    _text("finding"),
    _text("because"),
    sa.Column("plan", SafeJson, nullable=False),
    _text("plan_hash"),
    _text("evidence_hash"),
    _text("state"),
    _seconds("asked_at"),
    _seconds("expires_at", nullable=True),
    _seconds("decided_at", nullable=True),
    _text("decided_by", default=""),
    _text("decided_why", default=""),
    _text("permit", default=""),
    _text("outcome", default=""),
    _seconds("ended_at", nullable=True),
    sa.Index("approvals_episode", "episode"),
    sa.Index("approvals_target", "target", "remedy", "asked_at"),
    sa.Index("approvals_state", "state"),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    _text("target"),
    _text("reason"),
    _text("owner"),
    _seconds("began_at"),
    _seconds("ends_at"),
    _seconds("lifted_at", nullable=True),
    _text("lifted_by", default=""),
    sa.Index("pauses_ends", "ends_at"),
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _episode(),
    _seconds("at"),
    _text("stage"),
    _text("event"),
    sa.Column("detail", SafeJson, nullable=False),
    sa.Index("timeline_episode", "episode", "id"),
)

escalations = sa.Table(
    "escalations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _episode(),
    sa.Column("level", sa.Integer, nullable=False),
    _text("to"),
    _text("why"),
    _text("state"),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _seconds("recorded_at"),
    _seconds("due_at", nullable=True),
    _seconds("sent_at", nullable=True),
    _text("error", default=""),
    # The escalation that has told the same human of this incident as well, where one call was enough for several.
    sa.Column("told_by", sa.Integer, sa.ForeignKey("escalations.id")),
    sa.UniqueConstraint("episode", "level"),
    sa.Index("escalations_due", "due_at"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("escalation", sa.Integer, sa.ForeignKey("escalations.id"), primary_key=True),
    sa.Column("channel", SafeText, primary_key=True),
    # The call itself, or the word that it is over.
    sa.Column("kind", SafeText, primary_key=True, default="call"),
    _text("state"),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _seconds("due_at", nullable=True),
    _seconds("sent_at", nullable=True),
    _text("error", default=""),
    sa.Index("deliveries_due", "due_at"),
)

cases = sa.Table(
    "cases",
    metadata,
    _episode(primary_key=True, name="id"),
    _text("target"),
    _text("runbook"),
    _text("outcome"),
    _seconds("opened_at"),
    _seconds("saved_at"),
    sa.Column("document", SafeJson, nullable=False),
    sa.Index("cases_saved", "saved_at"),
)

sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("id", SafeText, primary_key=True),
    _text("host"),
    sa.Column("pid", sa.Integer, nullable=False),
    _text("place"),
    sa.Column("process_start", sa.BigInteger, nullable=False),
    _seconds("started_at"),
    _seconds("finished_at", nullable=True),
    sa.Column("summary", SafeJson),
    sa.Index("sweeps_started", "started_at"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("source", SafeText, primary_key=True),
    _seconds("answered_at"),
    _text("url"),
    sa.Column("answer", SafeJson),
)

# What the engine knows of the estate as a whole, by name: the storm, for one.
conditions = sa.Table(
    "conditions",
    metadata,
    sa.Column("name", SafeText, primary_key=True),
    _seconds("changed_at"),
    sa.Column("value", SafeJson, nullable=False),
)

# Sums that outlive the rows they were counted from.
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("name", SafeText, primary_key=True),
    sa.Column("labels", SafeText, primary_key=True),
    sa.Column("value", sa.Float(53), nullable=False),
)

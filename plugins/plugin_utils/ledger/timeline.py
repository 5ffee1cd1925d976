# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The timeline: what happened to an episode, line by line. Lines are added; nothing changes or removes one.

The steps that change an episode write their own line, in the same transaction. ``record`` is for what else is worth
telling: a diagnosis, what a mitigation reports, what the verification sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Entry


def tell(
    connection: sa.Connection, episode: str, at: float, stage: str, event: str, detail: dict[str, Any] | None = None
) -> None:
    """One line, within the step of the caller."""
    tell_all(connection, [Entry(episode, at, stage, event, detail or {})])


def tell_all(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Several lines, within the step of the caller."""
    if entries:
        connection.execute(
            schema.timeline.insert(),
            [
                {
                    "episode": line.episode,
                    "at": line.at,
                    "stage": line.stage,
                    "event": line.event,
                    "detail": line.detail,
                }
                for line in entries
            ],
        )


class Timeline(Store):
    """The story of each episode."""

    @step
    def record(
        self,
        connection: sa.Connection,
        episode: str,
        at: float,
        stage: str,
        event: str,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Adds a line. Dying before it: no line; after it: it stays for ever."""
        tell(connection, episode, at, stage, event, detail)

    @step
    def record_many(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        """Adds lines, all or none."""
        tell_all(connection, entries)

    @look
    def timeline(self, connection: sa.Connection, episode: str) -> list[Entry]:
        """The lines of an episode in the order in which they were written (which a clock set back does not change)."""
        lines = schema.timeline
        rows = connection.execute(sa.select(lines).where(lines.c.episode == episode).order_by(lines.c.id))
        return [Entry(row.episode, row.at, row.stage, row.event, row.detail) for row in rows]

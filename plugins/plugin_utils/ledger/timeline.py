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
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
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


def read_lines(connection: sa.Connection, episodes: Sequence[str]) -> dict[str, list[Entry]]:
    """The lines of each episode in the order in which they were written."""
    lines = schema.timeline.c
    found: dict[str, list[Entry]] = {episode: [] for episode in episodes}
    for some in chunks(found):
        rows = connection.execute(sa.select(schema.timeline).where(lines.episode.in_(some)).order_by(lines.id))
        for row in rows:
            found[row.episode].append(Entry(row.episode, row.at, row.stage, row.event, row.detail))
    return found


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
        return read_lines(connection, [episode])[episode]

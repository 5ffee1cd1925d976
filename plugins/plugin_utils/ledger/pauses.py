# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pauses: somebody wants nothing done for a while, on one target or on all, and says who they are and why.

A pause always ends. Nobody has to remember to lift it, and what is wanted for good belongs into the inventory.
"""

from __future__ import annotations

import dataclasses
import uuid

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Pause, StepRefused
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import span

E = schema.episodes.c
P = schema.pauses.c
_FIELDS = [schema.pauses.c[field.name] for field in dataclasses.fields(Pause)]

PAUSE_MAX = 30 * 86400.0
"""Seconds. What is to rest for longer is opted out in the inventory, where others see it."""
SHORTEST = 4
"""Characters of an id that a human has to type."""


class Pauses(Store):
    """Set, seen, lifted."""

    @step
    def pause(
        self, connection: sa.Connection, target: str, reason: str, owner: str, ends_at: float, now: float
    ) -> Pause:
        """Nothing begins on ``target`` (empty: on any) until ``ends_at``. What has begun goes on and is verified.

        Raises StepRefused without a reason or an owner, or for a time that is over or too far away. Dying before:
        nothing; after: every decision from now on sees it.
        """
        if not reason or not owner:
            raise StepRefused("a pause has an owner and a reason: somebody will want to ask")
        if not now < ends_at <= now + PAUSE_MAX:
            raise StepRefused(f"a pause lasts more than 0 s and at most {span(PAUSE_MAX)}")
        made = Pause(uuid.uuid4().hex[:12], target, reason, owner, now, ends_at)
        connection.execute(schema.pauses.insert().values(**dataclasses.asdict(made)))
        return _pauses(connection, P.id == made.id)[0]

    @step
    def lift(self, connection: sa.Connection, which: str, by: str, now: float) -> list[Pause]:
        """Ends the pauses of a target (empty: those on all targets), or one by its id or the beginning of it.

        Returns those that it ended; none where none is in force. Everything that a guard held is due at once: the next
        sweep decides anew. Raises StepRefused for a beginning that several ids have.
        """
        found = [one for one in _pauses(connection, *_in_force(now)) if one.target == which]
        if not found and len(which) >= SHORTEST:
            found = [one for one in _pauses(connection, *_in_force(now)) if one.id.startswith(which)]
            if len(found) > 1:
                raise StepRefused(f"{which} begins several ids: {', '.join(one.id for one in found)}; type more of it")
        lifted = [one for one in found if self._lift_one(connection, one, by, now)]
        if lifted:
            connection.execute(
                sa.update(schema.episodes)
                .where(E.state == "waiting", E.why == "held", E.due_at > now)
                .values(due_at=now, changed_at=now)
            )
        return [dataclasses.replace(one, lifted_at=now, lifted_by=by) for one in lifted]

    @look
    def pauses(self, connection: sa.Connection, now: float) -> tuple[Pause, ...]:
        """Those in force, the one that ends first in front."""
        return tuple(_pauses(connection, *_in_force(now)))

    def _lift_one(self, connection: sa.Connection, one: Pause, by: str, now: float) -> bool:
        changed = connection.execute(
            sa.update(schema.pauses).where(P.id == one.id, P.lifted_at.is_(None)).values(lifted_at=now, lifted_by=by)
        )
        return changed.rowcount == 1


def _in_force(now: float) -> tuple[sa.ColumnElement[bool], ...]:
    return P.lifted_at.is_(None), P.ends_at > now


def _pauses(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Pause]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(P.ends_at, P.id))
    return [Pause(**row._mapping) for row in rows]

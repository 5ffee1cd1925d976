# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cases: the whole story of an episode as JSON. HTML and terminal text are rendered from it, anywhere, any time."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

C = schema.cases.c


def put_cases(connection: sa.Connection, cases: Sequence[Json], now: float) -> None:
    """Saves cases in the place of their earlier versions, within the step of the caller."""
    for some in chunks(cases):
        connection.execute(sa.delete(schema.cases).where(C.id.in_([case["id"] for case in some])))
        connection.execute(
            schema.cases.insert(),
            [
                {
                    "id": case["id"],
                    "target": case["target"],
                    "runbook": case["runbook"],
                    "outcome": case["outcome"],
                    "opened_at": case["opened_at"],
                    "saved_at": now,
                    "document": case,
                }
                for case in some
            ],
        )


class Cases(Store):
    """Saved at the end of each sweep, the later version in the place of the earlier one."""

    def save_case(self, case: Json, now: float) -> None:
        """``save_cases`` of one."""
        self.save_cases([case], now)

    @step
    def save_cases(self, connection: sa.Connection, cases: Sequence[Json], now: float) -> None:
        """Saves cases under their ``id``, which is that of the episode. All or none."""
        put_cases(connection, cases, now)

    @look
    def case(self, connection: sa.Connection, case: str) -> Json | None:
        """The case of an episode, or None if none was saved yet."""
        return connection.scalars(sa.select(C.document).where(C.id == case)).one_or_none()

    @look
    def cases_of(self, connection: sa.Connection, episodes: Sequence[str]) -> dict[str, Json]:
        """The cases of these episodes, by id; an episode without one is not among them."""
        found: dict[str, Json] = {}
        for some in chunks(episodes):
            rows = connection.execute(sa.select(C.id, C.document).where(C.id.in_(some)))
            found.update({row.id: row.document for row in rows})
        return found

    @look
    def find_case(self, connection: sa.Connection, case: str) -> Json:
        """A case by its id or the beginning of it (at least four characters), as people type it. Raises LedgerError if
        there is none, or several."""
        if len(case) < 4:
            raise LedgerError("a case is named by at least four characters of its id")
        found = connection.scalars(
            sa.select(C.document).where(C.id.startswith(case, autoescape=True)).order_by(C.id).limit(2)
        ).all()
        if len(found) != 1:
            raise LedgerError(f"there is {'no case' if not found else 'more than one case'} {case}")
        document: Json = found[0]
        return document

    @look
    def cases(
        self, connection: sa.Connection, limit: int = 100, since: float | None = None, target: str | None = None
    ) -> list[Json]:
        """The latest cases, newest first; of one target, or saved since then, where that is asked for."""
        query = sa.select(C.document).order_by(C.saved_at.desc(), C.id).limit(limit)
        if since is not None:
            query = query.where(C.saved_at >= since)
        if target is not None:
            query = query.where(C.target == target)
        return list(connection.scalars(query))

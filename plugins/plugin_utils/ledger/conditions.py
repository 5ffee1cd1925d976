# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Conditions: what the engine knows of the estate as a whole, by name, from one sweep to the next."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, look, step

K = schema.conditions.c


class Conditions(Store):
    """One JSON value under each name."""

    @look
    def condition(self, connection: sa.Connection, name: str) -> Any:
        """The value under a name, or None if it was never set."""
        return connection.scalars(sa.select(K.value).where(K.name == name)).one_or_none()

    @step
    def set_condition(self, connection: sa.Connection, name: str, value: Any, now: float) -> None:
        """Puts a value (JSON, not None) in the place of the former one."""
        values = {"value": value, "changed_at": now}
        changed = connection.execute(sa.update(schema.conditions).where(K.name == name).values(**values))
        if changed.rowcount == 0:
            connection.execute(schema.conditions.insert().values(name=name, **values))

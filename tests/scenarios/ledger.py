"""What a ledger holds, read from its file and not through the engine: ``python -m tests.scenarios.ledger FILE``.

Prints ``cases`` in the order in which they were opened, ``mitigations`` that were not void, ``escalations``,
``approvals`` and the episodes that are ``open``.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from typing import Any

_QUERIES = {
    "mitigations": "SELECT remedy, state, outcome FROM mitigations WHERE state != 'void' ORDER BY issued_at",
    "escalations": 'SELECT episode, "to", why, state FROM escalations ORDER BY id',
    "approvals": "SELECT id, state, remedy, decided_by FROM approvals ORDER BY asked_at",
    "open": "SELECT id, state, why, outcome FROM episodes WHERE open_key IS NOT NULL ORDER BY opened_at",
}


def read(file: str) -> dict[str, list[dict[str, Any]]]:
    """All of it. Raises sqlite3.Error where the file is missing or no ledger."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        found = {name: [dict(row) for row in connection.execute(query)] for name, query in _QUERIES.items()}
        cases = connection.execute("SELECT document FROM cases ORDER BY opened_at")
        return {**found, "cases": [json.loads(document) for (document,) in cases]}


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout)

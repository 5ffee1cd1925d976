# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A desk with every service, and a ledger with an incident that somebody has to hear of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from tests.support.postgres import Postgres
from tests.unit.escalation.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """No proxy of the machine stands between a test and its stand-in."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Desk(tmp_path) as made:
        yield made


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a ledger may be made: in SQLite, or where a test asks for it (``param``) on a PostgreSQL server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as made:
        yield made


@pytest.fixture
def ledger(url: str) -> Ledger:
    return Ledger.open(url)

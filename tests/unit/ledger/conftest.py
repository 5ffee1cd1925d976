# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new ledger for every test, on each database that a ledger may be kept on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from tests.support.postgres import Postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Where a SQLite ledger may be made; there is none yet."""
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database on a PostgreSQL server."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where a ledger may be made; there is none yet."""
    found: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return found


@pytest.fixture
def ledger(url: str) -> Ledger:
    """An empty ledger."""
    return Ledger.open(url)

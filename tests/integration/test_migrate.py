# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ledger of an earlier engine: the sweep refuses it and says what to do, and the playbook does it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from tests.support.estate import Estate

VERSION_1 = Path(__file__).resolve().parents[1] / "unit" / "ledger" / "version1.sql"
MIGRATE = "oncall.remedy.migrate"


@pytest.fixture
def old(estate: Estate) -> Path:
    """The file of the estate's ledger, which is of version 1."""
    path = Path(str(sa.make_url(estate.ledger_url).database))
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1.read_text())
    connection.close()
    return path


def test_an_older_ledger_is_raised_by_its_playbook_and_by_nothing_else(estate: Estate, old: Path) -> None:
    before = old.read_bytes()
    refused = estate.sweep()
    assert refused.code != 0
    assert "schema version 0001" in refused.output
    assert MIGRATE in refused.output
    planned = estate.sweep("--check", playbook=MIGRATE).ended_well()
    assert "would go from version 0001" in planned.output
    assert old.read_bytes() == before
    done = estate.sweep(playbook=MIGRATE).ended_well()
    assert "went from version 0001" in done.output
    assert [path.name for path in old.parent.glob("*.0001-*")] != []
    assert len(Ledger.open(estate.ledger_url).episodes()) == 4
    assert "nothing to do" in estate.sweep(playbook=MIGRATE).ended_well().output

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new ledger for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a ledger may be made; there is none yet."""
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(url: str) -> Ledger:
    """An empty ledger."""
    return Ledger.open(url)

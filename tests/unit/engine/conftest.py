# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in estate with one target, and an engine over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible import constants

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """An estate with the target ``hetzner``; what Ansible keeps for the time of a run goes into the test's folder."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    with Estate(tmp_path, "hetzner") as made:
        made.settings["remedy_linger"] = "3s"
        yield made


@pytest.fixture
def engine(estate: Estate) -> Engine:
    return Engine(estate)

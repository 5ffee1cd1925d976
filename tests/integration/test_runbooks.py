# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The small runbooks of these tests keep the rules of the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import lint
from tests.support.estate import INTEGRATION, RUNBOOKS


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.yml")), ids=lambda path: path.stem)
def test_the_static_check_finds_nothing(path: Path) -> None:
    surroundings = lint.Surroundings(roles=INTEGRATION.parents[1] / "roles", playbooks=RUNBOOKS)
    assert [str(problem) for problem in lint.check(path, surroundings)] == []

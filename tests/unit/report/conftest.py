"""The example cases that page and terminal are tried on, as the ledger would hold them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CASES = {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "cases").glob("*.json"))}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the example cases in turn."""
    return copy.deepcopy(CASES[request.param])


@pytest.fixture(params=["rollback_proposed", "scrape_only_repaired", "target_down_undecided"])
def telling(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Three cases that together have every part a page can have: for tests with many texts to try."""
    return copy.deepcopy(CASES[request.param])


@pytest.fixture
def example() -> Callable[[str], dict[str, Any]]:
    """One of the example cases, to be changed at will."""
    return lambda name: copy.deepcopy(CASES[name])

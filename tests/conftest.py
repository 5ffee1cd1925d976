"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.postgres import Postgres

pytest_plugins = ("tests.faults.options",)

# No limit on time, as the machine may be busy; the same examples at every run, so that what is red stays red.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, one for each process that runs tests. Where CI runs them it has to be there."""
    from tests.support.postgres import NoPostgres, Postgres

    try:
        server = Postgres()
    except NoPostgres as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with server:
        yield server

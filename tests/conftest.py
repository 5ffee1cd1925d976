"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.faults.options",)

# No limit on time, as the machine may be busy; the same examples at every run, so that what is red stays red.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

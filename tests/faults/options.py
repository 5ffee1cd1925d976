# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pytest's options for the size of these tests, and their account at the end of a run: one line for each case.

The fast tests take the sizes from here; ``tools/faults`` gives the full ones.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

TOLD = "fault"
"""The property of a test's report that holds its line of the account."""

Record = Callable[[str, object], None]
"""pytest's fixture ``record_property``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Sizes and seeds."""
    group = parser.getgroup("faults", "faults of the engine (tests/faults)")
    group.addoption("--seed", type=int, default=20261121, help="what all random choices follow from")
    group.addoption("--kills", type=int, default=20, help="how often a sweep is killed")
    group.addoption("--only", type=int, default=0, help="this one of the kills alone")
    group.addoption("--sweeps", type=int, default=4, help="sweeps at once on one ledger")
    group.addoption("--alerts", type=int, default=100, help="firing alerts for them")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells of each case what was done and what came of it."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind) if one.when == "call"]
    lines = sorted(str(text) for one in reports for name, text in one.user_properties if name == TOLD)
    if lines:
        terminalreporter.section("faults of the engine")
        for line in lines:
            terminalreporter.write_line(line)

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Taking a permit: the run that it is given to is still there, and is the one that whoever writes looks after."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.action import permit
from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import PermitRefused


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_the_run_is_named_by_kernel_number_and_start(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("here", os.getppid(), ledger.now())
    found = permit.controller_of(ledger, sweep)
    assert (found["host"], found["pid"]) == (process.here(), os.getppid())
    assert process.still_runs(found["pid"], found["started"])


def test_a_worker_that_is_somebody_elses_child_by_now_gets_no_permit(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("here", os.getppid() + 1, ledger.now())
    with pytest.raises(PermitRefused, match="the run that asked for the permit is over"):
        permit.controller_of(ledger, sweep)


def test_a_sweep_that_was_given_up_gets_no_permit(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("here", os.getppid(), ledger.now())
    ledger.abandon_sweep(sweep, "taken for dead", ledger.now())
    with pytest.raises(PermitRefused, match="is over"):
        permit.controller_of(ledger, sweep)


def test_a_run_that_dies_in_this_moment_gets_no_permit(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(os, "getppid", lambda: gone.pid)
    sweep = ledger.start_sweep("here", gone.pid, ledger.now())
    with pytest.raises(PermitRefused, match="is gone"):
        permit.controller_of(ledger, sweep)

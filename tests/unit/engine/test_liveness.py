# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the process of an earlier sweep is still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils import liveness
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Incident

NOW = 1_000_000.0


def test_this_process_is_alive_and_a_dead_one_is_not() -> None:
    assert liveness.is_alive(os.getpid(), time.time())
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not liveness.is_alive(child.pid, time.time())


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert liveness.is_alive(child.pid, time.time())
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not liveness.is_alive(child.pid, time.time())
    child.communicate()


def test_a_younger_process_of_the_same_number_is_another_one() -> None:
    assert not liveness.is_alive(os.getpid(), time.time() - 10 * 86400)


def swept(ledger: Ledger, host: str, pid: int) -> tuple[str, str]:
    """A sweep of that process with an episode that it claims."""
    sweep = ledger.start_sweep(host, pid, time.time())
    episode = ledger.open_episode(Incident("lab", f"{host}-{pid}", "x", alertname="X"), time.time()).id
    ledger.claim(episode, sweep, time.time() + 600, time.time())
    return sweep, episode


def test_only_the_dead_of_this_host_are_abandoned(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, due = swept(ledger, "here", gone.pid)
    swept(ledger, "here", os.getpid())
    swept(ledger, "elsewhere", gone.pid)
    now = time.time()
    assert liveness.abandon_the_dead(ledger, "here", now) == [dead]
    assert [episode.id for episode in ledger.due(now)] == [due]
    assert liveness.abandon_the_dead(ledger, "here", now) == []

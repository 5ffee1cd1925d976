# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the process of an earlier sweep is still there, and what it left behind."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.plugin_utils import liveness
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Incident

NOW = 1_000_000.0


def test_this_process_is_alive_and_a_dead_one_is_not() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    place, start = process.here(), process.start_of(child.pid)
    assert start is not None
    assert liveness.is_alive(child.pid, place, start)
    child.communicate()
    assert not liveness.is_alive(child.pid, place, start)
    assert not liveness.is_alive(child.pid, "", 0)


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process.start_of(child.pid)
    assert start is not None
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not liveness.is_alive(child.pid, process.here(), start)
    assert not liveness.is_alive(child.pid, "", 0)
    child.communicate()


def test_a_younger_process_of_the_same_number_is_another_one() -> None:
    start = process.start_of(os.getpid())
    assert start is not None
    assert not liveness.is_alive(os.getpid(), process.here(), start - 1)


def test_what_runs_in_another_container_of_this_machine_counts_as_alive() -> None:
    boot = process.here().split()[0]
    assert liveness.is_alive(2**22 + 1, f"{boot} pid:[1]", 1)


def test_after_a_reboot_the_number_alone_tells() -> None:
    assert not liveness.is_alive(2**22 + 1, "another-boot pid:[1]", 1)
    assert liveness.is_alive(os.getpid(), "another-boot pid:[1]", 1)


@pytest.mark.parametrize("off_by", [-3600.0, 3600.0])
def test_a_clock_that_is_wrong_or_was_set_meanwhile_declares_nobody_dead(
    off_by: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    liveness.begin_sweep(ledger, time.time())
    folder = tmp_path / "run" / "work"
    folder.mkdir(parents=True)
    liveness.sign(folder, os.getpid())
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + off_by)
    assert liveness.abandon_the_dead(ledger, platform.node(), time.time()) == []
    assert liveness.clear_after_the_dead(tmp_path, "work") == []


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


def test_what_a_killed_run_left_on_the_disk_is_removed_and_a_living_one_keeps_its_own(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    folders = {}
    for name, pid in {"killed": child.pid, "living": os.getpid()}.items():
        folders[name] = tmp_path / name / "work"
        folders[name].mkdir(parents=True)
        (folders[name] / "token").write_text("secret")
        liveness.sign(folders[name], pid)
    unsigned = tmp_path / "somebody's" / "work"
    unsigned.mkdir(parents=True)
    spoilt = tmp_path / "spoilt" / "work"
    spoilt.mkdir(parents=True)
    (spoilt / "run.json").write_text("{")
    assert liveness.clear_after_the_dead(tmp_path, "work") == [folders["killed"]]
    assert [folder.exists() for folder in (folders["killed"], folders["living"], unsigned, spoilt)] == [
        False,
        True,
        True,
        True,
    ]


def test_the_folder_of_another_hosts_run_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "work"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"host": "somewhere else", "pid": 1, "place": "", "start": 0}')
    assert liveness.clear_after_the_dead(tmp_path, "work") == []


ORPHAN = """
import multiprocessing, os, sys, time
from ansible_collections.oncall.remedy.plugins.plugin_utils.liveness import controller

def work():
    while os.getppid() == run:
        time.sleep(0.01)
    print(run == controller(), flush=True)
    os._exit(0)

run = os.getpid()
multiprocessing.get_context("fork").Process(target=work).start()
os._exit(0)
"""


def test_a_worker_that_has_outlived_its_run_still_names_it() -> None:
    told = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "True", told.stderr

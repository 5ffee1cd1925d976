"""The quiet stdout callback, under the ansible-core that the tests run with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
Play = Callable[..., str]

FAILS = {"name": "Restart it", "ansible.builtin.fail": {"msg": "line one\nline two \x1b]0;owned\x07 " + "word " * 30}}
WORKS = {"name": "Nothing to see", "ansible.builtin.command": "true"}


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs tasks under the callback on hosts of this machine; returns what stood on the screen.

    The playbook's path is wider than the screen.
    """
    folder = tmp_path / ("runbooks-" * 12)
    folder.mkdir()

    def run(*tasks: Json, options: tuple[str, ...] = (), failed: bool = False, **play: Any) -> str:
        ssh = folder / "ssh"
        ssh.write_text("#!/bin/sh\necho no route to host >&2\nexit 255\n")
        ssh.chmod(0o755)
        hosts = {
            "here": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "gone": {"ansible_connection": "ssh", "ansible_ssh_executable": str(ssh)},
        }
        (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "children": {"empty": {}}}}))
        plays = [
            {"name": "A play", "hosts": "here", "gather_facts": False, **play, "tasks": list(tasks)},
            {"name": "One without hosts", "hosts": "empty", "gather_facts": False, "tasks": []},
        ]
        (folder / "playbook.yml").write_text(json.dumps(plays))
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.json", "playbook.yml", *options]
        ran = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "oncall.remedy.operator", "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode != 0) is failed, ran.stdout + ran.stderr
        return ran.stdout

    return run


def test_what_goes_well_says_nothing(play: Play) -> None:
    skipped = {"name": "Skipped", "ansible.builtin.command": "true", "when": False}
    looped = {**WORKS, "loop": [1, 2]}
    assert play(WORKS, skipped, looped, {"ansible.builtin.set_fact": {"a": 1}}) == ""


def test_a_message_is_shown_as_it_is_and_harmless(play: Play) -> None:
    shown = play(
        {"ansible.builtin.debug": {"msg": "3 alerts firing \x1b[2J"}},
        {"ansible.builtin.debug": {"msg": ["a", "b"]}},
        {"ansible.builtin.debug": {"msg": "never", "verbosity": 1}},
        {"ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": ["one", "two"]},
    )
    assert shown == '3 alerts firing \\x1b[2J\n[\n  "a",\n  "b"\n]\none\ntwo\n'


def test_a_failure_says_what_failed_where_it_is_written_and_the_message(play: Play, tmp_path: Path) -> None:
    lines = play(WORKS, FAILS, failed=True).split("\n")
    assert lines[0] == "FAILED · here · Restart it"
    assert re.fullmatch(rf"  where       {re.escape(str(tmp_path))}/[a-z-]{{108}}/playbook\.yml:\d+", lines[1])
    assert lines[2] == "  message     line one"
    assert lines[3].startswith("              line two \\x1b]0;owned\\x07 word word")
    assert all(len(line) <= 100 for line in lines if "where" not in line)
    assert lines[-2:] == ["here: 1 task failed", ""]


def test_a_failed_command_shows_what_it_wrote(play: Play) -> None:
    shown = play({"ansible.builtin.command": "sh -c 'echo out; echo err >&2; exit 3'"}, failed=True)
    assert "\n  rc          3\n" in shown
    assert "\n  cmd         sh -c 'echo out; echo err >&2; exit 3'\n" in shown
    assert "\n  stderr      err\n" in shown
    assert "\n  stdout      out\n" in shown


def test_a_failure_that_is_ignored_or_rescued_is_shown_and_ends_no_run(play: Play) -> None:
    shown = play(
        {**FAILS, "ignore_errors": True},
        {"name": "Try", "block": [FAILS], "rescue": [{"ansible.builtin.debug": {"msg": "rescued"}}]},
    )
    assert shown.count("IGNORED · here · Restart it") == 1
    assert shown.count("FAILED · here · Restart it") == 1
    assert shown.endswith("rescued\n")
    assert "task failed" not in shown


def test_a_failure_in_a_loop_names_the_item(play: Play) -> None:
    task = {"name": "Check", "ansible.builtin.assert": {"that": "item < 2", "fail_msg": "too big"}, "loop": [1, 2]}
    shown = play(task, failed=True)
    assert shown.count("FAILED · here · Check") == 1
    assert "\n  item        2\n" in shown
    assert "\n  message     too big\n" in shown


def test_what_must_not_be_logged_is_not_shown(play: Play) -> None:
    shown = play({"ansible.builtin.command": "sh -c 'echo s3cret; false'", "no_log": True}, failed=True)
    assert "FAILED" in shown
    assert "s3cret" not in shown


def test_a_host_that_cannot_be_reached_is_shown_and_counted(play: Play) -> None:
    shown = play({"name": "Reach it", "ansible.builtin.ping": None}, hosts="gone", failed=True)
    assert shown.startswith("UNREACHABLE · gone · Reach it\n  where ")
    assert "no route to host" in shown
    assert shown.endswith("\ngone: unreachable\n")


def test_a_difference_is_shown_when_asked_for_and_harmless(play: Play, tmp_path: Path) -> None:
    copy = {
        "name": "Write",
        "ansible.builtin.copy": {"content": "a\n\x1b[2J\n", "dest": str(tmp_path / "out"), "mode": "0600"},
    }
    shown = play(copy, options=("--diff", "--check"))
    assert shown.startswith("here · Write\n--- before\n+++ after")
    assert "\n+a\n+\\x1b[2J\n" in shown
    assert play(copy, options=("--check",)) == ""


def test_with_v_it_looks_like_the_default(play: Play) -> None:
    shown = play(WORKS, {"ansible.builtin.debug": {"msg": "hello"}}, options=("-v",))
    for text in (
        "PLAY [A play]",
        "TASK [Nothing to see]",
        "changed: [here]",
        "skipping: no hosts matched",
        "PLAY RECAP",
    ):
        assert text in shown

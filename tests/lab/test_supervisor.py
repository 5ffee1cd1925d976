"""supervisord's configuration, read back as supervisord reads it."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

from lab import supervisor
from lab.supervisor import Program


def written(tmp_path: Path, *programs: Program) -> configparser.ConfigParser:
    target = tmp_path / "supervisord.conf"
    supervisor.write_configuration(target, programs, socket_path=tmp_path / "s.sock", logs=tmp_path / "logs")
    config = configparser.ConfigParser()  # with interpolation, like supervisord's own
    config.read(target, encoding="utf-8")
    return config


def test_a_command_comes_back_word_for_word(tmp_path: Path) -> None:
    command = ["/bin/program", "--format=%(name)s 100%", "two words", "it's"]
    config = written(tmp_path, Program("one", command))
    assert shlex.split(config["program:one"]["command"]) == command


def test_a_program_of_a_fault_does_not_start_by_itself(tmp_path: Path) -> None:
    config = written(tmp_path, Program("a", ["/bin/a"]), Program("b", ["/bin/b"], starts_by_itself=False))
    assert config["program:a"]["autostart"] == "true"
    assert config["program:b"]["autostart"] == "false"


def test_every_program_is_started_again_and_ended_with_its_children(tmp_path: Path) -> None:
    section = written(tmp_path, Program("a", ["/bin/a"]))["program:a"]
    assert section["autorestart"] == section["stopasgroup"] == section["killasgroup"] == "true"


def test_a_daemon_that_is_not_there_is_not_alive(tmp_path: Path) -> None:
    assert not supervisor.Supervisor(tmp_path / "nothing.sock").alive()

"""Keeps the lab's programs alive with supervisord: one for the machine, and one as first process of each node."""

from __future__ import annotations

import configparser
import http.client
import os
import shlex
import socket
import sys
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.console import LabError, wait_until
from lab.settings import Paths
from lab.shell import run


@dataclass(frozen=True)
class Program:
    """A program that supervisord keeps alive. One that does not start by itself waits to be told."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    starts_by_itself: bool = True
    stop_seconds: int = 5


def write_configuration(path: Path, programs: Sequence[Program], *, socket_path: Path, logs: Path) -> None:
    """Writes supervisord's configuration for ``programs``."""
    logs.mkdir(parents=True, exist_ok=True)
    config = configparser.RawConfigParser()
    config["supervisord"] = {
        "logfile": str(logs / "supervisord.log"),
        "pidfile": str(socket_path.with_suffix(".pid")),
        "childlogdir": str(logs),
        "directory": "/",
        "minfds": "4096",
    }
    config["unix_http_server"] = {"file": str(socket_path), "chmod": "0600"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisorctl"] = {"serverurl": f"unix://{socket_path}"}
    for program in programs:
        config[f"program:{program.name}"] = _section(program, logs)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


def _section(program: Program, logs: Path) -> dict[str, str]:
    command = shlex.join(str(word) for word in program.command)
    environment = ",".join(f'{key}="{value}"' for key, value in program.environment.items())
    section = {
        "command": command,
        "autostart": "true" if program.starts_by_itself else "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000",
        "stopasgroup": "true",
        "killasgroup": "true",
        "stopwaitsecs": str(program.stop_seconds),
        "redirect_stderr": "true",
        "stdout_logfile": str(logs / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "1",
    }
    if environment:
        section["environment"] = environment
    # supervisord expands %(name)s in its configuration: a plain percent sign is written twice.
    return {key: value.replace("%", "%%") for key, value in section.items()}


def daemon_command(configuration: Path, *, foreground: bool) -> list[str]:
    """The command that starts supervisord with the lab's own Python."""
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
    return [*command, "--nodaemon"] if foreground else command


def mark(paths: Paths) -> str:
    """The environment entry that every process under the lab's supervisord inherits: by it `down` finds them all."""
    return f"ONCALL_REMEDY_LAB_MARK={paths.run}"


def start(configuration: Path, paths: Paths) -> None:
    """Starts supervisord as a daemon and waits until it answers."""
    name, _, value = mark(paths).partition("=")
    run(daemon_command(configuration, foreground=False), env={**os.environ, name: value})
    wait_until("supervisord answers", lambda: Supervisor(paths.supervisor_socket).alive(), timeout=15)


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket, with a timeout: a daemon that hangs must not make the lab's commands hang."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self.timeout)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        self.sock = connection


class Supervisor:
    """Speaks to one supervisord through its unix socket."""

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket_path
        self._api: Any = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(socket_path)).supervisor

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._call(self._api.getState)["statename"] == "RUNNING")
        except (OSError, LabError):
            return False

    def programs(self) -> list[dict[str, Any]]:
        """Every program: name, statename, description, pid."""
        return list(self._call(self._api.getAllProcessInfo))

    def running(self, name: str) -> bool:
        return bool(self._call(self._api.getProcessInfo, name)["statename"] == "RUNNING")

    def start(self, name: str, *, wait: bool = True) -> None:
        """Starts a program and waits for it; one that runs already is left alone."""
        if not self.running(name):
            self._call(self._api.startProcess, name, wait)

    def stop(self, name: str) -> None:
        """Stops a program and waits for it; one that does not run is left alone."""
        if self._call(self._api.getProcessInfo, name)["statename"] not in ("STOPPED", "EXITED", "FATAL"):
            self._call(self._api.stopProcess, name, True)

    def shut_down(self) -> None:
        """Stops every program and then supervisord itself."""
        self._call(self._api.shutdown)

    def _call(self, method: Any, *arguments: Any) -> Any:
        try:
            return method(*arguments)
        except xmlrpc.client.Fault as fault:
            raise LabError(f"supervisord: {fault.faultString} {' '.join(map(str, arguments))}") from fault
        except xmlrpc.client.ProtocolError as error:
            raise LabError(f"supervisord at {self._socket}: {error.errmsg}") from error

"""Listening sockets: from a played /proc, and from the real one."""

from __future__ import annotations

import os
import pathlib
import socket

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.host import listening
from ansible_collections.oncall.remedy.plugins.module_utils.host.gatherers import GATHERERS
from ansible_collections.oncall.remedy.plugins.module_utils.host.processes import unit_of

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ANY, LOCAL, ANY6 = "00000000", "0100007F", "0" * 32


def line(address: str, port: int, state: str, inode: int, uid: int = 0) -> str:
    return f"   0: {address}:{port:04X} {ANY}:0000 {state} 00000000:00000000 00:00000000 00000000 {uid:5} 0 {inode} 1\n"


class Proc:
    """A /proc with what a test puts there."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        (folder / "net").mkdir()
        for table in ("tcp", "tcp6", "udp", "udp6"):
            self.table(table)

    def table(self, name: str, *lines: str) -> None:
        (self.folder / "net" / name).write_text(HEAD + "".join(lines))

    def process(self, pid: int, name: str, *inodes: int, command: str = "", cgroup: str = "0::/\n") -> None:
        folder = self.folder / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "comm").write_text(name + "\n")
        (folder / "cmdline").write_text(command)
        (folder / "cgroup").write_text(cgroup)
        (folder / "fd" / "0").symlink_to("/dev/null")
        for number, inode in enumerate(inodes, 3):
            (folder / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: pathlib.Path) -> Proc:
    return Proc(tmp_path)


def test_a_listening_socket_and_the_process_that_holds_it(proc: Proc) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11), line(LOCAL, 5432, "01", 12))
    proc.process(4711, "nginx", 11, command="nginx: master process\0", cgroup="0::/system.slice/nginx.service\n")
    assert listening.read(proc.folder, privileged=True) == [
        {
            "protocol": "tcp",
            "address": "0.0.0.0",  # noqa: S104
            "port": 80,
            "user": "root",
            "pid": 4711,
            "process": "nginx",
            "command": "nginx: master process",
            "unit": "nginx.service",
            "reason": "",
        }
    ]


def test_all_four_tables_are_read_in_the_order_of_ports(proc: Proc) -> None:
    proc.table("tcp", line(LOCAL, 443, "0A", 1))
    proc.table("tcp6", line(ANY6, 80, "0A", 2), line("00000000000000000000000001000000", 22, "0A", 3))
    proc.table("udp", line(ANY, 53, "07", 4), line(ANY, 99, "01", 5))
    proc.table("udp6", line(ANY6, 123, "07", 6))
    found = [(one["protocol"], one["address"], one["port"]) for one in listening.read(proc.folder, privileged=True)]
    assert found == [
        ("tcp6", "::1", 22),
        ("udp", "0.0.0.0", 53),  # noqa: S104
        ("tcp6", "::", 80),
        ("udp6", "::", 123),
        ("tcp", "127.0.0.1", 443),
    ]


def test_of_several_processes_the_first_is_told(proc: Proc) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11))
    for pid in (90, 7, 800):
        proc.process(pid, "nginx", 11)
    assert listening.read(proc.folder, privileged=True)[0]["pid"] == 7


@pytest.mark.parametrize(
    ("privileged", "reason"),
    [(False, "not allowed to look into all processes"), (True, "no process of this host holds it")],
)
def test_what_cannot_be_told_is_said_and_not_guessed(proc: Proc, privileged: bool, reason: str) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11, uid=4_000_000_000))
    (found,) = listening.read(proc.folder, privileged=privileged)
    assert (found["pid"], found["process"], found["unit"], found["reason"]) == (None, None, None, reason)
    assert found["user"] == "4000000000"


def test_a_command_line_is_cut_at_its_first_option(proc: Proc) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11))
    proc.process(7, "python3", 11, command="/usr/bin/python3\0/opt/x/server.py\0--password=s3cret\0more\0")
    (found,) = listening.read(proc.folder, privileged=True)
    assert found["command"] == "/usr/bin/python3 /opt/x/server.py"


@pytest.mark.parametrize(
    "command", ["serve\0PASSWORD=s3cret\0", "serve\0-p\0s3cret\0", "serve\0a\0b\0s3cret\0", "\0" * 5]
)
def test_no_word_that_may_be_a_secret_is_told(proc: Proc, command: str) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11))
    proc.process(7, "serve", 11, command=command)
    assert "s3cret" not in str(listening.read(proc.folder, privileged=True))


def test_a_name_that_the_kernel_cut_is_completed_and_a_hostile_one_made_printable(proc: Proc) -> None:
    proc.table("tcp", line(ANY, 80, "0A", 11), line(ANY, 81, "0A", 12))
    proc.process(7, "prometheus-aler", 11, command="/usr/bin/prometheus-alertmanager\0")
    proc.process(8, "x\x1b[31m", 12, command="\x1b[2J\0")
    found = listening.read(proc.folder, privileged=True)
    assert [one["process"] for one in found] == ["prometheus-alertmanager", "x?[31m"]
    assert found[1]["command"] == "?[2J"


def test_a_kernel_without_ipv6(proc: Proc) -> None:
    for table in ("tcp6", "udp6"):
        (proc.folder / "net" / table).unlink()
    assert listening.read(proc.folder, privileged=True) == []


@pytest.mark.parametrize(
    ("groups", "unit"),
    [
        ("0::/system.slice/ssh.service\n", "ssh.service"),
        ("0::/system.slice/docker-4f.scope/init\n", "docker-4f.scope"),
        ("12:cpu:/\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("0::/\n", ""),
        ("", ""),
    ],
)
def test_the_unit_of_a_process(groups: str, unit: str) -> None:
    assert unit_of(groups) == unit


def test_a_socket_of_this_very_process_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (found,) = [one for one in GATHERERS["listening"]() if one["port"] == port]
    assert (found["protocol"], found["address"], found["pid"]) == ("tcp", "127.0.0.1", os.getpid())

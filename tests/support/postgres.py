# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real PostgreSQL server for tests: made in a folder of its own, reached by a socket in it, gone with the test.

with Postgres() as server:
    ledger = Ledger.open(server.new_database())
    server.restart()

Nothing is flushed to the disk: what was committed survives the death of the server, and no more is asked of it here.
The server dies with the thread that started it, so a killed test run leaves none behind.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
import sqlalchemy as sa

DEBIAN = "/usr/lib/postgresql"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
LONGEST = 60.0
"""Seconds after which a server that does not start or stop is taken for hung."""


class NoPostgres(Exception):
    """PostgreSQL is not installed."""


def programs() -> Path:
    """The folder with initdb and postgres: on PATH, else where Debian puts the newest. Raises NoPostgres."""
    found = shutil.which("initdb")
    if found and Path(found).with_name("postgres").exists():
        return Path(found).parent
    versions = [path for path in Path(DEBIAN).glob("*/bin") if (path / "initdb").exists()]
    if not versions:
        raise NoPostgres("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    return max(versions, key=lambda path: float(path.parent.name))


class Postgres:
    """One server. It may be stopped (or killed) and started again as often as a test likes."""

    def __init__(self, **settings: str) -> None:
        self._programs = programs()
        self._settings = {**SETTINGS, **settings}
        self._folder = Path(tempfile.mkdtemp(prefix="oncall-remedy-pg."))  # short: a socket's path is 107 bytes at most
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        self._free: list[str] = []
        self._as_user = _unprivileged(self._folder)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=remedy", "--encoding=UTF8", "--locale=C.UTF-8")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def url(self, database: str) -> str:
        """The URL of a database, as a ledger takes it."""
        return f"postgresql+psycopg://remedy@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"ledger{next(self._names)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is used again afterwards: to empty one is faster than to make one."""
        url = self._free.pop() if self._free else self.new_database()
        try:
            yield url
        finally:
            if self.is_running:
                self._empty(url)
                self._free.append(url)

    def _empty(self, url: str) -> None:
        """Ends whoever is still connected, and removes everything."""
        with self._connect(str(sa.make_url(url).database)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not died."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        assert not self.is_running
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._as_user,
                    str(self._programs / "postgres"),
                    "-D",
                    str(self._data),
                    "-k",
                    str(self._folder),
                    *options,
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stops it as an operator would: sessions are ended, what they had not committed is rolled back."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Ends it at once, as a crash does: it comes back with what was committed."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """``stop`` and ``start``."""
        self.stop()
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / program), "-D", str(self._data), *arguments]
        done = subprocess.run(command, cwd=self._folder, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self._folder), user="remedy", dbname=database, autocommit=True)

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + LONGEST
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as error:
                if not self.is_running or time.monotonic() > until:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
                time.sleep(0.02)
            else:
                return

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        self._process.wait(LONGEST)
        self._process = None


def _unprivileged(folder: Path) -> list[str]:
    """What to put in front of a command so that it dies with this thread and does not run as root, which PostgreSQL
    refuses. The folder becomes that user's."""
    dies_with_us = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() != 0:
        return dies_with_us
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)  # root without its powers (a container's) has to get at the socket, too
    return [*dies_with_us, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]

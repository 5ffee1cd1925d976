# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Engines: how each database is connected to. None keeps a connection; see ``connect.py``.

What SQLite needs is all here: write-ahead log, a timeout for waiting, foreign keys, and ``BEGIN IMMEDIATE`` so that a
step that will write never reads what another is about to change. So is what PostgreSQL needs: no step waits for ever
for another one's lock, and a controller that vanished in the middle of a step does not keep its locks.
"""

from __future__ import annotations

import functools
import logging
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# Else SQLAlchemy would import it when a ledger is opened, anew in every fork.
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.clock import Clock, clock_of, local_clock
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import WRITES, Store
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError

BUSY_TIMEOUT = 30.0
"""Seconds that a step waits for another process's step. A step takes milliseconds."""

CONNECT_TIMEOUT = 10
"""Seconds for one attempt to reach a PostgreSQL server."""

KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": int(BUSY_TIMEOUT * 1000),
}
"""A server that is not there any more is noticed after half a minute and not after hours (seconds; milliseconds)."""

POSTGRES_OPTIONS = f"-c lock_timeout={BUSY_TIMEOUT:.0f}s -c idle_in_transaction_session_timeout={BUSY_TIMEOUT:.0f}s"


def engine_for(url: str, read_only: bool = False) -> sa.Engine:
    """An engine for a ledger's URL. Opens nothing yet. Raises LedgerError for a URL that can be none."""
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except sa.exc.ArgumentError as error:
        raise LedgerError(
            "the ledger's URL cannot be read; for example: sqlite:////var/lib/remedy/ledger.db"
        ) from error
    if backend == "sqlite":
        return sqlite_engine(parsed, read_only)
    if backend == "postgresql":
        return _postgres_engine(parsed, read_only)
    raise LedgerError(f"a ledger is kept on sqlite or postgresql, not on {backend}")


def is_sqlite(engine: sa.Engine) -> bool:
    """Whether the ledger is a file."""
    return isinstance(engine.dialect, SQLiteDialect)


def clock_for(engine: sa.Engine) -> Clock:
    """The clock of the ledger behind an engine; a server is asked for its own."""
    return local_clock if is_sqlite(engine) else clock_of(functools.partial(_server_time, engine))


def _server_time(engine: sa.Engine) -> float:
    with Store(engine)._transaction(writes=False) as connection:
        return float(connection.execute(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))).scalar_one())


def _engine(url: sa.URL, **more: Any) -> sa.Engine:
    try:
        return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True, **more)
    except ImportError as error:
        raise LedgerError(f"the driver for {url.drivername} is not installed: {error}") from error


def _postgres_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    """What the URL itself says wins. Nothing is prepared on the server: a pooler between may hand the next transaction
    to another session."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    ours = {
        "application_name": "oncall.remedy",
        "connect_timeout": CONNECT_TIMEOUT,
        "options": POSTGRES_OPTIONS,
        **KEEPALIVE,
    }
    arguments = {"prepare_threshold": None, **{name: value for name, value in ours.items() if name not in url.query}}
    options = {"postgresql_readonly": True} if read_only else {}
    # A step that lost a race is tried again; what the driver has to say of it is no news.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    return _engine(url, connect_args=arguments, execution_options=options)


def sqlite_path(url: sa.URL) -> Path:
    """The file of a SQLite ledger. Raises LedgerError for a ledger in memory, which no other process would see."""
    if not url.database or url.database == ":memory:":
        raise LedgerError("a ledger in memory is forgotten at once: name a file, for example sqlite:////srv/ledger.db")
    return Path(url.database)


def sqlite_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    """An engine for a SQLite file."""
    path = sqlite_path(url)
    engine = _engine(url, creator=functools.partial(_sqlite_connection, path, read_only))

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _sqlite_connection(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connects to a file that exists; the transactions are begun by hand, see ``begin``.

    A reader must leave no trace. SQLite's ``mode=ro`` makes a ``-wal`` and a ``-shm`` file and leaves them behind if
    nobody has them open; a connection that may write, and is told not to, cleans up after itself. With the files there
    already it is the other way round: only ``mode=ro`` leaves them as they are.
    """
    in_use = path.with_name(path.name + "-wal").exists()
    mode = "ro" if read_only and in_use else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT, isolation_level=None
    )
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection

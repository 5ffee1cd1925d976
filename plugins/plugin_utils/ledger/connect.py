# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way to the database: engines, the birth of a ledger, and the transaction around every step.

A ledger holds no open connection between its steps: plugins run in forks, and a fork must not share one.

SQLite needs some words of its own, all of them here: write-ahead log, a timeout for waiting, foreign keys, and
``BEGIN IMMEDIATE`` so that a step that will write never reads what another is about to change. The steps themselves
rest on none of that: each decides by ``UPDATE … WHERE`` and the number of rows, which holds on PostgreSQL as well.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

# Else SQLAlchemy would import it when a ledger is opened, anew in every fork.
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.clock import Clock, clock_of, local_clock
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing

BUSY_TIMEOUT = 30.0
"""Seconds that a step waits for another process's step on the same SQLite file. A step takes milliseconds."""

_ATTEMPTS = 5
_WRITES = "remedy_writes"

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S", bound="Store")


CHUNK = 500
"""Values in one ``IN``: SQLite takes 32766, older ones 999."""


def chunks(members: Iterable[T]) -> Iterator[list[T]]:
    """The members in lists that fit into one statement."""
    everything = list(members)
    return (everything[start : start + CHUNK] for start in range(0, len(everything), CHUNK))


def lock(connection: sa.Connection, column: sa.Column[Any], values: Iterable[Any]) -> None:
    """Locks rows until the end of the caller's step, in one order for everybody: two steps that want the same rows
    wait for each other instead of both for ever. SQLite has locked everything anyway."""
    if connection.dialect.name == "sqlite":
        return
    for some in chunks(sorted(set(values))):
        rows = sa.select(column).where(column.in_(some)).order_by(column).with_for_update(key_share=True)
        connection.execute(rows).all()


class Store:
    """A place with the tables in it. The subjects (episodes, leases, …) are classes over it; ``Ledger`` joins them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def place(self) -> str:
        """The URL of the ledger, without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def _transaction(self, writes: bool) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            connection.execution_options(**{_WRITES: writes})
            with connection.begin():
                yield connection


def step(method: Callable[Concatenate[S, sa.Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Makes a method one writing transaction: it happens as a whole or not at all. The caller gives no connection.

    A uniqueness that somebody else's simultaneous step has just used up makes it run again, on what is there now.
    """

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._transaction(writes=True) as connection:
                    return method(self, connection, *args, **kwargs)
            except sa.exc.IntegrityError as error:
                if attempt == _ATTEMPTS:
                    raise _ledger_error(self, error) from error
            except sa.exc.SQLAlchemyError as error:
                raise _ledger_error(self, error) from error
        raise AssertionError("unreachable")

    return run


def look(method: Callable[Concatenate[S, sa.Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Makes a method one reading transaction: all that it returns was true at one moment."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with self._transaction(writes=False) as connection:
                return method(self, connection, *args, **kwargs)
        except sa.exc.SQLAlchemyError as error:
            raise _ledger_error(self, error) from error

    return run


def _ledger_error(store: Store, error: sa.exc.SQLAlchemyError) -> LedgerError:
    """The library's error in our words; its own text would repeat the values of the statement."""
    cause = getattr(error, "orig", None) or error
    return LedgerError(f"the ledger at {store.place} failed: {cause}")


def engine_for(url: str, read_only: bool = False) -> sa.Engine:
    """An engine for a ledger's URL that keeps no connection. Opens nothing yet."""
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except sa.exc.ArgumentError as error:
        raise LedgerError(
            "the ledger's URL cannot be read; for example: sqlite:////var/lib/remedy/ledger.db"
        ) from error
    if backend not in ("sqlite", "postgresql"):
        raise LedgerError(f"a ledger is kept on sqlite or postgresql, not on {backend}")
    if backend == "sqlite":
        return _sqlite_engine(parsed, read_only)
    return _engine(parsed)


def _engine(url: sa.URL, **more: Any) -> sa.Engine:
    try:
        return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True, **more)
    except ImportError as error:
        raise LedgerError(f"the driver for {url.drivername} is not installed: {error}") from error


def sqlite_path(url: sa.URL) -> Path:
    """The file of a SQLite ledger. Raises LedgerError for a ledger in memory, which no other process would see."""
    if not url.database or url.database == ":memory:":
        raise LedgerError("a ledger in memory is forgotten at once: name a file, for example sqlite:////srv/ledger.db")
    return Path(url.database)


def _sqlite_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    path = sqlite_path(url)
    engine = _engine(url, creator=functools.partial(_sqlite_connection, path, read_only))

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
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


def clock_for(engine: sa.Engine) -> Clock:
    """The clock of the ledger behind an engine."""
    if isinstance(engine.dialect, SQLiteDialect):
        return local_clock
    return clock_of(functools.partial(_server_time, engine))


def _server_time(engine: sa.Engine) -> float:
    with Store(engine)._transaction(writes=False) as connection:
        return float(connection.execute(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))).scalar_one())


def prepare(url: str, read_only: bool = False) -> sa.Engine:
    """An engine for a ledger that is there: made if it is not, checked if it is.

    If the process dies on the way, there is a whole ledger or none. Raises LedgerMissing when it is to be read only
    and is not there; LedgerError when it is none, is of another version, or cannot be reached.
    """
    engine = engine_for(url, read_only)
    try:
        if isinstance(engine.dialect, SQLiteDialect):
            path = sqlite_path(engine.url)
            if not path.exists():
                if read_only:
                    raise LedgerMissing(f"there is no ledger at {path}")
                _give_birth(path)
        elif not read_only and _version(engine) is None:
            _create(engine)
        found = _version(engine)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise LedgerError(f"the ledger at {Store(engine).place} cannot be opened: {error}") from error
    if found is None:
        raise (LedgerMissing if read_only else LedgerError)(f"{Store(engine).place} is not a ledger of this engine")
    if found != schema.VERSION:
        raise LedgerError(
            f"the ledger at {Store(engine).place} has schema version {found}; this engine reads {schema.VERSION}"
        )
    return engine


def _version(engine: sa.Engine) -> int | None:
    with Store(engine)._transaction(writes=False) as connection:
        if not sa.inspect(connection).has_table(schema.version.name):
            return None
        return connection.execute(sa.select(schema.version.c.version)).scalar()


def _create(engine: sa.Engine) -> None:
    """Makes the tables in one transaction. That somebody else has made them meanwhile is as good."""
    try:
        with Store(engine)._transaction(writes=True) as connection:
            schema.metadata.create_all(connection)
            connection.execute(schema.version.insert().values(version=schema.VERSION))
    except sa.exc.DBAPIError:
        if _version(engine) is None:
            raise


def _give_birth(path: Path) -> None:
    """Makes a SQLite ledger beside its place and links it there when it is whole; the first of several wins.

    In place would be wrong twice: a process that dies leaves half a ledger, and two at once collide where SQLite does
    not wait (the change of the journal mode). Only the owner may read it: it holds what is known of every incident.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as nursery:
        unborn = Path(nursery) / "ledger.db"
        unborn.touch(mode=0o600)
        connection = sqlite3.connect(unborn)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        _create(_sqlite_engine(sa.URL.create("sqlite", database=str(unborn)), read_only=False))
        try:
            os.link(unborn, path)
        except FileExistsError:
            return

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The transaction around every step, and what happens when it does not come to its end.

A ledger holds no open connection between its steps: plugins run in forks, and a fork must not share one. The steps rest
on no words of one database: each decides by ``UPDATE … WHERE`` and the number of rows, under locks taken in one order
(``lock``), which holds at the isolation that PostgreSQL has by itself. On SQLite one step writes at a time anyway.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError

WRITES = "remedy_writes"
"""The execution option that says whether a transaction will write."""

REACH_WITHIN = 30.0
"""Seconds for which a step tries to reach a database server: as long as one needs to be started anew."""

_PAUSE = 0.2
_ATTEMPTS = 10
_UNDONE = frozenset({"40001", "40P01"})
"""SQLSTATE of a transaction that the server itself has rolled back in favour of another, to be tried again."""

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
    wait for each other instead of both for ever. SQLite has locked everything anyway.

    Of several tables the order is: leases, cohorts, approvals, episodes.
    """
    if connection.dialect.name == "sqlite":
        return
    for some in chunks(sorted(set(values))):
        rows = sa.select(column).where(column.in_(some)).order_by(column.collate("C"))
        connection.execute(rows.with_for_update(key_share=True)).all()


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
        """A transaction, tried once. A reading one sees everything as it was at one moment."""
        with _connected(self._engine) as connection:
            connection.execution_options(**{WRITES: writes})
            if not writes and connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def _run(self, work: Callable[[sa.Connection], R], writes: bool) -> R:
        """Does ``work`` in a transaction, again where it is certain that nothing of the former attempt stands."""
        for attempt in range(1, _ATTEMPTS + 1):
            done = False
            try:
                with self._transaction(writes) as connection:
                    result = work(connection)
                    done = True
            except sa.exc.SQLAlchemyError as error:
                if attempt == _ATTEMPTS or not _nothing_stands(error, committing=done and writes):
                    raise _ledger_error(self, error, committing=done and writes) from error
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311 - no secret, only not all at once
            else:
                return result
        raise AssertionError("unreachable")


def step(method: Callable[Concatenate[S, sa.Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Makes a method one writing transaction: it happens as a whole or not at all. The caller gives no connection.

    It runs again, on what is there then, if the database has rolled it back in favour of a simultaneous step, if that
    has used up a uniqueness, or if the connection broke before the commit was asked for. If it broke in the commit,
    nobody knows whether the step was written: that is an error, and the next sweep sees what there is.
    """

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(lambda connection: method(self, connection, *args, **kwargs), writes=True)

    return run


def look(method: Callable[Concatenate[S, sa.Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Makes a method one reading transaction: all that it returns was true at one moment."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(lambda connection: method(self, connection, *args, **kwargs), writes=False)

    return run


def _connected(engine: sa.Engine) -> sa.Connection:
    """A connection. A server that cannot be reached is tried again for a while: it may be starting anew."""
    until = time.monotonic() + REACH_WITHIN
    while True:
        try:
            return engine.connect()
        except sa.exc.OperationalError:
            if engine.dialect.name == "sqlite" or time.monotonic() + _PAUSE > until:
                raise
            time.sleep(_PAUSE)


def _nothing_stands(error: sa.exc.SQLAlchemyError, committing: bool) -> bool:
    """Whether a failed transaction is certain to have left nothing, and may do better if it is tried again."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if getattr(error.orig, "sqlstate", None) in _UNDONE:
        return True
    if committing:
        return False
    return isinstance(error, sa.exc.IntegrityError) or error.connection_invalidated


def _ledger_error(store: Store, error: sa.exc.SQLAlchemyError, committing: bool) -> LedgerError:
    """The library's error in our words; its own text would repeat the values of the statement."""
    cause = str(getattr(error, "orig", None) or error).strip()
    words = "failed while a step was being committed: nobody knows whether it was written" if committing else "failed"
    return LedgerError(f"the ledger at {store.place} {words}: {cause}")

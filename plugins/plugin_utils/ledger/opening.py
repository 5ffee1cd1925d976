# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Opening: a ledger that is not there is made, one that is there is checked."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.engines import (
    engine_for,
    is_sqlite,
    sqlite_engine,
    sqlite_path,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing


def prepare(url: str, read_only: bool = False) -> sa.Engine:
    """An engine for a ledger that is there: made if it is not, checked if it is.

    If the process dies on the way, there is a whole ledger or none. Raises LedgerMissing when it is to be read only
    and is not there; LedgerError when it is none, is of another version, or cannot be reached.
    """
    engine = engine_for(url, read_only)
    try:
        if is_sqlite(engine):
            path = sqlite_path(engine.url)
            if not path.exists():
                if read_only:
                    raise LedgerMissing(f"there is no ledger at {path}")
                _give_birth(path)
        elif not read_only and version_of(engine) is None:
            _create(engine)
        found = version_of(engine)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise LedgerError(f"the ledger at {Store(engine).place} cannot be opened: {cause}") from error
    if found is None:
        raise (LedgerMissing if read_only else LedgerError)(f"{Store(engine).place} is not a ledger of this engine")
    if found != schema.VERSION:
        raise LedgerError(_other_version(Store(engine).place, found))
    return engine


def _other_version(place: str, found: str) -> str:
    words = f"the ledger at {place} has schema version {found}, and this engine works with {schema.VERSION}"
    if found > schema.VERSION:
        return f"{words}: use the engine that it was made for, or a newer one"
    return f"{words}: stop the sweeps and run ansible-playbook oncall.remedy.migrate (--check shows what it would do)"


def version_of(engine: sa.Engine) -> str | None:
    """The version of the schema that a database has, or None if there is no ledger in it."""
    with Store(engine)._transaction(writes=False) as connection:
        return version_in(connection)


def version_in(connection: sa.Connection) -> str | None:
    """``version_of``, within the transaction of the caller."""
    tables = sa.inspect(connection)
    if tables.has_table(schema.version.name):
        return connection.scalars(sa.select(schema.version.c.version_num)).one_or_none()
    if tables.has_table(schema.first_version.name):
        first = connection.scalars(sa.select(schema.first_version.c.version)).one_or_none()
        return None if first is None else f"{first:04}"
    return None


def _create(engine: sa.Engine) -> None:
    """Makes the tables in one transaction. That somebody else has made them meanwhile is as good."""
    try:
        with Store(engine)._transaction(writes=True) as connection:
            schema.metadata.create_all(connection)
            _stamp(connection)
    except sa.exc.DBAPIError:
        if version_of(engine) is None:
            raise


def _stamp(connection: sa.Connection) -> None:
    """Says that these tables are what all revisions together would have made."""
    connection.execute(schema.version.insert().values(version_num=schema.VERSION))


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
        _create(sqlite_engine(sa.URL.create("sqlite", database=str(unborn)), read_only=False))
        try:
            os.link(unborn, path)
        except FileExistsError:
            return

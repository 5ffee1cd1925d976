# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Raising a ledger to the schema of this engine, by the revisions in ``migrations/versions`` (Alembic).

Somebody has to want it: an engine that finds an older ledger refuses it and names the playbook. All revisions are
applied in one transaction, on both databases, so a migration that breaks off leaves the ledger as it was. A SQLite
ledger is copied beside itself before.

Only the playbook comes here: Alembic is not imported by a sweep.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.engines import (
    clock_for,
    engine_for,
    is_sqlite,
    sqlite_path,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.opening import version_in
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing
from ansible_collections.oncall.remedy.plugins.plugin_utils.liveness import is_alive

E = schema.episodes.c
S = schema.sweeps.c
FOLDER = Path(__file__).parent / "migrations"


@dataclasses.dataclass(frozen=True)
class Revision:
    """One step between two versions of the schema, and what it is for."""

    name: str
    what: str


@dataclasses.dataclass(frozen=True)
class Migrated:
    """What was applied, or would be. ``backup`` is the copy of a SQLite ledger as it was before."""

    found: str
    version: str
    revisions: tuple[Revision, ...]
    backup: str = ""


def revisions_after(version: str) -> tuple[Revision, ...]:
    """What has to be applied to a ledger of this version, in order. Raises LedgerError for one that is not known."""
    known = [Revision(one.revision, (one.doc or "").partition("\n")[0]) for one in _script().walk_revisions()][::-1]
    names = [one.name for one in known]
    if version and version not in names:
        raise LedgerError(f"the ledger has schema version {version}, which this engine does not know: it is newer")
    return tuple(known[names.index(version) + 1 :] if version else known)


def migrate(url: str, check: bool = False) -> Migrated:
    """Raises the ledger at ``url`` to this engine's version; with ``check`` it says what would be applied.

    Raises LedgerMissing where there is none, and LedgerError when it is of a newer engine, when a sweep is under way,
    or when a revision fails: then nothing has changed.
    """
    engine = engine_for(url, read_only=check)
    place = Store(engine).place
    if is_sqlite(engine) and not sqlite_path(engine.url).exists():
        raise LedgerMissing(f"there is no ledger at {place}; a sweep makes one")
    try:
        with Store(engine)._transaction(writes=not check) as connection:
            found = version_in(connection)
            if found is None:
                raise LedgerMissing(f"{place} is not a ledger of this engine")
            revisions = revisions_after(found)
            if check or not revisions:
                return Migrated(found, schema.VERSION, revisions)
            _keep_sweeps_out(engine, connection)
            with _backed_up(engine, found) as backup:
                _apply(connection, found)
            return Migrated(found, schema.VERSION, revisions, backup)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise LedgerError(f"the ledger at {place} was not migrated, nothing has changed: {cause}") from error


def apply_all(connection: sa.Connection) -> None:
    """Makes a ledger by the revisions alone, within the transaction of the caller."""
    _apply(connection, "")


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def _apply(connection: sa.Connection, found: str) -> None:
    script = _script()
    if found and not MigrationContext.configure(connection).get_current_heads():
        MigrationContext.configure(connection).stamp(script, found)

    def steps(heads: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs("head", heads)

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _keep_sweeps_out(engine: sa.Engine, connection: sa.Connection) -> None:
    """Raises LedgerError while a sweep is under way. None can begin from here on until the transaction ends."""
    if not is_sqlite(engine):
        connection.execute(sa.text("LOCK TABLE sweeps, episodes IN EXCLUSIVE MODE"))
    now = clock_for(engine)()
    claims = sa.select(E.claimed_by, sa.func.max(E.claimed_until)).where(E.claimed_until > now).group_by(E.claimed_by)
    until = {str(row[0]): float(row[1]) for row in connection.execute(claims)}
    for sweep in connection.execute(sa.select(S.id, S.host, S.pid).where(S.finished_at.is_(None))):
        name = f"sweep {sweep.id[:8]} on {sweep.host} (process {sweep.pid})"
        if sweep.host == platform.node():
            if is_alive(sweep.pid, "", 0):  # an older schema knows no more of it than its number
                raise LedgerError(f"{name} is under way: wait until it has ended, and keep others from starting")
        elif sweep.id in until:
            left = f"its claims run out in {until[sweep.id] - now:.0f} s"
            raise LedgerError(f"{name} is under way, or died there: {left}; wait, and keep others from starting")


@contextlib.contextmanager
def _backed_up(engine: sa.Engine, found: str) -> Iterator[str]:
    """Copies a SQLite ledger beside itself, as it is before the transaction that is open; only the owner may read the
    copy. It goes if nothing came of the migration. The backup of a PostgreSQL ledger is its administrator's."""
    if not is_sqlite(engine):
        yield ""
        return
    path = sqlite_path(engine.url)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    backup = path.with_name(f"{path.name}.{found}-{stamp}")
    os.close(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("VACUUM INTO ?", (str(backup),))
        yield str(backup)
    except BaseException:
        backup.unlink()
        raise

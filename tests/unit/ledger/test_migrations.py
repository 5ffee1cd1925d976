# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ledger of an earlier version is raised to today's, whole or not at all, when somebody wants it."""

from __future__ import annotations

import os
import platform
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import migrate as migration
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.engines import engine_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.migrate import migrate, revisions_after
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing, Mitigation
from tests.unit.ledger.helpers import intent

VERSION_1 = Path(__file__).with_name("version1.sql")
NOW = 1760000000.0
"""When the ledger of version 1 was written; its sweep began then, its claims run out 600 s later."""


def version_1_in_a_file(path: Path) -> None:
    """A ledger as the engine of version 1 left it."""
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1.read_text())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def rows_of(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """Everything in a database, table by table, whatever its version."""
    tables = sa.MetaData()
    tables.reflect(connection)
    return {
        table.name: [dict(row._mapping) for row in connection.execute(table.select().order_by(*table.primary_key))]
        for table in tables.sorted_tables
    }


@pytest.fixture
def old(url: str, tmp_path: Path) -> str:
    """The URL of a ledger of version 1."""
    if url.startswith("sqlite"):
        version_1_in_a_file(Path(url.removeprefix("sqlite:///")))
        return url
    version_1_in_a_file(tmp_path / "old.db")
    with Store(engine_for(f"sqlite:///{tmp_path}/old.db"))._transaction(writes=False) as connection:
        rows = rows_of(connection)
    with Store(engine_for(url))._transaction(writes=True) as connection:
        _make_version_1(connection)
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])
        for name in ("timeline", "escalations"):
            last = sa.select(sa.func.max(tables.tables[name].c.id)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(f"{name}_id_seq", last)))
    return url


def _make_version_1(connection: sa.Connection) -> None:
    """By the first revision, and without Alembic's own table, which there was not."""
    script = migration._script()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(script), "_upgrade_revs", _only_the_first(type(script)._upgrade_revs))
        migration._apply(connection, "")
    connection.execute(sa.text("DROP TABLE alembic_version"))


def _only_the_first(upgrade_revs: Any) -> Any:
    return lambda self, _target, heads: upgrade_revs(self, "0001", heads)


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    with Store(engine_for(url))._transaction(writes=False) as connection:
        return rows_of(connection)


def differences(url: str) -> list[Any]:
    """What Alembic would change to get from a ledger to today's schema."""
    with Store(engine_for(url))._transaction(writes=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        found: list[Any] = compare_metadata(context, schema.metadata)
        return found


# ---- the revisions and the schema


def test_the_newest_revision_is_the_version_of_the_schema() -> None:
    assert revisions_after("")[-1].name == schema.VERSION
    assert [one.name for one in revisions_after("0001")] == ["0002", "0003"]
    assert all(one.what for one in revisions_after(""))


def test_a_ledger_that_the_revisions_make_is_the_one_that_the_schema_makes(url: str) -> None:
    with Store(engine_for_new(url))._transaction(writes=True) as connection:
        migration.apply_all(connection)
    assert differences(url) == []
    Ledger.open(url)


def engine_for_new(url: str) -> sa.Engine:
    """An engine for a database without a ledger; a file has to be there."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    return engine_for(url)


def test_a_new_ledger_and_a_migrated_one_are_alike(old: str) -> None:
    migrate(old)
    assert differences(old) == []


def test_the_first_revision_makes_what_the_first_engine_made(sqlite_url: str, tmp_path: Path) -> None:
    version_1_in_a_file(tmp_path / "old.db")
    with Store(engine_for_new(sqlite_url))._transaction(writes=True) as connection:
        _make_version_1(connection)
    tables = sa.MetaData()
    with Store(engine_for(f"sqlite:///{tmp_path}/old.db"))._transaction(writes=False) as connection:
        tables.reflect(connection)
    with Store(engine_for(sqlite_url))._transaction(writes=False) as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables) == []


def test_a_new_ledger_costs_no_import_of_the_migration_tool(sqlite_url: str) -> None:
    program = (
        "import sys\n"
        f"from {Ledger.__module__} import Ledger\n"
        f"Ledger.open({sqlite_url!r}).episodes()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ---- a ledger of version 1


def test_no_engine_of_today_touches_an_older_ledger_and_it_says_what_to_do(old: str) -> None:
    before = contents(old)
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=r"schema version 0001, .* run ansible-playbook oncall\.remedy\.migrate"):
            Ledger.open(old, read_only)
    assert contents(old) == before


def test_nothing_of_an_older_ledger_is_lost(old: str) -> None:
    before = contents(old)
    done = migrate(old)
    assert (done.found, done.version) == ("0001", schema.VERSION)
    assert [one.name for one in done.revisions] == [one.name for one in revisions_after("0001")]
    after = contents(old)
    del before["ledger_version"]
    assert set(before) < set(after)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table


def test_the_engine_goes_on_with_a_migrated_ledger(old: str) -> None:
    migrate(old)
    ledger = Ledger.open(old)
    states = {episode.target: episode.state for episode in ledger.episodes()}
    assert states == {"held": "waiting", "permitted": "permitted", "mending": "mending", "fresh": "open"}
    for one in ledger.unfinished():
        assert one.fences == {one.target: one.fence}
    (begun,) = ledger.unfinished(target="mending")
    assert ledger.finished(begun.permit, "interrupted", {}, NOW + 700)
    (held,) = (episode for episode in ledger.episodes() if episode.target == "held")
    assert ledger.claim(held.id, "new", NOW + 1400, NOW + 800)
    permit = ledger.issue_permit(intent(ledger, held.id, "new", "held", NOW + 800), NOW + 800)
    assert isinstance(permit, Mitigation)
    assert ledger.consume(permit.permit, "held", NOW + 801).state == "begun"
    assert ledger.record(held.id, NOW + 802, "mend", "a line after the last one") is None
    assert [one.told_by for one in ledger.escalations(held.id)] == [None, None]
    assert len(ledger.cases()) == 2


def test_a_ledger_of_today_needs_nothing(url: str, ledger: Ledger) -> None:
    done = migrate(url)
    assert (done.found, done.revisions, done.backup) == (schema.VERSION, (), "")
    assert migrate(url, check=True) == done


def test_a_check_lists_what_would_be_applied_and_changes_nothing(old: str) -> None:
    before = contents(old)
    done = migrate(old, check=True)
    assert [one.name for one in done.revisions] == ["0002", "0003"]
    assert done.revisions[0].what.startswith("The complete gate")
    assert contents(old) == before


def test_a_file_is_copied_before_for_its_owner_alone(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    version_1_in_a_file(path)
    before = contents(sqlite_url)
    backup = Path(migrate(sqlite_url).backup)
    assert backup.parent == path.parent
    assert backup.name.startswith("ledger.db.0001-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert contents(f"sqlite:///{backup}") == before


def test_a_migration_that_fails_half_way_changes_nothing_and_the_next_one_succeeds(
    old: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = contents(old)
    sent = 0

    def fails(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal sent
        sent += 1
        if "CREATE TABLE pauses" in statement:
            raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        engine = engine_for

        def failing(url: str, read_only: bool = False) -> sa.Engine:
            made = engine(url, read_only)
            sa.event.listen(made, "before_cursor_execute", fails)
            return made

        patched.setattr(migration, "engine_for", failing)
        with pytest.raises(LedgerError, match="was not migrated, nothing has changed: no space left"):
            migrate(old)
    assert sent > 20
    assert contents(old) == before
    assert list(tmp_path.glob("*.db.0001-*")) == []
    migrate(old)
    Ledger.open(old)


def test_no_migration_while_a_sweep_on_this_machine_is_under_way(old: str) -> None:
    engine = engine_for(old)
    with Store(engine)._transaction(writes=True) as connection:
        connection.execute(
            sa.text("UPDATE sweeps SET host = :host, pid = :pid, started_at = 9e9"),
            {"host": platform.node(), "pid": os.getpid()},
        )
    before = contents(old)
    with pytest.raises(LedgerError, match=r"sweep .* \(process \d+\) is under way"):
        migrate(old)
    assert contents(old) == before


def test_no_migration_while_a_sweep_elsewhere_holds_claims(old: str) -> None:
    with Store(engine_for(old))._transaction(writes=True) as connection:
        connection.execute(sa.text("UPDATE episodes SET claimed_until = 9e9 WHERE claimed_by IS NOT NULL"))
    with pytest.raises(LedgerError, match="is under way, or died there: its claims run out in"):
        migrate(old)


def test_what_is_no_ledger_is_not_migrated(sqlite_url: str) -> None:
    with pytest.raises(LedgerMissing, match="there is no ledger"):
        migrate(sqlite_url)
    Path(sqlite_url.removeprefix("sqlite:///")).touch()
    with pytest.raises(LedgerMissing, match="is not a ledger"):
        migrate(sqlite_url)


def test_a_ledger_of_a_newer_engine_is_not_migrated(url: str, ledger: Ledger) -> None:
    with ledger._transaction(writes=True) as connection:
        connection.execute(sa.update(schema.version).values(version_num="9999"))
    with pytest.raises(LedgerError, match="9999, which this engine does not know"):
        migrate(url)

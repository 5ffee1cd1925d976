# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a ledger comes to be, who may read it, and that reading leaves no trace."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import opening, schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing
from tests.unit.ledger.helpers import asked, at_once, incident, opened, permitted


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their contents."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_the_owner_may_read_a_new_ledger_and_its_new_folder(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/state/ledger.db")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state/ledger.db").stat().st_mode) == 0o600


def test_nothing_but_the_ledger_is_left_in_its_folder(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    ledger.open_episode(incident(), 1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


def test_the_folder_of_others_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def open_and_use(url: str, name: str) -> str:
    return Ledger.open(url).open_episode(incident(name), 1.0).target


def test_of_processes_that_make_it_at_once_all_work_on_the_same_ledger(url: str) -> None:
    names = [f"target{number}" for number in range(6)]
    assert at_once(open_and_use, [(url, name) for name in names]) == names
    assert sorted(episode.target for episode in Ledger.open(url).episodes()) == names


def test_a_birth_that_fails_half_way_leaves_no_ledger(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(engine: sa.Engine) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(opening, "_create", broken)
        with pytest.raises(LedgerError, match="no space left"):
            Ledger.open(sqlite_url)
    assert list(tmp_path.iterdir()) == []
    Ledger.open(sqlite_url)


def test_read_only_makes_nothing_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        Ledger.open(f"sqlite:///{tmp_path}/state/ledger.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_reading_leaves_no_trace(sqlite_url: str, tmp_path: Path) -> None:
    ledger = Ledger.open(sqlite_url)
    episode = opened(ledger, "s1")
    before = everything(tmp_path)
    reader = Ledger.open(sqlite_url, read_only=True)
    assert reader.episode(episode).target == "hetzner"
    assert reader.due(1e6) != []
    assert everything(tmp_path) == before


def test_reading_beside_a_writer_sees_what_was_written_and_leaves_no_trace(sqlite_url: str, tmp_path: Path) -> None:
    ledger = Ledger.open(sqlite_url)
    with ledger._transaction(writes=False) as keeps_it_open:
        keeps_it_open.execute(sa.select(schema.version)).all()
        episode = opened(ledger, "s1")
        before = {name: size for name, size in everything(tmp_path).items() if not name.endswith("-shm")}
        assert Ledger.open(sqlite_url, read_only=True).episode(episode).id == episode
        after = {name: size for name, size in everything(tmp_path).items() if not name.endswith("-shm")}
    assert len(before) == 2
    assert after == before


def test_a_ledger_opened_read_only_refuses_every_step(url: str, ledger: Ledger) -> None:
    reader = Ledger.open(url, read_only=True)
    with pytest.raises(LedgerError, match=r"readonly|read-only"):
        reader.open_episode(incident(), 1.0)
    assert ledger.episodes() == []


@pytest.mark.parametrize("content", [b"", b"something else", b"SQLite format 3\x00 but not really"])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "ledger.db"
    place.write_bytes(content)
    with pytest.raises(LedgerError):
        Ledger.open(f"sqlite:///{place}")
    assert place.read_bytes() == content


def test_a_ledger_of_a_newer_version_is_refused(url: str, ledger: Ledger) -> None:
    with ledger._transaction(writes=True) as connection:
        connection.execute(sa.update(schema.version).values(version_num="9999"))
    for read_only in (False, True):
        with pytest.raises(LedgerError, match=r"schema version 9999, and this engine works with .*: use the engine"):
            Ledger.open(url, read_only)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://somewhere/ledger", "sqlite or postgresql"),
        ("/var/lib/ledger.db", "for example"),
        ("sqlite:////proc/nowhere/ledger.db", "cannot be opened"),
    ],
)
def test_a_url_that_cannot_be_a_ledger_says_what_can(url: str, says: str) -> None:
    with pytest.raises(LedgerError, match=says):
        Ledger.open(url)


def test_an_error_does_not_show_the_password_of_the_url() -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger.open("postgresql+pg8000://remedy:hunter2@127.0.0.1:1/ledger")
    assert "hunter2" not in str(caught.value)


def test_an_error_does_not_show_the_values_of_the_step(ledger: Ledger) -> None:
    with ledger._transaction(writes=True) as connection:
        connection.execute(sa.text("ALTER TABLE escalations RENAME TO gone"))
    with pytest.raises(LedgerError, match=r"no such table|does not exist") as caught:
        ledger.escalate("episode", 0, "platform", "the door code is 4711", 1.0)
    assert "4711" not in str(caught.value)


def test_a_step_that_fails_leaves_nothing_of_itself(ledger: Ledger) -> None:
    good, bad = incident("good"), incident("bad", inputs={"when": object()})
    with pytest.raises((LedgerError, TypeError), match="JSON"):
        ledger.open_episodes([good, bad], 1.0)
    assert ledger.episodes() == []


def test_a_preview_begins_as_the_ledger_and_changes_nothing_in_it(url: str, ledger: Ledger, tmp_path: Path) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.heard("lab", "http://am", {"firing": 1}, 100.0)
    (tmp_path / "elsewhere").mkdir()
    before = everything(tmp_path)
    scratch = Ledger.scratch_copy(url, str(tmp_path / "elsewhere/scratch.db"))
    assert scratch.episode(episode) == ledger.episode(episode)
    assert scratch.timeline(episode) == ledger.timeline(episode)
    assert scratch.standings(["hetzner"], 0.0) == ledger.standings(["hetzner"], 0.0)
    assert scratch.last_answer("lab") == ledger.last_answer("lab")
    assert scratch.consume(permit, "hetzner", 110.0).state == "begun"
    assert ledger.mitigation(permit).state == "issued"
    now = everything(tmp_path)
    assert {name: now[name] for name in before} == before


def test_a_preview_leaves_the_cases_of_closed_episodes_behind(url: str, ledger: Ledger, tmp_path: Path) -> None:
    done, going_on = opened(ledger, "s1", "done"), opened(ledger, "s1", "going_on")
    for episode in (done, going_on):
        case = {"id": episode, "target": "t", "runbook": "r", "outcome": "healed", "opened_at": 1.0}
        ledger.save_case(case, 100.0)
    ledger.close_episode(done, "healed", "s1", 100.0)
    scratch = Ledger.scratch_copy(url, str(tmp_path / "scratch.db"))
    assert scratch.case(done) is None
    assert scratch.timeline(done) == []
    assert scratch.episode(done).state == "closed"
    assert scratch.case(going_on) is not None


def test_a_preview_without_a_ledger_is_empty_and_makes_none(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    scratch = Ledger.scratch_copy(f"sqlite:///{tmp_path}/state/ledger.db", str(tmp_path / "scratch/ledger.db"))
    assert scratch.episodes() == []
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


def test_a_preview_never_goes_into_a_file_that_is_there(sqlite_url: str, tmp_path: Path) -> None:
    Ledger.open(sqlite_url)
    with pytest.raises(LedgerError, match="exists"):
        Ledger.scratch_copy(sqlite_url, str(tmp_path / "ledger.db"))


def test_a_preview_holds_what_the_real_ledger_would_hold(url: str, ledger: Ledger, tmp_path: Path) -> None:
    busy = opened(ledger, "s1")
    permitted(ledger, busy, "s1")
    scratch = Ledger.scratch_copy(url, str(tmp_path / "scratch.db"))
    other = opened(scratch, "s2", alertname="OtherAlert")
    assert "is held by s1" in getattr(asked(scratch, other, "s2"), "reason", "")


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_in_postgresql(table: sa.Table) -> None:
    statement = sa.schema.CreateTable(table).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    assert str(statement).strip().startswith("CREATE TABLE")


def test_what_is_pure_does_not_import_the_database_library() -> None:
    names = "ledger.values", "ledger.binding", "ledger.storable", "gate"
    prefix = "ansible_collections.oncall.remedy.plugins.plugin_utils."
    program = "import sys\n" + "".join(f"import {prefix}{name}\n" for name in names)
    program += "sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

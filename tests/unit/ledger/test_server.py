# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A database server that goes away, comes back, or takes sides between two steps: nothing is lost or done twice."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import connect, opening, schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.engines import engine_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Departure,
    Held,
    LedgerError,
    LedgerMissing,
    Mitigation,
    PermitRefused,
    StepRefused,
)
from tests.support.postgres import Postgres
from tests.unit.ledger.helpers import at_once, events, incident, intent, opened


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of the test's own, which may be stopped."""
    with Postgres() as own:
        yield own


@contextlib.contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Goes on beside the test; what it returned is in the list afterwards."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    yield answers
    thread.join()


def wants_to_connect(patched: pytest.MonkeyPatch) -> threading.Event:
    """Is set when somebody has tried in vain to reach the server."""
    tried = threading.Event()
    pause = time.sleep

    def sleep(seconds: float) -> None:
        tried.set()
        pause(seconds)

    patched.setattr(time, "sleep", sleep)
    return tried


def test_a_step_waits_for_a_server_that_is_started_anew(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open(server.new_database())
    ledger.open_episode(incident("before"), 1.0)
    server.stop()
    tried = wants_to_connect(monkeypatch)
    with meanwhile(lambda: ledger.open_episode(incident("after"), 2.0).target) as answers:
        assert tried.wait(60)
        server.start()
    assert answers == ["after"]
    assert sorted(one.target for one in ledger.episodes()) == ["after", "before"]


def test_a_ledger_is_opened_as_soon_as_its_server_is_back(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.new_database()
    Ledger.open(url).open_episode(incident(), 1.0)
    server.kill()
    tried = wants_to_connect(monkeypatch)
    with meanwhile(lambda: len(Ledger.open(url).episodes())) as answers:
        assert tried.wait(60)
        server.start()
    assert answers == [1]


def test_a_server_that_stays_away_is_an_error_that_names_it_and_no_password(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.new_database().replace("remedy@", "remedy:hunter2@")
    ledger = Ledger.open(url)
    server.stop()
    monkeypatch.setattr(connect, "REACH_WITHIN", 0.5)
    for use in (lambda: ledger.open_episode(incident(), 1.0), ledger.episodes, lambda: Ledger.open(url)):
        with pytest.raises(LedgerError, match=r"the ledger at postgresql\+psycopg://remedy:\*\*\*@") as caught:
            use()
        assert "hunter2" not in str(caught.value)
    server.start()
    assert ledger.episodes() == []


def once(ledger: Ledger, event: str, work: Callable[[], None]) -> list[bool]:
    """Does ``work`` when the event happens for the first time in a writing transaction; returns whether it did."""
    done: list[bool] = []

    def happens(*arguments: Any) -> None:
        if not done and arguments[0].get_execution_options().get(connect.WRITES):
            done.append(True)
            work()

    sa.event.listen(ledger._engine, event, happens)
    return done


def test_a_step_whose_connection_breaks_before_its_commit_runs_again(server: Postgres) -> None:
    ledger = Ledger.open(server.new_database())
    broke = once(ledger, "after_cursor_execute", server.restart)
    episode = ledger.open_episode(incident(), 1.0)
    assert broke
    assert [one.id for one in ledger.episodes()] == [episode.id]
    assert events(ledger, episode.id) == ["opened"]


def test_a_step_whose_connection_breaks_in_its_commit_is_an_error_and_not_repeated(server: Postgres) -> None:
    ledger = Ledger.open(server.new_database())
    broke = once(ledger, "commit", server.restart)
    with pytest.raises(LedgerError, match="nobody knows whether it was written"):
        ledger.open_episode(incident(), 1.0)
    assert broke
    assert len(ledger.open_episodes([incident()], 2.0)) == 1
    assert len(ledger.episodes()) == 1


def test_what_was_committed_survives_the_death_of_the_server(server: Postgres) -> None:
    url = server.new_database()
    ledger = Ledger.open(url)
    episode = opened(ledger, "s1")
    permit = ledger.issue_permit(intent(ledger, episode, "s1"), 100.0)
    assert isinstance(permit, Mitigation)
    ledger.consume(permit.permit, "hetzner", 110.0)
    before = ledger.standings(["hetzner"], 0.0), ledger.timeline(episode)
    server.kill()
    server.start()
    assert (ledger.standings(["hetzner"], 0.0), ledger.timeline(episode)) == before


def lock_both(url: str, first: str, second: str, barrier_key: int) -> int:
    """Changes two rows in the given order, both processes having changed their first before either goes on."""
    ledger = Ledger.open(url)
    attempts = 0

    def work(connection: sa.Connection) -> int:
        nonlocal attempts
        attempts += 1
        rows = schema.conditions
        for name in (first, second):
            connection.execute(sa.update(rows).where(rows.c.name == name).values(changed_at=rows.c.changed_at + 1))
            if attempts == 1 and name == first:
                _wait_for_the_other(connection, barrier_key)
        return attempts

    return ledger._run(work, writes=True)


def _wait_for_the_other(connection: sa.Connection, key: int) -> None:
    """Until two sessions share an advisory lock of this number."""
    connection.execute(sa.text("SELECT pg_advisory_lock_shared(:key)"), {"key": key})
    while True:
        count = connection.execute(
            sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :key"), {"key": key}
        )
        if count.scalar_one() >= 2:
            return


def test_of_two_steps_that_wait_for_each_other_one_runs_again_and_both_are_done(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url)
    for name in ("a", "b"):
        ledger.set_condition(name, 1, 0.0)
    attempts = at_once(lock_both, [(postgres_url, "a", "b", 7), (postgres_url, "b", "a", 7)])
    assert sorted(attempts) == [1, 2]
    with ledger._transaction(writes=False) as connection:
        assert set(connection.scalars(sa.select(schema.conditions.c.changed_at))) == {2.0}


def test_a_reading_step_cannot_write_whatever_it_tries(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url)

    def tries(connection: sa.Connection) -> None:
        connection.execute(schema.conditions.insert().values(name="x", value=1, changed_at=0.0))

    with pytest.raises(LedgerError, match="read-only transaction"):
        ledger._run(tries, writes=False)


def test_reading_a_database_without_a_ledger_makes_none(postgres_url: str) -> None:
    with pytest.raises(LedgerMissing, match="is not a ledger"):
        Ledger.open(postgres_url, read_only=True)
    assert sa.inspect(engine_for(postgres_url)).get_table_names() == []


def test_a_birth_that_fails_half_way_leaves_no_table(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(opening, "_stamp", full)
        with pytest.raises(LedgerError, match="no space left"):
            Ledger.open(postgres_url)
    assert sa.inspect(engine_for(postgres_url)).get_table_names() == []
    Ledger.open(postgres_url)


def test_a_user_who_may_only_read_can_look_and_preview(server: Postgres, tmp_path: Path) -> None:
    """What a preview or a status runs as, where the administrator is careful."""
    url = server.new_database()
    episode = opened(Ledger.open(url), "s1")
    with engine_for(url).begin() as connection:
        connection.execute(sa.text("CREATE ROLE reader LOGIN"))
        connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    as_reader = url.replace("remedy@", "reader@")
    assert Ledger.open(as_reader, read_only=True).episode(episode).target == "hetzner"
    scratch = Ledger.scratch_copy(as_reader, str(tmp_path / "scratch.db"))
    assert scratch.episode(episode).target == "hetzner"
    with pytest.raises(LedgerError, match="permission denied"):
        Ledger.open(as_reader).open_episode(incident("other"), 1.0)


@pytest.mark.parametrize("url", ["postgresql:///", "postgresql+psycopg:///"])
def test_a_url_needs_no_driver_and_what_it_says_itself_wins(url: str, postgres_url: str) -> None:
    parsed = sa.make_url(postgres_url)
    named = f"{url}{parsed.database}?host={parsed.query['host']}&user=remedy&application_name=mine"
    engine = engine_for(named)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SHOW application_name")).scalar_one() == "mine"
        assert connection.execute(sa.text("SHOW lock_timeout")).scalar_one() == "30s"
        assert connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "30s"
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger.open(named, read_only=True)


def test_a_reading_step_sees_one_moment(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url)
    with ledger._transaction(writes=False) as connection:
        rows = sa.select(sa.func.count()).select_from(schema.episodes)
        before = connection.execute(rows).scalar_one()
        ledger.open_episode(incident(), 1.0)
        assert connection.execute(rows).scalar_one() == before


# ---- many sweeps


def sweep_all(url: str, targets: list[str]) -> list[str]:
    """One whole sweep over the same alerts as everybody else; returns what it mended."""
    ledger = Ledger.open(url)
    sweep = ledger.start_sweep("h", 1, ledger.now())
    now = ledger.now()
    found = ledger.open_episodes([incident(target, starts_at=1.0) for target in targets], now)
    mine = ledger.claim_many([one.id for one in found], sweep, now + 600, now)
    work = [one for one in found if one.id in mine and one.state != "closed"]
    shared = {name: standing.fence for name, standing in ledger.standings(["host1", "host2"], 0.0).items()}
    intents = []
    for one in work:
        beneath = (
            {f"host{1 + len(one.target) % 2}": shared[f"host{1 + len(one.target) % 2}"]} if "g" in one.target else {}
        )
        intents.append(intent(ledger, one.id, sweep, one.target, now, beneath_seen=beneath, cohort="all", at_once=1000))
    mended, departures = [], []
    for one, answer in zip(work, ledger.issue_permits(intents, now), strict=True):
        if isinstance(answer, Held):
            departures.append(Departure(one.id, "waiting", "held", "held", now))
            continue
        try:
            ledger.consume(answer.permit, one.target, ledger.now())
        except (PermitRefused, StepRefused):
            continue
        ledger.finished(answer.permit, "done", {}, ledger.now(), by=sweep)
        mended.append(one.target)
        departures.append(Departure(one.id, "closed", "healed", echo_until=now + 1e6))
    assert ledger.leave(departures, sweep, ledger.now()) == {}
    ledger.finish_sweep(sweep, {}, ledger.now())
    return mended


def sweep_until_done(url: str, targets: list[str]) -> list[str]:
    """Sweeps until nothing is open any more."""
    mended: list[str] = []
    ledger = Ledger.open(url)
    for _ in range(200):
        mended += sweep_all(url, targets)
        if not ledger.episodes():
            return mended
    raise AssertionError(f"still open: {ledger.episodes()}")


def test_of_many_sweeps_over_the_same_alerts_each_incident_is_mended_once(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url)
    targets = [*(f"t{number}" for number in range(30)), "g1", "g2", "g11", "g12"]
    ledger.open_episodes([incident(target, starts_at=1.0) for target in targets], ledger.now())
    mended = at_once(sweep_until_done, [(postgres_url, targets)] * 4)
    assert sorted(target for each in mended for target in each) == sorted(targets)
    assert ledger.unfinished() == []
    with ledger._transaction(writes=False) as connection:
        held = connection.scalars(sa.select(schema.leases.c.target).where(schema.leases.c.released_at.is_(None)))
        assert list(held) == []

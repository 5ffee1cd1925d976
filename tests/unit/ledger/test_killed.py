# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A sweep that is killed (SIGKILL) at any statement it sends to the database, and the sweep that comes after it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from tests.support.postgres import Postgres
from tests.unit.ledger.helpers import incident, intent

LATER = 10_000.0
"""When the next sweep comes: what the dead one held has run out."""


def mend(ledger: Ledger, target: Path, sweep: str, now: float) -> None:
    """A sweep as the ledger sees it. The mitigation is a line added to the file ``target``: each can be counted."""
    episode = ledger.open_episode(incident(starts_at=50.0), now)
    if episode.state == "closed" or not ledger.claim(episode.id, sweep, now + 600, now):
        return
    for unfinished in ledger.unfinished(episode=episode.id):
        if unfinished.state == "begun":
            done = unfinished.permit in target.read_text().split()
            ledger.finished(unfinished.permit, "interrupted", {"changed": done}, now)
    done = any(one.permit in target.read_text().split() for one in ledger.mitigations(episode.id))
    if not done:
        answer = ledger.issue_permit(intent(ledger, episode.id, sweep, now=now), now)
        assert isinstance(answer, Mitigation), answer
        ledger.consume(answer.permit, "hetzner", now + 1)
        with target.open("a") as file:
            file.write(f"{answer.permit}\n")
        ledger.finished(answer.permit, "done", {"changed": True}, now + 2)
    ledger.save_case({"id": episode.id, "target": "t", "runbook": "r", "outcome": "healed", "opened_at": now}, now + 3)
    ledger.escalate(episode.id, 0, "platform", "for the record", now + 3)
    ledger.close_episode(episode.id, "healed", sweep, now + 3, echo_until=1e9)


def mend_until_killed(url: str, target: Path, statement: int) -> None:
    """``mend``, killed before the given statement. BEGIN and COMMIT count."""
    ledger = Ledger.open(url)
    sent = 0

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(ledger._engine, "before_cursor_execute", count)
    sa.event.listen(ledger._engine, "commit", count)
    mend(ledger, target, "dying", 100.0)


def killed_at(statement: int, url: str, target: Path) -> bool:
    """Whether the sweep was killed there (else it had come to its end before)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([Ledger.__module__])
    process = context.Process(target=mend_until_killed, args=(url, target, statement))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@contextlib.contextmanager
def sqlite_in(folder: Path) -> Iterator[str]:
    """A place for a ledger in a file."""
    yield f"sqlite:///{folder}/ledger.db"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_at_any_statement_the_next_sweep_ends_healed_with_one_mitigation(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Postgres | None = request.getfixturevalue("postgres") if database == "postgresql" else None
    statement = 0
    killed = True
    while killed:
        statement += 1
        folder = tmp_path / str(statement)
        folder.mkdir()
        target = folder / "target"
        target.touch()
        with server.database() if server else sqlite_in(folder) as url:
            Ledger.open(url)
            killed = killed_at(statement, url, target)
            ledger = Ledger.open(url)
            mend(ledger, target, "next", LATER)
            check_the_end(ledger, target, f"killed before statement {statement}")
    assert statement > 40


def check_the_end(ledger: Ledger, target: Path, where: str) -> None:
    """Nothing lost, nothing done twice, no lock left."""
    assert ledger.episodes() == [], where
    assert ledger.unfinished() == [], where
    assert len(target.read_text().split()) == 1, where
    (case,) = ledger.cases()
    assert len(ledger.escalations(case["id"])) == 1, where
    lease = ledger.lease("hetzner")
    assert lease is not None, where
    assert not lease.held(LATER + 10), where
    begun = [one for one in ledger.mitigations(case["id"]) if one.began_at is not None]
    assert sum(bool(one.result and one.result["changed"]) for one in begun) == 1, where

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Short ways to what the tests of the ledger need again and again. Times are small numbers: the ledger has no clock."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Held, Incident, Intent, Mitigation

RESTART = "oncall.remedy.traefik.restart DaemonSet/traefik/traefik"


def incident(target: str = "hetzner", **more: Any) -> Incident:
    """TraefikDown on a target."""
    return Incident(
        **{"source": "lab", "target": target, "runbook": "traefik_down", "alertname": "TraefikDown", **more}
    )


def opened(ledger: Ledger, sweep: str, target: str = "hetzner", now: float = 100.0, **more: Any) -> str:
    """The id of an episode that ``sweep`` has opened and claimed."""
    episode = ledger.open_episode(incident(target, **more), now).id
    assert ledger.claim(episode, sweep, now + 600, now)
    return episode


def intent(
    ledger: Ledger, episode: str, sweep: str, target: str = "hetzner", now: float = 100.0, **more: Any
) -> Intent:
    """To restart Traefik, on the picture that the ledger gives now. Usable for 60 s, holds the target for 300 s."""
    fields: dict[str, Any] = {
        "remedy": RESTART,
        "plan": {"mitigation": "restart", "arguments": {"namespace": "traefik"}},
        "plan_hash": "p",
        "evidence_hash": "e",
        "expires_at": now + 60,
        "hold_for": 300.0,
        "fence_seen": ledger.standings([target], 0.0)[target].fence,
    }
    return Intent(episode=episode, target=target, owner=sweep, **{**fields, **more})


def asked(ledger: Ledger, episode: str, sweep: str, target: str = "hetzner", now: float = 100.0) -> Mitigation | Held:
    """What comes of asking for a permit."""
    return ledger.issue_permit(intent(ledger, episode, sweep, target, now), now)


def permitted(ledger: Ledger, episode: str, sweep: str, target: str = "hetzner", now: float = 100.0) -> str:
    """The name of a permit that was given."""
    answer = asked(ledger, episode, sweep, target, now)
    assert isinstance(answer, Mitigation), answer
    return answer.permit


def events(ledger: Ledger, episode: str) -> list[str]:
    """The words of the timeline."""
    return [line.event for line in ledger.timeline(episode)]


def everything_in(ledger: Ledger) -> str:
    """All rows of all tables as text."""
    with ledger._transaction(writes=False) as connection:
        return "\n".join(
            str(row) for table in schema.metadata.sorted_tables for row in connection.execute(table.select())
        )


def at_once(work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Runs ``work`` in one real process for each call, all let go at the same moment; returns what each returned."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([Ledger.__module__])
    start = context.Barrier(len(calls))
    answers = context.SimpleQueue()
    processes = [context.Process(target=_racer, args=(start, answers, n, work, call)) for n, call in enumerate(calls)]
    for process in processes:
        process.start()
    found = dict(answers.get() for _ in processes)
    for process in processes:
        process.join()
    return [found[number] for number in range(len(calls))]


def _racer(start: Any, answers: Any, number: int, work: Callable[..., Any], call: tuple[Any, ...]) -> None:
    answer: Any = "did not start"
    try:
        start.wait(60)
        answer = work(*call)
    except BaseException as error:
        answer = error
        raise
    finally:
        answers.put((number, answer))

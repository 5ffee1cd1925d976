# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's own failure is told on a path that needs neither the ledger nor the cluster: files, and the channels.

A sweep that fails every minute calls once an hour. The call is in its file before it is sent: whoever dies in between
leaves it to the next run.
"""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import lanes, message, retry
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Policy
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Undelivered, deliver
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.spool import FOLDER, Failure, Spool
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import listed, plural, span

QUIET = 3600.0
"""Seconds for which the same failure is not called about again."""
KIND = 100
"""Characters of the word for a kind of failure: it is part of a key, which PagerDuty takes up to 255 of."""
SECONDS = 20.0
"""No call takes longer, by however many channels."""


def engine_failed(policy: Policy, state_dir: str | Path, what: str, why: str, now: float) -> str:
    """Tells the engine's owner that ``what`` (such as "the sweep"; one call for each) has failed, and ``why``.

    Returns a line for the output: who was told, or why not. What could not be sent stays in ``state_dir`` for
    ``retry_spooled``. Raises nothing: it is called where something has gone wrong already.
    """
    what = storable_text(what)[:KIND]
    key = f"oncall-remedy/engine/{socket.gethostname()}/{what}"
    fresh = Failure(key, what, storable_text(why), since=now, times=1)
    spool = Spool(state_dir)
    try:
        with spool.locked():
            seen = _seen(spool.find(key), fresh)
            if now < seen.called_at + QUIET and (seen.missing or seen.reached):
                if not seen.missing or now < seen.due_at:
                    spool.keep(seen)
                    return _quiet(seen, now)
            else:
                seen = dataclasses.replace(seen, called_at=now, missing=_channels(policy), attempts=0, errors=())
            return _told(_call(policy, spool, seen, now), policy)
    except OSError as error:
        # Better called every minute than never: PagerDuty knows a call that it has got already.
        told = _told(_sent(policy, dataclasses.replace(fresh, missing=_channels(policy)), now), policy)
        return f"{told} ({state_dir} cannot be used: {error.strerror or error}; it will be told again every time)"


def _seen(known: Failure | None, fresh: Failure) -> Failure:
    """What is known, seen once more. One that was over begins anew; who has heard of it before still has."""
    if known is None:
        return fresh
    if known.over_at:
        return dataclasses.replace(fresh, reached=known.reached, called_at=-QUIET)
    return dataclasses.replace(known, why=fresh.why, times=known.times + 1)


def retry_spooled(policy: Policy, state_dir: str | Path, now: float) -> list[str]:
    """Sends what an earlier run could not, when its time has come; a line for each. Raises nothing."""
    return _each(state_dir, lambda spool, one: _retry(policy, spool, one, now))


def engine_recovered(policy: Policy, state_dir: str | Path, now: float) -> list[str]:
    """A sweep has come through: whoever was told of a failure is told that it is over. Raises nothing."""
    return _each(state_dir, lambda spool, one: _recover(policy, spool, one, now))


def _each(state_dir: str | Path, work: Callable[[Spool, Failure], str]) -> list[str]:
    spool = Spool(state_dir)
    if not (Path(state_dir) / FOLDER).is_dir():
        return []
    try:
        with spool.locked():
            return [line for one in spool.all() if (line := work(spool, one))]
    except OSError as error:
        return [f"{state_dir} cannot be used: {error.strerror or error}"]


def _retry(policy: Policy, spool: Spool, one: Failure, now: float) -> str:
    """Calls by what is missing: where the inventory names other channels by now, by those."""
    if one.over_at:
        return _recover(policy, spool, one, now)
    missing = tuple(name for name in _channels(policy) if name not in one.reached)
    if now < one.due_at or not missing or not (one.missing or not one.reached):
        return ""
    return _told(_call(policy, spool, dataclasses.replace(one, missing=missing), now), policy)


def _recover(policy: Policy, spool: Spool, one: Failure, now: float) -> str:
    """Those whom the call has reached hear that it is over; who never heard of it need not."""
    reached = tuple(name for name in one.reached if name in policy.channels)
    if reached and (one.over_at and now < one.due_at):
        return ""
    told = message.engine_well(one.key, one.what, socket.gethostname(), one.since, now)
    arrived, errors, later = _deliver(policy, reached, told)
    left = tuple(name for name in reached if name not in arrived)
    if not left:
        spool.drop(one)
        return f"{one.what} works again" + (f"; {listed(arrived)} was told" if arrived else "")
    attempts = one.attempts + 1 if one.over_at else 0
    due_at = now + retry.pause(attempts, later)
    spool.keep(
        dataclasses.replace(
            one, reached=left, over_at=one.over_at or now, attempts=attempts, due_at=due_at, errors=errors
        )
    )
    return f"{one.what} works again; not told yet: {'; '.join(errors)}"


def _call(policy: Policy, spool: Spool, one: Failure, now: float) -> Failure:
    """Sends what is missing. The attempt is in the file before, the outcome after it."""
    attempt = dataclasses.replace(one, attempts=one.attempts + 1, due_at=now + retry.pause(one.attempts))
    spool.keep(attempt)
    done = _sent(policy, attempt, now)
    spool.keep(done)
    return done


def _sent(policy: Policy, one: Failure, now: float) -> Failure:
    told = message.engine(one.key, one.what, one.why, socket.gethostname(), one.since, one.times, now)
    arrived, errors, later = _deliver(policy, one.missing, told)
    return dataclasses.replace(
        one,
        missing=tuple(name for name in one.missing if name not in arrived),
        reached=tuple(dict.fromkeys([*one.reached, *arrived])),
        due_at=max(one.due_at, now + later),
        errors=errors,
    )


def _deliver(
    policy: Policy, names: Sequence[str], told: message.Message
) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """(channels by which it arrived, why not by the others, seconds that one of those asks to wait)."""
    arrived: list[str] = []
    failures: dict[str, Undelivered] = {}
    lock = threading.Lock()

    def work(name: str, _item: str, seconds: float) -> bool:
        try:
            deliver(policy.channels[name], told, seconds)
        except Undelivered as failure:
            with lock:
                failures[name] = failure
        else:
            with lock:
                arrived.append(name)
        return True

    hanging = lanes.carry({name: [name] for name in names if name in policy.channels}, work, len(names) or 1, SECONDS)
    with lock:
        reasons = {name: failure.reason for name, failure in failures.items()}
        reasons |= {name: f"no answer within {span(SECONDS)}" for name in hanging if name not in arrived}
        later = max((failure.later for failure in failures.values()), default=0.0)
        return tuple(sorted(arrived)), tuple(f"{name}: {why}" for name, why in sorted(reasons.items())), later


def _channels(policy: Policy) -> tuple[str, ...]:
    return policy.addressed(policy.engine, 1) if policy.engine else ()


def _told(one: Failure, policy: Policy) -> str:
    if not _channels(policy):
        return "nobody can be told that the engine failed: remedy_engine_escalation names nobody with a channel"
    if not one.missing:
        return f"{policy.engine} was told that the engine failed, by {listed(one.reached)}"
    kept = f"; tried again in {span(retry.pause(one.attempts - 1))}" if one.attempts else ""
    return f"{policy.engine} could not be told that the engine failed: {'; '.join(one.errors)}{kept}"


def _quiet(one: Failure, now: float) -> str:
    seen = f"{one.what} has failed {plural(one.times, 'time')} in {span(now - one.since)}"
    if one.missing:
        return f"{seen}; not told yet by {listed(one.missing)}, tried again in {span(one.due_at - now)}"
    return f"{seen}; called about {span(now - one.called_at)} ago, and again after {span(QUIET)}"

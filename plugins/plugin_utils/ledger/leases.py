# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Leases: the lock of one physical target, with an expiry for the dead and a fencing number against the late.

At most one episode may change a target at a time. A lease outlasts the task under it, because a task may outlive the
controller that started it. Each new holder gets the next number; what was permitted under an older one is refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, lock, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    LEASE_MAX,
    Entry,
    Held,
    Lease,
    LedgerError,
)

L = schema.leases.c
_FIELDS = [schema.leases.c[field.name] for field in dataclasses.fields(Lease)]


def read_leases(connection: sa.Connection, targets: Sequence[str]) -> dict[str, Lease]:
    """The latest lease of each target that ever had one, held or not."""
    found = {}
    for some in chunks(targets):
        for row in connection.execute(sa.select(*_FIELDS).where(L.target.in_(some))):
            found[row.target] = Lease(**row._mapping)
    return found


def next_lease(
    former: Lease | None,
    target: str,
    episode: str,
    owner: str,
    until: float,
    now: float,
    fence_seen: int | None = None,
) -> Lease | Held:
    """The lease that follows on the former one of a target, or why there is none; see ``Leases.acquire``. Pure."""
    if not now < until <= now + LEASE_MAX:
        raise ValueError(f"a lease lasts more than 0 and at most {LEASE_MAX:.0f} seconds")
    if fence_seen is not None and fence_seen != (former.fence if former else 0):
        return Held(target, f"somebody else has held the lease of {target} since this was decided")
    if former is None:
        return Lease(target, 1, owner, episode, now, until)
    if not former.held(now):
        return Lease(target, former.fence + 1, owner, episode, now, until)
    if (former.owner, former.episode) != (owner, episode):
        return Held(target, why_held(former, now))
    return dataclasses.replace(former, expires_at=max(until, former.expires_at))


def write_leases(connection: sa.Connection, changes: Sequence[tuple[Lease | None, Lease]], now: float) -> None:
    """Puts each lease in the place of its former one, within the step of the caller, which has locked and read these.
    One that ran out without being given back is taken over, and both timelines say so."""
    fresh = [dataclasses.asdict(lease) for former, lease in changes if former is None]
    if fresh:
        connection.execute(schema.leases.insert(), fresh)
    known = [(former, lease) for former, lease in changes if former is not None]
    if known:
        changed = connection.execute(
            sa.update(schema.leases)
            .where(L.target == sa.bindparam("_target"), L.fence == sa.bindparam("_fence"))
            .values({name: sa.bindparam(f"new_{name}") for name in dataclasses.asdict(known[0][1])}),
            [
                {"_target": former.target, "_fence": former.fence}
                | {f"new_{name}": value for name, value in dataclasses.asdict(lease).items()}
                for former, lease in known
            ],
        )
        if changed.rowcount != len(known):
            raise LedgerError("a lease that was locked has changed")
    taken_over = [(former, lease) for former, lease in known if _ran_out(former, lease)]
    tell_all(connection, [line for former, lease in taken_over for line in _takeover(former, lease, now)])


def _ran_out(former: Lease, lease: Lease) -> bool:
    return former.released_at is None and lease.fence != former.fence


def why_held(lease: Lease, now: float) -> str:
    """Who holds a target and for how long, in words."""
    words = f"{lease.target} is held by {lease.owner} for episode {lease.episode[:8]}"
    if lease.expires_at > now + LEASE_MAX:
        return f"{words}, until further in the future than any lease lasts: a clock is or was wrong"
    return f"{words}, for at most {lease.expires_at - now:.0f} s more"


def _takeover(former: Lease, lease: Lease, now: float) -> list[Entry]:
    detail = {"target": lease.target, "from": former.owner, "to": lease.owner, "fence": lease.fence}
    late = f"{now - former.expires_at:.0f} s after it ran out"
    lines = [Entry(lease.episode, now, "assess", f"lease taken over from {former.owner}, {late}", detail)]
    if former.episode != lease.episode:
        lines.append(Entry(former.episode, now, "assess", f"lease taken over by {lease.owner}, {late}", detail))
    return lines


class Leases(Store):
    """Taking, lengthening and giving back."""

    @step
    def acquire(
        self,
        connection: sa.Connection,
        target: str,
        episode: str,
        owner: str,
        ttl: float,
        now: float,
        fence_seen: int | None = None,
    ) -> Lease | Held:
        """The lease of a target for ``ttl`` seconds, or why not. The holder asking again lengthens it (same fence).

        With ``fence_seen`` (of a ``Standing``) it is only given if nobody has held the target since that was read. One
        that ran out without being given back is taken over, which stands in the timeline of both episodes. Dying
        before: as it was; after: the target is locked until the lease runs out.
        """
        lock(connection, L.target, [target])
        former = read_leases(connection, [target]).get(target)
        lease = next_lease(former, target, episode, owner, now + ttl, now, fence_seen)
        if isinstance(lease, Lease):
            write_leases(connection, [(former, lease)], now)
        return lease

    @step
    def release(self, connection: sa.Connection, target: str, fence: int, now: float) -> bool:
        """Gives a lease back; false if it is no longer this one. Dying before: it runs out by itself."""
        changed = connection.execute(
            sa.update(schema.leases)
            .where(L.target == target, L.fence == fence, L.released_at.is_(None))
            .values(released_at=now)
        )
        return changed.rowcount == 1

    @look
    def lease(self, connection: sa.Connection, target: str) -> Lease | None:
        """The latest lease of a target, held or not (``Lease.held(now)``), or None if it never had one."""
        return read_leases(connection, [target]).get(target)

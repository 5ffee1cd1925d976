# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Earned autonomy: how a remedy's proposals and heals on a target turned out, and what follows. Pure.

The engine takes trust away by itself and never gives it: who may act is said by a human, in the inventory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Mitigation, Relapse, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import plural

ENOUGH = 3
"""Approved heals that have to hold after one that did not."""

PROMOTED_AFTER = 5
"""Good endings in a row, the last ones, after which a remedy could be trusted with more."""

_BAD = frozenset({"not_healed", "cannot_tell", "failed", "interrupted"})


@dataclasses.dataclass(frozen=True)
class Demotion:
    """A heal that did not hold, and how many approved heals have held since."""

    relapse: Relapse
    held: int


def demotion(standing: Standing, remedy: str, trusted_since: float, must_hold: float, now: float) -> Demotion | None:
    """The demotion of a remedy on the standing's target, or None.

    The latest heal that did not hold counts, unless a human has trusted the remedy again after it. It is made up for by
    ENOUGH approved heals, each of which has outlasted ``must_hold`` seconds.
    """
    relapses = [one for one in standing.relapses if one.remedy == remedy and one.back_at >= trusted_since]
    if not relapses:
        return None
    latest = max(relapses, key=lambda one: one.back_at)
    held = sum(
        1
        for one in standing.history
        if one.remedy == remedy
        and one.approval
        and one.verified == "healed"
        and one.ended_at is not None
        and latest.back_at <= one.ended_at <= now - must_hold
    )
    return Demotion(latest, held) if held < ENOUGH else None


@dataclasses.dataclass(frozen=True)
class Record:
    """How one remedy did on one target.

    ``proposed`` and ``asked`` count what was put before a human, ``approved`` and ``rejected`` the answers.
    ``resolved`` went away without the engine's hand. ``healed``, ``not_healed`` (also failed, interrupted, or not to be
    told) and ``relapsed`` count what was done. ``suggestion`` is for a human, or empty.
    """

    target: str
    remedy: str
    proposed: int
    asked: int
    approved: int
    rejected: int
    resolved: int
    healed: int
    not_healed: int
    relapsed: int
    suggestion: str


def track_record(
    mitigations: Iterable[Mitigation],
    approvals: Iterable[Approval],
    relapses: Iterable[Relapse],
    now: float,
    must_hold: float,
    trusted_since: Mapping[str, float] | None = None,
) -> list[Record]:
    """Counts per target and remedy, in that order. ``trusted_since`` is by target, in Unix seconds."""
    done: dict[tuple[str, str], list[Mitigation]] = {}
    shown: dict[tuple[str, str], list[Approval]] = {}
    fallen: dict[tuple[str, str], list[Relapse]] = {}
    for mitigation in mitigations:
        if mitigation.began_at is not None and not mitigation.undoes:
            done.setdefault((mitigation.target, mitigation.remedy), []).append(mitigation)
    for approval in approvals:
        shown.setdefault((approval.target, approval.remedy), []).append(approval)
    for relapse in relapses:
        fallen.setdefault((relapse.target, relapse.remedy), []).append(relapse)
    since = trusted_since or {}
    return [
        _record(key, done.get(key, []), shown.get(key, []), fallen.get(key, []), now, must_hold, since.get(key[0], 0.0))
        for key in sorted(done.keys() | shown.keys() | fallen.keys())
    ]


def _record(
    key: tuple[str, str],
    done: Sequence[Mitigation],
    shown: Sequence[Approval],
    relapses: Sequence[Relapse],
    now: float,
    must_hold: float,
    trusted_since: float,
) -> Record:
    target, remedy = key
    standing = Standing(target, 0.0, 0, None, (), tuple(done), tuple(relapses))
    fallen = demotion(standing, remedy, trusted_since, must_hold, now)
    return Record(
        target=target,
        remedy=remedy,
        proposed=sum(one.kind == "proposal" for one in shown),
        asked=sum(one.kind == "approval" for one in shown),
        approved=sum(one.state in ("approved", "used") for one in shown),
        rejected=sum(one.state == "rejected" for one in shown),
        resolved=sum(one.outcome == "resolved" for one in shown),
        healed=sum(one.verified == "healed" for one in done),
        not_healed=sum(one.verified in _BAD or one.outcome in _BAD for one in done),
        relapsed=len(relapses),
        suggestion=_suggestion(done, shown, relapses, fallen, now - must_hold),
    )


def _suggestion(
    done: Sequence[Mitigation],
    shown: Sequence[Approval],
    relapses: Sequence[Relapse],
    fallen: Demotion | None,
    proven_until: float,
) -> str:
    """What a human might change in the inventory, on what grounds."""
    if fallen:
        return f"demoted: a heal did not hold; {fallen.held} of {ENOUGH} approved heals have held since"
    fell_at = max((one.back_at for one in relapses), default=0.0)
    approved = sorted(
        (one for one in done if one.approval and one.ended_at is not None and one.ended_at <= proven_until),
        key=lambda one: one.ended_at or 0.0,
    )[-PROMOTED_AFTER:]
    refused_at = max((one.decided_at or 0.0 for one in shown if one.state == "rejected"), default=0.0)
    if len(approved) == PROMOTED_AFTER:
        began = min(one.ended_at or 0.0 for one in approved)
        if all(one.verified == "healed" for one in approved) and began > max(fell_at, refused_at):
            return f"could be act: the last {plural(PROMOTED_AFTER, 'approved heal')} have held"
    if _only_proposed(shown, done):
        return f"could be approve: it was proposed {plural(len(shown), 'time')}, and never more than that"
    return ""


def _only_proposed(shown: Sequence[Approval], done: Sequence[Mitigation]) -> bool:
    over = [one for one in shown if one.kind == "proposal" and one.outcome]
    return len(over) >= PROMOTED_AFTER and len(over) == len([one for one in shown if one.outcome]) and not done

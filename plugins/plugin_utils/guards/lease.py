# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the target and what it stands on are free: nobody else changes them, and nothing that was begun on them is
without an outcome."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    holds_for_now,
    passes,
    span,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LEASE_MAX, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

LEASE = "lease"
UNFINISHED = "nothing unfinished"


def lease(view: GateInput) -> Verdict:
    """Passes if nobody holds the lease of the target or of anything that it stands on, or this sweep does for this very
    episode."""
    mine = False
    for name, standing in _standings(view):
        if standing is None:
            return holds(LEASE, f"it cannot be told who holds {name}: the ledger cannot be read")
        found = standing.lease
        if found is None or not found.held(view.now):
            continue
        if (found.episode, found.owner) == (view.episode, view.sweep):
            mine = True
            continue
        left = found.expires_at - view.now
        if left > LEASE_MAX:
            return holds(LEASE, f"{name} is held for {span(left)} more, longer than any lease: a clock is wrong")
        by = f"held for episode {found.episode[:8]}, for at most {span(left)} more"
        return holds_for_now(LEASE, f"{name} is {by}{_why(view, name)}")
    if mine:
        return passes(LEASE, f"{view.target} is held by this sweep")
    return passes(LEASE, " and ".join([f"{view.target} is free", *_beneath_too(view)]))


def nothing_unfinished(view: GateInput) -> Verdict:
    """Passes if every mitigation that was begun on the target, or on what it stands on, has an outcome. One that has
    none may still be writing, or may have written: somebody has to look first."""
    for name, standing in _standings(view):
        if standing is None:
            return holds(UNFINISHED, f"it cannot be told what was begun on {name}: the ledger cannot be read")
        begun = [one for one in standing.unfinished if one.state == "begun"]
        if begun:
            since = f", {span(view.now - begun[0].began_at)} ago" if begun[0].began_at is not None else ""
            on = f" on {begun[0].target}" if begun[0].target != view.target else ""
            return holds_for_now(
                UNFINISHED, f"{begun[0].remedy} was begun{on}{since} and has no outcome{_why(view, name)}"
            )
    return passes(UNFINISHED, "all that was begun here has an outcome")


def _standings(view: GateInput) -> Iterator[tuple[str, Standing | None]]:
    """The target's, and that of each that it stands on; None where the ledger could not say."""
    yield view.target, view.standing
    for name in view.stands_on:
        yield name, None if view.beneath is None else view.beneath.get(name)


def _why(view: GateInput, name: str) -> str:
    return "" if name == view.target else f" ({view.target} stands on {name})"


def _beneath_too(view: GateInput) -> list[str]:
    return [f"so is what it stands on ({len(view.stands_on)})"] if view.stands_on else []

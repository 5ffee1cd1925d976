# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the same was already done in this very incident: it is still open, so it did not help."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    holds_for_now,
    passes,
    span,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "not tried"


def not_tried(view: GateInput) -> Verdict:
    """Passes if this episode has not seen this remedy yet, however long ago it was. What takes a change back is meant
    to follow it."""
    if view.standing is None:
        return holds(NAME, "it cannot be told what was tried: the ledger cannot be read")
    if view.undoes:
        return passes(NAME, "it takes a change back")
    tried = [one for one in view.standing.history if one.episode == view.episode and one.remedy == view.remedy]
    if not tried:
        return passes(NAME, "not done in this incident before")
    if view.plan.eases:
        return _eased(view, tried)
    ago = f" {span(view.now - tried[-1].began_at)} ago" if tried[-1].began_at is not None else ""
    return holds(NAME, f"done in this incident{ago} ({tried[-1].outcome or 'no outcome'}), and it is still there")


def _eased(view: GateInput, tried: Sequence[Mitigation]) -> Verdict:
    """What eases holds for its cooldown and is renewed then, as long as the incident lasts."""
    done = [one.began_at for one in tried if one.began_at is not None]
    if not done:
        return passes(NAME, "not done in this incident before")
    age = view.now - max(done)
    if age < view.plan.cooldown:
        lasts = span(view.plan.cooldown)
        return holds_for_now(NAME, f"done in this incident {span(age)} ago, and it holds for {lasts}")
    return passes(NAME, f"done in this incident {span(age)} ago, and its time is over: it is renewed")

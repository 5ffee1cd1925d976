# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a human has said yes to just this: mode approve, or a remedy whose last heal did not hold."""

from __future__ import annotations

from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.mode import ModeError, mode_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    is_moment,
    passes,
    short,
    span,
    until,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import CLOCK_TOLERANCE, Approval
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.trust import ENOUGH, Demotion, demotion

NAME = "approval"

Need = Literal["none", "wanted", "unknown"]


def approval(view: GateInput) -> Verdict:
    """Passes if none is needed, or if one was given to this plan on this evidence and may still be used."""
    need, why = _need(view)
    if need != "wanted":
        return passes(NAME, why) if need == "none" else holds(NAME, why)
    found = view.approval
    if not view.approvals_readable:
        return holds(NAME, f"{why}; it cannot be told whether one was given: the ledger cannot be read")
    if found is None or found.kind != "approval":
        return holds(NAME, f"{why}; none was asked for yet")
    if not _fits(found, view):
        return holds(NAME, f"{why}; {found.id[:8]} was about another decision, so it is asked anew")
    return _answered(found, view, why)


def asks(view: GateInput) -> bool:
    """Whether a human can be asked, where nothing but the approval is missing: one is wanted, nobody has said no."""
    if not view.approvals_readable or _need(view)[0] != "wanted":
        return False
    found = view.approval
    return found is None or found.state != "rejected" or not _fits(found, view)


def _need(view: GateInput) -> tuple[Need, str]:
    try:
        mode = mode_of(view.mode, view.plan.risk)
    except ModeError:
        return "unknown", "it cannot be told whether one is needed: remedy_mode cannot be understood"
    if view.undoes:
        return "none", "it takes back what was permitted"
    if mode == "approve":
        return "wanted", f"mode approve for {view.plan.risk} risk"
    if mode != "act":
        return "none", f"mode {mode} needs none"
    if view.standing is None:
        return "unknown", "it cannot be told whether its heals have held: the ledger cannot be read"
    if not is_moment(view.trusted_since) or not is_moment(view.must_hold):
        return "unknown", "it cannot be told whether its heals have held: remedy_trusted_since is no moment"
    if view.trusted_since > view.now + CLOCK_TOLERANCE:
        return "unknown", "remedy_trusted_since lies in the future: nothing can be forgiven in advance"
    fallen = demotion(view.standing, view.remedy, view.trusted_since, view.must_hold, view.now)
    if fallen:
        return "wanted", _demoted(fallen, view.now)
    return "none", "mode act needs none, its heals have held"


def _demoted(fallen: Demotion, now: float) -> str:
    relapse = fallen.relapse
    back = (
        f"it healed {span(now - relapse.healed_at)} ago and came back after {span(relapse.back_at - relapse.healed_at)}"
    )
    return f"needed although the mode is act: {back}; {fallen.held} of {ENOUGH} approved heals have held since"


def _fits(found: Approval, view: GateInput) -> bool:
    """Whether it is about this episode, this plan and what the evidence amounts to now."""
    about = (found.episode, found.target, found.plan_hash, found.evidence_hash)
    return about == (view.episode, view.target, plan_hash(view.plan), evidence_hash(view.diagnosis))


def _answered(found: Approval, view: GateInput, why: str) -> Verdict:
    name = found.id[:8]
    said = f" by {short(found.decided_by, 60)}: {short(found.decided_why)}"
    if found.state == "rejected":
        return holds(NAME, f"{name} was rejected{said}")
    if found.state not in ("waiting", "approved"):
        return holds(NAME, f"{why}; {name} is {found.state}, so it is asked anew")
    if not is_moment(found.expires_at) or found.expires_at is None:
        return holds(NAME, f"{why}; it cannot be told until when {name} may be used")
    if found.expires_at <= view.now:
        return holds(NAME, f"{why}; {name} ran out {span(view.now - found.expires_at)} ago, so it is asked anew")
    if found.state == "waiting":
        return holds(NAME, f"{why}; {name} waits for an answer {until(found.expires_at, view.now)}")
    return passes(NAME, f"{name} was approved{said}")

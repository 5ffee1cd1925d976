# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a human has said yes to just this: mode approve, or a remedy whose last heal did not hold."""

from __future__ import annotations

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


def approval(view: GateInput) -> Verdict:
    """Passes if none is needed, or if one was given to this plan on this evidence and may still be used. A no to just
    this plan holds in every mode."""
    fault = _unreadable(view)
    if fault:
        return holds(NAME, f"it cannot be told: {fault}")
    found = view.approval
    if found is not None and found.state == "rejected" and _fits(found, view):
        return holds(NAME, f"{found.id[:8]} was rejected{_said(found)}")
    wanted, why = _wanted(view)
    if not wanted:
        return passes(NAME, why)
    if found is None or found.kind != "approval":
        return holds(NAME, f"{why}; nobody was asked yet")
    if not _fits(found, view):
        return holds(NAME, f"{why}; {found.id[:8]} was about another decision, so it is asked anew")
    return _answered(found, view, why)


def asks(view: GateInput) -> bool:
    """Whether a human can be asked, where nothing but the approval is missing: one is wanted, nobody has said no."""
    if _unreadable(view) or not _wanted(view)[0]:
        return False
    found = view.approval
    return found is None or found.state != "rejected" or not _fits(found, view)


def used_up(view: GateInput) -> str:
    """The yes that a permit for this plan uses up: one that it needs, or that was given to this very decision. Empty
    where there is none; a yes to another decision is not this plan's."""
    found = view.approval
    if found is None or found.state != "approved":
        return ""
    good = _fits(found, view) and is_moment(found.expires_at) and found.expires_at > view.now
    return found.id if good or _wanted(view)[0] else ""


def _unreadable(view: GateInput) -> str:
    if view.standing is None or view.approvals_readable is not True:
        return "the ledger cannot be read"
    if not (view.approval is None or isinstance(view.approval, Approval)) or not isinstance(view.undoes, str):
        return "what the ledger says makes no sense"
    if not isinstance(view.releases, bool) or (view.releases and not view.undoes):
        return "it ends what eased the incident, and does not say what that was"
    if not is_moment(view.trusted_since) or not is_moment(view.must_hold):
        return "remedy_trusted_since or remedy_must_hold is no time"
    if view.trusted_since > view.now + CLOCK_TOLERANCE:
        return "remedy_trusted_since lies in the future, and nothing can be forgiven in advance"
    try:
        mode_of(view.mode, view.plan.risk)
    except ModeError:
        return "remedy_mode cannot be understood"
    return ""


def _wanted(view: GateInput) -> tuple[bool, str]:
    """Whether one is needed, and why or why not."""
    mode = mode_of(view.mode, view.plan.risk)
    if view.undoes:
        return False, "none is needed: it takes back what was permitted"
    if mode == "approve":
        return True, f"mode approve for {view.plan.risk} risk"
    if mode != "act" or view.standing is None:
        return False, f"mode {mode} needs none"
    fallen = demotion(view.standing, view.remedy, view.trusted_since, view.must_hold, view.now)
    return (True, _demoted(fallen, view.now)) if fallen else (False, "mode act needs none, and its heals have held")


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


def _said(found: Approval) -> str:
    return f" by {short(found.decided_by, 60)}: {short(found.decided_why)}"


def _answered(found: Approval, view: GateInput, why: str) -> Verdict:
    """What an approval of this very decision amounts to now."""
    name = found.id[:8]
    if found.state not in ("waiting", "approved"):
        return holds(NAME, f"{why}; {name} is {found.state}, so it is asked anew")
    if not is_moment(found.expires_at):
        return holds(NAME, f"{why}; it cannot be told until when {name} may be used")
    if found.expires_at <= view.now:
        return holds(NAME, f"{why}; {name} ran out {span(view.now - found.expires_at)} ago, so it is asked anew")
    if found.state == "waiting":
        return holds(NAME, f"{why}; {name} waits for an answer {until(found.expires_at, view.now)}")
    return passes(NAME, f"{name} was approved{_said(found)}")

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has become of the alert since the sweep began: asked anew just before the gate."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.easing import waits_for_the_alert
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds_for_now, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

FIRING = "still firing"
SILENCED = "not silenced"


@waits_for_the_alert(FIRING)
def still_firing(view: GateInput) -> Verdict:
    """Passes while the alert is active, muted or not. A resolved one never mitigates; an absent one may be resolved."""
    if view.alert_state == "not_needed":
        return passes(FIRING, "an operator's run, which needs no alert")
    if view.alert_state in ("firing", "silenced", "inhibited"):
        return passes(FIRING, "its Alertmanager lists it as active")
    if view.alert_state == "resolved":
        return holds_for_now(FIRING, "it has resolved meanwhile")
    if view.alert_state == "gone":
        return holds_for_now(
            FIRING, "its Alertmanager answers and does not list it: resolved, or forgotten in a restart"
        )
    return holds_for_now(FIRING, "it cannot be told: its Alertmanager does not answer")


@waits_for_the_alert(SILENCED)
def not_silenced(view: GateInput) -> Verdict:
    """Passes if nobody has muted the alert. The engine's own silences mute the message and not the engine."""
    others = [silence for silence in view.silenced_by if silence not in view.own_silences]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return holds_for_now(SILENCED, f"silenced by {others[0][:40]}{more}: somebody wants it left alone")
    if view.inhibited_by or view.alert_state == "inhibited":
        by = f" by {view.inhibited_by[0][:40]}" if view.inhibited_by else ""
        return holds_for_now(SILENCED, f"inhibited{by}: another alert explains this one")
    if view.alert_state == "not_needed":
        return passes(SILENCED, "an operator's run, which needs no alert")
    if view.alert_state == "silenced" and not view.silenced_by:
        return holds_for_now(SILENCED, "silenced, and it cannot be told by whom")
    if view.silenced_by:
        return passes(SILENCED, "only by a silence of the engine itself")
    if view.alert_state == "firing":
        return passes(SILENCED, "neither silenced nor inhibited")
    return holds_for_now(SILENCED, "it cannot be told: the alert is not listed")

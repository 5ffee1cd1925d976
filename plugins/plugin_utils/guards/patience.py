# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the alert has fired for long enough: what mends itself within minutes needs no hand."""

from __future__ import annotations

from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.easing import waits_for_the_alert
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    holds_for_now,
    is_moment,
    passes,
    span,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import CLOCK_TOLERANCE
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "patience"

EARLIEST = 1_000_000_000.0
"""September 2001. An alert that is dated before it has no date: 0 is what an empty field turns into."""


def patience_for(setting: Any, alertname: str, default: float) -> float | None:
    """How many seconds an alert has to fire: as the inventory says for all alerts or for this one, else ``default``.

    None where the setting cannot be read, also where that is so for another alert: a slip is found before it matters.
    """
    try:
        if not isinstance(setting, dict):
            return default if setting is None or setting == "" else seconds(setting)
        return {str(name): seconds(value) for name, value in setting.items()}.get(alertname, default)
    except ValueError:
        return None


@waits_for_the_alert(NAME)
def patience(view: GateInput) -> Verdict:
    """Passes if the alert has been firing for as long as is asked for. An operator's run has no alert to wait for."""
    wanted, since = view.patience, view.firing_since
    if not is_moment(wanted):
        return holds(NAME, "it cannot be told how long the alert has to fire: remedy_patience cannot be read")
    if not is_moment(since):
        return holds(NAME, "it cannot be told since when the alert fires")
    age = view.now - since
    if not age >= -CLOCK_TOLERANCE:
        return holds(NAME, f"the alert is dated {span(-age)} into the future: a clock is wrong")
    if view.alert_state == "not_needed":
        return passes(NAME, "an operator's run, which needs no alert")
    if since < EARLIEST:
        return holds(NAME, "it cannot be told since when the alert fires: it bears no date")
    said = f"it fires for {span(max(age, 0.0))}, wanted are {span(wanted)}"
    return passes(NAME, said) if max(age, 0.0) >= wanted else holds_for_now(NAME, said)

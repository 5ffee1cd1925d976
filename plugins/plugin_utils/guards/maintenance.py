# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether somebody works on the target, or on what it stands on, by the calendar of the inventory."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.calendar import Window, open_windows
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    holds_for_now,
    passes,
    short,
    until,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "maintenance"


def maintenance(view: GateInput) -> Verdict:
    """Passes outside of every window. A window that cannot be read may be open now, so it holds."""
    if view.maintenance is None:
        return holds(NAME, "it cannot be told: remedy_maintenance cannot be read")
    found: list[tuple[Window, str]] = []
    unreadable: list[str] = []
    for name in (view.target, *view.stands_on):
        if name not in view.maintenance:
            unreadable.append(f"remedy_maintenance of {name} cannot be read")
            continue
        windows, faults = open_windows(view.maintenance[name], view.now)
        found += [(window, name) for window in windows]
        unreadable += [f"remedy_maintenance{fault.where} of {name}: {fault.why}" for fault in faults]
    if unreadable:
        more = f"; and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        return holds(NAME, f"it cannot be told: {unreadable[0]}{more}")
    if not found:
        return passes(NAME, "no window is open")
    # Of windows that overlap the one that ends last counts: only then is anything decided anew.
    window, name = max(found, key=lambda pair: pair[0].ends)
    return holds_for_now(NAME, f"{name} is in maintenance {until(window.ends, view.now)}: {short(window.why)}")

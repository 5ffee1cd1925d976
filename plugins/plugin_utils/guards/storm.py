# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether so much fails at once that has nothing to do with each other that the monitor is the likelier fault."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    Storm,
    holds,
    is_count,
    passes,
    short,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import clock

__all__ = ["Storm", "storm"]

NAME = "storm"


def storm(view: GateInput) -> Verdict:
    """Passes in ordinary weather, under a monitor that sees its own targets. Many with one cause are no storm: they are
    an outage, and count once."""
    found = view.storm
    if found is None or not isinstance(found.on, bool) or not all(map(is_count, (found.unrelated, found.begins))):
        return holds(NAME, "it cannot be told how much fails at once")
    if found.monitor:
        return holds(NAME, f"the monitor itself is in doubt: {short(found.monitor)}")
    if found.monitor_unknown:
        return holds(NAME, f"it cannot be told whether the monitor itself is at fault: {short(found.monitor_unknown)}")
    limits = f"a storm is {found.begins} or more, and over at {found.ends}"
    if found.on or found.unrelated >= found.begins:
        since = f" since {clock(found.since, beside=view.now)} UTC" if found.since is not None else ""
        return holds(NAME, f"a storm{since}: {found.unrelated} unrelated targets are down at once; {limits}")
    return passes(NAME, f"{found.unrelated} unrelated targets are down at once; {limits}")

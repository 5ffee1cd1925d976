# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many healthy members the plan takes away from their work at once. What is down already it does not disturb."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, is_count, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.amount import amount
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "blast radius"


def blast_radius(view: GateInput) -> Verdict:
    """Passes if the plan disturbs no more healthy members than ``remedy_blast_radius`` allows, and says how many."""
    disturbs, among = view.plan.disturbs, view.plan.among
    if not is_count(disturbs) or not is_count(among):
        return holds(NAME, f"it cannot be told how many healthy members {view.plan.mitigation} disturbs")
    if disturbs > among:
        return holds(NAME, f"it would disturb {disturbs} of {among}, which cannot be: the evidence contradicts itself")
    try:
        limit = amount(view.blast_radius)
    except ValueError as error:
        return holds(NAME, f"it cannot be told how many it may disturb: remedy_blast_radius is not usable, {error}")
    allowed = f"allowed are {limit}" + ("" if limit.share is None else f", which is {limit.of(among)}")
    if disturbs == 0:
        return passes(NAME, "it disturbs nothing that is healthy")
    if disturbs > limit.of(among):
        return holds(NAME, f"it would disturb {disturbs} healthy of {among}; {allowed}")
    return passes(NAME, f"it disturbs {disturbs} healthy of {among}; {allowed}")

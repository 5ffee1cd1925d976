# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan that only ends what the engine itself did to ease the alert, such as its silence, waits for no alert."""

from __future__ import annotations

import functools
from collections.abc import Callable

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, Guard, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict


def waits_for_the_alert(name: str) -> Callable[[Guard], Guard]:
    """Marks a guard, of this ``name``, that makes a plan wait for its alert. What only ends an easing mends nothing and
    waits for none: it passes. Every other plan is put to the guard."""

    def wrapped(guard: Guard) -> Guard:
        @functools.wraps(guard)
        def asked(view: GateInput) -> Verdict:
            return passes(name, "it ends what eased the alert, and mends nothing") if view.releases else guard(view)

        return asked

    return wrapped

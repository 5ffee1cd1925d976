# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What comes back: how often a remedy was used on a target, and what those incidents have in common. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import span
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import clock, plural

KEYS = ("times", "within")
SHOWN = 5
"""Uses whose times are named."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """At most ``times`` uses ``within`` seconds."""

    times: int
    within: float


def budget(setting: Any) -> Budget:
    """Reads ``{times: 3, within: 24h}``. Raises ValueError."""
    if not isinstance(setting, dict) or set(setting) != set(KEYS):
        raise ValueError(f"{str(setting)[:60]!r} is not {{times: 3, within: 24h}}")
    times = setting["times"]
    if isinstance(times, bool) or not isinstance(times, int) or times < 0:
        raise ValueError(f"{str(times)[:60]!r} is not a number of times from 0")
    within = seconds(setting["within"])
    if not within:
        raise ValueError("within has to be longer than 0")
    return Budget(times, within)


def uses(history: Iterable[Mitigation], remedy: str, since: float, episode: str) -> list[Mitigation]:
    """When the remedy was used after ``since``, in other incidents than this one; oldest first. One that a clock which
    was set back has put into the future is among them."""
    found = [
        one
        for one in history
        if one.remedy == remedy and one.episode != episode and one.began_at is not None and one.began_at > since
    ]
    return sorted(found, key=lambda one: one.began_at or 0.0)


def told(found: Sequence[Mitigation], within: float, now: float) -> str:
    """``healed 3 times within 24 h: 02:10:00, 09:40:00, 17:05:00 (UTC)``"""
    if not found:
        return f"not done within {span(within)}"
    healed = sum(1 for one in found if one.verified == "healed")
    did = "healed" if healed == len(found) else f"done ({healed} of them healed)"
    times = [clock(one.began_at or 0.0, beside=now) for one in found[-SHOWN:]]
    earlier = f"{len(found) - SHOWN} earlier, " if len(found) > SHOWN else ""
    return f"{did} {plural(len(found), 'time')} within {span(within)}: {earlier}{', '.join(times)} (UTC)"

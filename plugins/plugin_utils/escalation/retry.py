# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When to try again: after a minute, doubling to half an hour, for ever. A human who was not told is never given up."""

from __future__ import annotations

FIRST = 60.0
LONGEST = 1800.0


def pause(attempts: int, later: float = 0.0) -> float:
    """Seconds until the next attempt, after ``attempts`` before this one; ``later`` is what the service asks for."""
    return max(min(FIRST * 2.0 ** min(attempts, 10), LONGEST), min(later, LONGEST))

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What services' answers have in common."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 1800.0
"""Seconds. A service that asks for more is asked again nevertheless."""


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks to wait, from ``Retry-After``; 0 where it does not say so in seconds."""
    named = {name.lower(): value for name, value in headers.items()}
    value = named.get("retry-after", "").strip()
    return min(float(value), LONGEST) if value.isascii() and value.isdigit() else 0.0

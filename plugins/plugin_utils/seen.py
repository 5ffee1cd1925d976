# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values that a condition read, small enough to stand beside it in a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.language import Path, dotted

TEXT = 200
MEMBERS = 10
DEPTH = 2


def seen(paths: Iterable[Path], data: Mapping[str, Any]) -> dict[str, Any]:
    """The small value at each path; a path that leads nowhere is left out, as the condition itself will say so."""
    found: dict[str, Any] = {}
    for path in paths:
        value: Any = data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            found[dotted(path)] = small(value)
    return found


def small(value: Any, depth: int = DEPTH) -> Any:
    """The value with long texts cut, long lists shortened and what lies deep in it counted instead of shown."""
    if isinstance(value, str):
        return value if len(value) <= TEXT else f"{value[:TEXT]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        if depth == 0:
            return f"{len(value)} members"
        kept = {str(key)[:TEXT]: small(member, depth - 1) for key, member in list(value.items())[:MEMBERS]}
        return kept if len(value) <= MEMBERS else {**kept, "…": f"{len(value) - MEMBERS} more"}
    if isinstance(value, (list, tuple)):
        if depth == 0 and any(isinstance(member, (Mapping, list, tuple)) for member in value):
            return f"{len(value)} members"
        kept_members = [small(member, depth - 1 if depth else 0) for member in value[:MEMBERS]]
        return kept_members if len(value) <= MEMBERS else [*kept_members, f"… {len(value) - MEMBERS} more"]
    return value

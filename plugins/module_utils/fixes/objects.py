# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading Kubernetes objects that arrive as plain JSON, without tripping over what is not there."""

from __future__ import annotations

from typing import Any, Dict

Json = Dict[str, Any]


def at(value: Any, *path: str, default: Any = None) -> Any:
    """What stands at ``path`` in nested mappings, or ``default`` where the path ends early or holds null."""
    for key in path:
        if not isinstance(value, dict):
            return default
        value = value.get(key)
    return default if value is None else value


def annotations_of(thing: Json) -> dict[str, str]:
    """The annotations of an object or of a pod template."""
    found: dict[str, str] = at(thing, "metadata", "annotations", default={})
    return found


def labels_of(thing: Json) -> dict[str, str]:
    """The labels of an object or of a pod template."""
    found: dict[str, str] = at(thing, "metadata", "labels", default={})
    return found


def resource_version(thing: Json) -> str:
    """The version that a write names as its precondition."""
    return str(at(thing, "metadata", "resourceVersion", default=""))


def generation(thing: Json) -> int:
    """How often the object's specification was changed, as the API server counts."""
    return int(at(thing, "metadata", "generation", default=0))

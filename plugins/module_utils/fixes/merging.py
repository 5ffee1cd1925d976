# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patch (RFC 7386), both ways.

A merge patch replaces lists whole and deletes what is null in it; it is what the API server takes for custom resources.
"""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json


def merged(target: Json, patch: Json) -> Json:
    """The object that the API server makes of ``target`` when it is sent ``patch``. Neither is changed."""
    result = copy.deepcopy(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            standing = result.get(key)
            result[key] = merged(standing if isinstance(standing, dict) else {}, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def merge_patch(before: Json, after: Json) -> Json:
    """The smallest patch with which ``merged(before, patch) == after``; ``{}`` where they are equal.

    ``after`` may hold no nulls inside mappings: a merge patch cannot say them.
    """
    patch: Json = {key: None for key in before if key not in after}
    for key, value in after.items():
        part = _part(before[key], value) if key in before else value
        if key not in before or before[key] != value:
            patch[key] = part
    return patch


def _part(old: Any, new: Any) -> Any:
    return merge_patch(old, new) if isinstance(old, dict) and isinstance(new, dict) else new

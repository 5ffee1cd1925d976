# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change looks like: the parts of two objects that differ, as YAML that a human reads and a case may keep.

Values that may be secrets are hidden before they leave this file: environment values, settings whose name speaks of a
secret, and passwords in URLs.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from typing import Any

from ansible.module_utils.common.yaml import HAS_YAML, yaml_dump

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.marks import FORMER
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, annotations_of, at, labels_of

_SECRETS = (
    re.compile(
        r"((?:password|passwd|secret|token|api[-_.]?key|credential|private[-_.]?key)[\w.-]*=)(\S+)", re.IGNORECASE
    ),
    re.compile(r"(://[^/\s:@]*:)([^/\s@]+)(?=@)"),
)
_SECRET_NAME = re.compile(r"pass(word|wd|phrase)|secret|token|api[-_.]?key|credential|private[-_.]?key", re.IGNORECASE)
_SECRET_KEYS = frozenset({"params", "endpointParams"})  # of a scrape and of its OAuth2 request
_KEPT_BY_CLUSTER = frozenset(
    {
        "deprecated.daemonset.template.generation",
        "deployment.kubernetes.io/revision",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
_SALT = os.urandom(16)
_MISSING = object()


def difference(before: Any, after: Any) -> tuple[Any, Any]:
    """The parts of ``before`` and ``after`` that differ, under the keys that lead there.

    Lists whose members have the same names on both sides (containers, ports) are compared member by member and keep the
    name; any other list that differs is given whole. Without a difference both parts are ``{}``.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return _differing_keys(before, after)
    if _same_names(before, after):
        parts = [_named_difference(old, new) for old, new in zip(before, after) if old != new]
        return [old for old, new in parts], [new for old, new in parts]
    return ({}, {}) if before == after else (before, after)


def _differing_keys(before: Json, after: Json) -> tuple[Json, Json]:
    old_part: Json = {}
    new_part: Json = {}
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key, _MISSING), after.get(key, _MISSING)
        if old == new:
            continue
        if old is not _MISSING and new is not _MISSING:
            old, new = difference(old, new)
        if old is not _MISSING:
            old_part[key] = old
        if new is not _MISSING:
            new_part[key] = new
    return old_part, new_part


def _named_difference(old: Json, new: Json) -> tuple[Json, Json]:
    old_part, new_part = _differing_keys(old, new)
    return {"name": old["name"], **old_part}, {"name": new["name"], **new_part}


def _same_names(before: Any, after: Any) -> bool:
    if not isinstance(before, list) or not isinstance(after, list) or not before:
        return False
    if not all(isinstance(member, dict) and "name" in member for member in [*before, *after]):
        return False
    names = [member["name"] for member in before]
    return len(set(names)) == len(names) and names == [member["name"] for member in after]


def diff(before: Json | None, after: Json | None, header: str = "") -> dict[str, str]:
    """Ansible's ``diff`` of two objects, only of what differs: ``before``, ``after`` and their headers.

    The headers name kind, namespace and name, or are as given. Both texts are empty where nothing differs; of an object
    that is not there (None) nothing is shown. What the cluster itself keeps in an object (status, versions, counters)
    is no part of it.
    """
    old, new = difference(*({} if one is None else hidden(_wanted(one)) for one in (before, after)))
    header = header or describe(before or {})
    return {
        "before": text(old),
        "after": text(new),
        "before_header": f"{header} before",
        "after_header": f"{header} after",
    }


def _wanted(thing: Json) -> Json:
    """The part of an object that somebody asked for."""
    noted = {key: value for key, value in annotations_of(thing).items() if key not in _KEPT_BY_CLUSTER}
    if FORMER in noted:
        noted[FORMER] = "(the former state)"  # what differs stands in the diff already
    return {"metadata": {"labels": labels_of(thing), "annotations": noted}, "spec": thing.get("spec", {})}


def describe(thing: Json) -> str:
    """Kind, namespace and name in one word: "DaemonSet traefik/traefik"."""
    where = "/".join(
        part for part in (at(thing, "metadata", "namespace"), at(thing, "metadata", "name", default="?")) if part
    )
    return "{} {}".format(thing.get("kind") or "object", where)


def text(value: Any) -> str:
    """YAML of a value; empty text for an empty value."""
    if not value:
        return ""
    if HAS_YAML:
        return str(yaml_dump(value, default_flow_style=False, sort_keys=False, allow_unicode=True, width=4096))
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def hidden(value: Any) -> Any:
    """A value without what may be a secret in it."""
    if isinstance(value, dict):
        shown = {key: _tag_all(member) if key in _SECRET_KEYS else hidden(member) for key, member in value.items()}
        if _is_environment(value):
            shown["value"] = _tag(value["value"])
        return shown
    if isinstance(value, list):
        return [hidden(member) for member in value]
    if isinstance(value, str):
        for pattern in _SECRETS:
            value = pattern.sub(lambda found: found.group(1) + _tag(found.group(2)), value)
    return value


def hidden_by_name(value: Any) -> Any:
    """A value without the texts that stand under a name that speaks of a secret, as in the values of a chart."""
    if isinstance(value, dict):
        return {
            key: _tag(member) if isinstance(member, str) and _SECRET_NAME.search(str(key)) else hidden_by_name(member)
            for key, member in value.items()
        }
    return [hidden_by_name(member) for member in value] if isinstance(value, list) else value


def _is_environment(value: Json) -> bool:
    """Environment entries are the only members of a pod template that are just a name and a value."""
    return set(value) == {"name", "value"} and isinstance(value["value"], str)


def _tag_all(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tag_all(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_tag_all(member) for member in value]
    return _tag(value) if isinstance(value, str) else value


def _tag(secret: str) -> str:
    """Stands for a secret: alike for alike values of one run, so that a change shows, and worthless afterwards."""
    return "(hidden {})".format(hmac.new(_SALT, secret.encode("utf-8"), "sha256").hexdigest()[:6])

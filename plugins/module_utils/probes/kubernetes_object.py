# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any kind of object of the Kubernetes API, reduced to the fields that the runbook names."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import (
    brief,
    check_names,
    check_selector,
    owner,
)

OBJECTS = 50
FIELD = 4000
"""Objects that the value may hold, and characters that one field may have as JSON."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_STEP = re.compile(r"\['([^']+)'\]|\[(\d+)\]|\.?([^.\[\]]+)")
_TAKEN = {"name", "namespace", "labels", "owner", "resource_version"} | set(dir({}))


class Objects(Probe):
    """Objects by name or label selector.

    ``fields`` maps a name of the value to a path in the object, with list members by number and keys that hold dots in
    brackets: ``spec.template.spec.containers[0].image``, ``metadata.annotations['example.com/x']``. A field that an
    object does not have is null. Secrets are refused: a probe's value goes into a case.

    Value: ``exists`` (at least one), ``total``, ``objects`` [{name, namespace, labels, owner, resource_version, and the
    fields}] at most 50, ``truncated``.
    """

    name = "kubernetes_object"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "api_version": {"type": "str", "required": True},
        "kind": {"type": "str", "required": True},
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "selector": {"type": "str"},
        "fields": {"type": "dict", "default": {}},
    }

    def check(self) -> None:
        check_names(self.given, "kind", "namespace", "name")
        check_selector(self.given["selector"])
        object_path(self.given["api_version"], "x")
        if self.given["kind"] == "Secret":
            raise ProbeError("bad_option", "Secrets are not read")
        if self.given["name"] and self.given["selector"]:
            raise ProbeError("bad_option", "'name' and 'selector' exclude each other")
        for key, path in self.given["fields"].items():
            if not _KEY.fullmatch(key) or key in _TAKEN:
                raise ProbeError("bad_option", f"'fields': {key[:40]!r} cannot be the name of a field")
            if not isinstance(path, str) or not path or _STEP.sub("", path):
                raise ProbeError("bad_option", f"'fields': {str(path)[:80]!r} is not a path")

    def question(self) -> str:
        which = self.given["name"] or self.given["selector"] or ""
        place = f" in {self.given['namespace']}" if self.given["namespace"] else ""
        return f"{self.given['kind']} {which}".strip() + place

    def _ask(self, deadline: float) -> Json:
        version, namespace, name = (self.given[key] for key in ("api_version", "namespace", "name"))
        plural = self._plural(deadline)
        if name:
            found = self.transport.find(object_path(version, plural, namespace, name), None, deadline)
            return summary([found] if found else [], self.given["fields"])
        params = {"labelSelector": self.given["selector"]}
        listed = self.transport.list(object_path(version, plural, namespace), params, deadline)
        return summary(listed["items"], self.given["fields"])

    def _plural(self, deadline: float) -> str:
        """The resource of a kind, as the API server itself says."""
        version, kind = self.given["api_version"], self.given["kind"]
        root = object_path(version, "x").rpartition("/")[0]
        try:
            served = self.transport.get(root, None, deadline)
        except ProbeError as error:
            if error.kind == "not_found":
                raise ProbeError("unsupported", f"the API server does not serve {version}") from error
            raise
        for resource in served["resources"]:
            if resource["kind"] == kind and "/" not in resource["name"]:
                if resource["namespaced"] and self.given["name"] and not self.given["namespace"]:
                    raise ProbeError("bad_option", f"a {kind} by name needs its namespace")
                return str(resource["name"])
        raise ProbeError("unsupported", f"the API server does not serve {version} {kind}")


def summary(objects: list[Json], fields: Mapping[str, str]) -> Json:
    """The probe's value from the API's objects."""
    rows = sorted((row(one, fields) for one in objects), key=lambda one: (one["namespace"], one["name"]))
    return {
        "exists": bool(rows),
        "total": len(rows),
        "objects": rows[:OBJECTS],
        "truncated": len(rows) > OBJECTS,
    }


def row(thing: Json, fields: Mapping[str, str]) -> Json:
    meta = thing["metadata"]
    picked = {key: field(thing, path) for key, path in fields.items()}
    return dict(
        picked,
        name=meta["name"],
        namespace=meta.get("namespace", ""),
        labels=meta.get("labels") or {},
        owner=owner(thing),
        resource_version=meta.get("resourceVersion", ""),
    )


def field(thing: Any, path: str) -> Any:
    """What stands at the path, or None. A text is cut; a larger structure is refused: a value is no dump."""
    for key, index, word in _STEP.findall(path):
        if isinstance(thing, list):
            number = index or (word if word.isdigit() else "")
            thing = thing[int(number)] if number and int(number) < len(thing) else None
        else:
            thing = thing.get(key or word) if isinstance(thing, dict) else None
    if isinstance(thing, str):
        return brief(thing)
    if len(json.dumps(thing)) > FIELD:
        raise ProbeError("too_large", f"the field {path} has more than {FIELD} characters; name one inside it")
    return thing

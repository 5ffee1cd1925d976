# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy that is kept of an object before it is removed: a ConfigMap next to it, labelled with the incident."""

from __future__ import annotations

import copy
import hashlib
import json
import re

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import marks
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import API, Name
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    at,
    resource_version,
)
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path

KEPT = "object_kept"

_DATA = "object.json"
_UID, _VERSION = "oncall.remedy/uid", "oncall.remedy/resource-version"
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_OF_THE_SERVER = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)


def name_of(incident: str, name: Name) -> str:
    """The ConfigMap's name: readable, and another for each incident and object."""
    digest = hashlib.sha256(f"{incident}\n{name}".encode()).hexdigest()[:10]
    return f"oncall-remedy-kept-{name.kind.lower()}-{name.name[:180].rstrip('-.')}-{digest}"


def collection(name: Name) -> str:
    """Where copies of what is in this namespace are."""
    return object_path("v1", "configmaps", name.namespace)


def path(incident: str, name: Name) -> str:
    """Where this incident's copy of the object is."""
    return object_path("v1", "configmaps", name.namespace, name_of(incident, name))


def of(thing: Json, incident: str, name: Name) -> Json:
    """The ConfigMap that keeps ``thing``."""
    label = incident if _LABEL.fullmatch(incident) else hashlib.sha256(incident.encode()).hexdigest()[:32]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "namespace": name.namespace,
            "name": name_of(incident, name),
            "labels": {"app.kubernetes.io/managed-by": "oncall.remedy", marks.INCIDENT: label},
            "annotations": {
                **marks.mark(incident, KEPT),
                _UID: str(at(thing, "metadata", "uid", default="")),
                _VERSION: resource_version(thing),
            },
        },
        "data": {_DATA: json.dumps(bare(thing, name), sort_keys=True)},
    }


def bare(thing: Json, name: Name) -> Json:
    """An object as it can be created again: without what the API server gave it, and without its status."""
    made = copy.deepcopy(thing)
    made.pop("status", None)
    made["apiVersion"], made["kind"] = API[name.kind][0], name.kind
    for field in _OF_THE_SERVER:
        made["metadata"].pop(field, None)
    return made


def uid(kept: Json) -> str:
    """The uid of the object that a copy is of."""
    return annotations_of(kept).get(_UID, "")


def is_of(kept: Json, thing: Json) -> bool:
    """Whether the copy is of exactly this version of this object."""
    version = annotations_of(kept).get(_VERSION)
    return uid(kept) == at(thing, "metadata", "uid") and version == resource_version(thing)


def original(what: str, kept: Json, incident: str, name: Name) -> Json:
    """The object that a copy keeps.

    :raises FixFailed: the ConfigMap is not this incident's copy, cannot be read, or holds another object.
    """
    refuse_foreign(what, kept, incident)
    try:
        found = json.loads(at(kept, "data", _DATA, default=""))
    except ValueError:
        found = None
    # Whoever may write ConfigMaps must not be able to have anything else created by this identity.
    if (at(found, "kind"), at(found, "metadata", "namespace"), at(found, "metadata", "name")) != (
        name.kind,
        name.namespace,
        name.name,
    ):
        raise FixFailed(
            what,
            f"the copy in ConfigMap {at(kept, 'metadata', 'name')} cannot be read, or is of another object",
            "Take the former object from the case of the incident, and create it by hand",
        )
    made: Json = found
    return made


def refuse_foreign(what: str, kept: Json, incident: str) -> None:
    """:raises FixFailed: a ConfigMap of this name is there, and it is no copy of this incident."""
    if not marks.is_marked(kept, incident, KEPT):
        raise FixFailed(
            what,
            f"the ConfigMap {at(kept, 'metadata', 'name')} is there already, and is no copy of this incident",
            "See whose it is; a copy is kept under this name",
        )

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several probes of Kubernetes have in common: pure functions from the API's JSON."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import segment

Json = Dict[str, Any]

_SELECTOR = re.compile(r"[A-Za-z0-9_./=!,() -]{1,1024}")


def check_names(given: Mapping[str, Any], *options: str) -> None:
    """Refuses option values that cannot be a name (or kind) in Kubernetes."""
    for option in options:
        if given.get(option) is not None:
            segment(given[option], option)


def check_selector(selector: str | None) -> None:
    """Refuses a text that cannot be a label selector. The API checks the rest of its grammar."""
    if selector is not None and not _SELECTOR.fullmatch(selector):
        raise ProbeError("bad_option", f"not a label selector: {selector[:80]!r}")


def owner(thing: Json) -> str:
    """Who would put the object back if somebody else changed it, or an empty text.

    Argo CD and Flux come before Helm: where they deploy a chart, its objects carry Helm's marks as well. A controller
    that owns the object (an operator's custom resource) counts; so does a field manager of Terraform's provider.
    """
    meta = thing.get("metadata") or {}
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    for judge in (_argo_cd, _flux, _helm, _k3s):
        found = judge(labels, annotations)
        if found:
            return found
    for reference in meta.get("ownerReferences") or []:
        if reference.get("controller"):
            return f"{reference.get('kind', '')} {reference.get('name', '')}"
    managers = {field.get("manager") for field in meta.get("managedFields") or []}
    return "Terraform" if managers & {"Terraform", "HashiCorp"} else ""


def _argo_cd(labels: Json, annotations: Json) -> str:
    tracking = annotations.get("argocd.argoproj.io/tracking-id")
    application = tracking.split(":")[0] if tracking else labels.get("argocd.argoproj.io/instance")
    return f"Argo CD application {application}" if application else ""


def _flux(labels: Json, _annotations: Json) -> str:
    for kind in ("kustomize", "helm"):
        name = labels.get(f"{kind}.toolkit.fluxcd.io/name")
        if name:
            return f"Flux {'Kustomization' if kind == 'kustomize' else 'HelmRelease'} {name}"
    return ""


def _helm(labels: Json, annotations: Json) -> str:
    release = annotations.get("meta.helm.sh/release-name")
    return f"Helm release {release}" if release and labels.get("app.kubernetes.io/managed-by") == "Helm" else ""


def _k3s(_labels: Json, annotations: Json) -> str:
    """What lies in a server's folder of manifests, k3s applies again and again (docs.k3s.io, Auto-Deploying)."""
    kind = annotations.get("objectset.rio.cattle.io/owner-gvk", "")
    name = annotations.get("objectset.rio.cattle.io/owner-name", "")
    return f"k3s manifest {name}" if name and kind.endswith("Kind=Addon") else ""


def condition(thing: Json, kind: str) -> Json:
    """The condition of that type in an object's status, or an empty mapping."""
    for found in (thing.get("status") or {}).get("conditions") or []:
        if found.get("type") == kind:
            one: Json = found
            return one
    return {}


def selector_text(selector: Json | None) -> str:
    """A LabelSelector as kubectl's ``-l`` takes it."""
    if not selector:
        return ""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or []:
        key, operator, members = rule.get("key", ""), rule.get("operator", ""), ",".join(rule.get("values") or [])
        words = {"Exists": key, "DoesNotExist": f"!{key}", "In": f"{key} in ({members})"}
        parts.append(words.get(operator, f"{key} notin ({members})"))
    return ",".join(parts)


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches; an empty one matches everything, a missing one nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(rule, labels) for rule in selector.get("matchExpressions") or [])


def _holds(rule: Json, labels: Mapping[str, str]) -> bool:
    key, members = rule.get("key", ""), rule.get("values") or []
    judges: dict[str, Callable[[], bool]] = {
        "In": lambda: labels.get(key) in members,
        "NotIn": lambda: labels.get(key) not in members,
        "Exists": lambda: key in labels,
        "DoesNotExist": lambda: key not in labels,
    }
    return rule.get("operator") in judges and judges[rule["operator"]]()


def brief(text: Any, limit: int = 300) -> str:
    """A message of the cluster as one short line."""
    return one_line(str(text or ""), limit)


def names_of(things: list[Json]) -> list[str]:
    return sorted(thing["metadata"]["name"] for thing in things)

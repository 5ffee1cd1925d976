# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of object that a fix may create and remove, and what none of them may be created as."""

from __future__ import annotations

import dataclasses

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at, labels_of
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport, object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes import network_policies
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import selects

API = {
    "ServiceMonitor": ("monitoring.coreos.com/v1", "servicemonitors"),
    "Service": ("v1", "services"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
}
"""API version and plural of each kind."""

KINDS = tuple(API)

_SERVICE_FIELDS = frozenset({"type", "selector", "ports"})
_SERVICE_TYPES = ("ClusterIP", "NodePort")


@dataclasses.dataclass(frozen=True)
class Name:
    """Which object. ``kind`` is one of ``KINDS``."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def collection(self) -> str:
        """Where the API has all of the kind. ProbeError (bad_option) for what cannot be a name."""
        api_version, plural = API[self.kind]
        return object_path(api_version, plural, self.namespace)

    @property
    def path(self) -> str:
        """Where the API has it."""
        api_version, plural = API[self.kind]
        return object_path(api_version, plural, self.namespace, self.name)


def refuse_dangerous(what: str, kind: str, spec: Json) -> None:
    """Looks at the specification alone; asks nobody.

    :raises FixFailed: it takes in more than was named, or opens more than a port.
    """
    if kind == "NetworkPolicy":
        selector, why = spec.get("podSelector"), "it would shut in every pod of the namespace"
        if spec.get("policyTypes") != ["Ingress"]:
            _refuse(what, "it is not about what comes in alone", "Give policyTypes [Ingress]")
        if not spec.get("ingress") or not all(rule.get("ports") for rule in spec["ingress"]):
            _refuse(what, "it names no port", "Name the ports that are to be opened, no more")
    elif kind == "Service":
        selector, why = {"matchLabels": spec.get("selector")}, "it would take no pods, and its endpoints are anybody's"
        more, sort = sorted(set(spec) - _SERVICE_FIELDS), spec.get("type", "ClusterIP")
        if more or sort not in _SERVICE_TYPES:
            kind_of = f"with {', '.join(more)}" if more else f"of type {sort}"
            _refuse(
                what, f"a Service {kind_of} is not made here", "Give type ClusterIP or NodePort, selector and ports"
            )
    else:
        selector, why = spec.get("selector"), "it would take every Service of the namespace"
    if not any((selector or {}).values()):
        _refuse(what, f"its selector is empty: {why}", "Give at least one label")


def _refuse(what: str, why: str, step: str) -> None:
    raise FixFailed(what, why, step)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What an object would work on: of a NetworkPolicy the pods that it selects, and the policies that are there."""

    pods: list[Json] = dataclasses.field(default_factory=list)
    policies: list[Json] = dataclasses.field(default_factory=list)

    @classmethod
    def read(cls, kube: KubeTransport, name: Name) -> Surroundings:
        """What has to be known before one is created; nothing is asked where that is nothing."""
        if name.kind != "NetworkPolicy":
            return cls()
        pods = kube.list(object_path("v1", "pods", name.namespace))["items"]
        return cls(pods, kube.list(name.collection)["items"])


def refuse_shutting_in(what: str, namespace: str, spec: Json, around: Surroundings) -> None:
    """A pod that no policy selects takes everything in. The first policy that selects it shuts out all but what it
    names, so one that is to open a port may only select pods that are shut in already.

    :raises FixFailed: a pod would be shut in, or there is none.
    """
    selected = [pod for pod in around.pods if selects(spec["podSelector"], labels_of(pod))]
    if not selected:
        raise FixFailed(
            what,
            "no pod has the labels that it selects",
            "See what labels the pods have (kubectl get pods --show-labels)",
        )
    for pod in selected:
        to = network_policies.Destination(namespace, labels_of(pod), 0)
        if not any(network_policies.isolates(policy, to) for policy in around.policies):
            raise FixFailed(
                what,
                f"pod {at(pod, 'metadata', 'name')} is shut in by no policy yet: this one would shut out everything "
                "but its port",
                "Look for what is in the way elsewhere: NetworkPolicies are not",
            )

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which NetworkPolicies stand before a pod's port, and whether they let a source through."""

from __future__ import annotations

import ipaddress
from typing import ClassVar, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names, names_of
from ansible_collections.oncall.remedy.plugins.module_utils.probes.network_policies import (
    NAMESPACE,
    Destination,
    Source,
    isolates,
    lets_in,
)


class NetworkPolicies(Probe):
    """Whether the NetworkPolicies of a namespace let a connection in to a port of the pods with these labels.

    The source is a pod with ``from_pod_labels`` in a namespace with ``from_namespace_labels`` (without them: in the
    same namespace), or, when neither is given, somebody outside the cluster, at ``from_address`` where that is known;
    where it is not, a block of addresses counts only if it is 0.0.0.0/0. A policy may call the port by its name in the
    pod, which is ``port_name``. Only objects of networking.k8s.io are looked at.

    Value: ``total`` (policies in the namespace), ``selecting`` (names of those that select such a pod for what comes
    in), ``allowing`` (names of those that let the source in), ``isolated`` (whether any selects it), ``allowed``.
    """

    name = "kubernetes_network_policies"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "pod_labels": {"type": "dict", "required": True},
        "port": {"type": "int", "required": True},
        "port_name": {"type": "str"},
        "protocol": {"type": "str", "default": "TCP", "choices": ["TCP", "UDP", "SCTP"]},
        "from_namespace_labels": {"type": "dict"},
        "from_pod_labels": {"type": "dict"},
        "from_address": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace")
        if not 1 <= self.given["port"] <= 65535:
            raise ProbeError("bad_option", "'port' has to be within 1 and 65535")
        try:
            if self.given["from_address"] is not None:
                ipaddress.ip_address(self.given["from_address"])
        except ValueError:
            raise ProbeError("bad_option", "'from_address' is no IP address") from None
        self.source = self._source()
        self.to = Destination(
            namespace=self.given["namespace"],
            labels=_texts(self.given["pod_labels"]),
            port=self.given["port"],
            port_name=self.given["port_name"],
            protocol=self.given["protocol"],
        )

    def question(self) -> str:
        labels = ",".join(f"{key}={value}" for key, value in sorted(self.to.labels.items()))
        source = "pods" if self.source.pod_labels is not None else self.source.address or "outside the cluster"
        return one_line(f"NetworkPolicies from {source} to {self.to.namespace}/{labels}:{self.to.port}")

    def _ask(self, deadline: float) -> Json:
        path = object_path("networking.k8s.io/v1", "networkpolicies", self.given["namespace"])
        return summary(self.transport.list(path, None, deadline)["items"], self.source, self.to)

    def _source(self) -> Source:
        namespace, pod = self.given["from_namespace_labels"], self.given["from_pod_labels"]
        if namespace is None and pod is None:
            return Source(address=self.given["from_address"])
        if namespace is None:
            namespace = {NAMESPACE: self.given["namespace"]}
        return Source(_texts(namespace), _texts(pod or {}), self.given["from_address"])


def summary(policies: list[Json], source: Source, to: Destination) -> Json:
    """The probe's value from the API's policies. They only ever add: one that allows is enough."""
    selecting = [policy for policy in policies if isolates(policy, to)]
    allowing, unclear = [], None
    for policy in selecting:
        try:
            if lets_in(policy, source, to):
                allowing.append(policy)
        except ProbeError as error:
            unclear = error
    if unclear and not allowing:
        raise unclear
    return {
        "total": len(policies),
        "selecting": names_of(selecting)[:MOST],
        "allowing": names_of(allowing)[:MOST],
        "isolated": bool(selecting),
        "allowed": not selecting or bool(allowing),
    }


def _texts(labels: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in labels.items()}

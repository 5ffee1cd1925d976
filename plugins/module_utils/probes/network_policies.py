# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NetworkPolicies let a connection in (kubernetes.io/docs/reference/kubernetes-api/networking-policies).

Pure functions from the API's objects. What another plugin adds of its own (Cilium's or Calico's policies, an
administrator's) is not among them.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import Json, selects

NAMESPACE = "kubernetes.io/metadata.name"
"""The label with its own name that the API server gives each namespace."""

EVERYWHERE = "0.0.0.0/0"


@dataclasses.dataclass(frozen=True)
class Source:
    """Who connects: a pod, by its labels and those of its namespace, or, without any, somebody outside the cluster.

    ``address`` is the IP that the connection comes from, if it is known.
    """

    namespace_labels: Mapping[str, str] | None = None
    pod_labels: Mapping[str, str] | None = None
    address: str | None = None


@dataclasses.dataclass(frozen=True)
class Destination:
    """The pod that is connected to, and its port: the number and, where policies use it, the name."""

    namespace: str
    labels: Mapping[str, str]
    port: int
    port_name: str | None = None
    protocol: str = "TCP"


def isolates(policy: Json, to: Destination) -> bool:
    """Whether the policy selects the pod and speaks of what comes in: then only what some policy allows comes in."""
    spec = policy.get("spec") or {}
    kinds = spec.get("policyTypes") or ["Ingress"]
    return "Ingress" in kinds and selects(spec.get("podSelector") or {}, to.labels)


def lets_in(policy: Json, source: Source, to: Destination) -> bool:
    """Whether one of the policy's rules for what comes in names both the source and the port.

    Raises ProbeError (unsupported) where that depends on what is not known: the name of the port.
    """
    rules = (policy.get("spec") or {}).get("ingress") or []
    fitting = [rule for rule in rules or [] if _from(rule or {}, source, to.namespace)]
    verdicts = [_at_port(rule or {}, to) for rule in fitting]
    if True in verdicts:
        return True
    if None in verdicts:
        name = (policy.get("metadata") or {}).get("name", "")
        raise ProbeError("unsupported", f"NetworkPolicy {name} names its port: 'port_name' has to say the pod's")
    return False


def _at_port(rule: Json, to: Destination) -> bool | None:
    """Whether the rule is about the port; None where only the port's name would tell."""
    ports = rule.get("ports") or []
    verdicts = [_is_port(one or {}, to) for one in ports]
    return True if not ports or True in verdicts else None if None in verdicts else False


def _is_port(one: Json, to: Destination) -> bool | None:
    if one.get("protocol", "TCP") != to.protocol:
        return False
    wanted = one.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return None if to.port_name is None else wanted == to.port_name
    last: int = one.get("endPort") or wanted
    return bool(wanted <= to.port <= last)


def _from(rule: Json, source: Source, namespace: str) -> bool:
    """No ``from`` at all, or an empty one, means everybody."""
    peers = rule.get("from") or []
    return not peers or any(_is_peer(one or {}, source, namespace) for one in peers)


def _is_peer(peer: Json, source: Source, namespace: str) -> bool:
    block = peer.get("ipBlock")
    if block:
        return _in_block(block, source)
    if source.namespace_labels is None or source.pod_labels is None:
        return False  # selectors are about pods of this cluster alone, empty ones too
    if peer.get("podSelector") is not None and not selects(peer["podSelector"], source.pod_labels):
        return False
    if peer.get("namespaceSelector") is not None:
        return selects(peer["namespaceSelector"], source.namespace_labels)
    return peer.get("podSelector") is not None and source.namespace_labels.get(NAMESPACE) == namespace


def _in_block(block: Json, source: Source) -> bool:
    """Of an unknown address nothing is said but by the block of all IPv4 addresses."""
    network = ipaddress.ip_network(block["cidr"], strict=False)
    excepted = [ipaddress.ip_network(one, strict=False) for one in block.get("except") or []]
    if source.address is None:
        return str(network) == EVERYWHERE and not excepted
    address: Any = ipaddress.ip_address(source.address)
    return address in network and not any(address in one for one in excepted)

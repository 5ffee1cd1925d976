# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all fix modules share: arguments, and the way from a fix to the module's result."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import probing
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.alertmanager import Peers
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.fence import Bounds, Fence
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.marks import checked_incident
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import Limits
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import ALERTMANAGER, KUBERNETES
from ansible_collections.oncall.remedy.plugins.module_utils.probes.module import argument_spec

FIX_ARGUMENTS: Spec = {
    "incident": {"type": "str", "required": True},
    "fence": {
        "type": "dict",
        "options": {
            "not_after": {"type": "float", "required": True},
            "host": {"type": "str"},
            "steady": {"type": "float"},
            "pid": {"type": "int"},
            "started": {"type": "int"},
        },
    },
}
"""Of every fix."""

KUBERNETES_ARGUMENTS: Spec = {**FIX_ARGUMENTS, **argument_spec(KUBERNETES)}
"""Of a fix that writes to Kubernetes."""

OBJECT_ARGUMENTS: Spec = {
    **KUBERNETES_ARGUMENTS,
    "precondition": {
        "type": "dict",
        "options": {"resource_version": {"type": "str"}, "generation": {"type": "int"}, "owner": {"type": "str"}},
    },
}
"""Of a fix that changes an object of Kubernetes."""

ALERTMANAGER_ARGUMENTS: Spec = {**FIX_ARGUMENTS, **argument_spec(ALERTMANAGER)}
"""Of a fix that writes to Alertmanager."""

_LIMITS = Limits(connect=5.0, silence=10.0, total=15.0)


def workload_arguments(kinds: Sequence[str]) -> Spec:
    """The arguments of a fix that rolls a workload of one of these kinds."""
    return {
        **OBJECT_ARGUMENTS,
        "kind": {"type": "str", "required": True, "choices": list(kinds)},
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "wait": {"type": "bool", "default": True},
        "timeout": {"type": "str", "default": "5m"},
    }


class Arguments:
    """The module's parameters as the fixes take them."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params
        self._fence = Fence(Bounds.of(params["fence"])) if params["fence"] else None

    def __getitem__(self, name: str) -> Any:
        return self._params[name]

    def incident(self) -> str:
        """The id of the incident, checked."""
        return checked_incident(self._params["incident"])

    def duration(self, name: str) -> float:
        """An option that is a duration, in seconds."""
        try:
            return seconds(self._params[name])
        except ValueError as error:
            raise FixFailed(f"read option {name}", str(error), "Correct this option") from error

    def kube(self) -> KubeTransport:
        """The API server, under the identity of the kubeconfig. Nothing is read or sent yet."""
        return KubeTransport(self._params["kubeconfig"], self._params["context"], _LIMITS, fence=self._fence)

    def peers(self) -> Peers:
        """The Alertmanagers. Nothing is read or sent yet."""
        return Peers.of({name: self._params[name] for name in ALERTMANAGER}, self._fence)

    def precondition(self) -> Precondition:
        """What the diagnosis saw."""
        return Precondition.of(self._params["precondition"])

    def rollout_order(self) -> Order:
        """What a rolling fix is asked for."""
        workload = Workload(self._params["kind"], self._params["namespace"], self._params["name"])
        timeout = self.duration("timeout")
        return Order(workload, self.incident(), self.precondition(), self._params["wait"], timeout)


def run(module: AnsibleModule, fix: Callable[[Arguments], Any]) -> None:
    """Makes the fix from the module's arguments, runs it, and ends the module with its result or its failure.

    :param fix: gives an object with ``what`` (for messages) and ``run(check) -> result``.
    """
    what = "begin"
    try:
        made = fix(Arguments(module.params))
        what = made.what
        result = made.run(module.check_mode)
    except ProbeError as error:
        module.fail_json(**probing.failed(what, error).as_result())
    except FixFailed as failure:
        module.fail_json(**failure.as_result())
    module.exit_json(**result)

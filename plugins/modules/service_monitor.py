#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_monitor
short_description: Repair what a ServiceMonitor selects, and take the repair back
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Corrects the selector, the namespace selector, an endpoint's port or the labels of a ServiceMonitor of the
    Prometheus operator. No other field is touched.
  - What stood before and what the repair left are kept in the annotation C(oncall.remedy/former) of the object, next to
    the incident's id (C(oncall.remedy/incident), C(oncall.remedy/action)), in the same write that makes the repair and
    under the resourceVersion that was read.
  - O(state=restored) puts the former state back, but only if the object is still as the repair left it. Otherwise
    nothing is changed and the failure says what somebody else has changed.
notes:
  - The identity of the kubeconfig needs C(get) and C(patch) on servicemonitors in the namespace.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  state:
    description: Whether the object has to be as the options say, or as it was before the incident's repair.
    type: str
    choices: [repaired, restored]
    default: repaired
  namespace:
    description: The ServiceMonitor's namespace.
    type: str
    required: true
  name:
    description: The ServiceMonitor's name.
    type: str
    required: true
  selector:
    description:
      - The label selector of the Services, in place of the one that is there.
      - An empty one, which takes every Service, is refused.
    type: dict
    suboptions:
      matchLabels:
        description: Labels that have to have these values.
        type: dict
      matchExpressions:
        description: Expressions of C(key), C(operator) and C(values), as Kubernetes writes them.
        type: list
        elements: dict
  namespace_selector:
    description: The namespaces of the Services, in place of the ones that are there.
    type: dict
    suboptions:
      any:
        description: All namespaces.
        type: bool
      matchNames:
        description: These namespaces.
        type: list
        elements: str
  port:
    description: The name of the Service's port that is to be scraped.
    type: str
  endpoint:
    description:
      - The endpoint whose port is corrected, by the port name that it has now.
      - Needed where there is more than one.
    type: str
  labels:
    description:
      - Labels that the object has to have, next to those that it has (a Prometheus selects its ServiceMonitors by
        them).
    type: dict
  timeout:
    description: How long to look after a write whose answer was lost, in seconds or as V(90s), V(5m).
    type: str
    default: 1m
"""

EXAMPLES = r"""
- name: Let the ServiceMonitor select the Service again
  oncall.remedy.service_monitor:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: traefik
    name: traefik
    selector:
      matchLabels:
        app.kubernetes.io/name: traefik
    port: metrics
    incident: 3f2a91c0
    precondition:
      resource_version: "812"

- name: Take it back
  oncall.remedy.service_monitor:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: traefik
    name: traefik
    state: restored
    incident: 3f2a91c0
"""

RETURN = r"""
already_done:
  description: Nothing was changed because the object is as it has to be.
  returned: success
  type: bool
former:
  description:
    - Labels and specification as they were before this incident's repair, empty if it has made none.
    - Values of C(params) are hidden.
  returned: success
  type: dict
  sample: {labels: {}, spec: {selector: {matchLabels: {app: traefik}}, endpoints: [{port: metrics}]}}
before:
  description: The object as it was judged.
  returned: success
  type: dict
  contains: &object
    resource_version:
      description: Its C(metadata.resourceVersion).
      type: str
      returned: always
    generation:
      description: Its C(metadata.generation).
      type: int
      returned: always
  sample: {resource_version: "812", generation: 2}
after:
  description: The object as it is now, in the same shape; empty in check mode.
  returned: success
  type: dict
  contains: *object
report:
  description: What was changed, one line for each thing.
  returned: success
  type: list
  elements: str
  sample: ["port metricz → metrics"]
diff:
  description: What was changed, as YAML.
  returned: success
  type: dict
what:
  description: What was to be done.
  returned: failure
  type: str
  sample: repair ServiceMonitor traefik/traefik
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: the object has changed since it was diagnosed (resourceVersion was 812, is 830)
next:
  description: What to do now.
  returned: failure
  type: str
  sample: 'Diagnose again: the next sweep does'
unknown:
  description: A write was sent, and whether it took effect could not be found out. Running again does.
  returned: failure
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import running
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.service_monitor import Repair, ServiceMonitorFix

ARGUMENTS = {
    "state": {"type": "str", "choices": ["repaired", "restored"], "default": "repaired"},
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "selector": {
        "type": "dict",
        "options": {"matchLabels": {"type": "dict"}, "matchExpressions": {"type": "list", "elements": "dict"}},
    },
    "namespace_selector": {
        "type": "dict",
        "options": {"any": {"type": "bool"}, "matchNames": {"type": "list", "elements": "str"}},
    },
    "port": {"type": "str"},
    "endpoint": {"type": "str"},
    "labels": {"type": "dict"},
    "timeout": {"type": "str", "default": "1m"},
}


def fix(given: running.Arguments) -> ServiceMonitorFix:
    """The fix that the arguments ask for."""
    repair = Repair.of(given) if given["state"] == "repaired" else None
    order = Order(
        given["namespace"], given["name"], given.incident(), repair, given.precondition(), given.duration("timeout")
    )
    return ServiceMonitorFix(given.kube(), order)


def main() -> None:
    """Repairs or restores the ServiceMonitor."""
    module = AnsibleModule(
        argument_spec={**running.OBJECT_ARGUMENTS, **ARGUMENTS},
        required_if=[("state", "repaired", ("selector", "namespace_selector", "port", "labels"), True)],
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

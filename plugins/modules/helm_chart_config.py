#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_chart_config
short_description: Apply the configuration of a chart that k3s installs, and watch Helm and the pods
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Writes a HelmChartConfig of k3s, removes the job with which helm-controller ran Helm for that chart, waits until it
    has made another one and that is complete, and until the pods of the chart's workload are replaced and ready.
  - O(values) is the whole of C(spec.valuesContent). With O(trusted_ips), what is missing is added to the argument
    C(--entrypoints.NAME.forwardedHeaders.trustedIPs) of C(additionalArguments); comments and layout of the text stay.
    With neither, the values stay as they are, and Helm runs again.
  - The write carries the incident's id (annotations C(oncall.remedy/incident) and C(oncall.remedy/action)), what stood
    before, and which job there was (C(oncall.remedy/former)), under the resourceVersion that was read. A run that was
    killed can be started again at any time and goes on from where it was. The job that there was is removed by its uid,
    so one that helm-controller has made in the meantime, as it does by itself when the values change, is never removed.
  - O(state=restored) puts the former values back in the same way, but only if the HelmChartConfig is still as the
    incident left it. One that the incident created is emptied, which has the same effect as removing it.
  - It fails early when Helm fails or a new pod cannot come up by waiting. For Helm the failure has the last lines of
    the log of the job's pod.
notes:
  - "The identity of the kubeconfig needs: in O(namespace) C(get), C(create) and C(patch) on helmchartconfigs, C(get)
    and C(delete) on jobs, C(list) on pods, and C(get) on pods/log for the end of Helm's log; in O(workload.namespace)
    C(get) on the workload, C(list) on pods and on controllerrevisions (DaemonSet) or replicasets (Deployment)."
  - It is refused unless the workload, and the values where they say so, roll with C(maxUnavailable) of 1 or more and
    C(maxSurge) 0. Two pods cannot have the same port of a node.
  - While Helm runs in the job that is there, nothing is written. A Helm that is killed leaves a release behind that
    the next one may not touch.
  - The diff shows the values as data, with the texts hidden whose names speak of a secret.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  state:
    description: Whether the values have to be as the options say, or as they were before the incident.
    type: str
    choices: [applied, restored]
    default: applied
  namespace:
    description: The HelmChartConfig's namespace.
    type: str
    required: true
  name:
    description: The HelmChartConfig's name, which is the chart's.
    type: str
    required: true
  values:
    description: The whole of C(spec.valuesContent).
    type: str
  trusted_ips:
    description: For each entry point of Traefik the networks that it has to trust, as lists.
    type: dict
  job:
    description: The job in which Helm runs. By default C(helm-install-) and O(name).
    type: str
  workload:
    description: What the chart installs and the pods are of.
    type: dict
    required: true
    suboptions:
      kind:
        description: Its kind.
        type: str
        choices: [DaemonSet, Deployment]
        default: DaemonSet
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  timeout:
    description: How long the whole may take, in seconds or as V(90s), V(5m).
    type: str
    default: 5m
seealso:
  - module: oncall.remedy.rollout_restart
"""

EXAMPLES = r"""
- name: Apply Traefik's configuration again
  oncall.remedy.helm_chart_config:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: kube-system
    name: traefik
    values: "{{ lookup('ansible.builtin.file', 'traefik-values.yaml') }}"
    workload:
      namespace: kube-system
      name: traefik
    incident: 3f2a91c0
    precondition:
      resource_version: "812"

- name: Let Traefik believe what all of Cloudflare says of the client
  oncall.remedy.helm_chart_config:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: kube-system
    name: traefik
    trusted_ips:
      web: [173.245.48.0/20, 103.21.244.0/22]
      websecure: [173.245.48.0/20, 103.21.244.0/22]
    workload:
      namespace: kube-system
      name: traefik
    incident: 3f2a91c0

- name: Take either back
  oncall.remedy.helm_chart_config:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    state: restored
    namespace: kube-system
    name: traefik
    workload:
      namespace: kube-system
      name: traefik
    incident: 3f2a91c0
"""

RETURN = r"""
already_done:
  description: Nothing was changed because this incident's change had been made before, and Helm had run.
  returned: success
  type: bool
before:
  description: The HelmChartConfig as it was found; empty if there was none.
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
  description: The HelmChartConfig as it is now, in the same shape; empty in check mode.
  returned: success
  type: dict
  contains: *object
workload:
  description: The workload as it was seen last; empty if there is none.
  returned: success
  type: dict
  contains:
    resource_version:
      description: Its C(metadata.resourceVersion).
      type: str
      returned: always
    generation:
      description: Its C(metadata.generation).
      type: int
      returned: always
    desired:
      description: How many pods it wants.
      type: int
      returned: always
    updated:
      description: How many of them are of the newest template.
      type: int
      returned: always
    ready:
      description: How many of them are ready.
      type: int
      returned: always
    restarted_at:
      description: When it was restarted last, if it was.
      type: str
      returned: always
  sample: {resource_version: "900", generation: 4, desired: 3, updated: 3, ready: 3, restarted_at: ""}
pods:
  description:
    - The new pods. RV(pods[].old) is the pod that was replaced (empty for a Deployment, whose pods replace no
      particular one).
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: The node it runs on.
      type: str
      returned: always
    old:
      description: The pod that stood in its place, where that is known.
      type: str
      returned: always
    new:
      description: Its name.
      type: str
      returned: always
    stayed:
      description: Whether it was there before and was not replaced.
      type: bool
      returned: always
    ready:
      description: Whether it is ready.
      type: bool
      returned: always
    ready_after:
      description: Seconds from its creation until it was ready by the cluster's clock; null while it is not.
      type: int
      returned: always
  sample: [{node: hetzner1, old: traefik-84xcs, new: traefik-p2m4k, stayed: false, ready: true, ready_after: 3}]
report:
  description: What this run did, one line for each request that changed something, and then one for each pod.
  returned: success, and failure after a change
  type: list
  elements: str
  sample:
    - HelmChartConfig kube-system/traefik written
    - Job kube-system/helm-install-traefik removed, so that Helm runs again
    - traefik-84xcs → traefik-p2m4k on hetzner1, ready after 3 s
seconds:
  description: How long it took.
  returned: success
  type: float
diff:
  description: What was changed in the HelmChartConfig, as YAML.
  returned: success
  type: dict
log:
  description: The last lines of the log of the job's newest pod, if it can be read.
  returned: when Helm fails
  type: list
  elements: str
stalled:
  description: The pod that does not come up.
  returned: when waiting ended early because of one
  type: dict
  contains:
    pod:
      description: Its name.
      type: str
      returned: always
    node:
      description: The node it was put on.
      type: str
      returned: always
    reason:
      description: The container, its state, and how it ended last.
      type: str
      returned: always
what:
  description: What was to be done.
  returned: failure
  type: str
  sample: apply HelmChartConfig kube-system/traefik
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
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.helm_chart_config import ChartConfigFix, Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.helm_values import trusted
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import KINDS
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload

ARGUMENTS = {
    "state": {"type": "str", "choices": ["applied", "restored"], "default": "applied"},
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "values": {"type": "str"},
    "trusted_ips": {"type": "dict"},
    "job": {"type": "str"},
    "workload": {
        "type": "dict",
        "required": True,
        "options": {
            "kind": {"type": "str", "choices": list(KINDS), "default": "DaemonSet"},
            "namespace": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
        },
    },
    "timeout": {"type": "str", "default": "5m"},
}


def fix(given: running.Arguments) -> ChartConfigFix:
    """The fix that the arguments ask for."""
    order = Order(
        namespace=given["namespace"],
        name=given["name"],
        incident=given.incident(),
        workload=Workload(**given["workload"]),
        job=given["job"] or f"helm-install-{given['name']}",
        values=given["values"],
        trusted_ips=None if given["trusted_ips"] is None else trusted(given["trusted_ips"]),
        restore=given["state"] == "restored",
        precondition=given.precondition(),
        timeout=given.duration("timeout"),
    )
    return ChartConfigFix(given.kube(), order)


def main() -> None:
    """Applies or restores the values."""
    module = AnsibleModule(
        argument_spec={**running.OBJECT_ARGUMENTS, **ARGUMENTS},
        mutually_exclusive=[("values", "trusted_ips")],
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

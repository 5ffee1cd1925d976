#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_restart
short_description: Restart a workload once for an incident, and watch its pods come up
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Replaces all pods of a DaemonSet, Deployment or StatefulSet by the workload's own rules, as C(kubectl rollout
    restart) does, and reports which pod came up where.
  - The restart carries the incident's id (annotations C(oncall.remedy/incident) and C(oncall.remedy/action)) in the
    same write that makes it, under the resourceVersion that was read. A run that was killed, or whose answer was
    lost, can be started again at any time - a restart that was made is found and not made twice; the run then only
    waits and reports.
  - Waiting ends early when a new pod cannot come up by waiting (CrashLoopBackOff, ImagePullBackOff and the like).
notes:
  - The identity of the kubeconfig needs C(get) and C(patch) on the workload and C(list) on pods in its namespace.
  - A pod whose process does not react to SIGTERM stays for its C(terminationGracePeriodSeconds) before it is replaced.
  - A second restart of the same workload for the same incident is never made. Another remedy of that incident (such as
    M(oncall.remedy.rollout_undo)) is.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  kind:
    description: The workload's kind.
    type: str
    choices: [DaemonSet, Deployment, StatefulSet]
    required: true
  namespace:
    description: The workload's namespace.
    type: str
    required: true
  name:
    description: The workload's name.
    type: str
    required: true
  wait:
    description: Whether to wait until every pod is replaced and ready.
    type: bool
    default: true
  timeout:
    description: How long the whole may take, in seconds or as V(90s), V(5m).
    type: str
    default: 5m
seealso:
  - module: oncall.remedy.rollout_undo
"""

EXAMPLES = r"""
- name: Restart the edge
  oncall.remedy.rollout_restart:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    kind: DaemonSet
    namespace: traefik
    name: traefik
    incident: 3f2a91c0
    precondition:
      generation: 7
    timeout: 5m
  register: restart

- name: Say what came up where
  ansible.builtin.debug:
    msg: "{{ restart.report }}"
"""

RETURN = r"""
already_done:
  description: Nothing was changed because this incident's restart had been made before.
  returned: success, and failure after the write
  type: bool
before:
  description: The workload as it was judged.
  returned: success, and failure after the write
  type: dict
  contains: &workload
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
  sample: {resource_version: "812", generation: 3, desired: 3, updated: 3, ready: 0, restarted_at: ""}
after:
  description: The workload as it was seen last, in the same shape; empty in check mode.
  returned: success, and failure after the write
  type: dict
  contains: *workload
pods:
  description:
    - The new pods. RV(pods[].old) is the pod that was replaced (empty for a Deployment, whose pods replace no
      particular one).
  returned: success, and failure after the write
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
  description: The same in words.
  returned: success, and failure after the write
  type: list
  elements: str
  sample: ["traefik-84xcs → traefik-p2m4k on hetzner1, ready after 3 s"]
seconds:
  description: How long it took.
  returned: success, and failure after the write
  type: float
diff:
  description: What was changed in the workload, as YAML.
  returned: success, and failure after the write
  type: dict
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
  sample: restart DaemonSet traefik/traefik
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: '403 forbidden: patch daemonsets/traefik in traefik as system:serviceaccount:oncall-remedy:probe'
next:
  description: What to do now.
  returned: failure
  type: str
  sample: Grant that verb to the identity of this kind of remedy, or give the credential that has it
unknown:
  description: A write was sent, and whether it took effect could not be found out. Running again does.
  returned: failure
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import running
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.restart import Restart
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import PLURALS


def main() -> None:
    """Restarts the workload."""
    module = AnsibleModule(
        argument_spec=running.workload_arguments(tuple(PLURALS)),
        supports_check_mode=True,
    )
    running.run(module, lambda given: Restart(given.kube(), given.rollout_order()))


if __name__ == "__main__":
    main()

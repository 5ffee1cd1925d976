#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_undo
short_description: Roll a workload back to an earlier revision once for an incident, and watch its pods come up
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Puts an earlier pod template of a DaemonSet or Deployment back, as C(kubectl rollout undo) does, and reports which
    pod came up where. Pods that are still of that revision are not touched.
  - The rollback carries the incident's id (annotations C(oncall.remedy/incident) and C(oncall.remedy/action)) in the
    same write that makes it, under the resourceVersion that was read. A run that was killed, or whose answer was
    lost, can be started again at any time - a rollback that was made is found and not made twice; the run then only
    waits and reports.
  - Waiting ends early when a new pod cannot come up by waiting (CrashLoopBackOff, ImagePullBackOff and the like).
notes:
  - The identity of the kubeconfig needs C(get) and C(patch) on the workload and C(list) on pods, and on
    controllerrevisions (for a DaemonSet) or replicasets (for a Deployment) in its namespace.
  - Kubernetes gives a template that is put back a new, higher revision number.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  kind:
    description: The workload's kind.
    type: str
    choices: [DaemonSet, Deployment]
    required: true
  namespace:
    description: The workload's namespace.
    type: str
    required: true
  name:
    description: The workload's name.
    type: str
    required: true
  to_revision:
    description:
      - The revision to go back to, as C(kubectl rollout history) numbers them.
      - V(0) is the newest one before that differs from the one that stands in more than a restart. A restart makes a
        revision too, and going back before it would mend nothing.
    type: int
    default: 0
  expected_revision:
    description:
      - The revision that the diagnosis saw as the newest. If it is another one by now, nothing is changed.
      - V(0) demands nothing.
    type: int
    default: 0
  wait:
    description: Whether to wait until every pod is of that revision and ready.
    type: bool
    default: true
  timeout:
    description: How long the whole may take, in seconds or as V(90s), V(5m).
    type: str
    default: 5m
seealso:
  - module: oncall.remedy.rollout_restart
"""

EXAMPLES = r"""
- name: Roll the edge back to the revision before the one that crashes
  oncall.remedy.rollout_undo:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    kind: DaemonSet
    namespace: traefik
    name: traefik
    to_revision: 6
    expected_revision: 7
    incident: 3f2a91c0
  register: rollback

- name: Take the rollback back
  oncall.remedy.rollout_undo:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    kind: DaemonSet
    namespace: traefik
    name: traefik
    to_revision: "{{ rollback.undo.to_revision }}"
    incident: 5b77e012
"""

RETURN = r"""
already_done:
  description: Nothing was changed - this incident's rollback had been made before, or that revision stands.
  returned: success, and failure after the write
  type: bool
undo:
  description:
    - How to take the rollback back. RV(undo.to_revision) is the revision that stood before it.
    - Empty if none was made.
  returned: success, and failure after the write
  type: dict
  contains:
    to_revision:
      description: The revision to go back to.
      type: int
      returned: when a rollback was made
  sample: {to_revision: 7}
restored_revision:
  description: The revision that was put back, by its former number; V(0) if none was.
  returned: success, and failure after the write
  type: int
  sample: 6
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
    - The pods of the revision that was put back. RV(pods[].old) is the pod that was replaced, empty where none was.
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
  sample: roll DaemonSet traefik/traefik back to revision 6
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: 'revision 9 stands, not revision 7 that was diagnosed: somebody has rolled out since'
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
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import KINDS
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.undo import Undo


def main() -> None:
    """Rolls the workload back."""
    module = AnsibleModule(
        argument_spec={
            **running.workload_arguments(KINDS),
            "to_revision": {"type": "int", "default": 0},
            "expected_revision": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    running.run(
        module,
        lambda given: Undo(given.kube(), given.rollout_order(), given["to_revision"], given["expected_revision"]),
    )


if __name__ == "__main__":
    main()

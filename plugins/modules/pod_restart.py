#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_restart
short_description: Restart a DaemonSet's pod on one node, and watch the next one come up there
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Deletes a pod of a DaemonSet, under the condition of its uid, and waits until the DaemonSet's next pod on that node
    is ready. Several are restarted one after the other; where one does not come up, the rest are left alone.
  - A pod dies once, so a run that was killed, or whose answer was lost, can be started again at any time. One that is
    gone is not deleted again; the run then only waits and reports.
  - Waiting ends early when the next pod cannot come up by waiting (CrashLoopBackOff, ImagePullBackOff and the like).
notes:
  - The identity of the kubeconfig needs C(list) and C(delete) on pods in the namespace.
  - A pod of a Deployment or a StatefulSet is refused, since the next one need not come up on that node, and may have
    the same name. M(oncall.remedy.rollout_restart) restarts these.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
options:
  namespace:
    description: The pods' namespace.
    type: str
    required: true
  pods:
    description:
      - The pods, each as a mapping of C(name), C(uid) and C(node), as the diagnosis saw them, or just its name.
      - With C(uid) or C(node), one that is another by now is left alone. With C(node), the next one is waited for even
        if the pod is gone when the module begins.
    type: list
    elements: raw
    required: true
  timeout:
    description: How long the whole may take, in seconds or as V(90s), V(5m).
    type: str
    default: 3m
seealso:
  - module: oncall.remedy.rollout_restart
"""

EXAMPLES = r"""
- name: Restart node-exporter on one node
  oncall.remedy.pod_restart:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: monitoring
    pods:
      - name: node-exporter-x7k2p
        uid: 5c1d8f4e-0b43-4a51-9d2c-3f1f6f2b7a10
        node: worker-2
    incident: 3f2a91c0
"""

RETURN = r"""
already_done:
  description: Nothing was deleted because every one of the pods was gone.
  returned: success
  type: bool
pods:
  description: The pods that are there now. RV(pods[].old) is the one that this run deleted.
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
  sample: [{node: worker-2, old: exporter-x7k2p, new: exporter-9fqzt, stayed: false, ready: true, ready_after: 3}]
report:
  description:
    - The same in words.
    - Of a failure, what this run did before, one line for each request that changed something.
  returned: success, and failure after a change
  type: list
  elements: str
  sample: ["node-exporter-x7k2p → node-exporter-9fqzt on worker-2, ready after 3 s"]
seconds:
  description: How long it took.
  returned: success
  type: float
diff:
  description: Which pods go, as YAML.
  returned: success
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
  sample: restart Pod monitoring/node-exporter-x7k2p
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: pod node-exporter-x7k2p is another than was diagnosed (its node was worker-1, is worker-2)
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
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pod_restart import Order, PodRestart, ordered

ARGUMENTS = {
    "namespace": {"type": "str", "required": True},
    "pods": {"type": "list", "elements": "raw", "required": True},
    "timeout": {"type": "str", "default": "3m"},
}


def fix(given: running.Arguments) -> PodRestart:
    """The fix that the arguments ask for."""
    given.incident()  # its form is checked as everywhere; what is deleted can carry no mark
    order = Order(given["namespace"], ordered(given["pods"]), given.duration("timeout"))
    return PodRestart(given.kube(), order)


def main() -> None:
    """Restarts the pods."""
    module = AnsibleModule(
        argument_spec={**running.KUBERNETES_ARGUMENTS, **ARGUMENTS},
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

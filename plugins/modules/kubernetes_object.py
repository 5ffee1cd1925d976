#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_object
short_description: Create one object of Kubernetes, or remove one and keep a copy, and take either back
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - O(state=present) creates the object where there is none of that name. What is there is never changed.
  - O(state=absent) removes exactly the object that is found (by its uid and its resourceVersion). Before that, a copy
    of it is kept in a ConfigMap of the same namespace, C(oncall-remedy-kept-KIND-NAME-…), with the label
    C(oncall.remedy/incident).
  - O(state=restored) takes back what the incident did to the object. What it created goes, if nobody has changed it
    since; what it removed comes back from the copy, if nobody has created another since, and the copy goes. A
    ServiceMonitor that it repaired is put back as M(oncall.remedy.service_monitor) does it.
  - What it creates carries the incident's id (annotations C(oncall.remedy/incident) and C(oncall.remedy/action)) and
    what it was created as (C(oncall.remedy/former)). A run that died between two of its requests is continued by the
    next one, which looks at what is there.
notes:
  - "The identity of the kubeconfig needs, in the namespace and for O(kind): C(get) and C(create) for O(state=present);
    C(get) and C(delete) for O(state=absent), and C(get), C(create) and C(update) on configmaps; C(get), C(create) and
    C(delete) for O(state=restored), and C(get) and C(delete) on configmaps. For a NetworkPolicy that is created also
    C(list) on networkpolicies and on pods."
  - A NetworkPolicy is created only where other policies shut in every pod that it selects already. Else it would be the
    one that shuts them in, and close everything but the port that it is to open.
  - A Service is of type ClusterIP or NodePort, and has a selector.
  - Whoever may read ConfigMaps in the namespace can read the copy.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  state:
    description: Whether the object has to be there, has to be gone, or has to be as it was before the incident.
    type: str
    choices: [present, absent, restored]
    default: present
  kind:
    description: Its kind.
    type: str
    choices: [ServiceMonitor, Service, NetworkPolicy]
    required: true
  namespace:
    description: Its namespace.
    type: str
    required: true
  name:
    description: Its name.
    type: str
    required: true
  labels:
    description: The labels that it gets, for O(state=present).
    type: dict
    default: {}
  spec:
    description: Its specification, for O(state=present).
    type: dict
  timeout:
    description: How long the whole may take, in seconds or as V(90s), V(5m).
    type: str
    default: 1m
seealso:
  - module: oncall.remedy.service_monitor
"""

EXAMPLES = r"""
- name: Remove the ServiceMonitor of something that does not expose metrics
  oncall.remedy.kubernetes_object:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    state: absent
    kind: ServiceMonitor
    namespace: monitoring
    name: kube-prometheus-stack-kube-proxy
    incident: 3f2a91c0
    precondition:
      resource_version: "812"
      owner: ""

- name: Take that back
  oncall.remedy.kubernetes_object:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    state: restored
    kind: ServiceMonitor
    namespace: monitoring
    name: kube-prometheus-stack-kube-proxy
    incident: 3f2a91c0

- name: Let Prometheus reach the pods without the API server between
  oncall.remedy.kubernetes_object:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    kind: Service
    namespace: argocd
    name: argocd-metrics-nodeport
    spec:
      type: NodePort
      selector:
        app.kubernetes.io/name: argocd-application-controller
      ports:
        - name: metrics
          port: 8082
          targetPort: 8082
          nodePort: 30082
    incident: 3f2a91c0
"""

RETURN = r"""
already_done:
  description: Nothing was changed because everything is as it has to be.
  returned: success
  type: bool
before:
  description: The object as it was found; empty if there was none.
  returned: success
  type: dict
  contains: &object
    uid:
      description: Its C(metadata.uid).
      type: str
      returned: always
    resource_version:
      description: Its C(metadata.resourceVersion).
      type: str
      returned: always
    generation:
      description: Its C(metadata.generation), 0 for kinds that have none.
      type: int
      returned: always
  sample: {uid: 5c1d8f4e-0b43-4a51-9d2c-3f1f6f2b7a10, resource_version: "812", generation: 1}
after:
  description: The object as it is now, in the same shape; empty if there is none, and in check mode.
  returned: success
  type: dict
  contains: *object
report:
  description: What this run did, one line for each request that changed something.
  returned: success, and failure after a change
  type: list
  elements: str
  sample:
    - copy kept in ConfigMap monitoring/oncall-remedy-kept-servicemonitor-kube-proxy-3b1f0c77aa
    - ServiceMonitor monitoring/kube-proxy removed
diff:
  description: What was changed, as YAML.
  returned: success
  type: dict
what:
  description: What was to be done.
  returned: failure
  type: str
  sample: create Service argocd/argocd-metrics-nodeport
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: another Service has its node port already
next:
  description: What to do now.
  returned: failure
  type: str
  sample: See which one (kubectl get services -A -o wide), and choose another port at the source
unknown:
  description: A write was sent, and whether it took effect could not be found out. Running again does.
  returned: failure
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import running
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.kubernetes_object import (
    Create,
    ObjectFix,
    Order,
    Remove,
    Restore,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import KINDS, Name

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "kind": {"type": "str", "required": True, "choices": list(KINDS)},
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "spec": {"type": "dict"},
    "timeout": {"type": "str", "default": "1m"},
}


def fix(given: running.Arguments) -> ObjectFix:
    """The fix that the arguments ask for."""
    name = Name(given["kind"], given["namespace"], given["name"])
    order = Order(name, given.incident(), given.precondition(), given.duration("timeout"))
    if given["state"] == "present":
        return Create(given.kube(), order, given["labels"], given["spec"])
    return (Remove if given["state"] == "absent" else Restore)(given.kube(), order)


def main() -> None:
    """Creates, removes or takes back."""
    module = AnsibleModule(
        argument_spec={**running.OBJECT_ARGUMENTS, **ARGUMENTS},
        required_if=[("state", "present", ("spec",))],
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: scrape_config
short_description: Correct where a ScrapeConfig asks, and take the correction back
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Corrects the static targets, the scheme or the path of a ScrapeConfig of the Prometheus operator.
  - Where that would send its credential (C(authorization), C(basicAuth), C(oauth2)) unencrypted, or to a host that did
    not get it before, the credential is taken out in the same write. No other field is touched.
  - What stood before and what the correction left are kept in the annotation C(oncall.remedy/former) of the object,
    next to the incident's id (C(oncall.remedy/incident), C(oncall.remedy/action)), in the same write that makes it and
    under the resourceVersion that was read.
  - O(state=restored) puts the former state back, but only if the object is still as the correction left it. Otherwise
    nothing is changed and the failure says what somebody else has changed.
notes:
  - The identity of the kubeconfig needs C(get) and C(patch) on scrapeconfigs in the namespace.
  - A ScrapeConfig of several static configurations is refused, since it is not clear whose targets are meant.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.kubernetes
  - oncall.remedy.fix
  - oncall.remedy.fix.object
options:
  state:
    description: Whether the object has to be as the options say, or as it was before the incident's correction.
    type: str
    choices: [repaired, restored]
    default: repaired
  namespace:
    description: The ScrapeConfig's namespace.
    type: str
    required: true
  name:
    description: The ScrapeConfig's name.
    type: str
    required: true
  targets:
    description: The targets (C(host:port)), in place of those that are there. The labels that they get stay.
    type: list
    elements: str
  scheme:
    description: How they are asked.
    type: str
    choices: [http, https]
  metrics_path:
    description: The path that is asked for.
    type: str
  timeout:
    description: How long to look after a write whose answer was lost, in seconds or as V(90s), V(5m).
    type: str
    default: 1m
seealso:
  - module: oncall.remedy.service_monitor
"""

EXAMPLES = r"""
- name: Ask at the node port instead of through the API server
  oncall.remedy.scrape_config:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: monitoring
    name: argocd-metrics
    targets: ["10.10.0.40:30082"]
    scheme: http
    metrics_path: /metrics
    incident: 3f2a91c0
    precondition:
      resource_version: "812"

- name: Take it back
  oncall.remedy.scrape_config:
    kubeconfig: "{{ remedy.credential.kubeconfig }}"
    namespace: monitoring
    name: argocd-metrics
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
    - Labels and specification as they were before this incident's correction, empty if it has made none.
    - Values of C(params) are hidden.
  returned: success
  type: dict
  sample: {labels: {}, spec: {staticConfigs: [{targets: ["10.10.0.40:6443"]}], scheme: HTTPS}}
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
  sample: ["targets 10.10.0.40:6443 → 10.10.0.40:30082", "scheme https → http"]
diff:
  description: What was changed, as YAML.
  returned: success
  type: dict
what:
  description: What was to be done.
  returned: failure
  type: str
  sample: repair ScrapeConfig monitoring/argocd-metrics
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
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.scrape_config import Repair, ScrapeConfigFix

ARGUMENTS = {
    "state": {"type": "str", "choices": ["repaired", "restored"], "default": "repaired"},
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "targets": {"type": "list", "elements": "str"},
    "scheme": {"type": "str", "choices": ["http", "https"]},
    "metrics_path": {"type": "str"},
    "timeout": {"type": "str", "default": "1m"},
}


def fix(given: running.Arguments) -> ScrapeConfigFix:
    """The fix that the arguments ask for."""
    repair = Repair.of(given) if given["state"] == "repaired" else None
    order = Order(
        given["namespace"], given["name"], given.incident(), repair, given.precondition(), given.duration("timeout")
    )
    return ScrapeConfigFix(given.kube(), order)


def main() -> None:
    """Repairs or restores the ScrapeConfig."""
    module = AnsibleModule(
        argument_spec={**running.OBJECT_ARGUMENTS, **ARGUMENTS},
        required_if=[("state", "repaired", ("targets", "scheme", "metrics_path"), True)],
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_alerts_info
short_description: Ask Alertmanager for its alerts
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Lists the alerts that an Alertmanager cluster holds.
  - All peers are asked and their alerts united. Where they differ on an alert, the peer that suppresses it wins.
extends_documentation_fragment:
  - oncall.remedy.question.alerts
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.alertmanager
  - oncall.remedy.endpoint.module
  - oncall.remedy.endpoint.attributes
options:
  matchers:
    description: Matchers of Alertmanager, which all have to match. Without them all alerts.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Pages that nobody has silenced
  oncall.remedy.alertmanager_alerts_info:
    urls: [https://alertmanager-0.example.com, https://alertmanager-1.example.com]
    matchers: ['severity="page"']
    silenced: false
  register: pages
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: alerts with severity="page"
source:
  description: The peers that were asked.
  returned: success
  type: str
  sample: https://alertmanager-0.example.com, https://alertmanager-1.example.com
took:
  description: Seconds until the answer was complete.
  returned: success
  type: float
  sample: 0.012
kind:
  description:
    - Why there is no answer, as one word such as V(timeout), V(refused), V(forbidden), V(bad_answer) or V(bad_option).
  returned: failure
  type: str
  sample: timeout
answer:
  description: The alerts.
  returned: success
  type: dict
  contains:
    total:
      description: How many alerts there are.
      type: int
    alerts:
      description: The alerts by their time, 1000 at most.
      type: list
      elements: dict
      contains:
        name:
          description: The label alertname.
          type: str
        fingerprint:
          description: Alertmanager's name for the alert's labels.
          type: str
        labels:
          description: Its labels. They come from outside.
          type: dict
        annotations:
          description: Its annotations. They come from outside.
          type: dict
        state:
          description: V(active), V(suppressed) or V(unprocessed).
          type: str
        starts_at:
          description: Since when it fires, as Unix seconds.
          type: float
        silenced_by:
          description: Ids of silences.
          type: list
          elements: str
        inhibited_by:
          description: Fingerprints of alerts that inhibit it.
          type: list
          elements: str
        generator_url:
          description: Where the alert comes from.
          type: str
    truncated:
      description: Whether there are more alerts than are listed.
      type: bool
    unreachable:
      description: Peers that did not answer while another one did.
      type: list
      elements: dict
      contains:
        url:
          description: The peer.
          type: str
        reason:
          description: Why it did not answer.
          type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.alertmanager import AlertmanagerAlerts
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import ALERTMANAGER


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(ALERTMANAGER, AlertmanagerAlerts.options, probe_module.PATIENCE)
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), AlertmanagerAlerts)


if __name__ == "__main__":
    main()

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: alertmanager_alerts
short_description: Ask Alertmanager for its alerts
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.alertmanager_alerts_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.alertmanager
  - oncall.remedy.endpoint.module
options:
  _terms:
    description: Matchers of Alertmanager, which all have to match.
    type: list
    elements: str
    required: true
  active:
    description: Whether alerts that are neither silenced nor inhibited are wanted.
    type: bool
    default: true
  silenced:
    description: Whether silenced alerts are wanted.
    type: bool
    default: true
  inhibited:
    description: Whether inhibited alerts are wanted.
    type: bool
    default: true
  unprocessed:
    description: Whether alerts are wanted that Alertmanager has not looked at yet.
    type: bool
    default: true
seealso:
  - module: oncall.remedy.alertmanager_alerts_info
"""

EXAMPLES = r"""
- name: How many pages there are
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.alertmanager_alerts', 'severity=\"page\"', url='https://am.example.com').total }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.alertmanager_alerts_info#module:answer).
  type: list
  elements: dict
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

from ansible_collections.oncall.remedy.plugins.module_utils.probes.alertmanager import AlertmanagerAlerts
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask Alertmanager for its alerts."""

    probe = AlertmanagerAlerts
    term = "matchers"
    each = False

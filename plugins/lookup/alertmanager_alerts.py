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
  - oncall.remedy.question.alerts
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.alertmanager
  - oncall.remedy.endpoint.module
options:
  _terms:
    description: Matchers of Alertmanager, which all have to match.
    type: list
    elements: str
    required: true
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
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.alertmanager import AlertmanagerAlerts
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask Alertmanager for its alerts."""

    probe = AlertmanagerAlerts
    term = "matchers"
    each = False

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_targets
short_description: Ask Prometheus what it scrapes, and how that goes
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.prometheus_targets_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.prometheus
  - oncall.remedy.endpoint.module
options:
  _terms:
    description: Regular expressions that the targets' job label matches as a whole.
    type: list
    elements: str
    required: true
seealso:
  - module: oncall.remedy.prometheus_targets_info
"""

EXAMPLES = r"""
- name: How many targets of Traefik are down
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.prometheus_targets', '.*traefik.*', url='https://prometheus.example.com').down }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.prometheus_targets_info#module:answer), one for each term.
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.prometheus_targets import PrometheusTargets
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask Prometheus what it scrapes, and how that goes."""

    probe = PrometheusTargets
    term = "job"

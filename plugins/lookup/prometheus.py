# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus
short_description: Ask Prometheus with PromQL
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.prometheus_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.prometheus
  - oncall.remedy.endpoint.module
options:
  _terms:
    description: Expressions that yield a vector or a scalar.
    type: list
    elements: str
    required: true
  at:
    description: The instant as Unix seconds. Without it now.
    type: float
seealso:
  - module: oncall.remedy.prometheus_info
"""

EXAMPLES = r"""
- name: How many healthy Traefik targets remain
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.prometheus', query, url='https://prometheus.example.com').value }}"
  vars:
    query: count(up{job=~".*traefik.*"} == 1)
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.prometheus_info#module:answer), one for each term.
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import Promql
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask Prometheus with PromQL."""

    probe = Promql
    term = "query"

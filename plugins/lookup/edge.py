# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: edge
short_description: Ask an HTTP server through each of its addresses
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.edge_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.question.edge
options:
  _terms:
    description: URLs.
    type: list
    elements: str
    required: true
seealso:
  - module: oncall.remedy.edge_info
"""

EXAMPLES = r"""
- name: Does the site answer
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.edge', 'https://grafana.example.com/login').statuses }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.edge_info#module:answer), one for each term.
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.edge import Http
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask an HTTP server through each of its addresses."""

    probe = Http
    term = "url"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dns
short_description: Ask where a name points to
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.dns_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.question.dns
options:
  _terms:
    description: Names.
    type: list
    elements: str
    required: true
seealso:
  - module: oncall.remedy.dns_info
"""

EXAMPLES = r"""
- name: Where the name points to
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.dns', 'api.example.com').addresses }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.dns_info#module:answer), one for each term.
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.resolution import Dns
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask where a name points to."""

    probe = Dns
    term = "name"

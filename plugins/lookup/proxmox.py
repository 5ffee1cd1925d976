# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: proxmox
short_description: Ask a Proxmox VE host how it is
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.proxmox_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.question.proxmox
options:
  _terms:
    description: The names of hosts, which are also those of their nodes. All are asked at O(url), as the nodes of a
      cluster can be.
    type: list
    elements: str
    required: true
requirements:
  - proxmoxer
seealso:
  - module: oncall.remedy.proxmox_info
"""

EXAMPLES = r"""
- name: Which services of the hypervisor are down
  ansible.builtin.debug:
    msg: >-
      {{ lookup('oncall.remedy.proxmox', 'carrick', url='https://192.0.2.10:8006', user='remedy@pve',
      token_name='reader', token_file='/etc/remedy/carrick.token').services_down }}
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.proxmox_info#module:answer), one for each term.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import PROXMOX_HOST
from ansible_collections.oncall.remedy.plugins.module_utils.probes.proxmox import Proxmox
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask a Proxmox VE host how it is."""

    probe = Proxmox
    term = "host"

    def settings(self, given: dict[str, Any], terms: list[Any]) -> dict[str, Any]:
        """One host under each of the names."""
        return {"hosts": {str(name): {option: given[option] for option in PROXMOX_HOST} for name in terms}}

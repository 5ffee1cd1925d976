# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tcp
short_description: Try whether TCP connections open
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.tcp_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.question.tcp
options:
  _terms:
    description: Addresses as C(host:port) or C([address]:port). All are tried at once.
    type: list
    elements: str
    required: true
seealso:
  - module: oncall.remedy.tcp_info
"""

EXAMPLES = r"""
- name: Which of the ports is closed
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.tcp', '192.0.2.11:443', '192.0.2.12:443').closed_at }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.tcp_info#module:answer).
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import Tcp
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Try whether TCP connections open."""

    probe = Tcp
    term = "addresses"
    each = False

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
options:
  _terms:
    description: Addresses as C(host:port) or C([address]:port). All are tried at once.
    type: list
    elements: str
    required: true
  control:
    description: An address that answers if this host can ask at all. When it and all others are silent, the question
      fails.
    type: str
  timeout:
    description: How long to wait for a connection, in seconds or as V(5s).
    type: str
    default: 5s
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
  contains:
    total:
      description: How many addresses were tried.
      type: int
    open:
      description: How many connections opened.
      type: int
    refused:
      description: How many were refused.
      type: int
    timed_out:
      description: How many got no answer.
      type: int
    open_at:
      description: Addresses that are open.
      type: list
      elements: str
    closed_at:
      description: All others.
      type: list
      elements: str
    answers:
      description: What each address did.
      type: list
      elements: dict
      contains:
        address:
          description: The address.
          type: str
        state:
          description: V(open), V(refused), V(timeout), V(dns), V(unreachable), V(reset) or V(network).
          type: str
        seconds:
          description: How long it took.
          type: float
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import Tcp
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Try whether TCP connections open."""

    probe = Tcp
    term = "addresses"
    each = False

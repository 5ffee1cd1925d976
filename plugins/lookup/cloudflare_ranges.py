# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudflare_ranges
short_description: Compare the networks of Cloudflare with those that are trusted
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.cloudflare_ranges_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.question.cloudflare
options:
  _terms:
    description: Networks that are trusted. A member may hold several, with commas in between.
    type: list
    elements: str
seealso:
  - module: oncall.remedy.cloudflare_ranges_info
"""

EXAMPLES = r"""
- name: What the edge does not trust
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.cloudflare_ranges', '104.16.0.0/13', '172.64.0.0/13').missing }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.cloudflare_ranges_info#module:answer).
  type: list
  elements: dict
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.cloudflare_ranges import CloudflareRanges
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Compare the networks of Cloudflare with those that are trusted."""

    probe = CloudflareRanges
    term = "trusted"
    each = False

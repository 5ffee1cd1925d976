#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudflare_ranges_info
short_description: Compare the networks of Cloudflare with those that are trusted
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Fetches the networks that Cloudflare publishes, or takes those that are known where they cannot be had.
  - Says which of them a setting such as Traefik's C(forwardedHeaders.trustedIPs) lacks, and whom it trusts besides.
  - A published list with a network that is wider than /8 (IPv6 - /16) is not believed.
extends_documentation_fragment:
  - oncall.remedy.question.cloudflare
  - oncall.remedy.endpoint.attributes
options:
  trusted:
    description: Networks that are trusted. A member may hold several, with commas in between.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Does the edge trust all of Cloudflare
  oncall.remedy.cloudflare_ranges_info:
    known:
      as_of: "2026-11-01"
      ranges: [104.16.0.0/13, 172.64.0.0/13]
    trusted: ["104.16.0.0/13,10.0.0.0/8"]
  register: edge

- name: What it lacks
  ansible.builtin.debug:
    var: edge.answer.missing
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: Cloudflare's networks as of 2026-11-01, and who is trusted
took:
  description: Seconds until the answer was complete.
  returned: success
  type: float
  sample: 0.012
kind:
  description:
    - Why there is no answer, as one word such as V(timeout), V(refused), V(forbidden), V(bad_answer) or V(bad_option).
  returned: failure
  type: str
  sample: timeout
answer:
  description: The networks, and how the trusted ones compare.
  returned: success
  type: dict
  contains:
    ranges:
      description: Cloudflare's networks.
      type: list
      elements: str
    as_of:
      description: The day of which they are.
      type: str
    age_days:
      description: Days since then.
      type: int
    source:
      description: V(published) or V(known).
      type: str
    error:
      description: Why the published list was not had.
      type: str
    missing:
      description: Networks of Cloudflare that O(trusted) does not cover; null where that is not given.
      type: list
      elements: str
    foreign:
      description: Members of O(trusted) that are not Cloudflare's; null where it is not given.
      type: list
      elements: str
    differs:
      description: Whether the published list differs from the known one; null where one of them is missing.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.cloudflare_ranges import CloudflareRanges


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(CloudflareRanges.options)
    spec["timeout"]["default"] = "5s"
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), CloudflareRanges)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_info
short_description: Ask where a name points to
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Asks for the IPv4 and IPv6 addresses of a name, without search domains.
  - That the name does not exist is a result and no failure. That no server answers is a failure.
extends_documentation_fragment:
  - oncall.remedy.question.dns
  - oncall.remedy.endpoint.attributes
options:
  name:
    description: The name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Does the name point to Cloudflare
  oncall.remedy.dns_info:
    name: api.example.com
    servers: [192.0.2.53]
    expect: [104.16.0.0/13, 172.64.0.0/13]
  register: name

- name: The addresses that are not Cloudflare's
  ansible.builtin.debug:
    var: name.answer.elsewhere
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: A/AAAA of api.example.com
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
  description: Where the name points to.
  returned: success
  type: dict
  contains:
    name:
      description: The name.
      type: str
    resolves:
      description: Whether it has an address.
      type: bool
    addresses:
      description: Its addresses.
      type: list
      elements: str
    elsewhere:
      description: Those outside of O(expect).
      type: list
      elements: str
    error:
      description: Why there is no address, or none of one type.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.resolution import Dns


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(Dns.options)
    spec["timeout"]["default"] = "5s"
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), Dns)


if __name__ == "__main__":
    main()

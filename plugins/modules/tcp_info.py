#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_info
short_description: Try whether TCP connections open
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Opens a connection to every address at once and closes it again; nothing is sent.
  - An address that does not answer is a result and no failure, unless a O(control) shows that nothing can be asked.
extends_documentation_fragment:
  - oncall.remedy.question.tcp
  - oncall.remedy.endpoint.attributes
options:
  addresses:
    description: Addresses as C(host:port) or C([address]:port). All are tried at once.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Do the nodes' HTTPS ports open
  oncall.remedy.tcp_info:
    addresses: ["192.0.2.11:443", "192.0.2.12:443"]
  register: ports
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: TCP to 192.0.2.11:443, 192.0.2.12:443
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
  description: What the addresses did.
  returned: success
  type: dict
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import Tcp


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(Tcp.options)
    spec["timeout"]["default"] = "5s"
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), Tcp)


if __name__ == "__main__":
    main()

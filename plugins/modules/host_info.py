#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Look at a host as evidence for a diagnosis
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Gathers what can only be seen on the host itself.
  - It needs nothing but Python on the host, changes nothing, and says what it was not allowed to see.
options:
  gather:
    description:
      - What to gather.
      - With V(listening) the sockets that wait for connections (TCP) or packets (UDP), each with the process that holds
        it. Without the rights of root only the processes of the same user can be told.
    type: list
    elements: str
    choices: [listening]
    required: true
extends_documentation_fragment:
  - oncall.remedy.endpoint.attributes
"""

EXAMPLES = r"""
- name: Who listens on this host
  oncall.remedy.host_info:
    gather: [listening]
  become: true
  register: seen

- name: Who holds port 80
  ansible.builtin.debug:
    msg: "{{ seen.host.listening | selectattr('port', 'eq', 80) | map(attribute='process') | unique }}"
"""

RETURN = r"""
host:
  description: What was gathered; one key for each word in O(gather).
  returned: success
  type: dict
  contains:
    listening:
      description: The sockets by their port.
      type: list
      elements: dict
      contains:
        protocol:
          description: V(tcp), V(tcp6), V(udp) or V(udp6).
          type: str
          sample: tcp
        address:
          description: The address that the socket is bound to.
          type: str
          sample: 0.0.0.0
        port:
          description: The port.
          type: int
          sample: 80
        user:
          description: Whose socket it is.
          type: str
          sample: www-data
        pid:
          description: The process that holds it, the first of several; null where that cannot be told.
          type: int
          sample: 4711
        process:
          description: The process's name, or null.
          type: str
          sample: nginx
        command:
          description: The first words of its command line, without options as these may hold secrets, or null.
          type: str
          sample: nginx
        unit:
          description: The systemd unit that it belongs to, an empty text where there is none, or null.
          type: str
          sample: nginx.service
        reason:
          description: Why the process cannot be told.
          type: str
          sample: not allowed to look into all processes
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.host.gatherers import GATHERERS

ARGUMENTS = {"gather": {"type": "list", "elements": "str", "choices": list(GATHERERS), "required": True}}


def main() -> None:
    """Runs the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        host = {name: GATHERERS[name]() for name in module.params["gather"]}
    except OSError as error:
        module.fail_json(msg=f"cannot read what the kernel tells of this host: {error}")
    module.exit_json(changed=False, host=host)


if __name__ == "__main__":
    main()

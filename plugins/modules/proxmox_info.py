#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: proxmox_info
short_description: Ask a Proxmox VE host how it is
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Asks the API of a Proxmox VE host for its version, its nodes, and the services of one of them, and whether its
    metrics in Prometheus' format are had with the same credential.
  - A host that is silent, or does not know the credential, is a result and no failure, unless a O(control) shows that
    nothing can be asked.
extends_documentation_fragment:
  - oncall.remedy.question.proxmox
  - oncall.remedy.endpoint.attributes
options:
  host:
    description: The name of the host, which is also that of its node unless O(node) says otherwise.
    type: str
    required: true
requirements:
  - proxmoxer
"""

EXAMPLES = r"""
- name: How is the hypervisor
  oncall.remedy.proxmox_info:
    host: carrick
    url: https://192.0.2.10:8006
    user: remedy@pve
    token_name: reader
    token_file: /etc/remedy/carrick.token
  register: carrick

- name: What does not run there
  ansible.builtin.debug:
    msg: "{{ carrick.answer.services_down }}"
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: "Proxmox carrick: version, node carrick, its services, metrics"
source:
  description: The host that was asked.
  returned: success
  type: str
  sample: https://192.0.2.10:8006
took:
  description: Seconds until the answer was complete.
  returned: success
  type: float
  sample: 0.012
kind:
  description:
    - Why there is no answer, as one word such as V(forbidden), V(bad_config), V(bad_option) or V(missing_library).
  returned: failure
  type: str
  sample: forbidden
answer:
  description: How the host is.
  returned: success
  type: dict
  contains:
    url:
      description: Where it was asked.
      type: str
    reachable:
      description: Whether an HTTP answer came, of whatever status.
      type: bool
    authenticated:
      description: Whether the API takes the credential.
      type: bool
    error:
      description: Why the API did not tell all, in words.
      type: str
    error_kind:
      description: The same as one word such as V(refused), V(timeout), V(tls) or V(unauthorized).
      type: str
    version:
      description: The version of Proxmox VE.
      type: str
    nodes:
      description: All nodes of the host's cluster, or the host alone.
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          type: str
        status:
          description: V(online), V(offline) or V(unknown).
          type: str
        uptime:
          description: Seconds for which it has been running.
          type: int
    node_online:
      description: Whether the node is online; null where it is not known.
      type: bool
    services:
      description: The services of the node; null where they are not known.
      type: list
      elements: dict
      contains:
        name:
          description: Its name.
          type: str
        state:
          description: What systemd says of it, such as V(running) or V(dead).
          type: str
    services_down:
      description: Names of services that are enabled and do not run; null where they are not known.
      type: list
      elements: str
    metrics_status:
      description: The HTTP status of the metrics in Prometheus' format; 0 without any.
      type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import PROXMOX_HOST
from ansible_collections.oncall.remedy.plugins.module_utils.probes.proxmox import Proxmox


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(PROXMOX_HOST, Proxmox.options)
    spec["timeout"]["default"] = "10s"
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    host = {name: module.params[name] for name in PROXMOX_HOST}
    probe_module.run(module, Proxmox, {"hosts": {module.params["host"]: host}})


if __name__ == "__main__":
    main()

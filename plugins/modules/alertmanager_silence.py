#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_silence
short_description: Silence alerts while an incident is being remedied
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Creates a silence by C(oncall.remedy/<incident>), or ends it. One that the incident has already is not created twice
    and not prolonged.
  - The peers of one Alertmanager cluster share their silences. All are read, the first that takes the change gets it. A
    change whose answer was lost is looked for before it is sent again.
  - Matchers are given in parts and are never parsed, so a label's value may be any text.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - oncall.remedy.fix
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.alertmanager
options:
  state:
    description: Whether the silence has to hold or has to be ended.
    type: str
    choices: [present, expired]
    default: present
  matchers:
    description:
      - Which alerts. All have to match, and at least one has to be exact (O(matchers[].operator) V(=) with a value).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The label's name.
        type: str
        required: true
      value:
        description: The value or regular expression.
        type: str
        required: true
      operator:
        description: How they are compared.
        type: str
        choices: ["=", "!=", "=~", "!~"]
        default: "="
  duration:
    description: How long the silence holds, in seconds or as V(90m), V(2h).
    type: str
    default: 2h
  comment:
    description: Why, for whoever sees the silence.
    type: str
    default: ""
  timeout:
    description: How long to look after a change whose answer was lost, in seconds or as V(30s).
    type: str
    default: 30s
"""

EXAMPLES = r"""
- name: Silence what follows from the outage
  oncall.remedy.alertmanager_silence:
    urls: [http://alertmanager-0:9093, http://alertmanager-1:9093]
    matchers:
      - {name: alertname, value: TraefikDown}
      - {name: instance, value: "hetzner[12]:.*", operator: "=~"}
    duration: 2h
    comment: Port 80 is taken on two nodes; platform is on it
    incident: 3f2a91c0

- name: End it
  oncall.remedy.alertmanager_silence:
    urls: [http://alertmanager-0:9093, http://alertmanager-1:9093]
    matchers:
      - {name: alertname, value: TraefikDown}
      - {name: instance, value: "hetzner[12]:.*", operator: "=~"}
    state: expired
    incident: 3f2a91c0
"""

RETURN = r"""
already_done:
  description: Nothing was changed because the silence holds (or has ended) already.
  returned: success
  type: bool
silence_id:
  description: The silence's id; empty in check mode and where there is none.
  returned: success
  type: str
  sample: 512860da-74f3-43c9-8833-cec026542b32
ends_at:
  description: When the silence ends or would have ended; empty where there is none.
  returned: success
  type: str
  sample: "2026-11-21T05:12:07Z"
report:
  description: What was done, in words.
  returned: success
  type: list
  elements: str
  sample: ['{alertname="TraefikDown"} is silenced until 2026-11-21T05:12:07Z']
diff:
  description: The incident's silences before and after, as YAML.
  returned: success
  type: dict
what:
  description: What was to be done.
  returned: failure
  type: str
  sample: 'silence {alertname=~".+"}'
why:
  description: Why it did not work. For a refused request this names the identity and the verb.
  returned: failure
  type: str
  sample: no matcher is an exact one (name = value)
next:
  description: What to do now.
  returned: failure
  type: str
  sample: Name at least the alert exactly; a wider silence is for a human to make
unknown:
  description: A write was sent, and whether it took effect could not be found out. Running again does.
  returned: failure
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import running
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.alertmanager import OPERATORS, Matcher
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.silence import Order, SilenceFix

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "expired"], "default": "present"},
    "matchers": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "value": {"type": "str", "required": True},
            "operator": {"type": "str", "choices": list(OPERATORS), "default": "="},
        },
    },
    "duration": {"type": "str", "default": "2h"},
    "comment": {"type": "str", "default": ""},
    "timeout": {"type": "str", "default": "30s"},
}


def fix(given: running.Arguments) -> SilenceFix:
    """The fix that the arguments ask for."""
    order = Order(
        incident=given.incident(),
        matchers=tuple(Matcher(one["name"], one["value"], one["operator"]) for one in given["matchers"]),
        comment=given["comment"],
        duration=given.duration("duration"),
        present=given["state"] == "present",
        timeout=given.duration("timeout"),
    )
    return SilenceFix(given.peers(), order)


def main() -> None:
    """Creates or ends the silence."""
    module = AnsibleModule(
        argument_spec={**running.ALERTMANAGER_ARGUMENTS, **ARGUMENTS},
        supports_check_mode=True,
    )
    running.run(module, fix)


if __name__ == "__main__":
    main()

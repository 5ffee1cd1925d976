#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pause
short_description: keeps the engine from beginning anything for a while
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- While a pause is in force no remedy begins on its target. Sweeps go on diagnosing and say what is held and why; what
  has begun is verified to its end.
- What is said with C(-e) is read to the letter and never rendered as a template.
- To pause, C(reason) and C(for) (a duration such as C(2h), at most 30 days) are needed. C(target) is the inventory's
  name of one target; without it everything is paused. C(owner) is whom to ask; AWX's user where there is one, else the
  login user.
- To lift, C(target) names whose pause, C(pause) names one by its id or the beginning of it; without both it is the
  pause of everything. What was held is decided anew by the next sweep.
- In check mode nothing is written.
extends_documentation_fragment:
- oncall.remedy.stage
options:
  state:
    description:
    - V(present) sets a pause, V(absent) lifts one.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Pause a target or everything
  oncall.remedy.pause:

- name: Lift a pause
  oncall.remedy.pause:
    state: absent
"""

RETURN = r"""
pauses:
  description: What was set or lifted.
  returned: success
  type: list
  elements: dict
  sample:
  - id: 9b1de0c4a2f7
    target: hetzner
    reason: a disk is being changed
    owner: ada
    began_at: 1795222282.0
    ends_at: 1795229482.0
    lifted_at: null
    lifted_by: ""
in_force:
  description: What is in force beside it.
  returned: success
  type: list
  elements: dict
"""

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: approve
short_description: approves or rejects a plan that waits for a human
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Shows a plan that was put before a human, in mode C(approve) or by a guard that wants an approval, and takes the
  answer.
- Takes no options. What is said with C(-e) is read to the letter and never rendered as a template.
- C(plan) is the id that the sweep shows, or the beginning of it, at least four characters. Without it, everything that
  waits is listed.
- C(decision) is C(approve) or C(reject). Without it, the plan is shown and nothing is decided.
- C(why) is the reason. A rejection needs one.
- C(who) is the name under which the answer is recorded; AWX's user where there is one, else the login user.
- An approval is bound to the plan and to what the evidence amounts to, runs out, and is good for one time. The first
  answer counts; whoever comes second is told who answered.
- In check mode the plan is shown, everything is refused that would be refused, and nothing is written.
extends_documentation_fragment:
- oncall.remedy.stage
"""

EXAMPLES = r"""
- name: Approve or reject a plan
  oncall.remedy.approve:
"""

RETURN = r"""
approval:
  description: The plan as it stands now.
  returned: if C(plan) was given
  type: dict
  sample:
    id: 3f9a12c4e07b
    target: hetzner
    remedy: oncall.remedy.traefik.restart DaemonSet traefik/traefik
    state: approved
    episode: 4f1c2a…
    expires_at: 1795222282.0
    decided_by: ada
    decided_why: seen on the dashboard
waiting:
  description: What waits for an answer, the newest first.
  returned: if C(plan) was not given
  type: list
  elements: dict
"""

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: outcome
short_description: records how a mitigation ended
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Writes the outcome of the permit that the host used into the ledger. Fails where the remedy failed, so that the
  run does.
extends_documentation_fragment:
- oncall.remedy.stage
- oncall.remedy.stage.sweep
options:
  result:
    description:
    - The registered result of the fix.
    type: dict
    default: {}
  failure:
    description:
    - The result of the task that failed, where one did.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Record the outcome
  oncall.remedy.outcome:
    sweep: "{{ hostvars['localhost'].remedy_sweep }}"
    result: "{{ remedy_result | default({}) }}"
"""

RETURN = r"""
{}
"""

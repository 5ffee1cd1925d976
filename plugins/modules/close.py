#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: close
short_description: verifies, writes the cases, escalates and ends the sweep
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- The last stage of a sweep. Verifies all mitigations side by side for as long as C(remedy_linger) allows; what
  is not proven by then is left to the next sweep with a due time.
extends_documentation_fragment:
- oncall.remedy.stage
- oncall.remedy.stage.sweep
options:
  outcomes:
    description:
    - The outcomes that M(oncall.remedy.assess) wrote.
    type: dict
    default: {}
  fault:
    description:
    - What went wrong in the engine itself. The run fails with it, after everything else is closed.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Verify, write the cases, escalate
  oncall.remedy.close:
    sweep: "{{ remedy_sweep }}"
"""

RETURN = r"""
outcomes:
  description: How many incidents have which outcome.
  returned: success
  type: dict
  sample:
    healed: 1
"""

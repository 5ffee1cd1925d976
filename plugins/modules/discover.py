#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: discover
short_description: pulls what is firing and claims what this sweep works on
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- The first stage of a sweep. Pulls the alerts of every Alertmanager in C(remedy_sources), adds what the ledger
  says is due, resolves each incident to exactly one inventory host and claims it.
- 'Alert text never leaves the controller in a variable: the later stages read it from a private file of this run.'
extends_documentation_fragment:
- oncall.remedy.stage
options:
  only:
    description:
    - What the sweep is narrowed to, as M(oncall.remedy.runbook) returns it. Empty for a sweep of everything.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Pull what is firing and what is due
  oncall.remedy.discover:
  register: remedy_sweep
"""

RETURN = r"""
id:
  description: The name under which the ledger knows this sweep.
  returned: success
  type: str
  sample: 4f1c2a…
narrowed:
  description: Whether this sweep is about one runbook or target alone, and so no proof that the rest was looked at.
  returned: success
  type: bool
  sample: false
examine:
  description: The hosts that a runbook asks about.
  returned: success
  type: list
  sample:
  - hetzner1
  elements: str
gather:
  description: What is to be gathered there.
  returned: success
  type: list
  sample:
  - listening
  elements: str
"""

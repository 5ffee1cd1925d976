#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: runbook
short_description: checks the runbook of an operator's run
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Says what the sweep that follows is narrowed to. Fails where the alerts have no usable runbook, the target is
  not exactly one inventory host, or an input does not fit its pattern.
- The target comes from the variable C(target), to the letter the name of one inventory host; where there is none the
  sweep takes all targets for which the alert fires. Inputs that no alert brings are given on the
  command line by their own names (C(-e job=node-exporter)), or in the variable C(inputs), a mapping. All are read as
  they stand and never rendered as templates, so they are no options.
extends_documentation_fragment:
- oncall.remedy.stage
options:
  alerts:
    description:
    - The alerts of the runbook.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the runbook
  oncall.remedy.runbook:
    alerts: [TraefikDown]
  register: runbook_narrowed
"""

RETURN = r"""
only:
  description: What the sweep is narrowed to.
  returned: success
  type: dict
  sample:
    runbook: traefik_down
    target: hetzner
    inputs: {}
"""

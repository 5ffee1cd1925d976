#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: replay
short_description: diagnoses recorded cases with the runbooks of today
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Shows which decisions of recorded cases flip, by which findings and conditions. Asks nobody and writes nothing.
- Takes no options. What is said with C(-e) is read to the letter and never rendered as a template.
- C(cases) is a folder of recorded cases, and of the flips that are accepted. Without it, the cases are the ledger's.
- C(since) is how far back in the ledger, a duration such as C(90d); 30 days if it is not given.
- C(case) is one case of the ledger, by its id or the beginning of it.
- With C(strict=true) the run fails if a decision flips that is not accepted, or if an accepted flip does not happen.
extends_documentation_fragment:
- oncall.remedy.stage
"""

EXAMPLES = r"""
- name: Diagnose recorded cases anew
  oncall.remedy.replay:
"""

RETURN = r"""
cases:
  description: How many were replayed.
  returned: success
  type: int
  sample: 27
flips:
  description: The decisions that flip and are not accepted.
  returned: success
  type: list
  elements: dict
  sample:
  - case: f9516dd8…
    runbook: traefik_down
    then: edge_outage → restart of DaemonSet traefik/traefik (medium risk)
    now: 'undecided: edge_outage'
"""

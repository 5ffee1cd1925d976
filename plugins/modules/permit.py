#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: permit
short_description: uses a target's permit and yields the credential that may write
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Consumes, once, the permit that this sweep issued for the host and yields what its role needs. Secrets are passed
  as paths of files that only this user reads and that go with the run.
- In check mode the read-only identity is yielded in the place of the writing one.
extends_documentation_fragment:
- oncall.remedy.stage
- oncall.remedy.stage.sweep
"""

EXAMPLES = r"""
- name: Take the permit
  oncall.remedy.permit:
    sweep: "{{ hostvars['localhost'].remedy_sweep }}"
  register: remedy_permit
"""

RETURN = r"""
role:
  description: The role that carries the plan out.
  returned: success
  type: str
  sample: oncall.remedy.traefik
remedy:
  description: What the role is given.
  returned: success
  type: dict
  sample:
    incident: 3f2a91c0
    action: restart
    fence: {not_after: 1795230300.0}
permit:
  description: The permit that was used.
  returned: success
  type: str
  sample: 7c1d…
"""

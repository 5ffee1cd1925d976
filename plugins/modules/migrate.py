#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: migrate
short_description: raises the ledger to the schema of this engine
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- An engine refuses a ledger of an earlier version and never changes it on its own. This module does, for whoever has
  stopped the sweeps and wants it.
- All revisions are applied in one transaction, so a migration that breaks off leaves the ledger as it was. A ledger in
  a SQLite file is copied beside itself before; see to a backup of a PostgreSQL database.
- Refuses while a sweep is under way, or may be.
- In check mode it lists what would be applied and changes nothing.
extends_documentation_fragment:
- oncall.remedy.stage
"""

EXAMPLES = r"""
- name: Raise the ledger
  oncall.remedy.migrate:
"""

RETURN = r"""
found:
  description: The version of the schema before.
  returned: success
  type: str
  sample: "0001"
version:
  description: The version of the schema that this engine works with.
  returned: success
  type: str
  sample: "0002"
revisions:
  description: What was applied, in order, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
  - name: "0002"
    what: The complete gate
backup:
  description: The copy of the SQLite file as it was before; empty where none was made.
  returned: success
  type: str
  sample: /var/lib/oncall-remedy/ledger.db.0001-20261121T065500Z
"""

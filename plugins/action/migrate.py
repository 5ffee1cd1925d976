# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Raises the ledger to this engine's schema; see the module of the same name."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json


class ActionModule(StageAction):
    """Applies the revisions that the ledger lacks, or lists them for a ``--check`` run."""

    OPTIONS: ClassVar[Json] = {}

    def perform(self, options: Json) -> Json:
        # Not above: a sweep loads action plugins, too, and has no use for Alembic.
        from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.migrate import migrate

        done = migrate(self.settings().ledger, check=self.check)
        if done.revisions:
            self.say(f"The ledger {'would go' if self.check else 'went'} from version {done.found} to {done.version}:")
        else:
            self.say(f"The ledger has version {done.version} already: nothing to do.")
        for one in done.revisions:
            self.say(f"  {one.name}  {one.what}")
        if done.backup:
            self.say(f"As it was before: {done.backup}")
        return {"changed": bool(done.revisions), **dataclasses.asdict(done)}

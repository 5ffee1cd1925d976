# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the diagnosis saw of an object, demanded of it again at the moment of the write."""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, generation, resource_version
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import owner


@dataclasses.dataclass(frozen=True)
class Precondition:
    """``resource_version``: nothing at all has changed, status included. ``generation``: the specification has not.
    ``owner``: it belongs to this one (empty: to nobody), who would put it back; None demands nothing."""

    resource_version: str = ""
    generation: int | None = None
    owner: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Precondition:
        """From the module's option ``precondition``; what is missing demands nothing."""
        given = given or {}
        return cls(given.get("resource_version") or "", given.get("generation"), given.get("owner"))

    def demand(self, what: str, thing: Json) -> None:
        """:raises FixFailed: the object is not the one that was diagnosed any more."""
        if self.resource_version and resource_version(thing) != self.resource_version:
            self._refuse(what, "resourceVersion", self.resource_version, resource_version(thing))
        if self.generation is not None and generation(thing) != self.generation:
            self._refuse(what, "generation", self.generation, generation(thing))
        if self.owner is not None and owner(thing) != self.owner:
            self._refuse(what, "its owner", self.owner or "nobody", owner(thing) or "nobody")

    @staticmethod
    def _refuse(what: str, field: str, seen: object, found: object) -> None:
        raise FixFailed(
            what,
            f"the object has changed since it was diagnosed ({field} was {seen}, is {found})",
            "Diagnose again: the next sweep does",
        )

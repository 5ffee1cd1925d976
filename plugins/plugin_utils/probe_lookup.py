# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe as a lookup: the same options, the value as the result."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.oncall.remedy.plugins.module_utils import duration
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Probe
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import SETTINGS, transport_for


class ProbeLookup(LookupBase):
    """What the lookups have in common. A subclass names its ``probe`` and the option that its terms are.

    The terms are ``each`` asked as a question of their own, or all of them are the one option (a list).
    """

    probe: ClassVar[type[Probe]]
    term: ClassVar[str]
    each: ClassVar[bool] = True

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """The value for each question."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        given = self.get_options()  # type: ignore[no-untyped-call]
        try:
            deadline = time.monotonic() + duration.seconds(given["timeout"])
            transport = transport_for(self.probe.endpoint, self.settings(given, terms))
            return [self._asked(given, transport, term).ask(deadline) for term in (terms if self.each else [terms])]
        except (ProbeError, ValueError) as error:
            raise AnsibleLookupError(str(error)) from error

    def settings(self, given: dict[str, Any], _terms: list[Any]) -> dict[str, Any]:
        """The settings of the endpoint: the options of their names."""
        return {name: given[name] for name in SETTINGS.get(self.probe.endpoint or "", {})}

    def _asked(self, given: dict[str, Any], transport: Any, term: Any) -> Probe:
        options = {name: given.get(name) for name in self.probe.options}
        return self.probe(transport, {**options, self.term: term})

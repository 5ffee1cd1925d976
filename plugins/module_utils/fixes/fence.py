# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when, and for whom, a fix may write.

A module outlives the ansible-playbook that started it: killed, that run can neither stop it nor hear what it did, and
the next sweep takes the target over. So a fix asks this before every single request that writes (the transports do,
``http_transport``), and writes nothing any more

* after ``not_after``, which is before the lease of the target ends. By the wall clock, and by one that nobody can set
  back: from the permit on where the module runs on the same machine, else from the module's own beginning;
* once the controller's process is gone, where the module runs on the same machine and can see that.

The request itself takes ``WRITE_SECONDS`` at most: so long after a controller's end its target has to be left alone.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a permit says. ``not_after`` is in Unix seconds; ``host`` as ``process.here``, empty if nobody can tell.

    On that host ``steady`` is the same as ``not_after`` by the machine's monotonic clock, and ``pid`` and ``started``
    are the controller's process, as ``process.still_runs`` takes them.
    """

    not_after: float
    host: str = ""
    steady: float = float("inf")
    pid: int = 0
    started: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Bounds:
        """From the module's option ``fence``."""
        steady = float("inf") if given["steady"] is None else given["steady"]
        return cls(given["not_after"], given["host"] or "", steady, given["pid"] or 0, given["started"] or 0)

    @property
    def are_from_here(self) -> bool:
        """Whether the permit was given on this machine, in this container."""
        return bool(self.host) and self.host == process.here()


class Fence:
    """Called before each request that writes. Make it when the module begins: its second clock runs from then."""

    def __init__(self, bounds: Bounds, clock: Clock | None = None) -> None:
        self._bounds = bounds
        self._clock = clock or Clock()
        self._until = self._clock.monotonic() + bounds.not_after - self._clock.unix()
        if bounds.are_from_here:
            self._until = min(self._until, bounds.steady)

    def __call__(self) -> None:
        """:raises ProbeError: of kind ``fenced``, with the reason why nothing may be written any more."""
        late = max(self._clock.unix() - self._bounds.not_after, self._clock.monotonic() - self._until)
        if late > 0:
            raise ProbeError("fenced", f"the time of its permit was over {late:.0f} s ago, so nothing is written")
        if self._is_abandoned():
            raise ProbeError(
                "fenced",
                f"the run that gave the permit is gone (process {self._bounds.pid}), so nothing is written",
            )

    def _is_abandoned(self) -> bool:
        """On another machine, or in another container, nobody can tell: there the time alone bounds."""
        return self._bounds.are_from_here and not process.still_runs(self._bounds.pid, self._bounds.started)

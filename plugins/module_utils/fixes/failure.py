# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fix fails: what it was about, why it did not work, and what a human does next.

``FixFailed`` is the one exception of this package. It is raised where the failure is understood and turned into
``fail_json`` in one place, ``running.run``.
"""

from __future__ import annotations

from typing import Any


class FixFailed(Exception):
    """A fix that was refused, or did not work.

    :param what: what was to be done, "restart DaemonSet traefik/traefik".
    :param why: the reason, in words an operator can act on.
    :param next_step: what to look at or do now.
    :param changed: whether something in the estate was changed before the failure.
    :param unknown: a write was sent and nobody could say whether it took effect.
    :param result: what had become known by then; goes into the module's result.
    """

    def __init__(
        self,
        what: str,
        why: str,
        next_step: str,
        changed: bool = False,
        unknown: bool = False,
        result: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"cannot {what}: {why}. {next_step}")
        self.what = what
        self.why = why
        self.next_step = next_step
        self.changed = changed
        self.unknown = unknown
        self.result = result or {}

    def as_result(self) -> dict[str, Any]:
        """The arguments of ``fail_json``."""
        result = dict(self.result)
        result.update(
            msg=str(self),
            what=self.what,
            why=self.why,
            next=self.next_step,
            changed=self.changed,
            unknown=self.unknown,
        )
        return result

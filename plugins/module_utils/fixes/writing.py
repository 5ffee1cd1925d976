# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which a fix changes an object: read, judge, write under a precondition, know what became of it.

Every write names the resourceVersion that was judged, so at most one of any number of concurrent or repeated writes
takes effect. That is what makes it safe to look again and go on when an answer is lost:

* a conflict means that the object is not what was judged: it is read and judged anew;
* no answer means that the write may have happened: the object is read, and carries the mark exactly if it has. If it
  does not, and the lost write should still be on its way, it and the new one exclude each other.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Optional

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, resource_version

NOT_DONE = frozenset(
    {
        "unauthorized",
        "forbidden",
        "not_found",
        "gone",
        "invalid",
        "bad_config",
        "bad_option",
        "unsupported",
        "missing_library",
        "fenced",
    }
)
"""Kinds of error after which a write has certainly not happened, and trying it again would be answered the same."""

FINAL = NOT_DONE - {"unauthorized", "forbidden"}
"""Kinds of error that end the asking about what could be read before. An API server that is just starting answers 401
and 403 to identities that it has not learnt about yet."""

_ATTEMPTS = 5
_PAUSE = 0.5


@dataclasses.dataclass(frozen=True)
class Written:
    """``before``: the object as judged; ``after``: as the API server has it now. ``sent``: this run made the change."""

    before: Json
    after: Json
    sent: bool


Judge = Callable[[Json], Optional[Json]]
"""Looks at the object: the body of the patch to send, None if there is nothing (more) to do, FixFailed to refuse."""


def write(
    what: str,
    now: Json,
    read: Callable[[], Json],
    judge: Judge,
    send: Callable[[Json], Json],
    deadline: float,
    clock: Clock,
) -> Written:
    """Brings the object to where ``judge`` has nothing more to do, with at most one change.

    :param what: for the messages, "restart DaemonSet traefik/traefik".
    :param now: the object as it was just read.
    :param read: gets it again.
    :param send: patches it; is given the body of ``judge`` with the precondition in it.
    :param deadline: until when a lost answer is looked after (monotonic seconds).
    :raises FixFailed: refused by ``judge``, changed by others all the time, or the outcome of a write stays unknown.
    :raises ProbeError: the API server could not be asked, or declined; nothing was changed.
    """
    lost: Json | None = None  # the object as it was judged when a write was sent whose answer did not come
    for _attempt in range(_ATTEMPTS):
        body = judge(now)
        if body is None:
            return Written(lost or now, now, sent=lost is not None)
        try:
            return Written(lost or now, send(guarded(body, now)), sent=True)
        except ProbeError as error:
            if error.kind in NOT_DONE:
                if lost is None:
                    raise
                raise FixFailed(
                    what,
                    f"the answer to a first write was lost, and a second one is declined ({error.message})",
                    "Run again: the change carries the incident's id and is not made twice",
                    unknown=True,
                ) from error
            if error.kind != "conflict":
                lost = lost or now
            now = _read_again(what, read, error, lost is not None, deadline, clock)
    raise FixFailed(
        what,
        f"{_ATTEMPTS} times in a row the object was changed by others at the same moment, or the answer was lost",
        "See who else writes to it (kubectl get -o yaml --show-managed-fields), then run again",
        unknown=lost is not None,
    )


def guarded(body: Json, judged: Json) -> Json:
    """The patch with the version of the judged object as its precondition: the API server answers 409 to any other."""
    metadata = {**body.get("metadata", {}), "resourceVersion": resource_version(judged)}
    return {**body, "metadata": metadata}


def _read_again(
    what: str, read: Callable[[], Json], failed: ProbeError, unknown: bool, deadline: float, clock: Clock
) -> Json:
    """The object after a write that failed, as soon as the API server can be asked again."""
    while True:
        try:
            return read()
        except ProbeError as error:
            if error.kind in FINAL or clock.monotonic() + _PAUSE >= deadline:
                raise FixFailed(
                    what,
                    f"the write got no good answer ({failed.message}), and since then the object cannot be read "
                    f"({error.message})",
                    "Run again once the API server answers: the change carries the incident's id and is not made twice",
                    unknown=unknown,
                ) from error
        clock.sleep(_PAUSE)

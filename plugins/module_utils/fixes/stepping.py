# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way in which a fix of several requests goes: look at what is there, do the one thing that is next, look again.

Such a fix is a function from what is there to the next step, and remembers nothing itself. So a run that died between
two requests is simply continued by the next one, and a request whose answer was lost is looked after in the same way:
what is there shows whether it has taken effect. Every step has a precondition of its own (a uid, a resourceVersion, a
name that is free), so of the same step sent twice one takes effect.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Generic, TypeVar, Union

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.probing import because_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.writing import FINAL, NOT_DONE

State = TypeVar("State")

_SENDS = 12


def _nothing(_error: ProbeError) -> FixFailed | None:
    return None


@dataclasses.dataclass(frozen=True)
class Step:
    """A request that writes.

    ``does`` is its line in the report, and tells it from other steps. ``explain`` may give better words for an error of
    its own. ``gone_is_done``: 404 says that somebody has done it already.
    """

    does: str
    send: Callable[[], object]
    explain: Callable[[ProbeError], FixFailed | None] = _nothing
    gone_is_done: bool = False


@dataclasses.dataclass(frozen=True)
class Wait:
    """Something else has to happen first: ``until`` in words, and what a human does if it does not (``next_step``)."""

    until: str
    next_step: str


Next = Union[Step, Wait, None]
"""None: everything is as it has to be."""


@dataclasses.dataclass
class Carried(Generic[State]):
    """``before``: what was there first; ``after``: what is there now; ``done``: a line for each step of this run."""

    before: State
    after: State
    done: list[str] = dataclasses.field(default_factory=list)


class Stepper(Generic[State]):
    """Carries a fix out. ``look`` reads what is there; ``judge`` gives what is next, or FixFailed to refuse.

    ``timeout`` bounds the whole, and ``poll`` is how long it waits between two looks; both are seconds.
    """

    def __init__(
        self,
        what: str,
        look: Callable[[], State],
        judge: Callable[[State], Next],
        timeout: float,
        clock: Clock,
        poll: float = 0.5,
    ) -> None:
        self._what = what
        self._look = look
        self._judge = judge
        self._clock = clock
        self._timeout = timeout
        self._poll = poll
        self._deadline = clock.monotonic() + timeout
        self._sent: Step | None = None
        """A step that was sent and of which nobody has said what became of it."""
        self._done: list[str] = []

    def run(self) -> Carried[State]:
        """:raises FixFailed: refused, or it does not come to its end. ``report`` in its result says what was done.
        :raises ProbeError: the API server could not be asked, or declined the first step; nothing was changed.
        """
        first = self._look()
        try:
            return Carried(first, self._carry_out(first), self._done)
        except FixFailed as failure:
            failure.changed = bool(self._done)
            failure.unknown = self._sent is not None
            failure.result.setdefault("report", list(self._done))
            raise

    def _carry_out(self, now: State) -> State:
        for _send in range(_SENDS):
            step, now = self._next_step(now)
            if step is None:
                return now
            now = self._make(step)
        raise FixFailed(
            self._what,
            f"after {_SENDS} requests it is still not as it has to be",
            "See who else writes there (kubectl get -o yaml --show-managed-fields), then run again",
        )

    def _next_step(self, now: State) -> tuple[Step | None, State]:
        """The next step and what it was judged by, once there is nothing to wait for any more."""
        while True:
            found = self._judge(now)
            self._settle(found)
            if not isinstance(found, Wait):
                return found, now
            if self._clock.monotonic() + self._poll >= self._deadline:
                raise FixFailed(self._what, f"not done after {self._timeout:g} s: {found.until}", found.next_step)
            self._clock.sleep(self._poll)
            now = self._look_again(None)

    def _settle(self, found: Next) -> None:
        """A step of unknown outcome was made if it is not the next one any more. Else it may still be on its way."""
        if self._sent is not None and not (isinstance(found, Step) and found.does == self._sent.does):
            self._done.append(self._sent.does)
            self._sent = None

    def _make(self, step: Step) -> State:
        """Sends it; what is there afterwards."""
        try:
            step.send()
        except ProbeError as error:
            return self._after(step, error)
        self._sent = None
        self._done.append(step.does)
        return self._look_again(None)

    def _after(self, step: Step, error: ProbeError) -> State:
        """What an error of a step means: it is over, or what is there has to be looked at."""
        is_gone = error.kind == "not_found" and step.gone_is_done
        if error.kind in NOT_DONE and not is_gone:
            raise self._declined(step, error) from error
        if error.kind != "conflict" and not is_gone:
            self._sent = step
        return self._look_again(error)

    def _declined(self, step: Step, error: ProbeError) -> Exception:
        better = step.explain(error)
        if better is not None:
            return better
        if not self._done and self._sent is None:
            return error
        why, next_step = because_of(error)
        lost = "the answer to a first request was lost, and a second one is declined: " if self._sent else ""
        return FixFailed(self._what, f"{step.does}: {lost}{why}", next_step, result={"kind": error.kind})

    def _look_again(self, failed: ProbeError | None) -> State:
        """What is there, as soon as the API server can be asked again."""
        while True:
            try:
                return self._look()
            except ProbeError as error:
                if error.kind in FINAL or self._clock.monotonic() + self._poll >= self._deadline:
                    said = f"the last request got no good answer ({failed.message}), and since then " if failed else ""
                    raise FixFailed(
                        self._what,
                        f"{said}what is there cannot be read ({error.message})",
                        "Run again once the API server answers: it goes on from there, and nothing is done twice",
                    ) from error
            self._clock.sleep(self._poll)


def changed(carried: Carried[Any]) -> dict[str, Any]:
    """The keys of a result that say what was done."""
    return {"changed": bool(carried.done), "already_done": not carried.done, "report": list(carried.done)}

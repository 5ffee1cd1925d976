# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A silence for an incident: one for each set of matchers, and the way to end it.

Alertmanager has no preconditions. What keeps a silence from being created twice is its author, "oncall.remedy/" and
the incident: one of the same author and matchers that still holds is the one that was asked for.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.alertmanager import Matcher, Peers
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock, timestamp
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.writing import FINAL, NOT_DONE

_PAUSE = 1.0
_ATTEMPTS = 3


@dataclasses.dataclass(frozen=True)
class Order:
    """``present`` False ends the silence. Durations are seconds; ``incident`` was checked by ``marks``."""

    incident: str
    matchers: tuple[Matcher, ...]
    comment: str = ""
    duration: float = 7200.0
    present: bool = True
    timeout: float = 30.0

    @property
    def author(self) -> str:
        """Who the silence is by."""
        return f"oncall.remedy/{self.incident}"


class SilenceFix:
    """Carries out one ``Order``."""

    def __init__(self, peers: Peers, order: Order, clock: Clock | None = None) -> None:
        self.peers = peers
        self.order = order
        self.clock = clock or Clock()

    @property
    def what(self) -> str:
        """For messages."""
        return "{} {}".format("silence" if self.order.present else "end the silence of", _words(self.order.matchers))

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed: refused, or the outcome stays unknown.
        :raises ProbeError: no peer could be asked, or it declined; nothing was changed.
        """
        refuse_too_wide(self.what, self.order.matchers)
        standing = self._standing()
        return self._present(standing, check) if self.order.present else self._ended(standing, check)

    def _present(self, standing: list[Json], check: bool) -> dict[str, Any]:
        if standing:
            return _result([], [], standing[0], f"{_words(self.order.matchers)} is silenced for this incident already")
        wanted = self._wanted()
        if check:
            return _result([], [wanted], wanted, f"would {self.what}")
        silence_id = self._write(lambda attempt: self.peers.create(wanted, attempt), _first_id)
        done = "{} is silenced until {}".format(_words(self.order.matchers), wanted["endsAt"])
        return _result([], [wanted], {**wanted, "id": silence_id}, done)

    def _ended(self, standing: list[Json], check: bool) -> dict[str, Any]:
        if not standing:
            return _result([], [], {}, f"no silence of this incident for {_words(self.order.matchers)} holds")
        if check:
            return _result(standing, [], standing[0], f"would {self.what}")
        for silence in standing:
            self._end(str(silence["id"]))
        return _result(standing, [], standing[0], f"the silence of {_words(self.order.matchers)} is ended")

    def _end(self, silence_id: str) -> None:
        def is_gone(found: list[Json]) -> str | None:
            return None if any(silence["id"] == silence_id for silence in found) else silence_id

        def end(attempt: int) -> str:
            self.peers.end(silence_id, attempt)
            return silence_id

        self._write(end, is_gone)

    def _wanted(self) -> Json:
        now = self.clock.unix()
        return {
            "matchers": [matcher.as_json() for matcher in self.order.matchers],
            "startsAt": timestamp(now),
            "endsAt": timestamp(now + self.order.duration),
            "createdBy": self.order.author,
            "comment": self.order.comment or f"Incident {self.order.incident} is being remedied",
        }

    def _standing(self) -> list[Json]:
        """This incident's silences of exactly these matchers that hold or will."""
        return [silence for silence in self.peers.silences() if is_ours(silence, self.order)]

    def _write(self, send: Callable[[int], str], done: Callable[[list[Json]], str | None]) -> str:
        """Sends the change to one peer after the other; after a lost answer looks first whether it has taken effect.

        ``done`` gives the id of the silence if what stands shows so.
        """
        deadline = self.clock.monotonic() + self.order.timeout
        lost: ProbeError | None = None
        for attempt in range(_ATTEMPTS):
            try:
                return send(attempt)
            except ProbeError as error:
                if error.kind in NOT_DONE and lost is None:
                    raise
                if error.kind == "fenced":
                    break
                lost = error
            effect = done(self._look_again(lost, deadline))
            if effect is not None:
                return effect
        raise FixFailed(
            self.what,
            f"no Alertmanager has confirmed it ({lost.message if lost else 'none was asked'})",
            "See whether they answer, then run again: nothing is done twice",
            unknown=True,
        )

    def _look_again(self, lost: ProbeError, deadline: float) -> list[Json]:
        while True:
            self.clock.sleep(_PAUSE)  # in which a peer that got the change tells the others of it
            try:
                return self._standing()
            except ProbeError as error:
                if error.kind in FINAL or self.clock.monotonic() + _PAUSE >= deadline:
                    raise FixFailed(
                        self.what,
                        f"the change was sent, its answer was lost ({lost.message}), and now no Alertmanager answers "
                        f"({error.message})",
                        "Run again once one answers: nothing is done twice",
                        unknown=True,
                    ) from error


def refuse_too_wide(what: str, matchers: tuple[Matcher, ...]) -> None:
    """:raises FixFailed: no matcher is exact, so the silence could swallow alerts that nobody thought of."""
    if not any(matcher.operator == "=" and matcher.value for matcher in matchers):
        raise FixFailed(
            what,
            "no matcher is an exact one (name = value)",
            "Name at least the alert exactly; a wider silence is for a human to make",
        )


def is_ours(silence: Json, order: Order) -> bool:
    """Whether it is this incident's, of exactly these matchers, and holds or will."""
    return (
        silence.get("createdBy") == order.author
        and at(silence, "status", "state") in ("active", "pending")
        and {Matcher.of(one) for one in silence["matchers"]} == set(order.matchers)
    )


def _first_id(found: list[Json]) -> str | None:
    return str(found[0]["id"]) if found else None


def _words(matchers: tuple[Matcher, ...]) -> str:
    return "{{{}}}".format(", ".join(str(matcher) for matcher in matchers))


def _result(before: list[Json], after: list[Json], silence: Json, message: str) -> dict[str, Any]:
    changed = before != after
    return {
        "changed": changed,
        "already_done": not changed,
        "silence_id": str(silence.get("id", "")),
        "ends_at": str(silence.get("endsAt", "")),
        "report": [message],
        "diff": {
            "before": changes.text([_shown(one) for one in before]),
            "after": changes.text([_shown(one) for one in after]),
            "before_header": "silences before",
            "after_header": "silences after",
        },
        "msg": message,
    }


def _shown(silence: Json) -> Json:
    return {
        "matchers": [str(Matcher.of(one)) for one in silence["matchers"]],
        "endsAt": silence["endsAt"],
        "createdBy": silence["createdBy"],
        "comment": silence["comment"],
    }

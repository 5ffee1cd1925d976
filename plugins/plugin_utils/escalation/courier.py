# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The courier: carries what the ledger says is to be told to those whom the inventory names.

Every sweep runs it, and any number of them at once: who is about to send says so in the ledger, and exactly one can.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import new_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import lanes, message, retry
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.levels import next_calls
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Policy
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Undelivered, deliver
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Delivery, Escalation
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import plural, span

Due = tuple[Delivery, Escalation]


@dataclasses.dataclass(frozen=True)
class Sent:
    """What a run did: how many messages arrived, which did not and why, and which calls nobody can be reached with."""

    sent: int = 0
    failed: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()

    @property
    def failures(self) -> list[str]:
        """Lines for the operator: what was tried and did not arrive."""
        return [f"! not told yet: {one}" for one in self.failed]

    @property
    def lines(self) -> list[str]:
        """The same, and what nobody can be told until the inventory names somebody."""
        return [*self.failures, *(f"! not told yet: {one}" for one in self.nowhere)]


class Courier:
    """Carries everything that is due. ``workers``: channels at once. ``seconds``: no run takes longer."""

    def __init__(self, ledger: Ledger, policy: Policy, workers: int = 32, seconds: float = 20.0) -> None:
        self._ledger = ledger
        self._policy = policy
        self._workers = workers
        self._seconds = seconds
        self._lock = threading.Lock()
        self._sent = 0
        self._failed: dict[str, str] = {}
        self._under_way: dict[str, Delivery] = {}

    def run(self, now: float) -> Sent:
        """Raises the levels that are due, opens their deliveries, sends side by side, records. Raises LedgerError.

        Dying at any point: what was recorded is sent by the next run; what was being sent is sent again.
        """
        self._sent, self._failed, self._under_way = 0, {}, {}
        began = time.monotonic()
        if calls := next_calls(self._ledger.calls_under_way(), self._policy, now):
            self._ledger.escalate_many(calls, now)
        nowhere = self._address(now)
        self._ledger.open_clears(now)
        queues: dict[str, list[Due]] = {}
        for due in self._ledger.due_deliveries(now):
            queues.setdefault(due[0].channel, []).append(due)

        def work(channel: str, due: Due, seconds: float) -> bool:
            return self._carry(channel, due, seconds, now + time.monotonic() - began)

        for channel in lanes.carry(queues, work, self._workers, self._seconds):
            self._give_up(channel, now + time.monotonic() - began)
        failed = tuple(f"{channel}: {reason}" for channel, reason in sorted(self._failed.items()))
        return Sent(self._sent, failed, nowhere)

    def _address(self, now: float) -> tuple[str, ...]:
        """Has every call go by the channels that the inventory names now; returns those that it names none for."""
        by_escalation: dict[int, Sequence[str]] = {}
        nowhere: dict[str, int] = {}
        for one in self._ledger.undelivered(now):
            channels = self._policy.addressed(one.to, one.level)
            if channels:
                by_escalation[one.id] = channels
            else:
                nowhere[one.to] = nowhere.get(one.to, 0) + 1
        if by_escalation:
            self._ledger.open_deliveries(by_escalation, now)
        return tuple(
            f"{plural(count, 'call')} for {owner}: remedy_escalations names no channel for them"
            for owner, count in sorted(nowhere.items())
        )

    def _carry(self, channel: str, due: Due, seconds: float, now: float) -> bool:
        """One message by one channel; whether the channel's next one should be tried.

        The next attempt is due only when this one must have ended, whatever becomes of it and of us.
        """
        delivery, escalation = due
        self._under_way[channel] = delivery
        retry_at = now + max(retry.pause(delivery.attempts), 2 * self._seconds)
        if not self._ledger.attempt_delivery(delivery, retry_at, now):
            return True  # another sweep is at it
        try:
            if channel not in self._policy.channels:
                raise Undelivered(f"remedy_channels has no {channel} any more")
            remark = deliver(self._policy.channels[channel], self._message(delivery, escalation, now), seconds)
        except Undelivered as failure:
            retry_at = now + retry.pause(delivery.attempts, failure.later)
            self._ledger.delivery_failed(delivery, failure.reason, retry_at, now)
            self._note_failure(channel, failure.reason)
            return not failure.down
        self._ledger.delivery_sent(delivery, now, remark)
        with self._lock:
            self._sent += 1
        return True

    def _message(self, delivery: Delivery, escalation: Escalation, now: float) -> message.Message:
        case = self._ledger.case(escalation.episode) or new_case(self._ledger.episode(escalation.episode), None)
        if delivery.kind == "clear":
            return message.clear(escalation, case, now)
        return message.call(escalation, case, self._ledger.approval_of(escalation.episode), now)

    def _give_up(self, channel: str, now: float) -> None:
        """Leaves a channel that hangs. If its message arrives after all, that is recorded then."""
        reason = f"no answer within {span(self._seconds)}"
        if delivery := self._under_way.get(channel):
            self._ledger.delivery_failed(delivery, reason, now + retry.pause(delivery.attempts), now)
        self._note_failure(channel, reason)

    def _note_failure(self, channel: str, reason: str) -> None:
        with self._lock:
            self._failed[channel] = reason

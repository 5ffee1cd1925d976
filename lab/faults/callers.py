"""Faults of those who call humans: what is to be told cannot be sent, and must not get lost."""

from __future__ import annotations

from lab.faults.base import Estate, Fault
from lab.settings import STANDIN_PORTS
from lab.supervisor import Supervisor


class PagerDown(Fault):
    """PagerDuty does not answer; the chat does."""

    name = "pager-down"
    what = "PagerDuty's stand-in is stopped: a call arrives in the chat alone, and is still owed to the pager"
    stopped: tuple[str, ...] = ("pagerduty",)

    def apply(self, estate: Estate) -> None:
        for program in self.stopped:
            Supervisor(estate.paths.supervisor_socket).stop(program)

    def undo(self, estate: Estate) -> None:
        for program in self.stopped:
            Supervisor(estate.paths.supervisor_socket).start(program)


class NobodyToCall(PagerDown):
    """The way to every human is cut off at once, as when the controller has lost its uplink."""

    name = "nobody-to-call"
    what = "all stand-ins are stopped, as if the uplink were gone: no human can be told anything"
    stopped = tuple(STANDIN_PORTS)


FAULTS = (PagerDown(), NobodyToCall())
"""Every fault of this kind."""

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is called: a webhook of an estate's own, which counts what arrives."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab.standins import web
from lab.standins.webhook import Webhook
from tests.support.estate import Estate


class Humans:
    """What the owners of an estate have been told."""

    def __init__(self, hook: Webhook) -> None:
        self._hook = hook

    @property
    def calls(self) -> list[str]:
        """The texts of all calls that arrived, in order."""
        assert [one for one in self._hook.arrivals.all if not one["accepted"]] == []
        return [str(one["document"]["text"]) for one in self._hook.arrivals.accepted]


@contextlib.contextmanager
def listening(estate: Estate) -> Iterator[Humans]:
    """Has the estate call its owners, and the engine's, by one webhook."""
    hook = Webhook()
    with web.running(hook) as url:
        estate.settings |= {
            "remedy_channels": {"hook": {"webhook": {"url": f"{url}/calls"}}},
            "remedy_escalations": {"platform": [{"to": ["hook"]}]},
            "remedy_engine_escalation": "platform",
            "remedy_state": str(estate.folder / "state"),
        }
        yield Humans(hook)

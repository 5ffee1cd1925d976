# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hundreds of targets behind one stand-in server, each mended by one write that is counted.

with Fleet(tmp_path, 100) as fleet:
    fleet.break_all()
    fleet.sweep()
    assert set(fleet.written.values()) == {1}
"""

from __future__ import annotations

import collections
import threading
from pathlib import Path
from typing import Any, Self

from tests.support.estate import Estate
from tests.support.promql import answer_query
from tests.support.service import Service
from tests.support.wire import Answer, Request, answer_json, answer_text

Json = dict[str, Any]

FAULTS = Path(__file__).resolve().parents[1] / "faults"
ALERT = "MemberDown"
GROUP = "fleet"


class Fleet(Estate):
    """Members ``member000`` and so on, in the group ``fleet``; what is broken and how often each was written to.

    All of them may be mended at once: ``settings["remedy_group"]`` says so, and may say less.
    """

    def __init__(self, folder: Path, size: int, ledger_url: str = "") -> None:
        super().__init__(folder, ledger_url=ledger_url)
        self.members = [f"member{number:03}" for number in range(size)]
        self.broken: set[str] = set()
        self.written: collections.Counter[str] = collections.Counter()
        self.incidents: dict[str, list[str]] = collections.defaultdict(list)
        self.heals = True
        self.service = Service(self._handle)
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        super().__enter__()
        self._stack.enter_context(self.service)
        self.settings |= {
            "remedy_playbooks": [str(FAULTS / "runbooks")],
            "remedy_linger": "60s",
            "remedy_probe_deadline": "30s",
        }
        self.settings["remedy_group"] = {"name": GROUP, "at_once": "100%"}
        self.hosts = {name: self._member(name) for name in self.members}
        return self

    def break_all(self) -> None:
        """Every member is down, and an alert says so of each."""
        self.broken = set(self.members)
        for name in self.members:
            self.alertmanager.fire(ALERT, {"cluster": name})

    def wait_for_writes(self, count: int, seconds: float) -> bool:
        """Waits until so many writes have arrived; whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self.written.total() >= count, seconds)

    def what_is_mended_resolves(self) -> None:
        """Alertmanager lists the alerts of members that are down."""
        self.alertmanager.alerts = [
            alert for alert in self.alertmanager.alerts if alert["labels"]["cluster"] in self.broken
        ]

    def environment(self) -> dict[str, str]:
        """As of any estate, with the means to mend a member."""
        return {
            **super().environment(),
            "ANSIBLE_ROLES_PATH": str(FAULTS / "roles"),
            "ANSIBLE_ACTION_PLUGINS": str(FAULTS / "action_plugins"),
        }

    def inventory_data(self) -> Json:
        """As of any estate, with the members in their group."""
        data = super().inventory_data()
        data["all"]["children"] = {GROUP: {"hosts": {name: {} for name in self.members}}}
        return data

    def _member(self, name: str) -> Json:
        return {
            "member_url": f"{self.service.url}/members/{name}",
            "member_mend_url": f"{self.service.url}/mend/{name}",
            "remedy_endpoints": {"prometheus": {"url": f"{self.service.url}/prometheus"}},
            "remedy_credentials": {"mending": {"alertmanager": {"url": self.service.url}}},
        }

    def _handle(self, request: Request) -> Answer | None:
        what, _, name = request.path.strip("/").partition("/")
        if (request.method, what) == ("GET", "members"):
            return answer_text("down", 503) if name in self.broken else answer_text("up")
        if (request.method, what) == ("POST", "mend"):
            with self._changed:
                self.written[name] += 1
                self.incidents[name].append(request.json()["incident"])
                if self.heals:
                    self.broken.discard(name)
                self._changed.notify_all()
            return answer_json({})
        if request.path == "/prometheus/api/v1/query":  # of the members it knows nothing but their alerts
            firing = [alert["labels"] for alert in self.alertmanager.alerts]
            return answer_json(answer_query(request.one("query"), healthy=1, healthy_before=1, firing=firing))
        return None

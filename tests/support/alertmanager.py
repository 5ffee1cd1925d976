# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in Alertmanager: API v2, alerts and silences (api/v2/openapi.yaml of the project)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.support.service import Service
from tests.support.wire import Answer, Request, answer_json, answer_text, hang, reset

STARTED = "2026-11-20T10:00:00.000Z"

Json = dict[str, Any]


class Alertmanager:
    """One peer. What it lists is what a test has put into ``alerts`` (by ``fire``) and ``silences``."""

    def __init__(self) -> None:
        self.alerts: list[Any] = []
        self.silences: list[Json] = []
        self.condition = "well"
        self.turns: dict[int, list[Any]] = {}
        self.spread = 1
        self._asked = 0
        self.service = Service(self._handle)

    @property
    def url(self) -> str:
        return self.service.url

    def fire(self, name: str, labels: Json | None = None, **more: Any) -> Json:
        """Adds an active alert and returns it; ``more`` replaces or adds members."""
        every = {"alertname": name, "severity": "critical", **(labels or {})}
        made: Json = {
            "annotations": {"summary": f"{name} fires"},
            "endsAt": "2026-11-22T10:00:00.000Z",
            "fingerprint": fingerprint(every),
            "receivers": [{"name": "oncall"}],
            "startsAt": STARTED,
            "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
            "updatedAt": STARTED,
            "generatorURL": "http://prometheus.example/graph",
            "labels": every,
            **more,
        }
        self.alerts.append(made)
        return made

    def silence(self, alert: Json, created_by: str) -> str:
        """Silences one alert; returns the silence's id."""
        number = f"silence-{len(self.silences) + 1}"
        self.silences.append({"id": number, "createdBy": created_by, "status": {"state": "active"}})
        alert["status"] = {**alert["status"], "state": "suppressed", "silencedBy": [number]}
        return number

    def from_the_second_time(self, alerts: list[Any]) -> None:
        """What is listed from the second asking on: what has become of the alerts while the evidence was gathered."""
        self.turns[self._asked + 2] = alerts

    def _handle(self, request: Request) -> Answer | None:
        if self.condition != "well":
            return {"hangs": hang, "resets": reset, "ill": answer_text("no leader", 500)}[self.condition]
        if (request.method, request.path) == ("GET", "/api/v2/alerts"):
            self._asked += 1
            self.alerts = self.turns.get(self._asked, self.alerts)
            return answer_json(self._spread())
        if (request.method, request.path) == ("GET", "/api/v2/silences"):
            return answer_json(self.silences)
        if (request.method, request.path) == ("POST", "/api/v2/silences"):
            self.silences.append(self._posted(request))
            return answer_json({"silenceID": self.silences[-1]["id"]})
        return None

    def _spread(self) -> list[Any]:
        """As an outage spreads over ``spread`` askings: a part of the alerts at first, and more at each."""
        return self.alerts[: -(-len(self.alerts) * min(self._asked, self.spread) // self.spread)]

    def _posted(self, request: Request) -> Json:
        number = f"silence-{len(self.silences) + 1}"
        return {**request.json(), "id": number, "status": {"state": "active"}, "updatedAt": STARTED}


def fingerprint(labels: Json) -> str:
    """Sixteen hexadecimal digits that depend on the labels alone."""
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]

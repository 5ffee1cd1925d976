# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alerts that carry a hostile text in every place that an alert has."""

from __future__ import annotations

from typing import Any

from tests.support.alertmanager import Alertmanager, fingerprint


def fire_everywhere(alertmanager: Alertmanager, number: int, text: str) -> None:
    """Fires one alert for each place of the payload; ``number`` keeps the alerts of different texts apart."""
    apart = {"sample": str(number), "cluster": "hetzner"}
    alertmanager.fire("JobDown", {**apart, "job": text})
    alertmanager.fire("JobDown", {**apart, "job": f"note{number}", "note": text})
    alertmanager.fire(text, {**apart, "place": "name"})
    alertmanager.fire("EdgeDown", {"sample": str(number), "cluster": text})
    alertmanager.fire("JobDown", {**apart, "job": f"label{number}", text: text})
    alertmanager.fire("JobDown", {**apart, "job": f"print{number}"}, fingerprint=text)
    alertmanager.fire("JobDown", {**apart, "job": f"since{number}"}, startsAt=text)
    prose: dict[str, Any] = {"annotations": {"summary": text, text: "x"}, "generatorURL": text, "receivers": text}
    alertmanager.fire("JobDown", {**apart, "job": f"prose{number}"}, **prose)
    state = {"state": "suppressed", "silencedBy": [text], "inhibitedBy": [text]}
    alertmanager.fire("JobDown", {**apart, "job": f"silence{number}"}, status=state)


def nonsense() -> list[Any]:
    """Members of a payload that are no alerts at all."""
    labels = {"alertname": "JobDown", "job": ["a", {"b": 1}]}
    known = {"labels": {"alertname": "X"}, "status": {"state": "active"}, "fingerprint": fingerprint({})}
    return [None, 1, "x", [], {}, {"labels": None}, {"labels": labels}, known, {**known, "startsAt": 1}]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pulls the alerts of the Alertmanagers. Any peer of a cluster may answer for it.

Source: Alertmanager API v2, GET /api/v2/alerts and /api/v2/silences.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport, error_text, json_value
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import peers as peers_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.alert import PayloadError, Rejected, parse_alerts
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Source
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert
from ansible_collections.oncall.remedy.plugins.plugin_utils.pool import Pool

OWN = "oncall.remedy/"
"""How ``createdBy`` of the engine's own silences begins; they do not hide an incident from it."""


@dataclasses.dataclass(frozen=True)
class Pulled:
    """What one source answered. ``error`` is empty where a peer did; then ``peer`` is its URL."""

    source: Source
    peer: str = ""
    alerts: tuple[Alert, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    error: str = ""


def pull(sources: Sequence[Source], workers: int, deadline: float) -> tuple[Pulled, ...]:
    """Asks all sources side by side until ``deadline`` (monotonic). One that is silent comes back with its error."""
    pool: Pool[int] = Pool(workers, deadline)
    for number, source in enumerate(sources):
        pool.submit(number, functools.partial(_pull, source, deadline))
    answers: dict[int, Pulled] = {}
    while (answer := pool.next_result()) is not None:
        number, pulled, error = answer
        answers[number] = pulled if error is None else Pulled(sources[number], error=f"{error}")
    pool.close()
    return tuple(
        answers.get(number, Pulled(source, error="no answer in time")) for number, source in enumerate(sources)
    )


def _pull(source: Source, deadline: float) -> Pulled:
    """Asks the peers in turn; the first that answers speaks for the cluster. Each has its share of the time, so that
    one that hangs does not use up that of the others."""
    errors: list[str] = []
    peers = peers_of({**source.auth, "urls": list(source.urls)})
    for number, peer in enumerate(peers):
        now = time.monotonic()
        try:
            return _pull_peer(source, peer, now + (deadline - now) / (len(peers) - number))
        except (ProbeError, PayloadError) as error:
            errors.append(str(error))
    return Pulled(source, error="; ".join(errors))


def _pull_peer(source: Source, transport: HttpTransport, deadline: float) -> Pulled:
    alerts, rejected = parse_alerts(source.name, _list(transport, "/api/v2/alerts", deadline))
    if any(alert.silenced_by for alert in alerts):
        own = _own_silences(_list(transport, "/api/v2/silences", deadline))
        alerts = [_without_own_silences(alert, own) for alert in alerts]
    return Pulled(source, transport.source, tuple(alerts), tuple(rejected))


def _list(transport: HttpTransport, path: str, deadline: float) -> list[Any]:
    doing = f"GET {transport.source}{path}"
    answer = transport.request("GET", path, headers={"Accept": "application/json"}, deadline=deadline)
    if answer.status != 200:
        raise from_status(answer.status, doing, error_text(answer))
    value = json_value(answer, doing)
    if not isinstance(value, list):
        raise ProbeError("bad_answer", f"{doing}: the answer is not a list")
    return value


def _own_silences(silences: list[Any]) -> frozenset[str]:
    return frozenset(
        str(silence.get("id"))
        for silence in silences
        if isinstance(silence, dict) and str(silence.get("createdBy", "")).startswith(OWN)
    )


def _without_own_silences(alert: Alert, own: frozenset[str]) -> Alert:
    others = tuple(silence for silence in alert.silenced_by if silence not in own)
    if others == alert.silenced_by:
        return alert
    hidden = bool(others or alert.inhibited_by)
    return dataclasses.replace(alert, silenced_by=others, state="suppressed" if hidden else "active")

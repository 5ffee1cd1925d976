# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts that Alertmanager holds (API v2).

The peers of a cluster gossip: any of them may answer, one that has just restarted knows little, and the same alert may
be seen silenced by one and not yet by another. So all are asked at once and their alerts united; where they differ,
the one that suppresses wins: it is the side on which nothing is done.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpTransport,
    Params,
    error_text,
    json_value,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix

ALERTS = 1000
_CAUTION = {"unprocessed": 0, "active": 1, "suppressed": 2}


class AlertmanagerAlerts(Probe):
    """Alerts that all the matchers match (``severity="page"``, ``cluster=~"eu-.*"``), in the chosen states.

    Value: ``total``, ``alerts`` [{name, fingerprint, labels, annotations, state, starts_at, silenced_by, inhibited_by,
    generator_url}] by time, at most 1000, ``truncated``, ``unreachable`` [{url, reason}]: peers that did not answer
    while another one did. It is an error if none did.
    """

    name = "alertmanager_alerts"
    endpoint = "alertmanager"
    options: ClassVar[Spec] = {
        "matchers": {"type": "list", "elements": "str", "default": []},
        "active": {"type": "bool", "default": True},
        "silenced": {"type": "bool", "default": True},
        "inhibited": {"type": "bool", "default": True},
        "unprocessed": {"type": "bool", "default": True},
    }

    def question(self) -> str:
        return "alerts" + (" with " + ", ".join(self.given["matchers"]) if self.given["matchers"] else "")

    def _ask(self, deadline: float) -> Json:
        params: list[Any] = [("filter", matcher) for matcher in self.given["matchers"]]
        params += [
            (state, str(self.given[state]).lower()) for state in ("active", "silenced", "inhibited", "unprocessed")
        ]
        peers: list[HttpTransport] = self.transport
        outcomes = at_once([functools.partial(alerts_of, peer, params, deadline) for peer in peers], deadline)
        errors = [(peer, one) for peer, one in zip(peers, outcomes) if isinstance(one, ProbeError)]
        if len(errors) == len(peers):
            raise errors[0][1]
        answers = [one for one in outcomes if not isinstance(one, ProbeError)]
        silent = [{"url": peer.source, "reason": error.message} for peer, error in errors]
        return summary(answers, silent)


def alerts_of(peer: HttpTransport, params: Params, deadline: float) -> list[Json]:
    """What one peer answers."""
    path = "/api/v2/alerts"
    answer = peer.request("GET", path, params, {"Accept": "application/json"}, deadline=deadline)
    doing = f"GET {peer.source}{path}"
    if answer.status != 200:
        raise from_status(answer.status, doing, error_text(answer))
    found = json_value(answer, doing)
    if not isinstance(found, list):
        raise ProbeError("bad_answer", doing + ": the answer is no list of alerts")
    return [row(one) for one in found]


def summary(answers: list[list[Json]], unreachable: list[Json]) -> Json:
    """The probe's value from the alerts of each peer that answered."""
    united: dict[str, Json] = {}
    for alert in (alert for answer in answers for alert in answer):
        known = united.get(alert["fingerprint"])
        if known is None or _CAUTION[alert["state"]] > _CAUTION[known["state"]]:
            united[alert["fingerprint"]] = alert
    rows = sorted(united.values(), key=lambda alert: (alert["starts_at"] or 0.0, str(alert["fingerprint"])))
    return {
        "total": len(rows),
        "alerts": rows[:ALERTS],
        "truncated": len(rows) > ALERTS,
        "unreachable": unreachable,
    }


def row(alert: Json) -> Json:
    status = alert["status"]
    if status["state"] not in _CAUTION:
        raise ProbeError("bad_answer", f"an alert in the unknown state {str(status['state'])[:40]!r}")
    return {
        "name": alert["labels"].get("alertname", ""),
        "fingerprint": alert["fingerprint"],
        "labels": alert["labels"],
        "annotations": alert.get("annotations") or {},
        "state": status["state"],
        "starts_at": unix(alert["startsAt"]),
        "silenced_by": status.get("silencedBy") or [],
        "inhibited_by": status.get("inhibitedBy") or [],
        "generator_url": alert.get("generatorURL") or "",
    }

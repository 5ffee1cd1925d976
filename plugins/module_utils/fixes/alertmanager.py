# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The silences of an Alertmanager cluster: read from every peer, written through one (API v2 of Alertmanager)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    Fence,
    HttpTransport,
    Limits,
    json_value,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes import endpoints

OPERATORS = ("=", "!=", "=~", "!~")

_LIMITS = Limits(connect=3.0, silence=5.0, total=8.0)


@dataclasses.dataclass(frozen=True)
class Matcher:
    """One condition on an alert's labels. ``operator`` is one of ``OPERATORS``; the value is data, never parsed."""

    name: str
    value: str
    operator: str = "="

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{json.dumps(self.value, ensure_ascii=False)}"

    def as_json(self) -> Json:
        """As the API has it."""
        return {
            "name": self.name,
            "value": self.value,
            "isRegex": self.operator in ("=~", "!~"),
            "isEqual": self.operator in ("=", "=~"),
        }

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Matcher:
        """From the API's shape, in which a missing ``isEqual`` means true."""
        operators = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
        return cls(given["name"], given["value"], operators[given.get("isEqual", True), given["isRegex"]])


class Peers:
    """The peers of one cluster. They tell each other of silences within moments, so any of them may be asked."""

    def __init__(self, peers: Sequence[HttpTransport]) -> None:
        self._peers = list(peers)

    @classmethod
    def of(cls, settings: Mapping[str, Any], fence: Fence | None = None) -> Peers:
        """From the settings of an Alertmanager endpoint; ``fence`` is asked before each write. Does no I/O.

        :raises ProbeError: a setting is missing or not allowed.
        """
        return cls(endpoints.peers(settings, read_only=False, limits=_LIMITS, fence=fence))

    def silences(self) -> list[Json]:
        """All silences that any peer knows; where they differ on one, what was updated last.

        :raises ProbeError: no peer answers.
        """
        found: dict[str, Json] = {}
        failures = []
        for peer in self._peers:
            try:
                for silence in _list(peer):
                    known = found.get(silence["id"])
                    if known is None or known["updatedAt"] < silence["updatedAt"]:
                        found[silence["id"]] = silence
            except ProbeError as error:
                failures.append(error)
        if len(failures) == len(self._peers):
            raise failures[-1] if failures else ProbeError("bad_option", "no Alertmanager is given")
        return list(found.values())

    def create(self, silence: Json, attempt: int = 0) -> str:
        """Creates a silence and gives its id. Each ``attempt`` goes to another peer.

        :raises ProbeError: see ``writing.NOT_DONE`` for which errors mean that it was not created.
        """
        answer = self._send("POST", "/api/v2/silences", silence, attempt)
        if not isinstance(answer, dict) or not answer.get("silenceID"):
            raise ProbeError("bad_answer", "POST /api/v2/silences: the answer names no silence")
        return str(answer["silenceID"])

    def end(self, silence_id: str, attempt: int = 0) -> None:
        """Lets a silence expire now. Each ``attempt`` goes to another peer."""
        self._send("DELETE", f"/api/v2/silence/{silence_id}", None, attempt)

    def _send(self, method: str, path: str, body: Json | None, attempt: int) -> Any:
        peer = self._peers[attempt % len(self._peers)]
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode("utf-8")
        answer = peer.request(method, path, headers=headers, body=sent)
        doing = f"{method} {peer.source}{path}"
        if answer.status != 200:
            raise from_status(answer.status, doing, one_line(answer.body.decode("utf-8", "replace"), 200))
        return json_value(answer, doing) if answer.body else None


def _list(peer: HttpTransport) -> list[Json]:
    doing = f"GET {peer.source}/api/v2/silences"
    answer = peer.request("GET", "/api/v2/silences", headers={"Accept": "application/json"})
    if answer.status != 200:
        raise from_status(answer.status, doing, one_line(answer.body.decode("utf-8", "replace"), 200))
    silences = json_value(answer, doing)
    if not isinstance(silences, list):
        raise ProbeError("bad_answer", doing + ": the answer is JSON but no list")
    return silences

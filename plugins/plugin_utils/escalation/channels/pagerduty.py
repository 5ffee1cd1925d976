# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PagerDuty, Events API v2, by PagerDuty's own client.

Format and limits: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ (``summary`` 1024 characters,
``dedup_key`` 255, 512 KB in all). A call and the word that it is over carry the same ``dedup_key``: a call that is sent
twice opens one incident there, and its end resolves it.
"""

from __future__ import annotations

from typing import Any

import pagerduty

from ansible_collections.oncall.remedy.plugins.module_utils import tls
from ansible_collections.oncall.remedy.plugins.module_utils.errors import from_exception, from_status
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.channels.answers import retry_after
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Envelope, Undelivered
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import iso

SUMMARY = 1024
SHORT = 255
"""Characters of ``source``, ``component``, ``group`` and ``class``. No limit of theirs is documented."""

_DOING = "send to PagerDuty"


def send(envelope: Envelope) -> str:
    """Triggers or resolves. Raises Undelivered."""
    options = envelope.channel.options
    key = envelope.secrets["routing_key_file"]
    with _Once(key, base_url=options.get("url"), verify=tls.context(ca_path=options.get("ca_path"))) as client:
        client.timeout = max(1, int(envelope.seconds))
        try:
            if envelope.message.kind == "clear":
                client.resolve(envelope.message.key)
            else:
                client.send_event("trigger", dedup_key=envelope.message.key, **event(envelope.message))
        except pagerduty.Error as error:
            raise _undelivered(error) from error
    return ""


class _Once(pagerduty.EventsApiV2Client):
    """The client as it comes repeats by itself, for minutes, and a 429 for ever. Here each send is one request: the
    ledger knows of every attempt, and when the next one is due."""

    def __init__(self, routing_key: str, **options: Any) -> None:
        super().__init__(routing_key, **options)
        self.retry = dict.fromkeys((429, 500, 502, 503, 504), 1)
        self.max_http_attempts = -1
        self.max_network_attempts = 0


def event(message: Message) -> dict[str, Any]:
    """The members of a trigger event beside the keys, within their limits."""
    payload = {
        "summary": message.title[:SUMMARY],
        "source": message.source[:SHORT],
        "severity": message.severity,
        "timestamp": iso(message.at),
        "component": message.component[:SHORT],
        "group": message.group[:SHORT],
        "class": message.subject[:SHORT],
        "custom_details": dict(message.rows),
    }
    return {"payload": {name: value for name, value in payload.items() if value}, "client": "oncall.remedy"}


def _undelivered(error: pagerduty.Error) -> Undelivered:
    """The error without its own words: they name the end of the key."""
    response = error.response
    if response is None:
        return Undelivered(from_exception(error.__cause__ or error, _DOING).message)
    refused = response.status_code == 400
    told = _told(response) if refused else ""
    reason = from_status(response.status_code, _DOING, told).message
    return Undelivered(reason, later=retry_after(response.headers), down=not refused)


def _told(response: Any) -> str:
    """What a 400 says is wrong with the event."""
    try:
        body = response.json()
        return "; ".join([str(body["message"]), *map(str, body.get("errors") or [])])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""

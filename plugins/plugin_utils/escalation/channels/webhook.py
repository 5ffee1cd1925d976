# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A generic webhook: the message as JSON, by the engine's own transport. Its format is in docs/escalation.md."""

from __future__ import annotations

import json
import time

from ansible_collections.oncall.remedy.plugins.module_utils.errors import from_status
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import HttpTransport, Trust
from ansible_collections.oncall.remedy.plugins.module_utils.secrets import bearer
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.channels.answers import retry_after
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Envelope, Undelivered
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import iso

VERSION = 1


def send(envelope: Envelope) -> str:
    """Posts the message; every status of the 200s means that it has arrived. Raises Undelivered or ProbeError."""
    options, secrets = envelope.channel.options, envelope.secrets
    token = (
        bearer(lambda: secrets["token_file"], f"secret file {options['token_file']}")
        if "token_file" in secrets
        else None
    )
    transport = HttpTransport(options["url"], trust=Trust(ca_path=options.get("ca_path")), authorization=token)
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"{envelope.message.key}/{envelope.message.kind}"}
    body = json.dumps(document(envelope.message)).encode()
    until = time.monotonic() + envelope.seconds
    answer = transport.request("POST", headers=headers, body=body, deadline=until, limit=65536)
    if not 200 <= answer.status < 300:
        reason = from_status(answer.status, f"POST {transport.source}").message
        raise Undelivered(reason, later=retry_after(answer.headers), down=answer.status not in (400, 413, 422))
    return ""


def document(message: Message) -> dict[str, object]:
    """The message as JSON."""
    return {
        "version": VERSION,
        "kind": message.kind,
        "key": message.key,
        "title": message.title,
        "severity": message.severity,
        "at": iso(message.at),
        "target": message.source,
        "component": message.component,
        "runbook": message.group,
        "alert": message.subject,
        "details": dict(message.rows),
        "text": message.text,
    }

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Slack, by an incoming webhook and Slack's own client.

Format: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ and
https://docs.slack.dev/messaging/formatting-message-text/. ``<``, ``>`` and ``&`` are the only control characters, and
are escaped: a foreign text mentions nobody and links to nothing. ``verbatim`` keeps plain ``@here``, channel names and
URLs from being turned into what they look like.
"""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk.webhook import WebhookClient

from ansible_collections.oncall.remedy.plugins.module_utils import tls
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import split_url
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.channels.answers import retry_after
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import Envelope, Undelivered

SECTION = 3000
"""Characters of a section's text."""
ROW = 1000
"""Characters of a row, so that all rows together stay far below the 13,000 that a message takes."""

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ICONS = {
    "critical": ":rotating_light:",
    "error": ":red_circle:",
    "warning": ":warning:",
    "info": ":information_source:",
}
_POISON = 400
"""Slack's answer to a payload that it does not understand: the next message may fare better."""


def send(envelope: Envelope) -> str:
    """Posts to the channel of the webhook. Raises Undelivered."""
    client = WebhookClient(
        _url(envelope),
        timeout=max(1, int(envelope.seconds)),
        ssl=tls.context(ca_path=envelope.channel.options.get("ca_path")),
        logger=_silent(),
        retry_handlers=[],
    )
    answer = client.send_dict(payload(envelope.message))
    if (answer.status_code, answer.body.strip()) != (200, "ok"):
        reason = from_status(answer.status_code, "post to Slack", answer.body).message
        raise Undelivered(reason, later=retry_after(answer.headers), down=answer.status_code != _POISON)
    return ""


def _url(envelope: Envelope) -> str:
    """The webhook's URL, which is the secret. What is none is refused here: the client's error would repeat it."""
    try:
        if split_url(envelope.secrets["webhook_url_file"]).scheme == "https":
            return envelope.secrets["webhook_url_file"]
    except ProbeError:
        pass
    path = envelope.channel.options["webhook_url_file"]
    raise Undelivered(f"secret file {path}: does not hold the https URL of a webhook")


def payload(message: Message) -> dict[str, Any]:
    """The message as blocks, and as the text that notifications show."""
    icon = ":white_check_mark:" if message.kind == "clear" else _ICONS[message.severity]
    title = f"{icon} *{escaped(message.title)}*"
    rows = [f"*{label}*  {escaped(text)}" for label, text in message.rows]
    return {
        "text": escaped(message.title),
        "blocks": [_section(part) for part in (title, *_packed(rows))],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int = ROW) -> str:
    """Foreign text for Slack, at most ``limit`` characters: nothing in it is a control sequence, or half of one."""
    pieces: list[str] = []
    left = limit - 1
    for piece in (_ESCAPES.get(char, char) for char in text):
        if len(piece) > left:
            return "".join([*pieces, "…"])
        pieces.append(piece)
        left -= len(piece)
    return "".join(pieces)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _packed(rows: list[str]) -> list[str]:
    """The rows in as few sections as hold them."""
    parts: list[str] = []
    for row in rows:
        if parts and len(parts[-1]) + 1 + len(row) <= SECTION:
            parts[-1] += "\n" + row
        else:
            parts.append(row)
    return parts


def _silent() -> logging.Logger:
    """A logger that keeps to itself: the client's own would write the webhook's URL, which is the secret."""
    return logging.Logger("oncall.remedy.slack", logging.CRITICAL + 1)

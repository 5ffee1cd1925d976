"""A stand-in for Slack's incoming webhooks. It is not Slack: it checks messages, and shows them to nobody.

It follows https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ (POST of JSON, the answer ``ok``,
the errors), https://docs.slack.dev/reference/block-kit/ (blocks and their limits) and
https://docs.slack.dev/messaging/formatting-message-text/ (control sequences). It also says what Slack would do with a
text: ``notifies`` and ``links`` list the control sequences in it that call people or point somewhere.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lab.standins.web import Reply, Service

TEXT = 40_000
BLOCKS = 50
SECTION = 3000
MEMBERS = {"text", "blocks", "attachments", "thread_ts", "mrkdwn", "unfurl_links", "unfurl_media", "metadata"}

_SEQUENCE = re.compile(r"<([^<>]*)>")
_ESCAPED = re.compile(r"&(?!(?:amp|lt|gt);)|<|>")


def rate_limited(seconds: int) -> Reply:
    """More than one message a second, for longer than a moment."""
    return Reply.text(429, "rate_limited", ("Retry-After", str(seconds)))


class Slack(Service):
    """Takes messages at one secret path, like ``/services/T…/B…/…``."""

    name = "slack"

    def __init__(self, file: Path | None = None, path: str = "") -> None:
        super().__init__(file)
        self._path = path

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """``ok``, or the error's name in plain text, as Slack answers."""
        if not path.startswith("/services/") or (self._path and path != self._path):
            self.arrivals.add(False, {}, ["no_service"])
            return Reply.text(404, "no_service")
        message, problems = _parsed(headers, body)
        problems = problems or faults(message)
        if problems:
            self.arrivals.add(False, {"message": message}, problems)
            return Reply.text(400, problems[0].partition(":")[0])
        seen: dict[str, list[str]] = {"notifies": [], "links": [], "loose": []}
        for text, verbatim in _texts(message):
            _sort_sequences(text, verbatim, seen)
        self.arrivals.add(True, {"message": message, **seen})
        return Reply.text(200, "ok")


def faults(message: Any) -> list[str]:
    """What is wrong with a message: Slack's name of the error, and which member it is."""
    if not isinstance(message, dict):
        return ["invalid_payload: no object"]
    found = [f"invalid_payload: {name}" for name in sorted(set(message) - MEMBERS)]
    text, blocks = message.get("text", ""), message.get("blocks", [])
    if not isinstance(text, str) or not isinstance(blocks, list):
        return [*found, "invalid_payload: text or blocks"]
    if not text and not blocks and not message.get("attachments"):
        found.append("no_text: nothing to show")
    if len(text) > TEXT:
        found.append("msg_too_long: text")
    if len(blocks) > BLOCKS:
        found.append("invalid_blocks: too many")
    return found + [problem for block in blocks for problem in _block(block)]


def _block(block: Any) -> list[str]:
    if not isinstance(block, dict) or block.get("type") not in ("section", "header", "divider", "context"):
        return ["invalid_blocks: a block of no known type"]
    if block["type"] != "section":
        return []
    text = block.get("text")
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        return ["invalid_blocks: a section without a text object"]
    content = text.get("text")
    if not isinstance(content, str) or not 1 <= len(content) <= SECTION:
        return [f"invalid_blocks: a section's text has 1 to {SECTION} characters"]
    return []


def _texts(message: dict[str, Any]) -> list[tuple[str, bool]]:
    """Each text that Slack reads control sequences in, and whether it leaves the plain words in it alone."""
    blocks = [block["text"] for block in message.get("blocks", []) if block["type"] == "section"]
    marked = [(text["text"], bool(text.get("verbatim"))) for text in blocks if text["type"] == "mrkdwn"]
    return [(message.get("text", ""), True), *marked]  # without ``link_names``, a webhook's text is left alone


def _sort_sequences(text: str, verbatim: bool, seen: dict[str, list[str]]) -> None:
    for sequence in _SEQUENCE.findall(text):
        seen["notifies" if sequence[:1] in ("!", "@") else "links"].append(sequence)
    rest = _SEQUENCE.sub("", text)
    seen["loose"] += _ESCAPED.findall(rest)
    if not verbatim:
        seen["notifies"] += re.findall(r"@(?:here|channel|everyone)\b", rest)
        seen["links"] += re.findall(r"https?://\S+|#\w+", rest)


def _parsed(headers: dict[str, str], body: bytes) -> tuple[Any, list[str]]:
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return None, ["invalid_payload: content type"]
    try:
        return json.loads(body), []
    except ValueError:
        return None, ["invalid_payload: no JSON"]

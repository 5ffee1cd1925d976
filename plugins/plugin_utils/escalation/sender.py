# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one seam between what is to be said and the services that carry it: ``deliver``.

A channel's module is imported when something is to be sent by it, and not before: their libraries take longer to load
than an idle sweep runs. No error repeats what a secret's file holds.
"""

from __future__ import annotations

import dataclasses
import importlib
import time
import urllib.parse

from ansible_collections.oncall.remedy.plugins.module_utils.connection import bounded
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_exception, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.secrets import from_file
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Channel
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import REDACTED, storable_text

_MODULES = {"pagerduty": "pagerduty", "slack": "slack", "webhook": "webhook", "email": "smtp"}
_PACKAGE = "ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.channels"

SECRETS = ("routing_key_file", "webhook_url_file", "token_file", "password_file")
"""Options that name a file with a secret in it."""


class Undelivered(Exception):
    """It did not arrive. ``reason`` is one line for a human.

    ``later``: the service asks to be left alone for so many seconds. ``down``: the next message would fare no better.
    """

    def __init__(self, reason: str, *, later: float = 0.0, down: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.later = later
        self.down = down


@dataclasses.dataclass(frozen=True)
class Envelope:
    """One message on one channel. ``secrets`` are what the channel's files hold, by the option that names the file.

    ``seconds``: no longer may it take.
    """

    channel: Channel
    message: Message
    secrets: dict[str, str] = dataclasses.field(repr=False)
    seconds: float = 10.0


def deliver(channel: Channel, message: Message, seconds: float) -> str:
    """Sends a message by a channel within ``seconds``; returns a remark for the timeline, mostly nothing.

    Raises Undelivered, and nothing else: a channel that is broken in an unforeseen way is a channel that is broken.
    """
    secrets: dict[str, str] = {}
    try:
        with bounded(time.monotonic() + seconds, seconds):
            module = importlib.import_module(f"{_PACKAGE}.{_MODULES[channel.kind]}")
            secrets.update({key: _secret(key, channel.options[key]) for key in SECRETS if key in channel.options})
            return without(str(module.send(Envelope(channel, message, secrets, seconds)) or ""), secrets)
    except Undelivered as failure:
        raise Undelivered(without(failure.reason, secrets), later=failure.later, down=failure.down) from None
    except ProbeError as failure:
        raise Undelivered(without(failure.message, secrets)) from None
    except Exception as failure:  # noqa: BLE001  whatever a library raises: the human has not been told
        reason = from_exception(failure, channel.kind).message
        raise Undelivered(without(reason, secrets)) from None


def _secret(key: str, path: str) -> str:
    """What a secret's file holds: one line, which is never part of an error."""
    if not path:
        raise Undelivered(f"{key} names no file in this run")
    value = from_file(path)
    if not value or not value.isprintable():
        raise Undelivered(f"secret file {path}: does not hold one line of text")
    return value


def without(text: str, secrets: dict[str, str]) -> str:
    """The text as one line, without any of the secrets and without what looks like another."""
    for secret in secrets.values():
        path = urllib.parse.urlsplit(secret).path if "://" in secret else ""
        for part in (secret, path.strip("/")):
            if part:
                text = text.replace(part, REDACTED)
    return one_line(storable_text(text))

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stand-ins for those who call humans, on real sockets of this machine, and an inventory that names them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Channel, Policy, policy_from
from lab.standins import smtp, web
from lab.standins.pagerduty import PagerDuty
from lab.standins.slack import Slack
from lab.standins.webhook import Webhook
from tests.support.certs import Authority

ROUTING_KEY = "R0utingKeyR0utingKeyR0utingKey32"
SLACK_PATH = "/services/T000/B000/s1ackS3cretPath"
TOKEN = "w3bhook-t0ken"
PASSWORD = "m4il-passw0rd"
SECRETS = (ROUTING_KEY, SLACK_PATH.strip("/"), "s1ackS3cretPath", TOKEN, PASSWORD)

PLATFORM = [{"after": "0s", "to": ["chat", "pager"]}, {"after": "15m", "to": ["pager", "mail"]}]


class Desk:
    """All four services, under TLS. ``channels`` is what ``remedy_channels`` says of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pager = PagerDuty(routing_keys=(ROUTING_KEY,))
        self.chat = Slack(path=SLACK_PATH)
        self.hook = Webhook(token=TOKEN)
        self.mail = smtp.MailServer(users={"remedy": PASSWORD})
        self.channels: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        authority = Authority()
        tls = authority.issue("127.0.0.1", "localhost").context(self.folder)
        ca = self.file("ca.crt", authority.certificate)
        pager, chat, hook = (
            self._stack.enter_context(web.running(service, tls)) for service in (self.pager, self.chat, self.hook)
        )
        mail = self._stack.enter_context(smtp.running(self.mail, tls))
        key = self.file("routing-key", ROUTING_KEY + "\n")
        self.channels = {
            "pager": {"pagerduty": {"routing_key_file": key, "url": pager, "ca_path": ca}},
            "chat": {"slack": {"webhook_url_file": self.file("slack-url", chat + SLACK_PATH), "ca_path": ca}},
            "hook": {"webhook": {"url": f"{hook}/calls", "token_file": self.file("token", TOKEN), "ca_path": ca}},
            "mail": {
                "email": {
                    "host": "127.0.0.1",
                    "port": mail,
                    "from": "remedy@example.org",
                    "to": ["platform@example.org", "second@example.org"],
                    "username": "remedy",
                    "password_file": self.file("password", PASSWORD),
                    "ca_path": ca,
                }
            },
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def file(self, name: str, content: str) -> str:
        """A file that the inventory names."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def policy(self, platform: list[Any] | None = None, engine: str = "") -> Policy:
        """The owner ``platform`` with these levels."""
        return policy_from({"platform": platform or PLATFORM}, self.channels, engine)

    def channel(self, name: str, **options: Any) -> Channel:
        """One channel, with other options than usual. An option that is None is left out."""
        ((kind, usual),) = self.channels[name].items()
        given = {key: value for key, value in {**usual, **options}.items() if value is not None}
        return policy_from({}, {name: {kind: given}}).channels[name]


def message(**more: Any) -> Message:
    """A call about an edge that is down."""
    fields: dict[str, Any] = {
        "kind": "call",
        "key": "oncall-remedy/e1/1",
        "title": "TraefikDown · hetzner: restart failed",
        "severity": "critical",
        "source": "hetzner",
        "rows": (("why", "restart failed"), ("done", "Nothing was changed."), ("case", "e1")),
        "at": 1_790_000_000.0,
        "component": "DaemonSet/traefik/traefik",
        "group": "traefik_down",
        "subject": "TraefikDown",
    }
    return Message(**{**fields, **more})

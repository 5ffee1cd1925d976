"""A stand-in for a mail server (RFC 5321, with STARTTLS and AUTH PLAIN). It delivers nothing and keeps everything."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lab.standins.arrivals import Arrivals


class MailServer:
    """What the server knows. ``refuse`` are recipients that it does not take; ``unwell`` are replies that the next
    messages get instead of being taken."""

    def __init__(self, file: Path | None = None, users: dict[str, str] | None = None) -> None:
        self.arrivals = Arrivals("smtp", file)
        self.users = users or {}
        self.refuse: set[str] = set()
        self.unwell: list[str] = []

    def take(self, sender: str, recipients: list[str], encrypted: bool, user: str, content: bytes) -> str:
        """Keeps a message; the reply to DATA."""
        if self.unwell:
            reply = self.unwell.pop(0)
            self.arrivals.add(False, {"to": recipients}, [reply])
            return reply
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)  # noqa: S101  the default policy makes these
        problems = [f"no {name}" for name in ("From", "To", "Subject", "Date", "Message-ID") if not parsed[name]]
        problems += [f"{name} stands {len(found)} times" for name, found in _doubled(parsed).items()]
        told = {
            "from": sender,
            "to": recipients,
            "encrypted": encrypted,
            "user": user,
            "headers": {name: str(value) for name, value in parsed.items()},
            "text": parsed.get_content() if parsed.get_content_maintype() == "text" else "",
        }
        self.arrivals.add(not problems, told, problems)
        return "554 5.6.0 the message is malformed" if problems else "250 2.0.0 kept"


def _doubled(parsed: EmailMessage) -> dict[str, list[Any]]:
    names = {name.lower() for name in parsed}
    return {name: found for name in sorted(names) if len(found := parsed.get_all(name) or []) > 1}


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._encrypted = self.server.implicit
        self._user = ""
        with contextlib.suppress(OSError):
            if self._encrypted:
                self._encrypt()
            self._dialogue()

    def _dialogue(self) -> None:
        self._reset()
        self._reply("220 stand-in ESMTP")
        while line := self.rfile.readline(2000):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            method = getattr(self, f"_on_{verb.lower()}", None)
            if verb.upper() == "QUIT":
                self._reply("221 2.0.0 bye")
                return
            if method is None:
                self._reply("502 5.5.1 not known")
            else:
                method(rest.strip())

    def _on_ehlo(self, _name: str) -> None:
        offers = ["stand-in", "8BITMIME", *(["STARTTLS"] if self.server.tls and not self._encrypted else [])]
        offers += ["AUTH PLAIN"] if self.server.mail.users and self._encrypted else []
        self._reply("\r\n".join(f"250{'-' if offer != offers[-1] else ' '}{offer}" for offer in offers))

    def _on_starttls(self, _rest: str) -> None:
        self._reply("220 2.0.0 go ahead")
        self._encrypt()
        self._reset()

    def _on_auth(self, rest: str) -> None:
        _mechanism, _, initial = rest.partition(" ")
        _role, user, password = base64.b64decode(initial).decode().split("\0")
        if self.server.mail.users.get(user) == password:
            self._user = user
            self._reply("235 2.7.0 welcome")
        else:
            self._reply("535 5.7.8 not so")

    def _on_mail(self, rest: str) -> None:
        if self.server.mail.users and not self._user:
            self._reply("530 5.7.0 authentication required")
            return
        self._sender = _address(rest)
        self._reply("250 2.1.0 ok")

    def _on_rcpt(self, rest: str) -> None:
        address = _address(rest)
        if address in self.server.mail.refuse:
            self._reply("550 5.1.1 no such user")
            return
        self._recipients.append(address)
        self._reply("250 2.1.5 ok")

    def _on_data(self, _rest: str) -> None:
        self._reply("354 go ahead")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = self.server.mail
        self._reply(mail.take(self._sender, self._recipients, self._encrypted, self._user, b"".join(lines)))
        self._reset()

    def _on_rset(self, _rest: str) -> None:
        self._reset()
        self._reply("250 2.0.0 ok")

    def _on_noop(self, _rest: str) -> None:
        self._reply("250 2.0.0 ok")

    def _reset(self) -> None:
        self._sender = ""
        self._recipients: list[str] = []

    def _encrypt(self) -> None:
        assert self.server.tls is not None  # noqa: S101  it is only offered where there is one
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb")
        self._encrypted = True

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
            self.request.close()

    def _reply(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()


def _address(rest: str) -> str:
    """``FROM:<a@b> SIZE=1`` → ``a@b``"""
    return rest.partition("<")[2].partition(">")[0]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], mail: MailServer, tls: ssl.SSLContext | None, implicit: bool) -> None:
        super().__init__(address, _Session)
        self.mail = mail
        self.tls = tls
        self.implicit = implicit


def server(
    mail: MailServer, address: str, port: int, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> socketserver.ThreadingTCPServer:
    """A server that is bound and not yet serving. ``implicit``: TLS from the first byte instead of STARTTLS."""
    return _Server((address, port), mail, tls, implicit)


@contextlib.contextmanager
def running(mail: MailServer, tls: ssl.SSLContext | None = None, implicit: bool = False) -> Iterator[int]:
    """Serves on loopback in a thread of this process; gives the port."""
    made = server(mail, "127.0.0.1", 0, tls, implicit)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()
        thread.join(10)

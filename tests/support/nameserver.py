"""A DNS server on loopback that answers from a script, misbehaves on demand, and records every question."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Answer = Callable[[dns.message.QueryMessage], bytes]
"""The bytes that answer a question; none at all where they are empty."""


def records(*addresses: str, ttl: int = 60) -> Answer:
    """These addresses, each for the type that it is of."""

    def give(question: dns.message.QueryMessage) -> bytes:
        asked = question.question[0]
        kind = "AAAA" if asked.rdtype == dns.rdatatype.AAAA else "A"
        fitting = [address for address in addresses if (":" in address) == (kind == "AAAA")]
        response = dns.message.make_response(question)
        if fitting:
            response.answer.append(dns.rrset.from_text(asked.name, ttl, "IN", kind, *fitting))
        return response.to_wire()

    return give


def alias(target: str, *addresses: str) -> Answer:
    """A CNAME, and the addresses of what it points to."""

    def give(question: dns.message.QueryMessage) -> bytes:
        asked = question.question[0]
        response = dns.message.make_response(question)
        response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "CNAME", target))
        if asked.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(target, 60, "IN", "A", *addresses))
        return response.to_wire()

    return give


def failing(code: dns.rcode.Rcode) -> Answer:
    """NXDOMAIN, SERVFAIL, REFUSED …"""

    def give(question: dns.message.QueryMessage) -> bytes:
        response = dns.message.make_response(question)
        response.set_rcode(code)
        return response.to_wire()

    return give


def silence(_question: dns.message.QueryMessage) -> bytes:
    """No answer."""
    return b""


def noise(question: dns.message.QueryMessage) -> bytes:
    """An answer that is none."""
    return question.to_wire()[:2] + b"\xff" * 9


class Nameserver:
    """A scripted server for UDP. Use it in a ``with`` statement."""

    def __init__(self, answer: Answer, ipv6: Answer | None = None) -> None:
        self.questions: list[tuple[str, str]] = []
        self._answer, self._ipv6 = answer, ipv6 or answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Nameserver:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())  # wakes recvfrom(): nobody asks with nothing
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, asker = self._socket.recvfrom(4096)
            if not data:
                return
            question = dns.message.from_wire(data)
            assert isinstance(question, dns.message.QueryMessage)
            kind = dns.rdatatype.to_text(question.question[0].rdtype)
            self.questions.append((str(question.question[0].name), kind))
            answer = self._ipv6 if kind == "AAAA" else self._answer
            with contextlib.suppress(OSError):
                self._socket.sendto(answer(question), asker)

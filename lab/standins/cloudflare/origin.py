"""Asking an origin: its answer, or the status by which Cloudflare says why there is none."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl
from collections.abc import Mapping

from lab.standins.cloudflare.zone import Origin, Patience, Zone

# Zero-downtime failover is documented for these alone, and only once.
WORTH_ANOTHER_TRY = frozenset({521, 522, 523, 525, 526})


@dataclasses.dataclass(frozen=True)
class Request:
    """What is passed on to the origin."""

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclasses.dataclass(frozen=True)
class Answer:
    """The origin's answer, or one of Cloudflare's statuses with no headers (``own``)."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    own: bool = False


def ask(origin: Origin, request: Request, trust: ssl.SSLContext | None, patience: Patience) -> Answer:
    """Sends one request to one origin: under TLS, its certificate judged by ``trust``, or without one in the clear."""
    try:
        plain = socket.create_connection(
            (origin.address, origin.https if trust else origin.http), timeout=patience.connect
        )
    except OSError as error:
        return Answer(_no_connection(error), own=True)
    with plain:
        plain.settimeout(patience.answer)
        return _encrypted(plain, request, trust) if trust else _exchange(plain, request)


def healthy(zone: Zone, origin: Origin, trust: ssl.SSLContext) -> bool:
    """Whether HTTP answers on both of an origin's ports, with whatever status: a monitor's request for its own host."""
    request = Request("GET", "/", f"monitor.{zone.name}", {"User-Agent": "Cloudflare-Healthchecks/1.0"})
    patience = Patience(zone.patience.connect, zone.patience.connect)
    return not any(ask(origin, request, judge, patience).own for judge in (trust, None))


def _no_connection(error: OSError) -> int:
    if isinstance(error, ConnectionRefusedError):
        return 521
    if isinstance(error, TimeoutError):
        return 522
    return 523


def _encrypted(plain: socket.socket, request: Request, trust: ssl.SSLContext) -> Answer:
    try:
        connection = trust.wrap_socket(plain, server_hostname=request.host)
    except ssl.SSLCertVerificationError:
        return Answer(526, own=True)
    except OSError:  # of which ssl's errors are a kind, and a handshake that takes too long
        return Answer(525, own=True)
    with connection:
        return _exchange(connection, request)


def _exchange(connection: socket.socket, request: Request) -> Answer:
    """The origin's answer; without one in time 524, and 520 where it is none, or no HTTP."""
    try:
        return _sent(connection, request)
    except TimeoutError:
        return Answer(524, own=True)
    except (OSError, http.client.HTTPException):
        return Answer(520, own=True)


def _sent(connection: socket.socket, request: Request) -> Answer:
    head = [f"{request.method} {request.path} HTTP/1.1", f"Host: {request.host}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body:
        head.append(f"Content-Length: {len(request.body)}")
    head.append("Connection: close")
    connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + request.body)
    response = http.client.HTTPResponse(connection, method=request.method)
    response.begin()
    return Answer(response.status, tuple(response.getheaders()), response.read())

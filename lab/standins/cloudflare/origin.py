"""Asking an origin: its answer, or the status by which Cloudflare says why there is none."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl
from collections.abc import Mapping

from lab.standins.cloudflare.zone import Origin, Zone

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


def ask(zone: Zone, origin: Origin, request: Request, trust: ssl.SSLContext) -> Answer:
    """Sends one request to one origin."""
    strict = zone.hosts[request.host] == "strict"
    try:
        plain = socket.create_connection(
            (origin.address, origin.https if strict else origin.http), timeout=zone.patience.connect
        )
    except OSError as error:
        return Answer(_no_connection(error), own=True)
    try:
        plain.settimeout(zone.patience.answer)
        with trust.wrap_socket(plain, server_hostname=request.host) if strict else plain as connection:
            return _exchange(connection, request)
    except ssl.SSLCertVerificationError:
        return Answer(526, own=True)
    except TimeoutError:
        return Answer(524, own=True)
    except ssl.SSLError:
        return Answer(525, own=True)
    except (OSError, http.client.HTTPException):
        return Answer(520, own=True)  # it answered with nothing, or with what is no HTTP
    finally:
        plain.close()


def reachable(origin: Origin, patience: float) -> bool:
    """Whether both of an origin's ports accept a connection: a monitor of type TCP."""
    for port in (origin.http, origin.https):
        try:
            socket.create_connection((origin.address, port), timeout=patience).close()
        except OSError:
            return False
    return True


def _no_connection(error: OSError) -> int:
    if isinstance(error, ConnectionRefusedError):
        return 521
    if isinstance(error, TimeoutError):
        return 522
    return 523


def _exchange(connection: socket.socket, request: Request) -> Answer:
    head = [f"{request.method} {request.path} HTTP/1.1", f"Host: {request.host}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body:
        head.append(f"Content-Length: {len(request.body)}")
    head.append("Connection: close")
    connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + request.body)
    response = http.client.HTTPResponse(connection, method=request.method)
    response.begin()
    return Answer(response.status, tuple(response.getheaders()), response.read())

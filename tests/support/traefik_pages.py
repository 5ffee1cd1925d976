"""What Traefik itself answers where it has nobody to ask: ``python -m tests.support.traefik_pages PATH-OF-TRAEFIK``

Runs the real program on loopback, over backends that are missing, refuse, hang up, dawdle, or answer like a program in
Go, and writes each answer as it came on the wire to tests/unit/probes/recorded/traefik. To be run anew for another
version of Traefik; the difference to what is there shows whether the probe ``http`` knows its pages still.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support import wire
from tests.support.certs import Authority

RECORDED = Path(__file__).resolve().parents[1] / "unit" / "probes" / "recorded" / "traefik"

GO_NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
    b"Date: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Length: 19\r\n\r\n404 page not found\n"
)
"""What ``http.NotFound`` of Go's standard library puts on the wire."""

GO_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
    b"Date: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Length: 12\r\n\r\nBad Gateway\n"
)
"""What ``http.Error`` with the words of the status puts there."""

WANTED = {
    "no-router": 404,
    "application-404": 404,
    "refused": 502,
    "hung-up": 502,
    "application-502": 502,
    "no-server": 503,
    "unhealthy": 503,
    "circuit-breaker": 503,
    "silent": 504,
    "slow": 504,
    "distrusted-backend": 500,
    "not-allowed": 403,
    "rate-limit": 429,
}
"""The answers to record, and the status that shows that the fault is there by now."""

SECONDS = 20.0


def configuration(backends: dict[str, str]) -> dict[str, Any]:
    """Routers, services and middlewares of Traefik's file provider: the host NAME.example has the fault NAME."""
    middlewares = {
        "circuit-breaker": {"circuitBreaker": {"expression": "NetworkErrorRatio() > 0.1", "checkPeriod": "100ms"}},
        "rate-limit": {"rateLimit": {"average": 1, "period": "1h", "burst": 1}},
        "not-allowed": {"ipAllowList": {"sourceRange": ["192.0.2.0/24"]}},
    }
    balancers: dict[str, Any] = {name: {"servers": [{"url": url}]} for name, url in backends.items()}
    balancers["no-server"] = {"servers": []}
    balancers["unhealthy"]["healthCheck"] = {"path": "/", "interval": "500ms", "timeout": "200ms"}
    for name in ("silent", "slow"):
        balancers[name]["serversTransport"] = "impatient"
    timeouts = {"dialTimeout": "300ms", "responseHeaderTimeout": "300ms"}
    return {
        "http": {
            "routers": {
                name: {
                    "rule": f"Host(`{name}.example`)",
                    "service": name,
                    "middlewares": [name] if name in middlewares else [],
                }
                for name in balancers
            },
            "services": {name: {"loadBalancer": balancer} for name, balancer in balancers.items()},
            "middlewares": middlewares,
            "serversTransports": {"impatient": {"forwardingTimeouts": timeouts}},
        }
    }


@contextlib.contextmanager
def backends() -> Iterator[dict[str, str]]:
    """A server for each fault, as a URL."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:

        def scripted(answer: wire.Answer, tls: ssl.SSLContext | None = None) -> str:
            return stack.enter_context(wire.Wire(tls).on("GET", "/", answer)).url

        refusing = f"http://127.0.0.1:{free_port()}"
        go = scripted(wire.raw(GO_NOT_FOUND))
        yield {
            "application-404": go,
            "application-502": scripted(wire.raw(GO_BAD_GATEWAY)),
            "refused": refusing,
            "hung-up": scripted(wire.reset),
            "unhealthy": refusing,
            "circuit-breaker": refusing,
            "silent": stack.enter_context(silence()),
            "slow": scripted(wire.hang),
            "distrusted-backend": scripted(wire.answer(), Authority().issue("127.0.0.1").context(Path(folder))),
            "not-allowed": go,
            "rate-limit": go,
        }


@contextlib.contextmanager
def silence() -> Iterator[str]:
    """An address that answers no more: the queue of its listener is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _caller in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def traefik(program: str, dynamic: dict[str, Any]) -> Iterator[int]:
    """Traefik with that configuration; gives its port."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "dynamic.yml")
        file.write_text(json.dumps(dynamic), encoding="utf-8")
        port = free_port()
        words = [program, f"--entrypoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={file}"]
        quiet = ["--log.level=FATAL", "--global.checknewversion=false", "--global.sendanonymoususage=false"]
        process = subprocess.Popen([*words, *quiet])
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def fetched(port: int, host: str) -> bytes:
    """One answer as it comes on the wire."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def awaited(ask: Callable[[], bytes], status: int) -> bytes:
    """The first answer with that status. Raises TimeoutError where it does not come."""
    until = time.monotonic() + SECONDS
    found = b""
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionError):
            found = ask()
            if found.startswith(f"HTTP/1.1 {status} ".encode()):
                return found
        threading.Event().wait(0.1)
    raise TimeoutError(f"no {status} came, but {found[:300]!r}")


def record(program: str) -> None:
    """Writes every answer anew."""
    RECORDED.mkdir(parents=True, exist_ok=True)
    with backends() as urls, traefik(program, configuration(urls)) as port:
        awaited(lambda: fetched(port, "not-allowed.example"), 403)  # the configuration is there
        for name, status in WANTED.items():
            answer = awaited(lambda host=f"{name}.example": fetched(port, host), status)  # type: ignore[misc]
            (RECORDED / f"{name}.http").write_bytes(answer.replace(b"Connection: close\r\n", b""))


if __name__ == "__main__":
    record(sys.argv[1])

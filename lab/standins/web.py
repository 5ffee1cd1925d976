"""What the stand-ins that speak HTTP have in common: a server, and the ways in which a server may be unwell."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab.standins.arrivals import Arrivals

LIMIT = 4 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer: status, body, and headers beside its type and length."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def json(cls, status: int, value: Any, *headers: tuple[str, str]) -> Reply:
        return cls(status, json.dumps(value).encode(), headers=headers)

    @classmethod
    def text(cls, status: int, text: str, *headers: tuple[str, str]) -> Reply:
        return cls(status, text.encode(), "text/plain; charset=utf-8", headers)


class Service:
    """One service. A subclass answers in ``take``; ``unwell`` are replies that the next requests get instead.

    ``hanging`` is set where it takes requests and never answers.
    """

    name = ""

    def __init__(self, file: Path | None = None) -> None:
        self.arrivals = Arrivals(self.name, file)
        self.unwell: list[Reply] = []
        self.hanging = threading.Event()
        self.closing = threading.Event()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Judges a POST, keeps it and answers. Header names are lower case."""
        raise NotImplementedError

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply | None:
        """``take``, unless the service is unwell; None for no answer at all."""
        if self.hanging.is_set():
            self.arrivals.add(False, {"path": path}, ["no answer: it hangs"])
            self.closing.wait()
            return None
        if self.unwell:
            reply = self.unwell.pop(0)
            self.arrivals.add(False, {"path": path}, [f"refused with {reply.status}: it is unwell"])
            return reply
        return self.take(path, headers, body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length") or 0), LIMIT))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.service.answer(self.path, headers, body))

    def do_GET(self) -> None:
        self._send(Reply.text(405, "only POST"))

    def _send(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """What came is in the arrivals; the standard error of a test stays clean."""


class TlsServer(ThreadingHTTPServer):
    """A server that speaks TLS where it is given a context. Bound and not yet serving."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, handler)
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake takes place in the connection's own thread: one that never ends holds nobody else."""
        with contextlib.suppress(OSError):  # a client that does not trust us, or went away
            if self._tls is None:
                super().finish_request(request, client_address)
                return
            request.settimeout(30)
            with self._tls.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)


class _Server(TlsServer):
    def __init__(self, address: tuple[str, int], service: Service, tls: ssl.SSLContext | None) -> None:
        super().__init__(address, _Handler, tls)
        self.service = service


def server(service: Service, address: str, port: int, tls: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    """A server that is bound and not yet serving; ``serve_forever`` is the caller's."""
    return _Server((address, port), service, tls)


@contextlib.contextmanager
def running(service: Service, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves on loopback in a thread of this process; gives the URL."""
    made = server(service, "127.0.0.1", 0, tls)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{made.server_address[1]}"
    finally:
        service.closing.set()
        made.shutdown()
        made.server_close()
        thread.join(10)

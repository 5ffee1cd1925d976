"""Servers on loopback that answer from a script, misbehave on demand, and record every request.

    with Wire() as wire:
        wire.on("GET", "/api/v1/query", answer_json({"status": "success"}))
        ...
        assert wire.asked() == ["GET /api/v1/query"]

What no script covers is answered with 501 and recorded like the rest. An entry with several answers gives them one
after the other and stays with the last.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import dataclasses
import hashlib
import json
import socket
import ssl
import struct
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any, Self

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclasses.dataclass(frozen=True)
class Request:
    """One request as it came. Header names are lower case, ``server_name`` is the name of the TLS handshake."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    server_name: str = ""

    def json(self) -> Any:
        return json.loads(self.body)

    def one(self, parameter: str) -> str:
        """The value of a parameter that must stand in the query just once."""
        (value,) = self.query[parameter]
        return value


@dataclasses.dataclass
class Exchange:
    """One request with the means to answer it, however badly."""

    request: Request
    sock: socket.socket
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


Answer = Callable[[Exchange], bool]
"""Answers an exchange; says whether the connection can be used again."""


def answer(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """A well-formed answer."""
    sent = {"Content-Length": str(len(body)), **(headers or {})}

    def give(exchange: Exchange) -> bool:
        head = f"HTTP/1.1 {status} Scripted\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        exchange.send(head.encode() + b"\r\n" + (b"" if exchange.request.method == "HEAD" else body))
        return True

    return give


def answer_json(value: Any, status: int = 200, content_type: str = "application/json") -> Answer:
    return answer(status, json.dumps(value).encode(), {"Content-Type": content_type})


def answer_text(text: str, status: int = 200) -> Answer:
    return answer(status, text.encode(), {"Content-Type": "text/plain"})


def kube_status(status: int, reason: str, message: str, name: str = "") -> Answer:
    """An error as the Kubernetes API gives it."""
    details = {"name": name, "kind": "x"} if name else {}
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
    return answer_json({**body, "code": status}, status)


def raw(data: bytes) -> Answer:
    """Exactly these bytes, and the end of the connection."""

    def give(exchange: Exchange) -> bool:
        exchange.send(data)
        return False

    return give


def truncated(body: bytes, promised: int, content_type: str = "application/json") -> Answer:
    """Less than Content-Length promises."""
    return raw(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {promised}\r\n\r\n".encode() + body)


def reset(exchange: Exchange) -> bool:
    """RST instead of an answer."""
    exchange.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.sock.close()
    return False


def hang(exchange: Exchange) -> bool:
    """No answer for as long as the server lives."""
    exchange.closing.wait()
    return False


def drip(head: bytes) -> Answer:
    """``head`` at once and then a byte every now and then, without an end."""

    def give(exchange: Exchange) -> bool:
        exchange.send(head)
        while not exchange.closing.wait(0.01):
            exchange.send(b"x")
        return False

    return give


def channels(*messages: tuple[int, bytes], close: bool = True) -> Answer:
    """A websocket of the Kubernetes API: each message with its channel (1 output, 2 errors, 3 status)."""

    def give(exchange: Exchange) -> bool:
        key = exchange.request.headers["sec-websocket-key"] + _MAGIC
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
        protocol = exchange.request.headers["sec-websocket-protocol"]
        exchange.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        for channel, payload in messages:
            exchange.send(_frame(0x82, bytes([channel]) + payload))
        if close:
            exchange.send(_frame(0x88, struct.pack(">H", 1000)))
            return False
        return hang(exchange)

    return give


def _refuse(sock: socket.socket) -> None:
    """As servers answer what is no HTTP, such as the handshake of TLS; the rest is read until the client has gone."""
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    while sock.recv(65536):
        pass


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([opcode, size]) + payload
    return bytes([opcode, 126]) + struct.pack(">H", size) + payload


class Wire:
    """A scripted server. Use it in a ``with`` statement."""

    def __init__(self, tls: ssl.SSLContext | None = None, scheme: str = "") -> None:
        self.requests: list[Request] = []
        self.handshakes = 0
        self._tls = tls
        self._names: dict[int, str] = {}
        self._scheme = scheme or ("https" if tls else "http")
        self._script: dict[tuple[str, str], collections.deque[Answer]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{self._scheme}://127.0.0.1:{self.port}"
        if tls:
            tls.sni_callback = self._note_name

    def on(self, method: str, path: str, *answers: Answer) -> Wire:
        """Scripts the answers to a method and a path (without its query)."""
        self._script[method, path] = collections.deque(answers)
        return self

    def asked(self) -> list[str]:
        """The requests so far, as ``GET /path``."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def methods(self) -> set[str]:
        return {request.method for request in self.requests}

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):  # wakes accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._closing.is_set():
                sock, _address = self._listener.accept()
                with self._lock:
                    self._open.add(sock)
                self._start(self._serve, sock)

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), self._secured(plain) as sock:
            while not self._closing.is_set():
                request = self._read(sock)
                if request is None or not self._answer(request)(Exchange(request, sock, self._closing)):
                    return

    @contextlib.contextmanager
    def _secured(self, plain: socket.socket) -> Iterator[socket.socket]:
        try:
            with self._tls.wrap_socket(plain, server_side=True) if self._tls else plain as sock:
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(sock)
                    self.handshakes += 1
                yield sock
        finally:
            plain.close()

    def _note_name(self, sock: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        self._names[id(sock)] = name or ""

    def _read(self, sock: socket.socket) -> Request | None:
        with sock.makefile("rb") as file:
            line = file.readline().split()
            if len(line) != 3 or not line[2].startswith(b"HTTP/"):
                if line:
                    _refuse(sock)
                return None
            headers: dict[str, str] = {}
            while (header := file.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = file.read(int(headers.get("content-length", "0")))
        target = urllib.parse.urlsplit(line[1].decode())
        request = Request(
            method=line[0].decode(),
            path=target.path,
            query=urllib.parse.parse_qs(target.query, keep_blank_values=True),
            headers=headers,
            body=body,
            server_name=self._names.get(id(sock), ""),
        )
        with self._lock:
            self.requests.append(request)
        return request

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            answers = self._script.get((request.method, request.path))
            if not answers:
                return answer_text(f"no script for {request.method} {request.path}", 501)
            return answers.popleft() if len(answers) > 1 else answers[0]

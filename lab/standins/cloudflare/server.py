"""Cloudflare's face to visitors: TLS and plain HTTP, its headers, its pages, its API's list of networks."""

from __future__ import annotations

import contextlib
import json
import secrets
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.standins.cloudflare import pages, ranges
from lab.standins.cloudflare.origin import Answer, Request
from lab.standins.cloudflare.proxy import Proxy

# The API. It also answers by its address alone, for those who do not know the lab's names.
API_HOST = "api.cloudflare.com"
_LIMIT = 1 << 20
# Of one connection, and so not passed on; the others are set anew.
_NOT_PASSED_ON = frozenset(
    {"host", "connection", "keep-alive", "content-length", "transfer-encoding", "upgrade", "x-forwarded-for",
     "x-forwarded-proto", "cf-connecting-ip", "cf-ray", "cf-visitor", "cdn-loop", "accept-encoding"}
)  # fmt: skip
_NOT_RETURNED = frozenset({"connection", "keep-alive", "content-length", "transfer-encoding", "server", "date"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cloudflare", ""
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length") or 0), _LIMIT))
        host = (self.headers.get("host") or "").partition(":")[0].lower()
        ray = f"{secrets.token_hex(8)}-AKL"
        if host in (API_HOST, self.server.server_address[0]) and self.server.tls:
            self._api()
        elif host not in self.server.proxy.zone.hosts:
            self._send(Answer(409, (("Content-Type", "text/html; charset=UTF-8"),), pages.unknown_host(host, ray)), ray)
        elif not self.server.tls:
            # «Always Use HTTPS» is on.
            self._send(Answer(301, (("Location", f"https://{host}{self.path}"),)), ray)
        else:
            self._send(self.server.proxy.fetch(self._request(host, body, ray)), ray, host)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def _request(self, host: str, body: bytes, ray: str) -> Request:
        visitor = self.client_address[0]
        given = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        before = self.headers.get("x-forwarded-for")
        added = {
            "X-Forwarded-For": f"{before}, {visitor}" if before else visitor,
            "X-Forwarded-Proto": "https",
            "CF-Connecting-IP": visitor,
            "CF-Ray": ray,
            "CF-Visitor": '{"scheme":"https"}',
            "CDN-Loop": "cloudflare; loops=1",
        }
        return Request(self.command, self.path, host, {**given, **added}, body)

    def _api(self) -> None:
        if self.path.partition("?")[0] == "/client/v4/ips":
            status, found = 200, ranges.published()
        else:
            problem = {
                "code": 7003,
                "message": f"Could not route to {self.path}, perhaps your object identifier is invalid?",
            }
            status, found = 404, {"result": None, "success": False, "errors": [problem], "messages": []}
        self._send(Answer(status, (("Content-Type", "application/json"),), json.dumps(found).encode()), "")

    def _send(self, answer: Answer, ray: str, host: str = "") -> None:
        headers, body = answer.headers, answer.body
        if answer.own:
            headers, body = (("Content-Type", "text/html; charset=UTF-8"),), pages.page(answer.status, host, ray)
        self.send_response(answer.status, pages.TITLES.get(answer.status) if answer.own else None)
        for name, value in headers:
            if name.lower() not in _NOT_RETURNED:
                self.send_header(name, value)
        if ray:
            self.send_header("CF-RAY", ray)
            self.send_header("cf-cache-status", "DYNAMIC")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """What was asked stands in the metrics."""


class Server(ThreadingHTTPServer):
    """One of Cloudflare's ports; with ``tls`` the one for HTTPS."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], proxy: Proxy, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(address, _Handler)
        self.proxy = proxy
        self.tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake takes place in the connection's own thread: one that never ends holds nobody else."""
        with contextlib.suppress(OSError):  # a visitor that does not trust us, or went away
            request.settimeout(60)
            if self.tls is None:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)


class _Metrics(BaseHTTPRequestHandler):
    server: MetricsServer

    def do_GET(self) -> None:
        body = self.server.proxy.metrics().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Prometheus asks every few seconds."""


class MetricsServer(ThreadingHTTPServer):
    """What the customer's exporter would print."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], proxy: Proxy) -> None:
        super().__init__(address, _Metrics)
        self.proxy = proxy

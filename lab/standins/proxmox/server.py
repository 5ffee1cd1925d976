"""The two servers of a host, with the manners of Proxmox VE's own: pveproxy for the world, pvedaemon behind it."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import re
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from lab.standins import web
from lab.standins.proxmox import metrics
from lab.standins.proxmox.access import Identity, Refused
from lab.standins.proxmox.api import Api, ApiError, Call

PROXY_PORT = 8006
DAEMON_PORT = 85
# What Proxmox VE makes whoever is not let in wait, so that guessing takes long.
PENALTY = 3.0
_JSON = "application/json;charset=UTF-8"
_FORWARDED = ("authorization", "cookie", "csrfpreventiontoken", "content-type")
_URI = re.compile(r"/api2/+(?P<format>json|prometheus)(?P<path>/.*)?")
_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Request:
    """A request as it came in; header names are lower case."""

    verb: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlsplit(self.target).path)

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the query and of the body. Raises ApiError for a body that is none."""
        given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query))
        try:
            if self.headers.get("content-type", "").startswith("application/json"):
                given.update({str(name): str(value) for name, value in json.loads(self.body).items()})
            else:
                given.update(urllib.parse.parse_qsl(self.body.decode()))
        except (ValueError, AttributeError) as error:
            raise ApiError(400, "Parameter verification failed.") from error
        return given


@dataclass(frozen=True)
class Reply:
    """``reason`` stands in the status line; there, and often nowhere else, Proxmox VE says why."""

    status: int
    reason: str
    body: bytes = b""
    kind: str = _JSON


class Daemon:
    """pvedaemon: lets callers in, checks what they may do, and answers everything."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def answer(self, request: Request) -> Reply:
        """The reply to any request."""
        uri = _URI.fullmatch(request.path)
        if not uri:
            return self._elsewhere(request)
        try:
            if uri["format"] == "prometheus":
                return self._metrics(request)
            return self._call(request, (uri["path"] or "/").rstrip("/") or "/")
        except Refused as refused:
            return Reply(401, str(refused))  # and no body at all
        except ApiError as error:
            return _failure(error)

    def _call(self, request: Request, path: str) -> Reply:
        public = (request.verb, path) in (("GET", "/access/ticket"), ("POST", "/access/ticket"))
        identity = None if public else self._identify(request)
        method, names = self._api.find(request.verb, path)
        call = Call(request.verb, path, request.parameters, identity)
        self._api.check(call, method, names)

        def answer() -> Reply:
            return _success(method.answer(self._api, call, names))

        return self._protected(request, answer) if method.protected else answer()

    def _protected(self, request: Request, answer: Callable[[], Reply]) -> Reply:
        """Answers what needs the rights of root."""
        return answer()

    def _metrics(self, request: Request) -> Reply:
        """Not Proxmox VE's own: what the estate's runbook scrapes, with a user's password."""

        def answer() -> Reply:
            identity = self._basic(request) or self._identify(request)
            self._api.require(identity, f"/nodes/{self._api.system.node}", "Sys.Audit")
            return Reply(200, "OK", metrics.page(self._api.system).encode(), "text/plain; version=0.0.4")

        return self._protected(request, answer)

    def _elsewhere(self, request: Request) -> Reply:
        if request.path == "/" and request.verb == "GET":
            page = f"<!DOCTYPE html><title>{self._api.system.node} - Proxmox Virtual Environment</title>"
            return Reply(200, "OK", page.encode(), "text/html;charset=UTF-8")
        return Reply(501, "no such uri" if request.path.startswith("/api2") else f"no such file '{request.path}'")

    def _identify(self, request: Request) -> Identity:
        """By a ticket, for a change with its token against forgery besides, or by an API token. Raises Refused."""
        authorization = request.headers.get("authorization", "")
        ticket = _value(request.headers.get("cookie", ""), "PVEAuthCookie") or _value(authorization, "PVEAuthCookie")
        if ticket:
            identity = self._api.access.by_ticket(ticket)
            if request.verb != "GET":
                self._api.access.require_csrf_token(identity.user, request.headers.get("csrfpreventiontoken", ""))
            return identity
        if token := _value(authorization, "PVEAPIToken"):
            return self._api.access.by_token(token)
        raise Refused("No ticket")

    def _basic(self, request: Request) -> Identity | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused("authentication failure") from error
        return self._api.access.by_password(user, password)


class Proxy(Daemon):
    """pveproxy: the same, but what needs root's rights it hands on to pvedaemon, and who is refused has to wait."""

    def __init__(self, api: Api, daemon_port: int = DAEMON_PORT, penalty: float = PENALTY) -> None:
        super().__init__(api)
        self._daemon_port = daemon_port
        self._penalty = penalty
        self._closing = threading.Event()

    def answer(self, request: Request) -> Reply:
        """The reply to any request."""
        reply = super().answer(request)
        if reply.status == http.HTTPStatus.UNAUTHORIZED:
            self._closing.wait(self._penalty)
        return reply

    def _protected(self, request: Request, answer: Callable[[], Reply]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self._daemon_port, timeout=30)
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        try:
            connection.request(request.verb, request.target, request.body or None, headers)
            answered = connection.getresponse()
            body = answered.read()
        except (OSError, http.client.HTTPException) as error:
            # What AnyEvent::HTTP, Proxmox VE's client, calls a connection that does not come about.
            return Reply(595, (isinstance(error, OSError) and error.strerror) or "Broken pipe")
        finally:
            connection.close()
        return Reply(answered.status, answered.reason, body, answered.headers.get("Content-Type", _JSON))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(min(int(headers.get("content-length") or 0), _LIMIT))
        if body and self.command not in ("POST", "PUT"):
            self._send(Reply(501, f"Unexpected content for method '{self.command}'"))
        else:
            self._send(self.server.service.answer(Request(self.command, self.path, headers, body)))

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  the names are the base class's

    def _send(self, reply: Reply) -> None:
        self.close_connection = self.close_connection or reply.status >= http.HTTPStatus.MULTIPLE_CHOICES
        self.send_response(reply.status, reply.reason)
        self.send_header("Cache-Control", "max-age=0")
        self.send_header("Pragma", "no-cache")
        self.send_header("Connection", "close" if self.close_connection else "Keep-Alive")
        if reply.body:
            self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def version_string(self) -> str:
        """What Proxmox VE calls its server."""
        return "pve-api-daemon/3.0"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """One line for each request into the journal, but for what is scraped every few seconds and went well."""
        if not (self.path.startswith("/api2/prometheus") and code == http.HTTPStatus.OK):
            self.log_message('"%s" %s', self.requestline, code)


class Server(web.TlsServer):
    """A server that is bound and not yet serving."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Daemon, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(address, _Handler, tls)
        self.service = service


def _value(header: str, name: str) -> str:
    """What a header says of one name: ``NAME=VALUE`` or ``NAME VALUE``, up to a semicolon."""
    found = re.search(rf"(?:^|\s|;){name}(?:=| )([^;]*)", header)
    return urllib.parse.unquote(found[1]) if found else ""


def _success(data: Any) -> Reply:
    return Reply(200, "OK", json.dumps({"data": data}).encode())


def _failure(error: ApiError) -> Reply:
    content: dict[str, Any] = {"data": None, "message": f"{error.message}\n"}
    if error.errors:
        content["errors"] = error.errors
    return Reply(error.status, error.message, json.dumps(content).encode())

"""The stand-in for Cloudflare: what it asks an origin, and by which status it says that there was no answer."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab import pki
from lab.settings import Paths
from lab.standins.cloudflare import pages, ranges
from lab.standins.cloudflare.origin import Answer, Request, ask
from lab.standins.cloudflare.proxy import Proxy
from lab.standins.cloudflare.server import API_HOST, MetricsServer, Server
from lab.standins.cloudflare.zone import Origin, Patience, Zone

API, ADMIN = "api.myhoneydue.com", "admin.myhoneydue.com"
PATIENCE = Patience(connect=1.0, answer=0.5)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    paths = Paths(tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("cache"))
    pki.create(paths)
    return paths.pki


def served(certificates: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.crt", certificates / f"{name}.key")
    return context


class _Echo(BaseHTTPRequestHandler):
    """An origin that answers with what it was asked."""

    def do_GET(self) -> None:
        encrypted = isinstance(self.connection, ssl.SSLSocket)
        body = json.dumps({"encrypted": encrypted, "headers": dict(self.headers.items())}).encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Server", "origin")
        self.send_header("X-Page", self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""


@contextlib.contextmanager
def running(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextlib.contextmanager
def origin(certificates: Path, name: str = "origin") -> Iterator[Origin]:
    """An origin with both ports, the encrypted one under the certificate ``name``."""
    plain = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    encrypted = _Encrypted(("127.0.0.1", 0), _Echo)
    encrypted.tls = served(certificates, name)
    with running(plain) as http_port, running(encrypted) as https_port:
        yield Origin("hetzner1", "127.0.0.1", http_port, https_port)


class _Encrypted(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as encrypted:
            super().finish_request(encrypted, client_address)


@contextlib.contextmanager
def listener(answer: Callable[[socket.socket], object]) -> Iterator[Origin]:
    """An origin whose ports take one connection after the other and do with it what ``answer`` does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = int(server.getsockname()[1])
        try:
            yield Origin("hetzner1", "127.0.0.1", port, port)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def closed() -> Origin:
    """An origin on whose ports nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    return Origin("hetzner2", "127.0.0.1", port, port)


def zone(certificates: Path, *origins: Origin) -> Zone:
    hosts = {API: "strict", ADMIN: "flexible"}
    return Zone("myhoneydue.com", hosts, origins, certificates / "origin-ca.crt", PATIENCE)


def fetched(certificates: Path, *origins: Origin, host: str = API) -> Answer:
    return Proxy(zone(certificates, *origins)).fetch(Request("GET", "/", host, {}))


def test_full_strict_asks_the_origin_under_tls_and_flexible_in_the_clear(certificates: Path) -> None:
    with origin(certificates) as there:
        strict, flexible = (fetched(certificates, there, host=host) for host in (API, ADMIN))
    assert (strict.status, json.loads(strict.body)["encrypted"]) == (200, True)
    assert (flexible.status, json.loads(flexible.body)["encrypted"]) == (200, False)


def test_an_origin_on_whose_port_nothing_listens_is_521(certificates: Path) -> None:
    assert fetched(certificates, closed()) == Answer(521, own=True)


@pytest.mark.parametrize(
    ("error", "status"),
    [(TimeoutError("timed out"), 522), (OSError(errno.EHOSTUNREACH, "No route to host"), 523)],
)
def test_an_origin_that_no_packet_reaches_is_522_or_523(
    certificates: Path, error: OSError, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> socket.socket:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert fetched(certificates, closed()).status == status


def test_an_origin_that_closes_without_a_word_is_520(certificates: Path) -> None:
    with listener(lambda connection: connection.recv(65536) and None) as there:
        assert fetched(certificates, there, host=ADMIN) == Answer(520, own=True)


def test_an_origin_that_never_answers_is_524(certificates: Path) -> None:
    with listener(lambda connection: [*iter(lambda: connection.recv(65536), b"")] and None) as there:
        assert fetched(certificates, there, host=ADMIN) == Answer(524, own=True)


def test_an_origin_that_speaks_no_tls_is_525(certificates: Path) -> None:
    with listener(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as there:
        assert fetched(certificates, there) == Answer(525, own=True)


def test_a_certificate_of_another_authority_is_526(certificates: Path) -> None:
    with origin(certificates, "edge") as there:
        assert fetched(certificates, there) == Answer(526, own=True)


def test_an_origin_that_cannot_be_reached_is_made_up_for_once_by_a_healthy_one(certificates: Path) -> None:
    with origin(certificates) as there:
        proxy = Proxy(zone(certificates, closed(), there))
        assert [proxy.fetch(Request("GET", "/", API, {})).status for _ in range(4)] == [200] * 4


def test_an_answer_that_takes_too_long_is_not_asked_for_a_second_time(certificates: Path) -> None:
    asked = []

    def dawdle(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.recv(65536)

    with listener(dawdle) as slow, origin(certificates) as there:
        assert fetched(certificates, slow, there, host=ADMIN).status == 524
    assert len(asked) == 1


def test_health_is_of_both_ports_and_of_http_not_of_the_socket(certificates: Path) -> None:
    with origin(certificates) as well, listener(lambda connection: connection.recv(65536) and None) as mute:
        proxy = Proxy(zone(certificates, well, Origin("hetzner3", mute.address, mute.http, mute.https), closed()))
        proxy.check()
    found = {
        line.split('origin_name="')[1].split('"')[0]: line[-1]
        for line in proxy.metrics().splitlines()
        if line.startswith("cloudflare_pool_origin_health_status{")
    }
    assert found == {"hetzner1": "1", "hetzner2": "0", "hetzner3": "0"}


def test_what_is_known_to_be_unwell_is_asked_last(certificates: Path) -> None:
    asked = []

    def close(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))

    with origin(certificates) as well, listener(close) as mute:
        proxy = Proxy(zone(certificates, Origin("hetzner2", mute.address, mute.http, mute.https), well))
        proxy.check()
        asked.clear()
        assert [proxy.fetch(Request("GET", "/", ADMIN, {})).status for _ in range(4)] == [200] * 4
    assert not asked


class Visitor:
    """Asks Cloudflare over TLS, as a browser would."""

    def __init__(self, port: int, certificates: Path) -> None:
        self._port = port
        self._trust = ssl.create_default_context(cafile=str(certificates / "edge-ca.crt"))

    def get(self, host: str, path: str = "/", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        plain = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        with self._trust.wrap_socket(plain, server_hostname=host) as encrypted:
            lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            encrypted.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode())
            response = http.client.HTTPResponse(encrypted)
            response.begin()
            return response, response.read()


@pytest.fixture
def visitor(certificates: Path) -> Iterator[Visitor]:
    with origin(certificates) as there:
        server = Server(("127.0.0.1", 0), Proxy(zone(certificates, there)), served(certificates, "cloudflare"))
        with running(server) as port:
            yield Visitor(port, certificates)


def test_the_origin_hears_of_https_and_of_the_visitor_whatever_the_visitor_claims(visitor: Visitor) -> None:
    _, body = visitor.get(ADMIN, X_Forwarded_Proto="http", X_Forwarded_For="192.0.2.7", CF_Connecting_IP="192.0.2.7")
    headers = json.loads(body)["headers"]
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-For"] == "192.0.2.7, 127.0.0.1"
    assert headers["CF-Connecting-IP"] == "127.0.0.1"
    assert headers["CF-Visitor"] == '{"scheme":"https"}'


def test_an_answer_of_the_origin_passes_as_it_is_under_cloudflares_name(visitor: Visitor) -> None:
    response, body = visitor.get(API, "/missing")
    assert (response.status, response.headers["X-Page"]) == (404, "/missing")
    assert response.headers["Server"].strip() == "cloudflare"
    assert response.headers["CF-RAY"]
    assert json.loads(body)["headers"]["Host"] == API


def test_cloudflares_own_page_says_its_number_and_whose_fault_it_is(certificates: Path) -> None:
    server = Server(("127.0.0.1", 0), Proxy(zone(certificates, closed())), served(certificates, "cloudflare"))
    with running(server) as port:
        response, body = Visitor(port, certificates).get(API)
    assert (response.status, response.reason) == (521, "Web server is down")
    assert b"<title>api.myhoneydue.com | 521: Web server is down</title>" in body
    assert b"Error code 521" in body


def test_what_a_visitor_calls_a_host_cannot_write_into_the_page() -> None:
    assert b"<script>" not in pages.page(521, "<script>alert(1)</script>", "ray")
    assert b"<script>" not in pages.unknown_host("<script>alert(1)</script>", "ray")


def test_the_api_publishes_the_networks_as_documented(visitor: Visitor, certificates: Path) -> None:
    response, body = visitor.get(API_HOST, "/client/v4/ips")
    document = json.loads(body)
    assert response.status == 200
    assert (document["success"], document["errors"], document["messages"]) == (True, [], [])
    assert document["result"]["ipv4_cidrs"] == list(ranges.IPV4)
    assert document["result"]["ipv6_cidrs"] == list(ranges.IPV6)
    assert document["result"]["etag"]


def test_whoever_comes_by_http_is_sent_to_https(certificates: Path) -> None:
    with running(Server(("127.0.0.1", 0), Proxy(zone(certificates, closed())))) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/path?query", headers={"Host": API})
        response = connection.getresponse()
        connection.close()
    assert (response.status, response.headers["Location"]) == (301, f"https://{API}/path?query")


def test_a_host_of_no_zone_gets_error_1001(visitor: Visitor) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        visitor.get("unknown.example")
    response, body = visitor.get("myhoneydue.com")  # in the certificate, and in these tests in no zone
    assert (response.status, b"Error 1001" in body) == (409, True)


def test_requests_are_counted_by_host_and_status(certificates: Path) -> None:
    proxy = Proxy(zone(certificates, closed()))
    proxy.fetch(Request("GET", "/", API, {}))
    with running(MetricsServer(("127.0.0.1", 0), proxy)) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
    assert f'host="{API}",country="NZ",status="521"}} 1' in text


def test_a_request_with_a_body_arrives_whole(certificates: Path) -> None:
    received: list[bytes] = []

    def keep(connection: socket.socket) -> None:
        received.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with listener(keep) as there:
        answer = ask(there, Request("POST", "/", ADMIN, {"X-One": "1"}, b"body"), None, PATIENCE)
    assert answer.status == 204
    assert received[0].startswith(b"POST / HTTP/1.1\r\nHost: admin.myhoneydue.com\r\nX-One: 1\r\nContent-Length: 4\r\n")
    assert received[0].endswith(b"\r\n\r\nbody")

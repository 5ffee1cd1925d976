"""The HTTP transport against real sockets."""

from __future__ import annotations

import pathlib
import socket
import threading
import time

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpTransport,
    Limits,
    Trust,
    json_object,
)
from tests.support import wire
from tests.support.certs import Authority

SOON = 0.3
"""Seconds that a request may take whose peer does not answer. The tests wait that long."""


def failure(transport: HttpTransport, path: str = "/", seconds: float = 10.0, method: str = "GET") -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        transport.request(method, path, deadline=time.monotonic() + seconds)
    return caught.value


def test_a_request_carries_the_path_prefix_the_encoded_query_and_the_headers() -> None:
    with wire.Wire() as server:
        server.on("GET", "/prometheus/api/v1/query", wire.answer_json({"ok": True}))
        transport = HttpTransport(server.url + "/prometheus/", headers={"X-Scope-OrgID": "ops"})
        assert transport.json("/api/v1/query", {"query": 'up{job=~"a&b"} == 1'}) == {"ok": True}
        (request,) = server.requests
    assert request.one("query") == 'up{job=~"a&b"} == 1'
    assert request.headers["x-scope-orgid"] == "ops"
    assert request.headers["accept"] == "application/json"


def test_connections_are_kept_from_request_to_request() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer_json({}))
        transport = HttpTransport(server.url)
        for _ in range(3):
            transport.json("/")
        assert (len(server.requests), server.handshakes) == (3, 1)


def test_many_threads_share_one_transport() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer_json({"n": 1}))
        transport = HttpTransport(server.url)
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(transport.json("/"))) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [{"n": 1}] * 50


def test_a_port_where_nothing_listens_is_refused() -> None:
    with wire.Wire() as server:
        url = server.url
    error = failure(HttpTransport(url))
    assert error.kind == "refused"
    assert error.message == f"connect to 127.0.0.1:{url.rpartition(':')[2]}: connection refused"


def test_a_name_without_an_address_is_a_dns_error() -> None:
    assert failure(HttpTransport("http://nowhere.invalid")).kind == "dns"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(wire.hang, id="silence"),
        pytest.param(wire.drip(b"HTTP/1.1 200 OK\r\nX: "), id="a header without end"),
        pytest.param(wire.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), id="a body that drips"),
        pytest.param(
            wire.drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"), id="a chunk that drips"
        ),
    ],
)
def test_no_peer_holds_a_request_longer_than_its_deadline(answer: wire.Answer) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", answer)
        error = failure(HttpTransport(server.url, limits=Limits(silence=60, total=60)), seconds=SOON)
    assert error.kind == "timeout"


def test_silence_has_a_limit_of_its_own() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.hang)
        assert failure(HttpTransport(server.url, limits=Limits(silence=SOON)), seconds=60).kind == "timeout"


def test_a_deadline_in_the_past_sends_nothing() -> None:
    with wire.Wire() as server:
        assert failure(HttpTransport(server.url), seconds=-1).kind == "timeout"
        assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.reset, "reset"),
        (wire.raw(b""), "reset"),
        (wire.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "bad_answer"),
        (wire.truncated(b'{"a": 1', 50), "bad_answer"),
        (wire.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "bad_answer"),
    ],
    ids=["reset", "closed", "no HTTP", "cut off", "broken chunk"],
)
def test_half_an_answer_is_an_error(answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", answer)
        assert failure(HttpTransport(server.url)).kind == kind


def test_nothing_is_sent_twice() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.reset)
        failure(HttpTransport(server.url))
        assert server.asked() == ["GET /"]


def test_an_answer_beyond_the_limit_is_refused() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer(200, b"x" * 5000))
        assert failure(HttpTransport(server.url, limits=Limits(size=4999))).kind == "too_large"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.answer_json({}, content_type="text/html"), "bad_answer"),
        (wire.answer(200, b"<html>", {"Content-Type": "application/json"}), "bad_answer"),
        (wire.answer(200, b"[" * 100_000, {"Content-Type": "application/json"}), "bad_answer"),
        (wire.answer_json([1]), "bad_answer"),
        (wire.answer_json({}, status=204), "bad_answer"),
        (wire.answer_json({}, status=302), "bad_answer"),
        (wire.answer_json({}, status=401), "unauthorized"),
        (wire.answer_json({}, status=403), "forbidden"),
        (wire.answer_json({}, status=404), "not_found"),
        (wire.answer_json({}, status=409), "conflict"),
        (wire.answer_json({}, status=422), "invalid"),
        (wire.answer_json({}, status=429), "too_many"),
        (wire.answer_json({}, status=503), "server_error"),
    ],
)
def test_only_a_json_object_with_status_200_counts(answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", answer)
        with pytest.raises(ProbeError) as caught:
            HttpTransport(server.url).json("/")
    assert caught.value.kind == kind


def test_an_error_repeats_what_the_server_says_on_one_line() -> None:
    with wire.Wire() as server:
        server.on("GET", "/q", wire.answer_json({"error": "parse error\nat\x1b[31m 1:2"}, status=400))
        with pytest.raises(ProbeError) as caught:
            HttpTransport(server.url).json("/q")
    assert caught.value.message == f"400 bad request: GET {server.url}/q; parse error at 1:2"


def test_a_redirect_is_not_followed() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer(301, headers={"Location": "/elsewhere"}))
        assert HttpTransport(server.url).request("GET", "/").status == 301
        assert server.asked() == ["GET /"]


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire.Wire() as server, wire.Wire() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        server.on("GET", "/", wire.answer_json({}))
        HttpTransport(server.url).json("/")
        assert (len(server.requests), proxy.requests) == (1, [])


def test_a_proxy_that_is_named_is_used() -> None:
    with wire.Wire() as proxy:
        proxy.on("GET", "/x", wire.answer_json({"via": "proxy"}))
        transport = HttpTransport("http://prometheus.invalid", proxy=proxy.url)
        assert transport.json("/x") == {"via": "proxy"}
        assert proxy.requests[0].headers["host"] == "prometheus.invalid"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_transport_that_only_reads_sends_no_other_method(method: str) -> None:
    with wire.Wire() as server:
        assert failure(HttpTransport(server.url, read_only=True), method=method).kind == "unsupported"
        assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@host/",
        "http://host:port/",
        "http://host/ HTTP/1.1\r\nX: y",
        "http://[::1",
        "",
    ],
)
def test_what_is_no_plain_http_url_is_refused(url: str) -> None:
    with pytest.raises(ProbeError) as caught:
        HttpTransport(url)
    assert caught.value.kind == "bad_option"
    assert "secret" not in caught.value.message


class TestTls:
    def test_the_name_is_the_urls_whatever_address_is_connected_to(self, tmp_path: pathlib.Path) -> None:
        authority = Authority()
        with wire.Wire(authority.issue("edge.example").context(tmp_path)) as server:
            server.on("GET", "/", wire.answer_json({}))
            trust = Trust(ca_data=authority.certificate)
            HttpTransport(f"https://edge.example:{server.port}", address="127.0.0.1", trust=trust).json("/")
            (request,) = server.requests
        assert request.headers["host"] == f"edge.example:{server.port}"
        assert request.server_name == "edge.example"

    def test_an_address_in_the_url_is_checked_against_the_certificate(self, tmp_path: pathlib.Path) -> None:
        authority = Authority()
        with wire.Wire(authority.issue("127.0.0.1").context(tmp_path)) as server:
            server.on("GET", "/", wire.answer_json({}))
            assert HttpTransport(server.url, trust=Trust(ca_data=authority.certificate)).json("/") == {}

    @pytest.mark.parametrize(
        ("name", "days", "known", "words"),
        [
            ("edge.example", 5, False, "local issuer"),
            ("other.example", 5, True, "Hostname mismatch"),
            ("edge.example", -1, True, "expired"),
        ],
    )
    def test_a_certificate_that_proves_nothing_gets_no_request(
        self, tmp_path: pathlib.Path, name: str, days: float, known: bool, words: str
    ) -> None:
        authority = Authority()
        with wire.Wire(authority.issue(name, days=days).context(tmp_path)) as server:
            trusted = authority if known else Authority("another CA")
            trust = Trust(ca_data=trusted.certificate)
            error = failure(HttpTransport(f"https://edge.example:{server.port}", address="127.0.0.1", trust=trust))
            assert server.requests == []
        assert (error.kind, words in error.message) == ("tls", True)

    def test_verification_is_on_by_default(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire(Authority().issue("127.0.0.1").context(tmp_path)) as server:
            assert failure(HttpTransport(server.url)).kind == "tls"
            assert server.requests == []

    @pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
    def test_verification_can_be_switched_off_for_an_endpoint(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire(Authority().issue("whatever", days=-3).context(tmp_path)) as server:
            server.on("GET", "/", wire.answer_json({}))
            assert HttpTransport(server.url, trust=Trust(verify=False)).json("/") == {}

    def test_a_client_certificate_is_shown_and_its_key_left_nowhere(
        self, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scratch = tmp_path / "tmp"
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        authority = Authority()
        mine = authority.issue("client")
        with wire.Wire(authority.issue("127.0.0.1").context(tmp_path, client_ca=authority.certificate)) as server:
            server.on("GET", "/", wire.answer_json({}))
            trust = Trust(ca_data=authority.certificate, client_cert=(mine.certificate, mine.key))
            assert HttpTransport(server.url, trust=trust).json("/") == {}
        assert list(scratch.iterdir()) == []
        assert "PRIVATE" not in repr(trust)

    def test_a_peer_that_speaks_no_tls_is_a_tls_error(self) -> None:
        with wire.Wire(scheme="https") as server:
            assert failure(HttpTransport(server.url)).kind == "tls"

    def test_a_handshake_that_is_never_answered_keeps_to_the_deadline(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"https://127.0.0.1:{server.getsockname()[1]}"
            assert failure(HttpTransport(url), seconds=SOON).kind == "timeout"

    def test_a_ca_file_that_is_none_is_named(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "ca.pem").write_text("nothing")
        error = failure(HttpTransport("https://127.0.0.1:1", trust=Trust(ca_path=str(tmp_path / "ca.pem"))))
        assert (error.kind, "ca.pem" in error.message) == ("bad_config", True)


def test_an_error_survives_pickling_and_knows_its_kinds() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ProbeError("timeout", "a\nb")))  # noqa: S301 - our own
    assert (error.kind, error.message, str(error)) == ("timeout", "a b", "a b")
    with pytest.raises(ValueError, match="no such kind"):
        ProbeError("oops", "x")


def test_an_object_is_asked_of_the_answer_that_is_given() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.answer_json({"a": 1}, content_type="application/json; charset=utf-8"))
        assert json_object(HttpTransport(server.url).request("GET", "/"), "x") == {"a": 1}

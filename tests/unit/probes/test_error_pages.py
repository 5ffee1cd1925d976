"""Whose error page it is: Traefik's, Cloudflare's, the application's, or nobody's as far as can be told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.probes.edge import Http
from ansible_collections.oncall.remedy.plugins.module_utils.probes.error_pages import page
from tests.support import wire
from tests.support.traefik_pages import GO_BAD_GATEWAY, GO_NOT_FOUND, WANTED

RECORDED = Path(__file__).parent / "recorded" / "traefik"

BY_TRAEFIK = {
    "refused": "Bad Gateway",
    "hung-up": "Bad Gateway",
    "no-server": "no available server",
    "unhealthy": "no available server",
    "circuit-breaker": "Service Unavailable",
    "silent": "Gateway Timeout",
    "slow": "Gateway Timeout",
    "distrusted-backend": "Internal Server Error",
    "not-allowed": "Forbidden",
    "rate-limit": "Too Many Requests",
}
"""Pages that prove by themselves that Traefik wrote them, and their words."""

CLOUDFLARE = {"Server": "cloudflare", "CF-RAY": "8e5f0c1d2a3b4c5d-AMS"}

BRANDED = """<!DOCTYPE html><html><head><title>example.com | 502: Bad gateway</title></head>
<body><div id="cf-wrapper"><div id="cf-error-details">...</div></div></body></html>"""


def asked(answer: wire.Answer, **options: Any) -> Any:
    """What the probe tells of one answer."""
    with wire.Wire() as server:
        server.on("GET", "/", answer).on("HEAD", "/", answer)
        given = {"url": f"http://edge.example:{server.port}/", "through": ["127.0.0.1"], "read": 4096, "timeout": 5}
        found = Http(None, {**given, **options}).ask(time.monotonic() + 10)
        assert len(server.requests) == 1
    return found


def told(answer: wire.Answer, **options: Any) -> tuple[str, str]:
    (row,) = asked(answer, **options)["answers"]
    return row["origin"], row["reason"]


def recorded(name: str) -> wire.Answer:
    return wire.raw((RECORDED / f"{name}.http").read_bytes())


def text(status: int, body: str, **headers: str) -> wire.Answer:
    return wire.answer(status, body.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def through_cloudflare(status: int, body: str = "", **headers: str) -> wire.Answer:
    return text(status, body, **{**CLOUDFLARE, **headers})


class TestTraefik:
    def test_every_recording_is_judged_here(self) -> None:
        files = {file.stem for file in RECORDED.glob("*.http")}
        assert files == WANTED.keys() == {*BY_TRAEFIK, "no-router", "application-404", "application-502"}

    @pytest.mark.parametrize(("name", "words"), BY_TRAEFIK.items(), ids=BY_TRAEFIK)
    def test_its_own_page_is_known_whatever_is_known_of_the_edge(self, name: str, words: str) -> None:
        assert told(recorded(name)) == told(recorded(name), edge="traefik") == ("traefik", words)

    def test_its_pages_are_counted(self) -> None:
        found = asked(recorded("refused"))
        assert [found[key] for key in ("by_traefik", "by_cloudflare", "by_application")] == [1, 0, 0]
        assert found["statuses"] == [502]

    @pytest.mark.parametrize("name", ["no-router", "application-404"])
    def test_a_404_that_every_program_in_go_prints_names_nobody(self, name: str) -> None:
        assert told(recorded(name)) == ("", "")

    def test_where_traefik_is_known_to_listen_its_own_404_is_told_from_one_that_it_passes_on(self) -> None:
        assert told(recorded("no-router"), edge="traefik") == ("traefik", "404 page not found")
        assert told(recorded("application-404"), edge="traefik") == ("application", "")

    def test_a_404_whose_header_has_neither_order_names_nobody(self) -> None:
        own = (RECORDED / "no-router.http").read_bytes().replace(b"Content-Length: 19\r\n", b"")
        answer = own.replace(b"Content-Type", b"Content-Length: 19\r\nContent-Type", 1)
        assert told(wire.raw(answer), edge="traefik") == ("", "")

    def test_headers_that_a_middleware_adds_do_not_hide_its_404(self) -> None:
        page_of_its_own = (RECORDED / "no-router.http").read_bytes()
        more = page_of_its_own.replace(b"\r\nDate:", b"\r\nStrict-Transport-Security: max-age=1\r\nDate:")
        assert told(wire.raw(more), edge="traefik") == ("traefik", "404 page not found")

    @pytest.mark.parametrize("edge", [None, "traefik"])
    def test_an_application_in_go_that_says_the_same_words_is_not_traefik(self, edge: str | None) -> None:
        assert told(recorded("application-502"), edge=edge) == ("application", "")
        assert told(wire.raw(GO_BAD_GATEWAY), edge=edge) == ("application", "")

    def test_a_program_in_go_that_is_asked_itself_is_not_taken_for_traefik(self) -> None:
        assert told(wire.raw(GO_NOT_FOUND)) == ("", "")

    def test_its_words_under_another_content_type_name_nobody(self) -> None:
        assert told(text(502, "Bad Gateway", Content_Type="text/html")) == ("", "")
        assert told(text(503, "no available server\n", Content_Type="text/html")) == ("", "")

    def test_its_words_under_another_status_are_somebody_elses(self) -> None:
        assert told(text(500, "Bad Gateway")) == ("application", "")

    @pytest.mark.parametrize("options", [{"read": 0}, {"method": "HEAD"}, {"read": 5}])
    def test_without_the_whole_page_nobody_is_named(self, options: dict[str, Any]) -> None:
        assert told(recorded("refused"), **options) == ("", "")


class TestApplication:
    @pytest.mark.parametrize(
        "answer",
        [
            text(404, "<h1>Not here</h1>", Content_Type="text/html"),
            text(500, '{"error": "db"}', Content_Type="application/json"),
            text(502, "<html>nginx</html>", Content_Type="text/html"),
            text(503, ""),
            text(521, "web server is down"),
        ],
    )
    def test_a_page_that_is_nobody_elses_is_the_applications(self, answer: wire.Answer) -> None:
        assert told(answer) == ("application", "")

    @pytest.mark.parametrize("status", [200, 301, 304])
    def test_only_error_pages_are_judged(self, status: int) -> None:
        assert told(text(status, "Bad Gateway")) == ("", "")

    def test_what_gos_server_says_to_http_on_a_port_for_https_names_nobody(self) -> None:
        words = "Client sent an HTTP request to an HTTPS server.\n"
        assert told(text(400, words)) == ("", "")

    def test_a_page_that_comes_compressed_although_nobody_asked_for_it_is_not_unpacked(self) -> None:
        answer = text(502, "\x1f\x8b" + "x" * 100, Content_Encoding="gzip")
        (row,) = asked(answer)["answers"]
        assert (row["status"], row["origin"], row["insecure_links"]) == (502, "", None)


class TestCloudflare:
    @pytest.mark.parametrize(
        ("code", "meaning"),
        [
            (520, "origin_error"),
            (521, "origin_refused"),
            (522, "origin_timeout"),
            (523, "origin_unreachable"),
            (524, "origin_timeout"),
            (525, "origin_tls"),
            (526, "origin_tls"),
            (530, "origin_error"),
        ],
    )
    @pytest.mark.parametrize("read", [0, 4096])
    def test_its_own_statuses_say_what_it_saw_of_the_origin(self, code: int, meaning: str, read: int) -> None:
        found = asked(through_cloudflare(code, f"error code: {code}"), read=read)
        assert found["cloudflare"] == [{"address": "127.0.0.1", "code": code, "meaning": meaning}]
        assert (found["by_cloudflare"], found["by_application"]) == (1, 0)
        (row,) = found["answers"]
        assert (row["meaning"], row["reason"]) == (meaning, f"error code: {code}" if read else "")

    @pytest.mark.parametrize("missing", CLOUDFLARE)
    def test_the_status_alone_does_not_make_it_cloudflares(self, missing: str) -> None:
        headers = {name: value for name, value in CLOUDFLARE.items() if name != missing}
        found = asked(text(521, "down", **headers))
        assert (found["cloudflare"], found["by_cloudflare"], found["by_application"]) == ([], 0, 1)

    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [
            (502, BRANDED, "example.com | 502: Bad gateway"),
            (409, "<title>DNS resolution error | a.example | Cloudflare</title>", None),
            (403, "<title>Attention Required! | Cloudflare</title>", None),
            (403, "error code: 1020", None),
            (502, "<center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center>", None),
        ],
    )
    def test_a_page_that_bears_its_name_is_its_own(self, status: int, body: str, words: str | None) -> None:
        shown = body.removeprefix("<title>").removesuffix("</title>") if words is None else words
        assert told(through_cloudflare(status, body)) == ("cloudflare", shown)

    def test_such_a_page_that_did_not_come_by_way_of_it_is_somebody_elses(self) -> None:
        assert told(text(502, BRANDED)) == ("application", "")

    def test_traefiks_pages_are_known_through_it(self) -> None:
        plain = {"Content_Type": "text/plain; charset=utf-8"}
        assert told(through_cloudflare(503, "no available server\n", **plain)) == ("traefik", "no available server")
        assert told(through_cloudflare(504, "Gateway Timeout", **plain)) == ("traefik", "Gateway Timeout")

    def test_a_404_through_it_names_nobody_even_where_traefik_is_known_to_be_behind_it(self) -> None:
        head = "\r\n".join(f"{name}: {value}" for name, value in CLOUDFLARE.items()).encode()
        own = (RECORDED / "no-router.http").read_bytes().replace(b"\r\n", b"\r\n" + head + b"\r\n", 1)
        assert told(wire.raw(own), edge="traefik") == ("", "")

    def test_a_page_that_it_says_to_have_fetched_is_the_applications(self) -> None:
        assert told(through_cloudflare(500, "oops", CF_Cache_Status="DYNAMIC")) == ("application", "")

    @pytest.mark.parametrize(
        "answer",
        [
            through_cloudflare(403, "a page of one's own"),
            through_cloudflare(502, "a page of one's own", CF_Cache_Status="DYNAMIC"),
        ],
    )
    def test_a_page_that_may_be_its_or_the_applications_names_nobody(self, answer: wire.Answer) -> None:
        assert told(answer) == ("", "")


class TestHostileBodies:
    def test_a_reason_is_one_line_without_control_characters(self) -> None:
        body = "<title>a\x1b[31m\x00b\u2028c</title><div id='cf-error-details'>"
        assert told(through_cloudflare(502, body)) == ("cloudflare", "a b")

    def test_of_an_endless_body_only_the_beginning_is_read(self) -> None:
        with wire.Wire() as server:
            server.on("GET", "/", wire.drip(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
            found = Http(None, {"url": server.url + "/", "read": 20}).ask(time.monotonic() + 10)
        (row,) = found["answers"]
        assert (row["status"], row["error"], row["origin"]) == (502, "", "application")

    def test_a_body_that_never_comes_leaves_the_status(self) -> None:
        def half(exchange: wire.Exchange) -> bool:
            exchange.send(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 20\r\n\r\nno avail")
            return wire.hang(exchange)

        with wire.Wire() as server:
            server.on("GET", "/", half)
            found = Http(None, {"url": server.url + "/", "read": 100, "timeout": 0.5}).ask(time.monotonic() + 10)
        (row,) = found["answers"]
        assert (row["status"], row["kind"], row["origin"], found["timed_out"]) == (503, "", "", 0)

    def test_a_body_that_breaks_off_leaves_the_status(self) -> None:
        answer = wire.raw(b"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert asked(answer)["statuses"] == [502]

    def test_text_in_no_encoding_is_read_as_far_as_it_goes(self) -> None:
        assert page(500, {}, b"\xff\xfe\x00").origin == "application"


class TestLinks:
    @pytest.mark.parametrize(
        ("body", "count"),
        [
            ("", 0),
            ("http://edge.example/a 'HTTP://Edge.Example:8080/b' http:\\/\\/edge.example", 3),
            ("https://edge.example/ http://edge.example.org/ http://not-edge.example/", 0),
            ("http://edge.example. http://edge.example", 2),
        ],
    )
    def test_links_without_tls_to_the_same_host_are_counted(self, body: str, count: int) -> None:
        found = asked(text(200, body))
        assert found["insecure_links"] == found["answers"][0]["insecure_links"] == count

    def test_where_nothing_was_read_nothing_is_said_of_links(self) -> None:
        assert asked(text(200, "http://edge.example/"), read=0)["insecure_links"] is None

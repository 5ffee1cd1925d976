"""HTTP through every address: answers, silence, certificates, and the control."""

from __future__ import annotations

import pathlib
import socket
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.edge import Http
from tests.support import wire
from tests.support.certs import Authority

HOST = "edge.example"


@pytest.fixture
def nowhere() -> int:
    """A port of loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ask(url: str, **options: Any) -> Any:
    return Http(None, {"url": url, "timeout": 5, **options}).ask(time.monotonic() + 10)


def serving(status: int = 200, **headers: str) -> wire.Wire:
    return wire.Wire().on("GET", "/", wire.answer(status, b"body", dict(headers)))


@pytest.fixture
def authority(tmp_path: pathlib.Path) -> Authority:
    made = Authority("edge CA")
    (tmp_path / "ca.pem").write_text(made.certificate)
    return made


def test_a_url_is_asked_through_an_address_under_its_own_name() -> None:
    with serving() as server:
        found = ask(f"http://{HOST}:{server.port}/", through=["127.0.0.1"])
        assert server.requests[0].headers["host"] == f"{HOST}:{server.port}"
        assert server.asked() == ["GET /"]
    counts = ("total", "answered", "silent", "ok", "failed", "refused", "timed_out", "tls_failed")
    assert [found[key] for key in counts] == [1, 1, 0, 1, 0, 0, 0, 0]
    assert (found["statuses"], found["answered_at"], found["silent_at"]) == ([200], ["127.0.0.1"], [])
    (row,) = found["answers"]
    assert (row["status"], row["error"], row["kind"], row["tls"]) == (200, "", "", None)


def test_all_addresses_are_asked_and_each_is_told() -> None:
    with serving(200) as server:  # 127.0.0.2 is loopback too, but nothing listens there
        found = ask(f"http://{HOST}:{server.port}/", through=["127.0.0.1", "127.0.0.2"])
    assert (found["total"], found["answered"], found["refused"]) == (2, 1, 1)
    assert (found["answered_at"], found["silent_at"]) == (["127.0.0.1"], ["127.0.0.2"])
    assert [row["address"] for row in found["answers"]] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize(
    ("status", "expect", "ok"),
    [(200, None, 1), (302, None, 1), (404, None, 0), (503, None, 0), (404, [404], 1), (200, [404], 0)],
)
def test_which_statuses_are_good(status: int, expect: list[int] | None, ok: int) -> None:
    with serving(status) as server:
        found = ask(server.url + "/", expect=expect)
    assert (found["answered"], found["ok"], found["failed"]) == (1, ok, 1 - ok)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(wire.hang, "timeout"), (wire.reset, "reset"), (wire.raw(b"no http\r\n\r\n"), "bad_answer")],
)
def test_what_is_no_http_answer_is_silence(answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", "/", answer)
        found = ask(server.url + "/", timeout=0.3)
    assert (found["silent"], found["failed"], found["answers"][0]["kind"]) == (1, 1, kind)
    assert found["timed_out"] == (1 if kind == "timeout" else 0)


def test_only_the_head_of_an_answer_counts() -> None:
    with wire.Wire() as server:
        server.on("GET", "/", wire.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"))
        assert ask(server.url + "/")["ok"] == 1


def test_head_is_sent_when_it_is_asked_for() -> None:
    with wire.Wire() as server:
        server.on("HEAD", "/x", wire.answer(200))
        assert ask(server.url + "/x", method="HEAD")["ok"] == 1


def test_a_path_and_a_query_are_sent_as_they_are() -> None:
    with wire.Wire() as server:
        server.on("GET", "/a%20b/%C3%A9", wire.answer(200))
        assert ask(server.url + "/a%20b/é?q=1%26&r=x")["ok"] == 1
        assert server.requests[0].query == {"q": ["1&"], "r": ["x"]}


class TestHeaders:
    def test_those_that_are_given_are_sent_on_every_hop_and_not_to_the_control(self) -> None:
        given = {"X-Forwarded-Proto": "https", "x-forwarded-for": "192.0.2.9", "User-Agent": "probe", "Accept": "*/*"}
        with serving() as control, wire.Wire() as server:
            server.on("GET", "/", wire.answer(302, headers={"Location": "/login"}))
            server.on("GET", "/login", wire.answer(200))
            url = f"http://{HOST}:{server.port}/"
            ask(url, through=["127.0.0.1"], follow=True, headers=given, control=control.url + "/")
            assert len(server.requests) == 2
            for request in server.requests:
                assert {name: request.headers[name.lower()] for name in given} == given
                assert request.headers["host"] == f"{HOST}:{server.port}"
            assert "x-forwarded-proto" not in control.requests[0].headers

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "other.example"},
            {"Authorization": "Bearer x"},
            {"Cookie": "a=b"},
            {"Accept-Encoding": "gzip"},
            {"Transfer-Encoding": "chunked"},
            {"Accept\r\nX": "a"},
            {"Accept": "a\r\nHost: b"},
            {"Accept": "a" * 301},
            {"Accept": ""},
            {"Accept": 1},
            {"X-Forwarded-For": "\u00e9"},
        ],
    )
    def test_others_are_refused(self, headers: dict[str, Any]) -> None:
        with pytest.raises(ProbeError, match="'headers'") as caught:
            Http(None, {"url": "https://a/", "headers": headers})
        assert caught.value.kind == "bad_option"


def test_nobody_is_asked_for_a_compressed_answer() -> None:
    with serving() as server:
        ask(server.url + "/", read=10)
        assert server.requests[0].headers["accept-encoding"] == "identity"


def test_the_slowest_answer_is_told() -> None:
    with serving() as server:
        found = ask(f"http://{HOST}:{server.port}/", through=["127.0.0.1", "127.0.0.2"])
    assert found["seconds_max"] == max(row["seconds"] for row in found["answers"])


class TestRedirects:
    def test_a_redirect_is_told_and_not_followed(self) -> None:
        with serving(301, Location="https://elsewhere.example/\x1b[31m") as server:
            (row,) = ask(server.url + "/")["answers"]
        assert (row["status"], row["location"]) == (301, "https://elsewhere.example/")

    def test_on_the_same_host_it_is_followed_through_the_same_address(self) -> None:
        with wire.Wire() as server:
            server.on("GET", "/", wire.answer(302, headers={"Location": "/login"}))
            server.on("GET", "/login", wire.answer(200))
            found = ask(f"http://{HOST}:{server.port}/", through=["127.0.0.1"], follow=True)
            assert [request.headers["host"] for request in server.requests] == [f"{HOST}:{server.port}"] * 2
        assert found["statuses"] == [200]

    def test_to_another_host_it_is_not_followed(self) -> None:
        with serving() as other, serving(302, Location=other.url.replace("127.0.0.1", "localhost") + "/") as server:
            found = ask(server.url + "/", follow=True)
            assert other.requests == []
        assert found["statuses"] == [302]

    def test_a_circle_ends(self) -> None:
        with serving(302, Location="/") as server:
            assert ask(server.url + "/", follow=True)["statuses"] == [302]
            assert len(server.requests) == 6


class TestTls:
    def test_the_certificate_is_described(self, tmp_path: pathlib.Path, authority: Authority) -> None:
        with wire.Wire(authority.issue(HOST, "127.0.0.1", days=5).context(tmp_path)) as server:
            server.on("GET", "/", wire.answer(200))
            url = f"https://{HOST}:{server.port}/"
            found = ask(url, through=["127.0.0.1"], ca_path=str(tmp_path / "ca.pem"))
            assert server.requests[0].server_name == HOST
        seen = found["answers"][0]["tls"]
        assert (seen["verified"], seen["issuer"], seen["subject"]) == (True, "CN=edge CA", f"CN={HOST}")
        assert seen["names"] == [HOST, "127.0.0.1"]
        assert 4.9 < seen["days_left"] < 5.1

    @pytest.mark.parametrize(
        ("name", "days", "words"),
        [("other.example", 5, "Hostname mismatch"), (HOST, -2, "expired")],
    )
    def test_one_that_is_not_believed_is_described_and_gets_no_request(
        self, tmp_path: pathlib.Path, authority: Authority, name: str, days: float, words: str
    ) -> None:
        with wire.Wire(authority.issue(name, days=days).context(tmp_path)) as server:
            url = f"https://{HOST}:{server.port}/"
            found = ask(url, through=["127.0.0.1"], ca_path=str(tmp_path / "ca.pem"))
            assert server.requests == []
        assert (found["tls_failed"], found["silent"]) == (1, 1)
        seen = found["answers"][0]["tls"]
        assert (seen["verified"], seen["subject"], words in seen["error"]) == (False, f"CN={name}", True)
        assert (seen["days_left"] < 0) is (days < 0)

    def test_an_unknown_ca_is_named(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire(Authority("nobody's CA").issue("127.0.0.1").context(tmp_path)) as server:
            (row,) = ask(server.url + "/")["answers"]
            assert server.requests == []
        assert (row["kind"], row["tls"]["verified"], row["tls"]["issuer"]) == ("tls", False, "CN=nobody's CA")

    @pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
    def test_unverified_is_said_to_be_unverified(self, tmp_path: pathlib.Path) -> None:
        with wire.Wire(Authority().issue("127.0.0.1").context(tmp_path)) as server:
            server.on("GET", "/", wire.answer(200))
            (row,) = ask(server.url + "/", validate_certs=False)["answers"]
        assert (row["status"], row["tls"]["verified"], row["tls"]["error"]) == (200, False, "not verified")

    def test_a_peer_without_tls_has_no_certificate_to_tell(self) -> None:
        with wire.Wire(scheme="https") as server:
            (row,) = ask(server.url + "/")["answers"]
        assert row["status"] == 0
        assert row["tls"] is None or "subject" not in row["tls"]


class TestControl:
    def test_silence_everywhere_with_a_silent_control_says_nothing(self, nowhere: int) -> None:
        url = f"http://127.0.0.1:{nowhere}/"
        with pytest.raises(ProbeError, match="nobody answers, nor does the control") as caught:
            ask(url, control=url)
        assert caught.value.kind == "refused"

    def test_silence_with_a_control_that_answers_is_an_answer(self, nowhere: int) -> None:
        with serving(503) as control:
            found = ask(f"http://127.0.0.1:{nowhere}/", control=control.url + "/")
        assert (found["silent"], found["control"]["status"]) == (1, 503)

    def test_a_silent_control_does_not_matter_while_something_answers(self, nowhere: int) -> None:
        with serving() as server:
            found = ask(server.url + "/", control=f"http://127.0.0.1:{nowhere}/")
        assert (found["ok"], found["control"]["status"]) == (1, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"url": "https://a b/"},
        {"url": "https://u:p@a/"},
        {"url": "gopher://a/"},
        {"url": "https://a/\nx"},
        {"url": "https://a/", "method": "POST"},
        {"url": "https://a/", "through": []},
        {"url": "https://a/", "through": ["a/b"]},
        {"url": "https://a/", "through": ["a@b"]},
        {"url": "https://a/", "through": ["a\r\nb"]},
        {"url": "https://a/", "through": ["1.2.3.4"] * 101},
        {"url": "https://a/", "control": "x"},
        {"url": "https://a/", "read": -1},
        {"url": "https://a/", "read": 65537},
        {"url": "https://a/", "edge": "nginx"},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        Http(None, options)
    assert caught.value.kind == "bad_option"


def test_a_fault_of_the_asker_is_no_silence_of_the_asked(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ProbeError) as caught:
        ask("https://127.0.0.1:1/", ca_path=str(tmp_path / "missing.pem"))
    assert caught.value.kind == "bad_config"


def test_the_question_in_words() -> None:
    probe = Http(None, {"url": "https://a/", "through": ["1.2.3.4", "1.2.3.5"], "method": "HEAD"})
    assert probe.question() == "HEAD https://a/ through 1.2.3.4, 1.2.3.5"


class TestPath:
    def test_a_path_takes_the_place_of_the_urls_own(self) -> None:
        with wire.Wire() as server:
            server.on("GET", "/api/v1/users", wire.answer(204))
            found = ask(f"http://{HOST}:{server.port}/login?next=1", path="/api/v1/users", through=["127.0.0.1"])
            assert server.asked() == ["GET /api/v1/users"]
            assert server.requests[0].headers["host"] == f"{HOST}:{server.port}"
        assert (found["statuses"], found["url"]) == ([204], f"http://{HOST}:{server.port}/api/v1/users")

    def test_without_a_path_the_url_is_asked_as_it_is(self) -> None:
        with wire.Wire() as server:
            server.on("GET", "/login", wire.answer(200))
            assert ask(server.url + "/login", path=None)["url"] == server.url + "/login"

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "x",
            "//elsewhere.example/x",
            "@elsewhere.example/",
            "/a b",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a\r\nb",
            "/../a",
            "/a/..",
            "/ä",
        ],
    )
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        with pytest.raises(ProbeError) as caught:
            Http(None, {"url": f"https://{HOST}/", "path": path})
        assert caught.value.kind == "bad_option"

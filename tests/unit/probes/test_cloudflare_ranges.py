"""Cloudflare's networks: published or known, and whom a setting trusts besides or instead."""

from __future__ import annotations

import datetime
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.cloudflare_ranges import PUBLISHED, CloudflareRanges
from tests.support import wire
from tests.support.certs import Authority

PATH = "/client/v4/ips"
FOUR = ["173.245.48.0/20", "104.16.0.0/13", "131.0.72.0/22"]
SIX = ["2400:cb00::/32", "2a06:98c0::/29"]


def today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def published(four: Any = FOUR, six: Any = SIX) -> wire.Answer:
    """An answer as Cloudflare's API documents it."""
    result = {"ipv4_cidrs": four, "ipv6_cidrs": six, "etag": "x"}
    return wire.answer_json({"success": True, "errors": [], "messages": [], "result": result})


def known(*ranges: str, days: int = 40) -> dict[str, Any]:
    return {"as_of": (today() - datetime.timedelta(days)).isoformat(), "ranges": list(ranges or FOUR + SIX)}


def ask(answer: wire.Answer | None = None, **options: Any) -> Any:
    """With an answer it is asked for, without one it is not."""
    with wire.Wire() as server:
        if answer:
            server.on("GET", PATH, answer)
        url = {"url": server.url + PATH, "refresh": answer is not None, "timeout": 1}
        found = CloudflareRanges(None, {**url, **options}).ask(time.monotonic() + 10)
        assert server.asked() == ([f"GET {PATH}"] if answer else [])
    return found


class TestWhereTheyAreFrom:
    def test_published_ranges_are_of_today(self) -> None:
        found = ask(published())
        assert found == {
            "ranges": FOUR + SIX,
            "as_of": today().isoformat(),
            "age_days": 0,
            "source": "published",
            "error": "",
            "missing": None,
            "foreign": None,
            "differs": None,
        }

    def test_known_ranges_have_the_age_of_their_date(self) -> None:
        found = ask(known=known(days=40))
        assert (found["source"], found["age_days"], found["ranges"]) == ("known", 40, FOUR + SIX)
        assert (found["differs"], found["error"]) == (None, "")

    def test_a_date_may_be_what_yaml_makes_of_it(self) -> None:
        assert ask(known={"as_of": datetime.date(2026, 11, 1), "ranges": FOUR})["as_of"] == "2026-11-01"

    @pytest.mark.parametrize(("four", "differs"), [(FOUR, False), (FOUR[::-1], False), (FOUR[1:], True)])
    def test_published_ones_are_compared_with_the_known_ones(self, four: list[str], differs: bool) -> None:
        found = ask(published(four), known=known())
        assert (found["source"], found["differs"], found["ranges"]) == ("published", differs, four + SIX)

    def test_the_known_ones_do_where_the_published_ones_cannot_be_had_and_that_is_said(self) -> None:
        found = ask(wire.answer_json({}, 503), known=known())
        assert (found["source"], found["age_days"], found["differs"]) == ("known", 40, None)
        assert found["error"].startswith("503 service unavailable: GET http://127.0.0.1:")

    def test_with_neither_list_it_fails(self) -> None:
        with pytest.raises(ProbeError) as caught:
            ask(wire.answer_json({}, 503))
        assert caught.value.kind == "server_error"

    def test_the_server_has_to_prove_its_name(self, tmp_path: pathlib.Path) -> None:
        authority = Authority("a CA")
        (tmp_path / "ca.pem").write_text(authority.certificate)
        with wire.Wire(authority.issue("127.0.0.1").context(tmp_path)) as server:
            server.on("GET", PATH, published())
            url = {"url": server.url + PATH, "known": known()}
            found = CloudflareRanges(None, url).ask(time.monotonic() + 10)
            assert server.requests == []
            trusting = CloudflareRanges(None, {**url, "ca_path": str(tmp_path / "ca.pem")}).ask(time.monotonic() + 10)
        assert (found["source"], "certificate not accepted" in found["error"]) == ("known", True)
        assert trusting["source"] == "published"

    def test_it_is_asked_through_an_address_under_its_own_name(self) -> None:
        with wire.Wire() as server:
            server.on("GET", PATH, published())
            url = f"http://api.example:{server.port}{PATH}"
            found = CloudflareRanges(None, {"url": url, "through": "127.0.0.1"}).ask(time.monotonic() + 10)
            assert server.requests[0].headers["host"] == f"api.example:{server.port}"
        assert found["source"] == "published"


class TestWhatIsNotBelieved:
    @pytest.mark.parametrize(
        "answer",
        [
            published(["0.0.0.0/0"]),
            published(["104.0.0.0/7"]),
            published(FOUR, ["::/0"]),
            published([], []),
            published(None, None),
            published(["not a network"]),
            published([7]),
            published("104.16.0.0/13"),
            published(["104.16.0.0/13"] * 501),
            wire.answer_json({"result": []}),
            wire.answer_json({"result": {}}),
            wire.answer_json([]),
            wire.answer_text("104.16.0.0/13"),
            wire.answer(301, headers={"Location": "http://127.0.0.1:1/"}),
            wire.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 70_000),
            wire.hang,
            wire.reset,
        ],
    )
    def test_of_such_an_answer_nothing_is_taken(self, answer: wire.Answer) -> None:
        found = ask(answer, known=known(), trusted=[])
        assert (found["source"], found["missing"], bool(found["error"])) == ("known", FOUR + SIX, True)

    def test_such_an_answer_alone_is_a_failure(self) -> None:
        with pytest.raises(ProbeError, match=r"0\.0\.0\.0/0 is too wide to be believed") as caught:
            ask(published(["0.0.0.0/0"]))
        assert caught.value.kind == "bad_answer"


class TestTrusted:
    @pytest.mark.parametrize(
        ("trusted", "missing", "foreign"),
        [
            ([], FOUR + SIX, []),
            ([""], FOUR + SIX, []),
            (FOUR + SIX, [], []),
            ([",".join(FOUR), " , ".join(SIX)], [], []),
            (FOUR[1:] + SIX, FOUR[:1], []),
            (["104.16.0.0/14", "104.20.0.0/14", *FOUR[::2], *SIX], [], []),
            (["104.16.0.0/14", *FOUR[::2], *SIX], ["104.16.0.0/13"], []),
            ([*FOUR, *SIX, "10.0.0.0/8", "127.0.0.1"], [], ["10.0.0.0/8", "127.0.0.1"]),
            (["0.0.0.0/0", *SIX], [], ["0.0.0.0/0"]),
            ([*FOUR, *SIX, "104.16.1.1"], [], []),
            ([*FOUR, *SIX, "rubbish"], [], ["rubbish"]),
        ],
    )
    def test_what_is_missing_and_who_is_foreign(
        self, trusted: list[str], missing: list[str], foreign: list[str]
    ) -> None:
        found = ask(known=known(), trusted=trusted)
        assert (found["missing"], found["foreign"]) == (missing, foreign)

    def test_where_it_is_not_asked_for_nothing_is_said_of_it(self) -> None:
        found = ask(known=known())
        assert (found["missing"], found["foreign"]) == (None, None)

    def test_the_published_list_counts_where_both_are_there(self) -> None:
        found = ask(published(FOUR, []), known=known("131.0.72.0/22"), trusted=["131.0.72.0/22"])
        assert found["missing"] == FOUR[:2]


@pytest.mark.parametrize(
    "options",
    [
        {"refresh": False},
        {"known": {}},
        {"known": {"as_of": "2026-11-01", "ranges": []}},
        {"known": {"as_of": "2026-11-01", "ranges": "104.16.0.0/13"}},
        {"known": {"as_of": "2026-11-01", "ranges": ["x"]}},
        {"known": {"as_of": "soon", "ranges": FOUR}},
        {"known": {"ranges": FOUR}},
        {"known": {"as_of": "2026-11-01", "ranges": FOUR, "more": 1}},
        {"known": FOUR},
        {"trusted": "10.0.0.0/8"},
        {"trusted": ["a\x1bb"]},
        {"url": "file:///etc/passwd"},
        {"url": "https://u:p@a/"},
        {"through": "a/b"},
        {"through": "a@b"},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        CloudflareRanges(None, options)
    assert caught.value.kind == "bad_option"


def test_by_default_cloudflares_own_list_is_asked_over_tls() -> None:
    assert CloudflareRanges(None, {}).question() == f"Cloudflare's networks as published at {PUBLISHED}"
    assert PUBLISHED.startswith("https://api.cloudflare.com/")


def test_the_question_in_words() -> None:
    options = {"known": {"as_of": "2026-11-01", "ranges": FOUR}, "refresh": False, "trusted": []}
    assert CloudflareRanges(None, options).question() == "Cloudflare's networks as of 2026-11-01, and who is trusted"

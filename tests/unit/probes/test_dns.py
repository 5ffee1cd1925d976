"""Where a name points to: answers, no such name, no server."""

from __future__ import annotations

import io
import time
from typing import Any

import dns.rcode
import dns.resolver
import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes import resolution
from ansible_collections.oncall.remedy.plugins.module_utils.probes.resolution import Dns, server
from tests.support.nameserver import Nameserver, alias, failing, noise, records, silence

NAME = "api.example.com"


def ask(*servers: Nameserver, **options: Any) -> Any:
    given = {"name": NAME, "servers": [one.address for one in servers], "timeout": 5, **options}
    return Dns(None, given).ask(time.monotonic() + 10)


def failure(*servers: Nameserver, **options: Any) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        ask(*servers, **options)
    return caught.value


def test_both_types_are_asked_and_all_addresses_told() -> None:
    with Nameserver(records("192.0.2.2", "192.0.2.1", "2001:db8::1")) as one:
        found = ask(one)
        assert sorted(one.questions) == [(NAME + ".", "A"), (NAME + ".", "AAAA")]
    assert found == {
        "name": NAME,
        "resolves": True,
        "addresses": ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
        "elsewhere": [],
        "error": "",
    }


def test_an_alias_is_followed_to_its_addresses() -> None:
    with Nameserver(alias("edge.example.net.", "192.0.2.1")) as one:
        assert ask(one)["addresses"] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("expect", "elsewhere"),
    [
        ([], []),
        (["192.0.2.0/24", "2001:db8::/32"], []),
        (["192.0.2.0/25", "192.0.2.128/25", "2001:db8::1"], []),
        (["192.0.2.1"], ["192.0.2.200", "2001:db8::1"]),
        (["2001:db8::/32"], ["192.0.2.1", "192.0.2.200"]),
    ],
)
def test_addresses_outside_of_the_expected_networks_are_elsewhere(expect: list[str], elsewhere: list[str]) -> None:
    with Nameserver(records("192.0.2.1", "192.0.2.200", "2001:db8::1")) as one:
        assert ask(one, expect=expect)["elsewhere"] == elsewhere


@pytest.mark.parametrize(
    ("answer", "words"),
    [(failing(dns.rcode.NXDOMAIN), "there is no such name"), (records(), "the name has no address")],
)
def test_that_there_is_no_such_name_or_address_is_an_answer(answer: Any, words: str) -> None:
    with Nameserver(answer) as one:
        found = ask(one, expect=["192.0.2.0/24"])
    assert (found["resolves"], found["addresses"], found["elsewhere"], found["error"]) == (False, [], [], words)


def test_the_next_server_is_asked_where_one_fails() -> None:
    with Nameserver(failing(dns.rcode.SERVFAIL)) as first, Nameserver(records("192.0.2.1")) as second:
        assert ask(first, second)["addresses"] == ["192.0.2.1"]
        assert first.questions
        assert second.questions


def test_the_first_server_that_answers_counts() -> None:
    with Nameserver(records("192.0.2.1")) as first, Nameserver(records("192.0.2.2")) as second:
        assert ask(first, second)["addresses"] == ["192.0.2.1"]
        assert second.questions == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (silence, "timeout"),
        (noise, "timeout"),
        (failing(dns.rcode.SERVFAIL), "bad_answer"),
        (failing(dns.rcode.REFUSED), "bad_answer"),
    ],
)
def test_that_no_server_answers_is_a_failure(answer: Any, kind: str) -> None:
    with Nameserver(answer) as one:
        assert failure(one, timeout=0.3).kind == kind


def test_addresses_of_one_type_count_although_the_other_is_not_known_and_that_is_said() -> None:
    with Nameserver(records("192.0.2.1"), ipv6=silence) as one:
        found = ask(one, timeout=0.5)
    assert (found["resolves"], found["addresses"]) == (True, ["192.0.2.1"])
    assert found["error"] == f"AAAA of {NAME}.: no server answered in time"


def test_no_address_of_one_type_says_nothing_while_the_other_is_not_known() -> None:
    with Nameserver(records(), ipv6=failing(dns.rcode.SERVFAIL)) as one:
        assert failure(one).kind == "bad_answer"


def test_a_final_dot_changes_nothing() -> None:
    with Nameserver(records("192.0.2.1")) as one:
        assert ask(one, name=NAME + ".")["resolves"]
        assert one.questions[0][0] == NAME + "."


def test_a_single_label_is_asked_without_search_domains() -> None:
    with Nameserver(records("192.0.2.1")) as one:
        ask(one, name="localhost")
        assert {name for name, _kind in one.questions} == {"localhost."}


def test_without_servers_the_systems_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Nameserver(records("192.0.2.1")) as one:
        host, port = server(one.address)
        lines = f"nameserver {host}\nsearch example.org\n"
        resolver = dns.resolver.Resolver

        def of_the_system(configure: bool) -> dns.resolver.Resolver:
            assert configure
            made = resolver(configure=False)
            made.read_resolv_conf(io.StringIO(lines))
            made.port = port
            return made

        monkeypatch.setattr(dns.resolver, "Resolver", of_the_system)
        found = Dns(None, {"name": NAME}).ask(time.monotonic() + 10)
        assert {name for name, _kind in one.questions} == {NAME + "."}
    assert found["addresses"] == ["192.0.2.1"]


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolution, "HAS_DNSPYTHON", False)
    with Nameserver(records()) as one:
        error = failure(one)
        assert one.questions == []
    assert (error.kind, "dnspython" in error.message) == ("missing_library", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_servers(text: str, expected: tuple[str, int]) -> None:
    assert server(text) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"servers": []},
        {"servers": ["192.0.2.1"] * 11},
        {"servers": ["dns.example.com"]},
        {"servers": ["192.0.2.1:0"]},
        {"servers": ["192.0.2.1:99999"]},
        {"servers": ["https://192.0.2.1/dns-query"]},
        {"expect": ["x"]},
        {"expect": ["192.0.2.0/33"]},
        {"expect": ["192.0.2.0/24"] * 1001},
        {"name": ""},
        {"name": "a b"},
        {"name": "a..b"},
        {"name": "-a.example"},
        {"name": "a" * 64},
        {"name": "a." * 127 + "a"},
        {"name": "a/../b"},
        {"name": "é.example"},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ProbeError) as caught:
        Dns(None, {"name": NAME, **options})
    assert caught.value.kind == "bad_option"


def test_the_question_in_words() -> None:
    assert Dns(None, {"name": NAME, "servers": ["192.0.2.1"]}).question() == f"A/AAAA of {NAME} at 192.0.2.1"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rules of Traefik's cannot be ruled out for a host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.module_utils.probes.traefik_rules import LONGEST, covers, may_route

HOST = "api.example.com"

NAMES_IT = [
    "Host(`api.example.com`)",
    'Host("api.example.com")',
    "host(`API.Example.com`)",
    "HOST( `api.example.com` )",
    "Host(`api.example.com.`)",
    "HostHeader(`api.example.com`)",
    "Host(`a.example.com`, `api.example.com`)",
    "Host(`a.example.com`,\n  `api.example.com`)",
    "Host(`*.example.com`)",
    "Host(`**.com`)",
    "Host(`api.example.com`) && PathPrefix(`/api`)",
    "PathPrefix(`/api`) && Host(`api.example.com`)",
    "Host(`a.example.com`) || Host(`api.example.com`)",
    "(Host(`a.example.com`) || Host(`api.example.com`)) && (PathPrefix(`/a`) || PathPrefix(`/b`))",
    "Host(`a.example.com`) && Path(`/a`) || Host(`api.example.com`) && !Path(`/b`)",
]
MAY_BE_ANY = [
    "HostRegexp(`^.+$`)",
    "HostRegexp(`{name:.+}.example.org`)",
    "PathPrefix(`/dashboard`)",
    "ClientIP(`10.0.0.0/8`) && Method(`GET`)",
    "Host(`a.example.com`) || PathPrefix(`/api`)",
    "(Host(`a.example.com`) || Path(`/b`)) && Method(`GET`)",
    "!Host(`api.example.com`)",
    "!Host(`a.example.com`)",
    "! ( Host(`api.example.com`) || Host(`a.example.com`) )",
    "Method(`GET`) && !(Host(`a.example.com`) && Path(`/x`))",
    "!!Host(`a.example.com`)",
]
NOT_UNDERSTOOD = [
    "",
    "Host:a.example.com",
    "Host(`a.example.com`",
    "Host('a.example.com')",
    "Host(`a.example.com`) Host(`b.example.com`)",
    "Host(`a.example.com`) & Frobnicate",
    'Host("\\x61pi.example.com")',
    "Host(`äpi.example.com`)",
    "Host()",
    "Host(`a.example.com`) && " + "x" * LONGEST,
    "(" * 2000 + "Host(`a.example.com`)",
]
OTHERS = [
    "Host(`a.example.com`)",
    "Host(`a.example.com`, `b.example.com`)",
    "Host(`example.com`)",
    "Host(`*.api.example.com`)",
    "Host(`api.example.com.evil.example`)",
    "Host(`a.example.com`) && (PathPrefix(`/a`) || PathPrefix(`/b`))",
    "Host(`a.example.com`) && !PathPrefix(`/a`)",
    "Host(`a.example.com`) && !(PathPrefix(`/a`) || Path(`/b`))",
    "(Host(`a.example.com`) || Host(`b.example.com`)) && PathPrefix(`/`)",
    "PathPrefix(`/a`) && ((Host(`a.example.com`)) || Host(`b.example.com`) && Method(`GET`))",
    "Host(`a.example.com`) && Header(`X-Host`, `Host(`) && Path(`/)`)",
    "Host(`a.example.com`) && Query(`h`, `api.example.com`)",
    "Host(`a.example.com`) && HostRegexp(`.+`)",
    "(" * 500 + "Host(`a.example.com`)" + ")" * 500,
]


@pytest.mark.parametrize("rule", NAMES_IT)
def test_a_rule_that_names_the_host_may_route_it(rule: str) -> None:
    assert may_route(rule, HOST)


@pytest.mark.parametrize("rule", MAY_BE_ANY)
def test_a_rule_for_whichever_host_or_under_a_negation_may_route_it(rule: str) -> None:
    assert may_route(rule, HOST)


@pytest.mark.parametrize("rule", NOT_UNDERSTOOD, ids=range(len(NOT_UNDERSTOOD)))
def test_a_rule_that_is_not_understood_may_route_it(rule: str) -> None:
    assert may_route(rule, HOST)


@pytest.mark.parametrize("rule", OTHERS, ids=range(len(OTHERS)))
def test_a_rule_that_holds_for_other_hosts_alone_does_not(rule: str) -> None:
    assert not may_route(rule, HOST)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("api.example.com", True),
        ("*.example.com", True),
        ("*.com", True),
        ("*", True),
        ("*.api.example.com", False),
        ("example.com", False),
        ("*.xample.com", False),
    ],
)
def test_a_name_with_an_asterisk_covers_every_name_below_it(name: str, covered: bool) -> None:
    assert covers(name, HOST) is covered


ATOMS = {"Host(`api.example.com`)": True, "Host(`a.example.com`)": False, "PathPrefix(`/x`)": True}
RULES = st.recursive(
    st.sampled_from(sorted(ATOMS.items())),
    lambda inner: st.one_of(
        inner.map(lambda one: (f"({one[0]})", one[1])),
        inner.map(lambda one: (f"!({one[0]})", True)),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) && ({two[1][0]})", two[0][1] and two[1][1])),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} || {two[1][0]})", two[0][1] or two[1][1])),
    ),
    max_leaves=12,
)


@given(RULES)
def test_however_a_rule_is_put_together_its_connectives_are_followed(rule: tuple[str, bool]) -> None:
    text, expected = rule
    assert may_route(text, HOST) is (expected or len(text) > LONGEST)


@given(st.lists(st.lists(st.sampled_from(sorted(ATOMS.items())), min_size=1, max_size=4), min_size=1, max_size=4))
def test_and_binds_closer_than_or(rule: list[list[tuple[str, bool]]]) -> None:
    text = " || ".join(" && ".join(atom for atom, _may in row) for row in rule)
    assert may_route(text, HOST) is any(all(may for _atom, may in row) for row in rule)


@given(st.text(alphabet='Host(`a.example.com`)&|! "\\,', max_size=200))
def test_whatever_stands_there_it_is_judged(rule: str) -> None:
    assert may_route(rule, HOST) in (True, False)

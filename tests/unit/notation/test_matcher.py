# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alertmanager's matchers, with its syntax and its meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.matcher import Matcher, matchers
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import MatcherError

LABELS = {"alertname": "TraefikDown", "severity": "page", "k8s.pod": "a"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('alertname="TraefikDown"', True),
        ("alertname=TraefikDown", True),
        (' severity != "page" ', False),
        ('alertname=~"Traefik.*|Other"', True),
        ('alertname=~"Traefik"', False),  # the whole value, as in Alertmanager
        ('alertname!~"Watchdog|Info.*"', True),
        ('cluster=""', True),  # a label that is not there is empty
        ('cluster!=""', False),
        ('cluster=~".+"', False),
        ('"k8s.pod"="a"', True),
        ("severity=", False),
    ],
)
def test_it_matches_as_alertmanager_does(text: str, matches: bool) -> None:
    assert Matcher.parse(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alertname",
        'alertname="x',
        "alertname==x",
        'a b="c"',
        'a="b", c="d"',
        '{a="b"}',
        "a=~[",
        'a=~"(?=x)"',
        'a=~"(a)\\\\1"',
    ],
)
def test_what_is_no_matcher_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(MatcherError, match=r"allowed|RE2"):
        Matcher.parse(text)


def test_several_are_read_at_once() -> None:
    assert [one.label for one in matchers(["a=b", 'c!="d"'])] == ["a", "c"]


@given(st.text(), st.sampled_from(["=", "!="]))
def test_any_value_survives_being_written_and_read_again(value: str, operator: str) -> None:
    assert Matcher.parse(str(Matcher("a", "=" if operator == "=" else "!=", value))).value == value


@given(st.text())
def test_hostile_values_are_only_compared(value: str) -> None:
    assert Matcher.parse('a=~"x|y"').matches({"a": value}) is (value in ("x", "y"))


def test_a_pattern_that_would_hang_a_backtracking_engine_does_not() -> None:
    assert Matcher.parse('a=~"(x+x+)+y"').matches({"a": "x" * 4096}) is False

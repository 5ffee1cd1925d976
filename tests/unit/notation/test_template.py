# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates: native values, texts, and values that another interpreter reads."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.embedding import Kind
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, RunbookFault

HOSTILE = [
    'x"} or up{job="',
    "\\",
    '\\"',
    "'",
    "a\nb",
    "\x00\x1b[2J",
    "../../etc/passwd",
    "?a=b&c#d",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    ".*",
    "a,b!=c",
    "\u202egnp.exe",
    "https://evil.example/",
]
TEXTS = st.text() | st.sampled_from(HOSTILE)


def template(value: Any, kind: Kind = "plain") -> Template:
    return Template(value, kind, trusted=frozenset({"param"}), inputs=frozenset({"job"}), where="book.yml:3")


def test_a_template_that_is_one_expression_yields_the_value_itself_at_any_depth() -> None:
    made = template({"pods": "{{ pods }}", "list": ["{{ count }}", "n={{ count }}", 3, None], "plain": "a { b"})
    assert made.render({"pods": ["a"], "count": 2}) == {"pods": ["a"], "list": [2, "n=2", 3, None], "plain": "a { b"}
    assert made.names == {"pods", "count"}


@given(TEXTS)
def test_a_value_is_never_rendered_or_read_as_a_literal(text: str) -> None:
    assert template("{{ job }}").render({"job": text}) == text
    assert template("[{{ job }}]").render({"job": text}) == f"[{text}]"


def test_what_looks_like_a_number_or_a_list_stays_a_text() -> None:
    assert template("{{ job }}").render({"job": "[1, 2]"}) == "[1, 2]"
    assert template("{{ job }}").render({"job": "007"}) == "007"


@pytest.mark.parametrize(
    "text", ["{% if a %}b{% endif %}", "{# a #}", "{{ a", "{% raw %}{{ a }}{% endraw %}", "{{ a() }}"]
)
def test_statements_and_comments_are_refused(text: str) -> None:
    with pytest.raises(RunbookError, match=r"^book\.yml:3: "):
        template(text)


def test_a_key_is_no_template() -> None:
    with pytest.raises(RunbookError, match="is no template"):
        template({"a": {"{{ job }}": 1}})


def test_a_missing_value_is_a_fault_even_inside_of_a_list() -> None:
    with pytest.raises(RunbookFault, match=r"^book.yml:3: .*no 'b'"):
        template("{{ [a.b, 1] }}").render({"a": {}})


def unquoted(text: str) -> str:
    """What PromQL makes of the inside of a quoted string (as Go's strconv.Unquote)."""
    named = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}

    def meant(escape: re.Match[str]) -> str:
        return chr(int(escape[2], 16)) if escape[2] else named[escape[1]]

    return re.sub(r"\\(x([0-9a-f]{2})|.)", meant, text, flags=re.DOTALL)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE))
def test_a_value_inside_of_a_promql_string_cannot_leave_it(text: str) -> None:
    query = template('up{job="{{ job }}"} == 0', "promql").render({"job": text})
    inside = re.fullmatch(r'up\{job="((?:[^"\\\n]|\\.)*)"\} == 0', query)
    assert inside
    assert unquoted(inside[1]) == text


def test_only_the_quote_in_use_is_escaped() -> None:
    value = {"job": 'it\'s "so"'}
    assert template('a="{{ job }}"', "promql").render(value) == 'a="it\'s \\"so\\""'
    assert template("a='{{ job }}'", "promql").render(value) == "a='it\\'s \"so\"'"


@pytest.mark.parametrize(
    "text",
    [
        "up{job={{ job }}}",
        "up > {{ job }}",
        "{{ job }}",
        "up{job=`{{ job }}`}",
        'up{job=~"{{ job }}"}',
        'up{job!~"x|{{ evidence.name }}"}',
        "up{job=~'{{ job | lower }}'}",
        "{{ evidence.query }}",
    ],
)
def test_a_value_may_not_stand_where_it_would_be_promql(text: str) -> None:
    with pytest.raises(RunbookError, match=r"^book\.yml:3: "):
        template(text, "promql")


def test_numbers_params_and_escaped_patterns_may_stand_in_promql() -> None:
    query = template('rate(x{job=~"{{ param }}|{{ job | regex_escape }}"}[5m]) > {{ limit | int }}', "promql")
    rendered = query.render({"param": "a.*", "job": "b.c", "limit": 3})
    assert rendered == 'rate(x{job=~"a.*|b\\\\.c"}[5m]) > 3'
    assert template("{{ param }}", "promql").render({"param": "sum(up)"}) == "sum(up)"


def test_logql_line_filters_are_patterns_too() -> None:
    with pytest.raises(RunbookError, match="regex_escape"):
        template('{app="x"} |~ "{{ job }}"', "logql")


@given(TEXTS)
def test_a_value_in_a_url_stays_one_part_of_it(text: str) -> None:
    try:
        url = template("{{ param }}/api/{{ job }}?q={{ job }}", "url").render(
            {"param": "https://edge:8443", "job": text}
        )
    except RunbookFault:
        assert text in (".", "..") or any("\ud800" <= char <= "\udfff" for char in text)
        return
    parts = urllib.parse.urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "edge:8443", "")
    assert parts.path == f"/api/{urllib.parse.quote(text, safe='')}"
    assert urllib.parse.unquote(parts.query.removeprefix("q=")) == text


@pytest.mark.parametrize(
    "text", ["https://{{ job }}/", "{{ job }}", "{{ job }}/x", "https://x.{{ job }}/", "{{ param }}{{ job }}/"]
)
def test_an_input_cannot_choose_the_host_of_a_url(text: str) -> None:
    with pytest.raises(RunbookError, match="only"):
        template(text, "url")


def test_a_whole_url_may_come_from_evidence() -> None:
    assert template("{{ scrape.url }}", "url").render({"scrape": {"url": "http://a/"}}) == "http://a/"


@given(TEXTS)
def test_a_value_in_a_selector_is_a_label_value_or_a_fault(text: str) -> None:
    try:
        selector = template("app={{ job }}", "selector").render({"job": text})
    except RunbookFault:
        assert not re.fullmatch(r"[A-Za-z0-9]{1,63}", text)
    else:
        assert not re.search(r"[,!()\s=]", selector.removeprefix("app="))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE))
def test_an_escaped_value_in_a_pattern_matches_itself_and_nothing_else(text: str) -> None:
    pattern = template("x{{ job | regex_escape }}y", "regex").render({"job": text})
    assert re.fullmatch(pattern, f"x{text}y")
    assert not re.fullmatch(pattern, f"x{text}zy")


@pytest.mark.parametrize("text", ["{{ job }}", "a{{ job }}", "{{ evidence.x }}", "{{ job | regex_escape | upper }}"])
def test_a_pattern_takes_values_only_escaped(text: str) -> None:
    with pytest.raises(RunbookError, match="regex_escape"):
        template(text, "regex")

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The language of conditions: what it can say, what it refuses, and that data in it stay data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Condition, Expression, Prose
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, RunbookFault

SCOPE: dict[str, Any] = {
    "pods": {
        "ready": 1,
        "total": 3,
        "crashing": ["a", "b"],
        "items": 7,
        "pods": [{"name": "a", "ready": False, "node": "n1"}, {"name": "c", "ready": True, "node": "n2"}],
    },
    "job": "traefik-metrics",
    "limits": {"SampleDown": {"hours": 36}},
    "alert": "SampleDown",
    "nothing": None,
}


@pytest.mark.parametrize(
    "text",
    [
        "pods.ready < pods.total",
        "pods.crashing | length > 0 and not pods.ready == 0",
        "'a' in pods.crashing",
        "pods.pods | selectattr('ready') | map(attribute='name') == ['c']",
        "pods.pods | rejectattr('node', 'in', ['n2']) | length == 1",
        "(pods.pods | first).node == 'n1'",
        "pods.pods[1].ready",
        "pods.crashing | map('upper') == ['A', 'B']",
        "pods.crashing | union(['c']) | sort | join(',') == 'a,b,c'",
        "pods.crashing | difference(['a']) == ['b'] and pods.crashing | intersect(['a']) == ['a']",
        "job is search('metrics$') and job is fullmatch('[a-z-]+') and not job is fullmatch('metrics')",
        "pods.ready / pods.total < 0.5",
        "100 * pods.ready // pods.total == 33",
        "limits[alert].hours == 36",
        "nothing is none",
        "(pods.ready if job == 'traefik-metrics' else nothing) == 1",
        "'10.0.0.1:9100' | without_port == '10.0.0.1' and '[::1]:9100' | without_port == '::1'",
        "pods.items == 7",
        "pods.crashing[:1] == ['a']",
    ],
)
def test_a_condition_that_holds_is_true(text: str) -> None:
    assert Condition(text).evaluate(SCOPE) is True


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pods.missing == 1", "did you mean|allowed: crashing"),
        ("pods.crashin == []", "did you mean crashing"),
        ("unheard == 1", "'unheard' is undefined"),
        ("pods.crashing[7] == 'a'", "no member 7 in a list of 2"),
        ("job.upper == 'X'", "a text has no member 'upper'"),
        ("nothing > 3", "not supported"),
        ("job | int > 3", "invalid literal"),
        ("'x' * 100 == ''", "takes numbers"),
        ("pods.ready / 0 > 1", "division by zero"),
        ("pods.crashing", "and not true or false"),
        ("pods.ready", "and not true or false"),
        ("pods.pods | map(attribute='absent') | list == []", "no 'absent'"),
        ("pods.total is search('3')", "not a number"),
        ("([] | first).name == 'a'", "No first item"),
        ("[pods.absent] | length == 1", "no 'absent'"),
        ("(pods.absent or true) == true", "no 'absent'"),
    ],
)
def test_what_cannot_be_evaluated_is_a_fault_with_its_place(text: str, why: str) -> None:
    with pytest.raises(RunbookFault, match=f"^book.yml:7: .*({why})") as caught:
        Condition(text, "book.yml:7").evaluate(SCOPE)
    assert caught.value.where == "book.yml:7"


@pytest.mark.parametrize(
    "text",
    [
        "range(3) == []",
        "pods.crashing.append('x')",
        "lookup('pipe', 'id') == ''",
        "pods is defined",
        "pods is undefined",
        "pods.ready | default(0) == 0",
        "pods.crashing | map('default', 1) == []",
        "pods.crashing | map(attribute='x', default=1) == []",
        "pods.crashing | select('defined') == []",
        "pods.pods | selectattr('ready', 'defined') == []",
        "pods.__class__ == 1",
        "_secret == 1",
        "pods['__class__'].x == 1 and ''.__class__ == 1",
        "job is search(job)",
        "pods.crashing | select('search', job) == []",
        "job is search('(?=a)')",
        "job is search('[')",
        "2 ** 64 == 1",
        "job % 3 == ''",
        "pods | tojson == ''",
        "pods | attr('items') == ''",
        "job | format(1) == ''",
        "(1 if pods.ready == 1) == 1",
        "{{ pods.ready }} == 1",
        "pods.ready ==",
        "pods.ready == 1 }} {{ 2",
        "pods.ready = 1",
        "",
        "pods.crashing | join(*pods)",
    ],
)
def test_what_the_language_does_not_have_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(RunbookError, match=r"^book\.yml:7: "):
        Condition(text, "book.yml:7")


def test_names_and_attributes_are_those_that_are_read() -> None:
    condition = Condition(
        "crash.port.lines > 0 and nodes[0].name in (pods.pods | map(attribute='node')) and job == 'x'"
    )
    assert condition.names == {"crash", "nodes", "pods", "job"}
    assert condition.attributes == {"crash.port.lines", "nodes[0].name", "pods.pods", "job"}


def test_an_expression_yields_plain_data_that_are_a_copy() -> None:
    value = Expression("pods.pods | selectattr('ready')").evaluate(SCOPE)
    assert value == [{"name": "c", "ready": True, "node": "n2"}]
    value[0]["name"] = "changed"
    assert SCOPE["pods"]["pods"][1]["name"] == "c"


@pytest.mark.parametrize(
    ("text", "holds"),
    [(r"job is search('^a\.b\d$')", True), (r"job is search('\bb1')", True), (r"job == 'a\\.b1'", False)],
)
def test_backslashes_of_a_pattern_stay_as_they_are_written(text: str, holds: bool) -> None:
    assert Condition(text).evaluate({"job": "a.b1"}) is holds


@given(
    st.text()
    | st.sampled_from(["{{ 7 * 7 }}", "{% raw %}", "\x00", "\u202ejob", "a" * 100_000, "' or true or '", "\ud800"])
)
def test_hostile_text_is_only_a_value(text: str) -> None:
    scope = {"job": text}
    assert Expression("job").evaluate(scope) == text
    assert Condition("job == other").evaluate({**scope, "other": text})
    assert Condition("job is search('no such thing in it')").evaluate(scope) is False
    assert Prose("<{{ job }}>").render(scope, {}) == f"<{text}>"


def test_a_pattern_that_would_hang_a_backtracking_engine_does_not() -> None:
    assert Condition("job is fullmatch('(a+)+b')").evaluate({"job": "a" * 50_000}) is False


def test_patterns_that_are_data_choose_rows_by_the_whole_text_and_the_first_that_covers_comes_first() -> None:
    kinds = [{"job": "proxmox-.*", "kind": "proxmox"}, {"job": "prox.*", "kind": "other"}]
    first = Condition("(kinds | selectattr('job', 'covers', job) | first).kind == 'proxmox'")
    assert first.evaluate({"kinds": kinds, "job": "proxmox-carrick"}) is True
    none = Condition("kinds | selectattr('job', 'covers', job) | length == 0")
    assert none.evaluate({"kinds": kinds, "job": "my-proxmox-carrick"}) is True
    with pytest.raises(RunbookFault, match="is not an RE2 pattern"):
        none.evaluate({"kinds": [{"job": "(", "kind": "proxmox"}], "job": "x"})


def test_prose_says_what_is_not_known_in_its_place() -> None:
    prose = Prose("port {{ port }} is taken by {{ sockets.holder }}, {{ pods | join(', ') }} crash")
    written = prose.render({"port": 80, "pods": ["a", "b"]}, {"sockets": "sockets is unknown: unreachable"})
    assert written == "port 80 is taken by (sockets is unknown: unreachable), a, b crash"


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (None, "none"), (3.0, "3"), (0.25, "0.25"), ([1, "a"], "1, a"), ({"a": 1}, '{"a": 1}')],
)
def test_prose_writes_values_as_people_read_them(value: Any, written: str) -> None:
    assert Prose("{{ value }}").render({"value": value}, {}) == written

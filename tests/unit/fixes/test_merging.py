# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Merge patches (RFC 7386): what is sent makes of the object exactly what was planned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merge_patch, merged
from tests.unit.fixes.helpers import Json

scalars = st.one_of(st.booleans(), st.integers(), st.text(max_size=3))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner)),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from("abcd"), values)


@given(before=mappings, after=mappings)
def test_the_patch_leads_from_before_to_after(before: Json, after: Json) -> None:
    assert merged(before, merge_patch(before, after)) == after


@given(thing=mappings)
def test_nothing_is_sent_for_what_is_equal(thing: Json) -> None:
    assert merge_patch(thing, thing) == {}


# The examples of RFC 7386, appendix A, as far as both sides are mappings.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_applied_as_the_standard_says(target: Json, patch: Json, result: Json) -> None:
    assert merged(target, patch) == result


def test_the_patched_object_is_left_alone() -> None:
    before = {"a": {"b": [1]}}
    after = merged(before, {"a": {"c": 2}})
    after["a"]["b"].append(3)
    assert before == {"a": {"b": [1]}}


def test_a_removed_label_is_sent_as_null() -> None:
    before = {"selector": {"matchLabels": {"app": "typo", "tier": "edge"}}}
    after = {"selector": {"matchLabels": {"app": "traefik"}}}
    assert merge_patch(before, after) == {"selector": {"matchLabels": {"tier": None, "app": "traefik"}}}

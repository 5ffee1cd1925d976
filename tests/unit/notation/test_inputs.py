# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inputs: from labels or the operator, declared, matched as a whole, never interpreted."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import InputError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from tests.unit.notation.books import SAMPLE, book

INPUTS = "inputs: {job: {label: exported_job, pattern: '[a-z0-9]{1,20}'}, zone: {pattern: '[a-z]*', default: here}}"


@pytest.fixture
def made(tmp_path: Path) -> Runbook:
    return book(tmp_path, SAMPLE.replace("inputs: {job: {pattern: '[a-z]{1,20}'}}", INPUTS))


def test_they_come_from_the_labels_that_the_runbook_names(made: Runbook) -> None:
    labels = {"exported_job": "traefik", "job": "other", "severity": "page"}
    assert bind_inputs(made, labels) == {"job": "traefik", "zone": "here"}


def test_an_operator_gives_them_by_name_and_goes_before_the_labels(made: Runbook) -> None:
    assert bind_inputs(made, {"exported_job": "a"}, {"job": "b", "zone": "c"}) == {"job": "b", "zone": "c"}
    assert bind_inputs(made, given={"job": 42})["job"] == "42"


def test_one_that_is_required_and_missing_is_named(made: Runbook) -> None:
    with pytest.raises(InputError, match="sample needs job: the label exported_job is missing"):
        bind_inputs(made, {"exported_job": ""})


def test_one_that_is_not_declared_is_refused(made: Runbook) -> None:
    with pytest.raises(InputError, match="no input 'jbo'; did you mean job"):
        bind_inputs(made, given={"jbo": "x"})


@pytest.mark.parametrize(
    "text", ["traefik\n", "a b", "{{ 7 * 7 }}", "x" * 21, "a\x00", "\ud800", ".*", 'a"}', "a" * 1_000_000, "\u202ea"]
)
def test_one_that_does_not_match_as_a_whole_is_refused_and_shown_escaped(made: Runbook, text: str) -> None:
    with pytest.raises(InputError, match="does not match") as caught:
        bind_inputs(made, {"exported_job": text})
    assert str(caught.value).isascii() or "…" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("given", [["a"], {"a": 1}, True, None])
def test_an_operators_value_has_to_be_a_text(made: Runbook, given: object) -> None:
    with pytest.raises(InputError, match="has to be a text"):
        bind_inputs(made, given={"job": given})

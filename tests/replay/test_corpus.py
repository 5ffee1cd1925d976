# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab's recorded cases, diagnosed with the runbooks of today: each decides as it did, or its flip is accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.corpus import accepts, file_of, load_accepted, load_cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue, catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import OWN
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.replayed import told
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import replay

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
CASES = load_cases(CORPUS)
ACCEPTED = load_accepted(CORPUS)


@pytest.fixture(scope="module")
def runbooks() -> Catalogue:
    return catalogue(OWN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['runbook']}-{case['id'][:8]}")
def test_a_recorded_case_is_decided_as_it_was_or_its_flip_is_accepted(case: Any, runbooks: Catalogue) -> None:
    replayed = replay(case, runbooks)
    assert not replayed.skipped
    assert not replayed.flips or accepts(ACCEPTED, replayed), told([replayed], {}, [])


def test_every_accepted_flip_happens(runbooks: Catalogue) -> None:
    replays = [replay(case, runbooks) for case in CASES]
    happened = {one.case["id"] for one in replays if one.flips and accepts(ACCEPTED, one)}
    assert ACCEPTED.keys() == happened


def test_the_corpus_is_kept_in_its_fixed_form_and_without_secrets() -> None:
    for path in CORPUS.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        (case,) = [one for one in CASES if path.name.endswith(f".{one['id'][:8]}.json")]
        assert file_of(case) == (path.name, text)
        assert redact(case) == case
        assert not re.search(r"-----BEGIN|eyJ[A-Za-z0-9_-]{8,}\.", text)


def test_the_corpus_has_cases_that_mend_propose_escalate_and_leave_open() -> None:
    decided = [case["diagnosis"] for case in CASES]
    assert [one for one in decided if one["plan"]]
    assert [one for one in decided if one["propose"] and not one["plan"]]
    assert [one for one in decided if one["escalate"] and not one["propose"] and not one["plan"]]
    assert [one for one in decided if one["undecided"]]

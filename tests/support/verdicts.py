# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a verification comes to when one of its witnesses fails it while nothing is healed."""

from __future__ import annotations

import dataclasses
import types
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gathered
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence, Verification
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.scenario import Scenario
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.close import verification
from tests.support.witnesses import Situation, lies, situations

Row = tuple[Counter[str], Counter[str], Counter[str]]
"""How often which outcome: silent, silent while another lies, wrong."""


def rows(playbook: str) -> dict[str, Row]:
    """By witness of ``healed_when``."""
    return {
        witness: (silent(playbook, witness), beside(playbook, witness), wrong(playbook, witness))
        for witness in _witnesses(playbook)
    }


def silent(playbook: str, witness: str) -> Counter[str]:
    """It says nothing, after any mitigation that has not helped."""
    return Counter(outcome(one, one.scenario.without(witness)) for one in _sick(playbook, witness))


def beside(playbook: str, witness: str) -> Counter[str]:
    """It says nothing, and another witness of the verification lies."""
    return Counter(
        outcome(one, one.lied_to(other, lie.answer).without(witness))
        for one in _sick(playbook, witness)
        for other in set(_witnesses(playbook)) - {witness}
        for lie in lies(one, other, situations(playbook))
    )


def wrong(playbook: str, witness: str) -> Counter[str]:
    """It lies, and all others tell the truth: nothing is healed."""
    return Counter(
        outcome(one, one.lied_to(witness, lie.answer))
        for one in _sick(playbook, witness)
        for lie in lies(one, witness, situations(playbook))
    )


def _witnesses(playbook: str) -> list[str]:
    book = situations(playbook)[0].book
    return [name for name in book.evidence if name in book.healed_names and book.evidence[name].probe != "value"]


def _sick(playbook: str, witness: str) -> Iterator[Situation]:
    """Situations that a mitigation is for, as they would be if it had done nothing."""
    for one in situations(playbook):
        if (
            one.truth.plan
            and one.truth.plan.cures
            and witness in one.witnesses
            and outcome(one, one.scenario) != "healed"
        ):
            yield one


def outcome(situation: Situation, told: Scenario) -> str:
    """What the verification comes to once ``within`` is over, when all looks have shown the same."""
    book = situation.book
    assert book.verify is not None
    evidence: dict[str, Evidence] = told.rehearse(book).evidence
    ended = 1_000_000.0
    mended: Any = types.SimpleNamespace(
        verify=book.verify,
        within=book.verify.within,
        subject=types.SimpleNamespace(book=book, scope=told.scope(book)),
    )
    former = Verification("pending", (), (), ended - book.verify.within - 1.0, 0.0)
    first = verification(mended, Gathered(evidence), former, ended - book.verify.stable_for)
    if first.outcome != "pending":
        return first.outcome
    return verification(
        mended, Gathered(evidence), dataclasses.replace(former, held_since=first.held_since), ended
    ).outcome

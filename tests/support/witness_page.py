# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""docs/witnesses.md, made by failing every witness: ``python -m tests.support.witness_page`` writes it anew."""

from __future__ import annotations

import functools
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import catalogue
from tests.support import verdicts
from tests.support.witness_exceptions import ACCEPTED, accepted
from tests.support.witnesses import EFFECTS, PLAYBOOKS, SAME_PLAN, WRITES, Situation, heard, lies, situations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "witnesses.md"
NAMES = tuple(catalogue(PLAYBOOKS).names)

Effects = Counter[str]
Rows = dict[str, Effects]
"""By witness: how often what came of it."""

HEAD = """\
<!-- made by: python -m tests.support.witness_page -->
# Witnesses that fail

A diagnosis is as good as its witnesses. Here each of them fails, one at a time, in every situation of a playbook's
table of scenarios (`tests/runbooks/`), while all others tell the truth:

- **silent**: it does not answer. **Slow**: it answers after the deadline. **Refused**: it answers 401 or 403. All
  three through the sweep's own gathering, with real deadlines.
- **wrong**: it lies. It says what it says in any other situation of the table, or nothing at all, or a number of
  its answer is zero, doubled, or the total.

What may come of it:

| | |
|---|---|
| as before | The same finding; nothing is written, as nothing would have been. |
| same plan | The other witnesses are enough: the very plan that the full evidence allows. |
| undecided | Nothing is chosen, nothing is written, a human is called. |
| another finding | One that writes nothing. |
| runbook at fault | The answer contradicts itself; nothing is written, a human is called. |
| *a mitigation* | One lie was enough for a plan that the full evidence would not have allowed; explained below. |

A lie can bring about no other plan. Silence can bring about none at all.

The same for the verification, after a mitigation that has not helped. Silence is never taken for health, whatever
the others say. Where only one witness can know (whether Prometheus scrapes again, only Prometheus can say), its lie
is believed: nothing is written on it, and the alert that goes on firing opens the incident again.
"""


@functools.cache
def failing(playbook: str, manner: str) -> Rows:
    """What comes of each witness that fails in a manner in which it says nothing."""
    rows: Rows = {}
    for one in heard(playbook, manner):
        rows.setdefault(one.witness, Counter())[one.situation.concluded(one.evidence)] += 1
    return rows


@functools.cache
def lying(playbook: str) -> Rows:
    """What comes of each witness that lies. In the place of WRITES stands the mitigation."""
    table = situations(playbook)
    rows: Rows = {}
    for situation in table:
        for witness in situation.witnesses:
            effects = rows.setdefault(witness, Counter())
            for lie in lies(situation, witness, table):
                effects[_effect(situation, witness, lie.answer)] += 1
    return rows


def _effect(situation: Situation, witness: str, answer: object) -> str:
    found = situation.told(witness, answer)
    return situation.planned(witness, answer) if found == WRITES else found


@functools.cache
def needed(playbook: str) -> dict[str, tuple[str, ...]]:
    """By witness: the mitigations that are planned in no situation when it is silent."""
    planned: dict[str, set[str]] = {}
    standing: dict[str, set[str]] = {}
    for one in heard(playbook, "silent"):
        plan = one.situation.truth.plan
        if plan:
            planned.setdefault(one.witness, set()).add(plan.mitigation)
            if one.situation.concluded(one.evidence) == SAME_PLAN:
                standing.setdefault(one.witness, set()).add(plan.mitigation)
    return {witness: tuple(sorted(found - standing.get(witness, set()))) for witness, found in planned.items()}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(name) for name in NAMES)])


def section(playbook: str) -> str:
    """One playbook: its table, its exceptions, and its verification."""
    book = situations(playbook)[0].book
    drafted = " A draft: the guard `draft` holds every plan, which is shown to a human." if book.draft else ""
    head = f"## {playbook}\n\n{len(situations(playbook))} situations.{drafted}\n\n"
    return head + "\n".join([*_table(playbook), "", *_exceptions(playbook), *_verification(playbook)])


def _table(playbook: str) -> Iterable[str]:
    book = situations(playbook)[0].book
    silence = failing(playbook, "silent")
    yield "| witness | silent | slow | refused | wrong | no … without it |"
    yield "|---|---|---|---|---|---|"
    for witness in (name for name in book.evidence if name in silence):
        slow, refused = failing(playbook, "slow")[witness], failing(playbook, "refused")[witness]
        cells = [
            f"`{witness}` ({book.evidence[witness].probe})",
            _words(silence[witness]),
            "as silent" if slow == silence[witness] else _words(slow),
            "as silent" if refused == silence[witness] else _words(refused),
            f"{lying(playbook)[witness].total()} lies: " + _words(lying(playbook)[witness], playbook, witness),
            ", ".join(needed(playbook).get(witness, ())) or "–",
        ]
        yield f"| {' | '.join(cells)} |"


def _words(effects: Effects, playbook: str = "", witness: str = "") -> str:
    told = [f"{one} {effects[one]}" for one in EFFECTS if effects[one]]
    for mitigation in sorted(set(effects) - set(EFFECTS)):
        found = accepted(playbook, witness, mitigation)
        number = f" ({_numbers(playbook)[found]})" if found else ""
        told.append(f"*{mitigation}* {effects[mitigation]}{number}")
    return ", ".join(told)


def _numbers(playbook: str) -> dict[object, int]:
    mine = [one for one in ACCEPTED if one.playbook == playbook]
    return {one: number for number, one in enumerate(mine, start=1)}


def _exceptions(playbook: str) -> Iterable[str]:
    yield "Where one lie is enough, and why that is accepted:"
    yield ""
    for number, one in enumerate((one for one in ACCEPTED if one.playbook == playbook), start=1):
        who = ", ".join(f"`{witness}`" for witness in sorted(one.witnesses))
        yield from textwrap.wrap(f"{number}. *{one.mitigation}*, by {who}: {one.why}", 130, subsequent_indent="   ")
    yield ""


def _verification(playbook: str) -> Iterable[str]:
    book = situations(playbook)[0].book
    conditions = book.verify.healed_when if book.verify else ()
    yield f"Verified by {', '.join(f'`{condition.text}`' for condition in conditions)}:"
    yield ""
    yield "| witness | silent | silent while another lies | wrong, and nothing is healed |"
    yield "|---|---|---|---|"
    for witness, row in verdicts.rows(playbook).items():
        yield f"| `{witness}` | {' | '.join(_words_of(one) for one in row)} |"
    yield ""


def _words_of(outcomes: Counter[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {outcomes[name]}" for name in sorted(outcomes)) or "–"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

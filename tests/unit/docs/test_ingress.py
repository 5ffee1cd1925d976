# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""docs/ingress.md: its table has the runbook's findings, in their order, and says of each what comes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Finding

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "ingress.md").read_text(encoding="utf-8")
BOOK = loader.load(ROOT / "playbooks" / "ingress.yml")
FINDINGS = {finding.name: finding for finding in BOOK.findings}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, cell by cell."""
    section = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, heading
    lines = [line for line in section[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


ROWS = [(re.findall(r"`(\w+)`", cells[1]), cells[-1].strip(" |")) for cells in table("The findings")]


def outcome(finding: Finding) -> str:
    """What comes of a finding, in the page's words."""
    if finding.mitigate:
        return "*mended*"
    if finding.handover:
        return "handed over"
    return "proposed" if finding.propose else "escalated"


def test_the_table_has_every_finding_once_and_in_the_order_in_which_they_are_judged() -> None:
    assert [name for names, _outcome in ROWS for name in names] == list(FINDINGS)


@pytest.mark.parametrize(("names", "said"), ROWS, ids=lambda value: value[0] if isinstance(value, list) else "")
def test_the_table_says_what_comes_of_each(names: list[str], said: str) -> None:
    for name in names:
        assert said.startswith(outcome(FINDINGS[name])), name
        told = FINDINGS[name].escalate
        network = told is not None and "network" in {*told.names}
        assert said.endswith("to the network") is (network and said.startswith("escalated")), name


def test_the_table_of_symptoms_has_those_that_the_runbook_knows() -> None:
    said = {word for cells in table("Where a symptom comes from") for word in re.findall(r"`(\w+)`", cells[0])}
    params = (ROOT / "playbooks" / "ingress.yml").read_text(encoding="utf-8")
    questions = re.search(r"^        questions:\n(.*?)^        #", params, re.MULTILINE | re.DOTALL)
    assert questions
    known = set(re.findall(r"^          '?(\w+)'?: ", questions[1], re.MULTILINE))
    assert said == {word for word in known if not re.fullmatch(r"52[12]", word)}  # `520` to `523`

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What docs/runbooks.md shows is a runbook that passes its checks, and what it lists is what there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import language, lint, loader, reader, scenario

PAGE = (Path(__file__).parents[3] / "docs" / "runbooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The page's playbook and its table, written where they would stand."""
    for folder, block in (("playbooks", BLOCKS[0]), ("tests/runbooks", BLOCKS[-1])):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "prom_proxy_down.yml").write_text(block, encoding="utf-8")
    return tmp_path / "playbooks" / "prom_proxy_down.yml"


def test_its_example_passes_the_static_check(example: Path) -> None:
    around = lint.Surroundings.of(example)
    assert around.tables is not None
    assert [str(problem) for problem in lint.check(example, around)] == []


def test_its_scenarios_come_out_as_they_say(example: Path) -> None:
    book = loader.load(example)
    table = scenario.load_table(example.parents[1] / "tests" / "runbooks" / "prom_proxy_down.yml")
    assert [difference for one in table.scenarios for difference in one.differences(book)] == []


def test_its_ladder_is_climbed_one_rung_after_the_other(example: Path) -> None:
    """The page's ladder, put into the page's runbook: checked, and planned over the page's own scenario."""
    plays, ladder = (
        yaml.safe_load(BLOCKS[0]),
        next(block for block in map(yaml.safe_load, BLOCKS) if "findings" in block),
    )
    written = plays[0]["vars"]["runbook"]
    written["findings"] = ladder["findings"] + written["findings"]
    written["mitigations"] |= ladder["mitigations"]
    example.write_text(yaml.safe_dump(plays), encoding="utf-8")
    assert [str(problem) for problem in lint.check(example, lint.Surroundings())] == []

    table = scenario.load_table(example.parents[1] / "tests" / "runbooks" / "prom_proxy_down.yml")
    broken = next(one for one in table.scenarios if one.expect.get("mitigate") == "rollback")
    hangs = dataclasses.replace(broken, answers={**broken.answers, "answer": {"exit_code": 1}})
    tried: list[str] = []
    for _rung in range(2):
        plan = dataclasses.replace(hangs, tried=frozenset(tried)).diagnose(loader.load(example)).plan
        assert plan is not None
        tried.append(plan.mitigation)
    assert tried == ["restart", "rollback"]


@pytest.mark.parametrize(("word", "names"), [("filters", language.FILTERS), ("tests", language.TESTS)])
def test_it_lists_every_filter_and_test(word: str, names: dict[str, object]) -> None:
    listed = re.search(rf"^\* {word}: (.*?)\n(?:\*|\n)", PAGE, re.MULTILINE | re.DOTALL)
    assert listed
    assert set(re.findall(r"`([^`]+)`", listed[1])) == set(names)


def test_it_explains_every_key(example: Path) -> None:
    keys = {*loader.KEYS, *loader.MITIGATION_KEYS, *loader.ACTIONS}
    assert {key for key in keys if not re.search(rf"^\|.*`{key}[`:]", PAGE, re.MULTILINE)} == set()
    assert {word for word in reader.RESERVED if f"`{word}`" not in PAGE} == set()

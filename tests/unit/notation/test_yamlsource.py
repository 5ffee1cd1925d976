# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""YAML as plain data with the line of each member."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import yamlsource
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError


def source(folder: Path, text: str) -> yamlsource.Source:
    path = folder / "x.yml"
    path.write_text(text, encoding="utf-8")
    return yamlsource.load(path)


def test_every_member_knows_its_line_and_what_is_not_there_that_of_what_is_around_it(tmp_path: Path) -> None:
    made = source(tmp_path, "a:\n  - x\n  - b: |\n      long\n    c: {d: 5, e: true}\n")
    assert made.data == {"a": ["x", {"b": "long\n", "c": {"d": 5, "e": True}}]}
    assert [made.line(keys) for keys in (("a",), ("a", 1), ("a", 1, "c", "e"), ("a", 1, "c", "f"), ("z",))] == [
        1,
        3,
        5,
        5,
        1,
    ]
    assert made.where(("a", 1, "c")) == f"{tmp_path}/x.yml:5"


def test_json_is_read_as_well(tmp_path: Path) -> None:
    made = source(tmp_path, '[\n {"a": "\\u00e9",\n  "b": [1.5, null]}\n]')
    assert made.data == [{"a": "é", "b": [1.5, None]}]
    assert made.line((0, "b")) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", r":2: a stands here twice"),
        ("b: &b {c: 1}\na:\n  <<: *b\n", r":3: merge keys"),
        ("a: !vault x\n", r":1: a value of type !vault"),
        ("a:\n  b: 2026-11-21\n", r":2: a value of type !!timestamp cannot be used; quote it"),
        ("? [a]\n: 1\n", r":1: a key has to be a text"),
        ("a: [1\n", r":\d: is not YAML"),
        ("a: \x07\n", r"is not YAML"),
    ],
)
def test_what_is_more_than_plain_data_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RunbookError, match=says):
        source(tmp_path, text)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match="at most 1,000,000 are allowed"):
        source(tmp_path, "#" * 1_000_001)

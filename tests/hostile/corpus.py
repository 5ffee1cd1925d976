# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The corpus of hostile texts in the files beside this one. A file is a list of {name, text}, see there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.yml"))


@dataclasses.dataclass(frozen=True)
class Sample:
    """A hostile text and what it is. ``text(canary)`` has the path of the file that its execution would make."""

    name: str
    raw: str

    def text(self, canary: Path) -> str:
        return self.raw.replace("CANARY", str(canary))


def samples(file: str) -> list[Sample]:
    """The texts of one file."""
    found = []
    for entry in yaml.safe_load((FOLDER / f"{file}.yml").read_text(encoding="utf-8")):
        text = entry["text"] * entry.get("times", 1)
        found.append(Sample(entry["name"], text + ("\ud800" if entry.get("surrogate") else "")))
    return found


def everything() -> list[Sample]:
    """The texts of all files."""
    return [sample for file in FILES for sample in samples(file)]

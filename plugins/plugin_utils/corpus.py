# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A corpus: recorded cases in a folder, one JSON file each, and beside them the flips that somebody accepts.

```
load_cases(folder) -> list[Json]                   raises CorpusError
load_accepted(folder) -> dict[str, Acceptance]     raises CorpusError
file_of(case) -> (name, text)                      how a case is kept: only what a replay needs, in a fixed order
```
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import Replayed

ACCEPTED = "accepted.yml"
"""Beside the cases: the flips that somebody wants, each with a reason."""

KEPT = (
    *("version", "id", "engine", "origin", "source", "alertname", "alert", "target", "runbook", "runbook_sha256"),
    *("opened_at", "outcome", "params", "inputs", "looks", "tried", "handovers", "evidence", "diagnosis"),
)
KEPT_OF_EVIDENCE = ("name", "probe", "state", "question", "value", "reason")
KEPT_OF_AN_ALERT = ("name", "labels")


class CorpusError(Exception):
    """The corpus cannot be read; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Acceptance:
    """Somebody wants this case to be decided otherwise than it was: just so (``now``), and for this reason."""

    case: str
    now: str
    reason: str


def load_cases(directory: Path | str) -> list[Json]:
    """The cases of a directory, one in each JSON file, in the order of their files. Raises CorpusError."""
    folder = Path(directory)
    if not folder.is_dir():
        raise CorpusError(f"{folder} is no directory of recorded cases")
    return [_case(path) for path in sorted(folder.glob("*.json"))]


def _case(path: Path) -> Json:
    try:
        case = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} is no recorded case: {error}") from error
    if not isinstance(case, dict) or not {"id", "target", "runbook", "evidence"} <= case.keys():
        raise CorpusError(f"{path} is no recorded case: it has to have id, target, runbook and evidence")
    return case


def load_accepted(directory: Path | str) -> dict[str, Acceptance]:
    """The accepted flips beside the cases of a directory, by case. Raises CorpusError."""
    path = Path(directory) / ACCEPTED
    if not path.exists():
        return {}
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        accepted = [Acceptance(**{key: str(value) for key, value in one.items()}) for one in raw]
    except (OSError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise CorpusError(f"{path}: expected a list of {{case, now, reason}}: {error}") from error
    for one in accepted:
        if not one.reason.strip():
            raise CorpusError(f"{path}: {one.case} is accepted without a reason")
    return {one.case: one for one in accepted}


def accepts(accepted: Mapping[str, Acceptance], replayed: Replayed) -> Acceptance | None:
    """The acceptance of just this flip; one of another decision for the same case does not count."""
    found = accepted.get(replayed.case["id"])
    return found if found and found.now == replayed.now else None


def file_of(case: Json) -> tuple[str, str]:
    """The name and the text of the file that keeps a case. What a replay does not need is left out: the page's chart,
    the gate, the timeline, who was told."""
    kept = {name: case[name] for name in KEPT if name in case}
    kept["evidence"] = [{name: one[name] for name in KEPT_OF_EVIDENCE} for one in case["evidence"]]
    if case.get("alert"):
        kept["alert"] = {name: case["alert"][name] for name in KEPT_OF_AN_ALERT}
    diagnosis = case.get("diagnosis") or {}
    found = diagnosis.get("chosen") or ("undecided" if diagnosis.get("undecided") else "nothing")
    parts = (case["runbook"], found, case["target"], case["id"][:8])
    name = ".".join(re.sub(r"[^\w-]", "-", part) for part in parts) + ".json"
    return name, json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records the cases of ledgers into the corpus: ``tools/corpus URL... [--into FOLDER] [--anew]``.

A case that says nothing new is left out: the same runbook came to the same decision by the same verdicts and the same
silent witnesses. There are no secrets in it, as there are none in the ledger; the path of this checkout goes as well.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.corpus import file_of, load_cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import facets

Json = dict[str, Any]

CHECKOUT = Path(__file__).resolve().parents[2]
CORPUS = CHECKOUT / "tests" / "corpus"
MOST = 10_000


def tells(case: Json) -> str:
    """What a case is kept for. Two that tell the same are one to a replay."""
    diagnosis = case["diagnosis"]
    verdicts = [
        [one["name"], one["truth"], [[each["text"], each["truth"]] for each in one["conditions"]]]
        for one in diagnosis["findings"]
    ]
    witnesses = {one["name"]: one["state"] for one in case["evidence"]}
    decision = {name: value for name, value in facets(diagnosis).items() if name != "arguments"}
    told = [case["runbook"], case["runbook_sha256"], decision, verdicts, witnesses]
    return json.dumps(told, sort_keys=True)


def record(cases: list[Json], folder: Path) -> list[Path]:
    """Writes what is new; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {tells(case) for case in load_cases(folder)}
    written = []
    for case in sorted(cases, key=lambda one: float(one["opened_at"])):
        if not case.get("diagnosis") or tells(case) in known:
            continue
        known.add(tells(case))
        name, text = file_of(case)
        (folder / name).write_text(text.replace(str(CHECKOUT), "/srv/oncall.remedy"), encoding="utf-8")
        written.append(folder / name)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/corpus", description="Records the cases of ledgers into the corpus.")
    parser.add_argument("ledger", nargs="+", help="a ledger's URL, for example sqlite:////var/lib/remedy/ledger.db")
    parser.add_argument("--into", type=Path, default=CORPUS, help="the folder (default: tests/corpus)")
    parser.add_argument("--anew", action="store_true", help="remove the cases that are there first")
    given = parser.parse_args()
    try:
        cases = [case for url in given.ledger for case in Ledger.open(url, read_only=True).cases(limit=MOST)]
    except LedgerError as error:
        raise SystemExit(str(error)) from error
    for path in given.into.glob("*.json") if given.anew else ():
        path.unlink()
    written = record(cases, given.into)
    for path in written:
        print(path)
    print(f"{len(written)} of {len(cases)} cases recorded; the others tell nothing new")


if __name__ == "__main__":
    main()

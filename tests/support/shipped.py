# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shipped runbooks under another alert and with a quick verification, so that a test need not wait for them."""

from __future__ import annotations

from pathlib import Path

import yaml

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"


def quick_copy(name: str, alert: str, folder: Path) -> Path:
    """Copies a shipped runbook into a folder. All but its alert and the times of its verification stays as it is."""
    plays = yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text())
    runbook = plays[0]["vars"]["runbook"]
    runbook["alerts"] = [alert]
    runbook["verify"].update({"within": "2s", "stable_for": "0.2s", "every": "0.1s"})
    folder.mkdir(exist_ok=True)
    path = folder / f"quick_{name}.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False))
    return path

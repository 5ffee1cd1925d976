# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the runbooks are: the collection's own playbooks, and the directories that an inventory adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.runbook import Catalogue, catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import SettingsError

OWN = Path(__file__).resolve().parents[2] / "playbooks"


def runbooks_of(variables: Mapping[str, Any]) -> Catalogue:
    """The runbooks of this collection and of ``remedy_playbooks``, a list of further directories."""
    further = variables.get("remedy_playbooks") or []
    if not isinstance(further, list) or not all(isinstance(path, str) and Path(path).is_dir() for path in further):
        raise SettingsError("remedy_playbooks: expected a list of directories that exist")
    return catalogue(OWN, *(Path(path) for path in further))

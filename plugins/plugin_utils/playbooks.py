# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the runbooks are: the collection's own playbooks, and the directories that an inventory adds."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue, catalogue

OWN = Path(__file__).resolve().parents[2] / "playbooks"


def runbooks_of(settings: Settings) -> Catalogue:
    """The runbooks of this collection and of ``remedy_playbooks``."""
    return catalogue(OWN, *(Path(path) for path in settings.playbooks))

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark that a fix leaves on what it changes.

The mark travels in the same write as the change, so it is there exactly if the change was made. A run that was killed
after its write, or whose answer was lost, finds the mark when it is started again and does not act twice. The action
stands next to the incident because one incident may try two remedies: its restart must not look like its rollback.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, annotations_of

INCIDENT = "oncall.remedy/incident"
ACTION = "oncall.remedy/action"
FORMER = "oncall.remedy/former"

_INCIDENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")


def checked_incident(incident: Any) -> str:
    """An incident's id as it may stand in an annotation and in a silence's author; anything else is refused."""
    if isinstance(incident, str) and _INCIDENT_ID.fullmatch(incident):
        return incident
    raise FixFailed(
        "mark the change with the incident's id",
        f"{incident!r} is no incident id (letters, digits and _.:- only, at most 128)",
        "Give the id of the incident that this fix belongs to",
    )


def mark(incident: str, action: str) -> dict[str, str]:
    """The annotations that say which incident changed an object, and how."""
    return {INCIDENT: incident, ACTION: action}


def is_marked(thing: Json, incident: str, action: str) -> bool:
    """Whether this incident has made this change already."""
    found = annotations_of(thing)
    return found.get(INCIDENT) == incident and found.get(ACTION) == action

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transport's error means for a fix: why it did not work, and what a human does next."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed

_NEXT = {
    "unauthorized": "Get a new credential of this kind of remedy: this one has expired or was never valid here",
    "forbidden": "Grant that verb to the identity of this kind of remedy, or give the credential that has it",
    "not_found": "See whether it was renamed or deleted, and correct the inventory or the runbook",
    "conflict": "Diagnose again: the object has changed",
    "invalid": "Correct what was asked for: the server says what it does not accept",
    "bad_option": "Correct this option",
    "bad_config": "Correct this file or its path in the inventory",
    "fenced": "The next sweep looks at what became of it and goes on from there; to do it by hand, begin a new run",
    "missing_library": "Install it into the Python that runs the module",
    "tls": "See whether the certificate and the CA of the endpoint belong together",
}
_NEXT_OTHERWISE = "See whether the server answers, then run again: nothing is done twice"


def because_of(error: ProbeError) -> tuple[str, str]:
    """The reason and the next step. A 403's message names identity and verb, see ``kube``."""
    return error.message, _NEXT.get(error.kind, _NEXT_OTHERWISE)


def failed(what: str, error: ProbeError) -> FixFailed:
    """The failure of a fix whose transport gave up before anything was changed."""
    why, step = because_of(error)
    return FixFailed(what, why, step, result={"kind": error.kind})

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mode that the inventory sets for a target: one word, or one per risk. And drafts, which never act."""

from __future__ import annotations

from typing import Any, get_args

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Mode, Risk, Verdict

NAME = "mode"
DRAFT = "runbook"

MODES: tuple[Mode, ...] = get_args(Mode)
RISKS: tuple[Risk, ...] = get_args(Risk)
_ALLOWED = f"allowed is one of {', '.join(MODES)}, or one of them for each of {', '.join(RISKS)}"


class ModeError(ValueError):
    """The setting says nothing that the engine understands."""


def mode_of(setting: Any, risk: str) -> Mode:
    """The mode for a risk. ``propose``, or ``{"low": "act", "medium": "act", "high": "propose"}``. Raises ModeError.

    The whole map is checked, not only the risk that is asked for: a slip of the pen is found before it matters.
    """
    if not isinstance(setting, dict):
        return _word(setting, "remedy_mode")
    for key, value in setting.items():
        if key not in RISKS:
            raise ModeError(f"remedy_mode has the key {_short(key)}; {_ALLOWED}")
        _word(value, f"remedy_mode.{key}")
    if risk not in setting:
        raise ModeError(f"remedy_mode says nothing of {_short(risk)} risk; {_ALLOWED}")
    return _word(setting[risk], f"remedy_mode.{risk}")


def _word(value: Any, where: str) -> Mode:
    for mode in MODES:
        if isinstance(value, str) and value == mode:
            return mode
    raise ModeError(f"{where} is {'not set' if value is None else _short(value)}; {_ALLOWED}")


def _short(value: Any) -> str:
    words = repr(value)
    return words if len(words) <= 60 else words[:60] + "…"


def mode(view: GateInput) -> Verdict:
    """Passes in mode act, and in mode approve, where guard *approval* asks for the yes. The other modes are no failure:
    the inventory asks for them, and the reason says so."""
    try:
        found = mode_of(view.mode, view.plan.risk)
    except ModeError as error:
        return holds(NAME, str(error))
    of = f"{found}, for {view.plan.risk} risk on {view.target}"
    if found in ("act", "approve"):
        return passes(NAME, of)
    if found == "propose":
        return holds(NAME, f"{of}: as set, the change is shown to a human and not made")
    return holds(NAME, f"{of}: as set, this is only watched")


def draft(view: GateInput) -> Verdict:
    """Passes for a runbook that its authors consider finished."""
    if view.draft is False:
        return passes(DRAFT, "finished, not a draft")
    return holds(DRAFT, "a draft: its plan is shown to a human and not carried out")

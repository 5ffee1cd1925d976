# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: nothing acts unless every guard agrees.

All guards are asked, also after one has held: an operator sees everything that stands in the way at once. To add one,
write a function in ``guards/`` and put it into the list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import mode as modes
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import owner as owners
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.alert import not_silenced, still_firing
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.cooldown import cooldown
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.evidence import evidence
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.kill_switch import kill_switch
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.lease import lease, nothing_unfinished
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.tried import not_tried
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

__all__ = ["GUARDS", "Decision", "GateInput", "decide", "verdicts"]

Guard = Callable[[GateInput], Verdict]
"""A pure function. It passes or holds and says why in plain words; one that cannot tell holds."""

GUARDS: tuple[Guard, ...] = (
    kill_switch,  # is the emergency brake off?
    modes.mode,  # may this risk be taken on this target?
    modes.draft,  # is the runbook finished?
    still_firing,  # is there still something to mend?
    not_silenced,  # does anybody want it left alone, or is it explained by another alert?
    evidence,  # does the diagnosis stand on complete and fresh evidence?
    lease,  # is nobody else changing the target?
    nothing_unfinished,  # does everything begun on it have an outcome?
    not_tried,  # was the same not done in this incident already?
    cooldown,  # was the same not done a moment ago?
    owners.owner,  # would nobody put it back?
)

_PROPOSING = frozenset({modes.NAME, modes.DRAFT, owners.NAME})
"""Guards that object to the engine's hand and not to the change: with no other objection it is proposed to a human."""


@dataclasses.dataclass(frozen=True)
class Decision:
    """What comes of a plan, with the reason in one sentence.

    ``act``: it may be carried out. ``propose``: a human is shown it. ``observe``: the target's mode is to watch only.
    ``hold``: not now; the verdicts say why, and a later sweep asks again.
    """

    answer: Literal["act", "propose", "observe", "hold"]
    verdicts: tuple[Verdict, ...]
    reason: str

    @property
    def held_by(self) -> tuple[Verdict, ...]:
        """The verdicts that stand in the way."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passes)


def verdicts(view: GateInput, guards: tuple[Guard, ...] = GUARDS) -> tuple[Verdict, ...]:
    """The verdict of every guard, in the order of the list."""
    return tuple(_ask(guard, view) for guard in guards)


def decide(view: GateInput, guards: tuple[Guard, ...] = GUARDS) -> Decision:
    """Asks all guards and says what comes of the plan. Raises nothing: what goes wrong in a guard holds."""
    answers = verdicts(view, guards)
    held = [verdict for verdict in answers if not verdict.passes]
    if not held:
        return Decision("act", answers, f"all {len(answers)} guards pass")
    if _mode(view) == "observe":
        return Decision("observe", answers, "mode observe: this is only watched")
    blocking = [verdict for verdict in held if verdict.guard not in _PROPOSING or _mode(view) is None]
    reasons = "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in blocking or held)
    return Decision("hold" if blocking else "propose", answers, reasons)


def _ask(guard: Guard, view: GateInput) -> Verdict:
    """A guard's verdict. Whatever goes wrong in it is a hold that names it: an error must never open the gate."""
    name = guard.__name__.replace("_", " ")
    try:
        verdict = guard(view)
    except Exception as error:  # noqa: BLE001  a guard that fails in whatever way cannot tell
        return holds(name, f"it cannot be told: the guard failed with {type(error).__name__}: {str(error)[:200]}")
    if not isinstance(verdict, Verdict) or not isinstance(verdict.passes, bool):
        return holds(name, "it cannot be told: the guard gave no verdict")
    return verdict


def _mode(view: GateInput) -> str | None:
    try:
        return modes.mode_of(view.mode, view.plan.risk)
    except Exception:  # noqa: BLE001  as in _ask: the guard has said what is wrong
        return None

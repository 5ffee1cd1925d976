# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate: nothing acts unless every guard agrees.

All guards are asked, also after one has held: an operator sees everything that stands in the way at once. To add one,
write a function in ``guards/`` and put it into the list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import approval as approvals
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import mode as modes
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import opt_out as opt_outs
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards import owner as owners
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.alert import not_silenced, still_firing
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.at_once import at_once, helps_elsewhere
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.blast_radius import blast_radius
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.cooldown import cooldown
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.evidence import evidence
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.kill_switch import kill_switch
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.lease import lease, nothing_unfinished
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.maintenance import maintenance
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.patience import patience
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.pause import pause
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.recurrence import recurrence
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.storm import storm
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.tried import not_tried
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, Guard, holds
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

__all__ = ["GUARDS", "Decision", "GateInput", "decide", "lets_go", "verdicts"]

GUARDS: tuple[Guard, ...] = (
    kill_switch,  # is the emergency brake off?
    pause,  # has nobody asked for a pause?
    maintenance,  # does nobody work on it by the calendar?
    opt_outs.opt_out,  # do its owners let the engine's hands on it?
    modes.mode,  # may this risk be taken on this target?
    modes.draft,  # is the runbook finished?
    still_firing,  # is there still something to mend?
    not_silenced,  # does anybody want it left alone, or is it explained by another alert?
    patience,  # has it had the time to mend itself?
    storm,  # is the monitor to be trusted, with all that it reports?
    evidence,  # does the diagnosis stand on complete and fresh evidence?
    owners.owner,  # would nobody put it back?
    not_tried,  # was the same not done in this incident already?
    cooldown,  # was the same not done a moment ago?
    recurrence,  # was the same not done again and again?
    helps_elsewhere,  # does the same help the others that are down with it?
    blast_radius,  # how many that are healthy does it disturb?
    at_once,  # how many of its kind are being mended?
    lease,  # is nobody else changing the target, or what it stands on?
    nothing_unfinished,  # does everything begun on them have an outcome?
    approvals.approval,  # has a human said yes, where one has to?
)

_PROPOSING = frozenset({modes.NAME, modes.DRAFT, owners.NAME, opt_outs.NAME})
"""Guards that object to the engine's hand and not to the change: with no other objection it is proposed to a human."""


@dataclasses.dataclass(frozen=True)
class Decision:
    """What comes of a plan, with the reason in one sentence.

    ``act``: it may be carried out. ``ask``: nothing but a human's yes is missing. ``propose``: a human is shown it.
    ``observe``: the target's mode is to watch only. ``hold``: not now; the verdicts say why, and a later sweep asks
    again.
    """

    answer: Literal["act", "ask", "propose", "observe", "hold"]
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
    mode = _mode(view)
    if mode == "observe":
        return Decision("observe", answers, "mode observe: this is only watched")
    asking = {approvals.NAME} if _asks(view) else set()
    blocking = [verdict for verdict in held if mode is None or verdict.guard not in _PROPOSING | asking]
    proposing = [verdict for verdict in held if verdict.guard in _PROPOSING]
    said = "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in blocking or proposing or held)
    return Decision("hold" if blocking else "propose" if proposing else "ask", answers, said)


def lets_go(answers: Iterable[Verdict]) -> bool:
    """Whether all that hold will let go by themselves: then nobody has to be called."""
    return all(verdict.lets_go for verdict in answers if not verdict.passes)


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


def _asks(view: GateInput) -> bool:
    try:
        return approvals.asks(view)
    except Exception:  # noqa: BLE001  as in _ask: who cannot be told what to ask is not asked
        return False

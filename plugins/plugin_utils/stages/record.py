# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record: carries an Ending out. The case and the escalation are in the ledger before anybody is shown anything.

The order is the order in which a death in between does least harm: first the human who must hear of it, then the case,
last the state that lets the incident rest. Each step may be done twice.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import ClaimLost, Episode
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import page, report, story
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import visible

DEFAULT_ESCALATION = "on-call"
"""Whom to call where neither the runbook nor the inventory names anybody."""


class Recorder:
    """Writes how incidents stand: to the ledger, as a page in ``directory``, and to the operator by ``say``.

    ``check``: a ``--check`` run, whose cases say so and have no page. ``settle`` is for how many seconds a healed alert
    may go on firing before that counts as a new incident.
    """

    def __init__(
        self, ledger: Ledger, sweep: str, directory: str, settle: float, say: Callable[[str], None], check: bool = False
    ) -> None:
        self._ledger = ledger
        self.sweep = sweep
        self._directory = directory
        self._settle = settle
        self._say = say
        self._check = check
        self._colour = report.wants_colour(os.environ, sys.stdout.isatty())
        self.outcomes: Counter[str] = Counter()

    def record(self, episode: Episode, case: Json, ending: Ending, escalation: str, now: float) -> None:
        """Carries one ending out. ``escalation`` is the target's own, from the inventory.

        One that another sweep has taken over meanwhile is left to it.
        """
        due_at = 0.0 if ending.left == "closed" else now + ending.due_in
        case = cases.ended(case, ending.outcome, ending.headline, ending.following, now, due_at)
        try:
            self._refuse_taken(episode)
            if ending.escalate:
                self.escalate(episode, ending.escalate, ending.to, escalation)
            if ending.left == "closed":  # no later sweep would write it
                self._ledger.save_case(case, now)
            self._rest(episode, ending, now)
        except ClaimLost as lost:
            self._say(f"{visible(story.title(story.whole(case)))}: left to another sweep ({lost})")
            return
        self.keep(episode, case, now)
        self.outcomes[ending.outcome] += 1

    def _refuse_taken(self, episode: Episode) -> None:
        claimed_by = self._ledger.episode(episode.id).claimed_by
        if claimed_by != self.sweep:
            raise ClaimLost(f"episode {episode.id[:8]} is worked on by {claimed_by or 'nobody'}")

    def escalate(self, episode: Episode, why: str, to: str, target_escalation: str) -> None:
        """Writes down that a human is to be called, once per incident: the runbook's choice, else the target's own."""
        self._ledger.escalate(episode.id, 1, to or target_escalation or DEFAULT_ESCALATION, why, time.time())

    def keep(self, episode: Episode, case: Json, now: float) -> None:
        """Saves a case as it stands, with its escalations and timeline, writes its page and shows it.

        What is shown is what the ledger keeps: with no secret in it that an alert or an answer held.
        """
        case = {
            **case,
            "check": self._check,
            "escalations": [
                {"to": one.to, "why": one.why, "at": one.recorded_at, "state": one.state}
                for one in self._ledger.escalations(episode.id)
            ],
            "timeline": as_json(self._ledger.timeline(episode.id)),
        }
        case = redact(case)
        self._ledger.save_case(case, now)
        self._say(report.incident(case, path=self._page_or_complaint(case), colour=self._colour) + "\n")

    def begin(self, case: Json, now: float) -> None:
        """Saves the case of an incident that is about to be mended, and says what begins."""
        self._ledger.save_case(case, now)
        self._say(report.mending(redact(case)))

    def _rest(self, episode: Episode, ending: Ending, now: float) -> None:
        if ending.left == "closed":
            echo_until = now + self._settle if ending.outcome == "healed" else None
            self._ledger.close_episode(episode.id, ending.outcome, self.sweep, now, echo_until, ending.headline)
        elif ending.left == "verifying":
            self._ledger.verifying(episode.id, now + ending.due_in, self.sweep, now)
        else:
            self._ledger.wait(
                episode.id, ending.why, now + ending.due_in, self.sweep, now, ending.outcome, ending.headline
            )

    def _page_or_complaint(self, case: Json) -> str:
        """The page's path. A page shows what the ledger has: that one cannot be written must not stop the rest."""
        try:
            return self._page(case)
        except (OSError, ValueError) as error:
            return f"in the ledger alone; its page cannot be written: {error}"

    def _page(self, case: Json) -> str:
        """Writes the case's page; returns its path, or nothing where none is written."""
        if self._check:
            return ""
        path = Path(self._directory) / page_name(case)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unborn = path.with_suffix(".part")
        unborn.write_text(page.render(case), encoding="utf-8")
        unborn.chmod(0o600)
        os.replace(unborn, path)
        return str(path)


def page_name(case: Json) -> str:
    """``RUNBOOK.TARGET.ID.html``: names of files and of the inventory and a number of ours, nothing from an alert."""
    names = (case["runbook"] or "unhandled", case["target"] or "nowhere", case["id"][:8])
    return ".".join("".join(one if one.isalnum() or one in "-_" else "-" for one in name) for name in names) + ".html"

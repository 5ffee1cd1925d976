# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record: carries endings out. The call for a human and the case are in the ledger before anybody is shown anything.

The order is the order in which a death in between does least harm: first the human who must hear of it, last, in one
step, the case and the state that lets the incident rest. Each step may be done twice.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Call,
    ClaimLost,
    Departure,
    Episode,
    Escalation,
    LedgerError,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import page, report, story
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.calls import (
    DEFAULT_ESCALATION,
    FIRST,
    Ended,
    calls,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import visible

SHOWN = 12
"""Incidents that are alike and are shown in full; of the others a line."""


class Recorder:
    """Writes how incidents stand: to the ledger, as a page in ``directory``, and to the operator by ``say``.

    ``check``: a ``--check`` run, whose cases say so and have no page. ``settle`` is for how many seconds a healed alert
    may go on firing before that counts as a new incident. ``outage`` incidents that are alike are told of by one call.
    ``send`` sends what is due to be sent.
    """

    def __init__(
        self,
        ledger: Ledger,
        sweep: str,
        directory: str,
        settle: float,
        outage: int,
        say: Callable[[str], None],
        send: Callable[[], None],
        check: bool = False,
    ) -> None:
        self._ledger = ledger
        self.sweep = sweep
        self._directory = directory
        self._settle = settle
        self._outage = outage
        self._say = say
        self._send = send
        self._check = check
        self._colour = report.wants_colour(os.environ, sys.stdout.isatty())
        self.outcomes: Counter[str] = Counter()

    def record(self, ended: Sequence[Ended], now: float) -> None:
        """Carries endings out. One that another sweep has taken over meanwhile is left to it."""
        if not ended:
            return
        mine = self._ledger.claimed_by(self.sweep)
        for one in ended:
            if one.episode.id not in mine:
                self._say(f"{_title(one)}: left to another sweep")
        kept = [one for one in ended if one.episode.id in mine]
        asked = calls(kept, self._ledger.escalations_of([one.episode.id for one in kept]), self._outage)
        self._call(asked, now, {one.episode.id: self._case(one, (), now) for one in kept})
        told_of = self._ledger.escalations_of([one.episode.id for one in kept])
        whole = [(one, self._case(one, told_of.get(one.episode.id, ()), now)) for one in kept]
        left = self._leave(whole, now)
        self._show(left)
        self.outcomes.update(one.ending.outcome for one in left)

    def call_now(self, episode: Episode, why: str, to: str, target_escalation: str, now: float) -> None:
        """Calls a human about an incident that goes on, once per incident: the runbook's choice, else the target's."""
        self._call([Call(episode.id, FIRST, to or target_escalation or DEFAULT_ESCALATION, why)], now)

    def begin(self, case: Json, now: float) -> None:
        """Saves the case of an incident that is about to be mended, and says what begins."""
        self._ledger.save_case(case, now)
        self._say(report.mending(redact(case)))

    def _call(self, asked: Sequence[Call], now: float, told: Mapping[str, Json] | None = None) -> None:
        """Writes the calls down and sends them. One that cannot be sent is in the ledger for the next sweep.

        ``told``: the cases as they stand, by episode, which is what the calls tell of.
        """
        fresh = self._ledger.escalate_many(asked, now) if asked else []
        if fresh:
            speaking = {call.episode for call in fresh if not call.told_by}
            self._ledger.save_cases([case for episode, case in (told or {}).items() if episode in speaking], now)
            self._send()

    def _case(self, one: Ended, told_of: Sequence[Escalation], now: float) -> Json:
        ending = one.ending
        due_at = 0.0 if ending.left == "closed" else now + ending.due_in
        case = cases.ended(one.case, ending.outcome, ending.headline, ending.following, now, due_at)
        return {
            **case,
            "check": self._check,
            "escalations": [{"to": it.to, "why": it.why, "at": it.recorded_at, "state": it.state} for it in told_of],
        }

    def _leave(self, whole: Sequence[tuple[Ended, Json]], now: float) -> list[Ended]:
        """Lets the incidents rest; returns those for which that was still this sweep's to say."""
        departures = [self._departure(one, case, now) for one, case in whole if one.ending.left != "verifying"]
        refused: dict[str, LedgerError] = dict(self._ledger.leave(departures, self.sweep, now))
        for one, case in whole:
            if one.ending.left == "verifying":
                try:
                    self._ledger.verifying(one.episode.id, now + one.ending.due_in, self.sweep, now)
                    self._ledger.save_case(case, now)
                except ClaimLost as lost:
                    refused[one.episode.id] = lost
        for one, _case in whole:
            if one.episode.id in refused:
                self._say(f"{_title(one)}: left to another sweep ({refused[one.episode.id]})")
        return [one for one, _case in whole if one.episode.id not in refused]

    def _departure(self, one: Ended, case: Json, now: float) -> Departure:
        ending = one.ending
        if ending.left == "closed":
            echo_until = now + self._settle if ending.outcome == "healed" else None
            return Departure(
                one.episode.id, "closed", ending.outcome, echo_until=echo_until, detail=ending.headline, case=case
            )
        due_at = now + ending.due_in
        return Departure(
            one.episode.id,
            "waiting",
            ending.outcome,
            ending.why,
            due_at,
            detail=ending.headline,
            runbook=ending.runbook,
            case=case,
        )

    def _show(self, left: Sequence[Ended]) -> None:
        """Writes the pages and tells the operator; of many that are alike some in full and the rest in a line each.

        What is shown is what the ledger keeps: with no secret in it that an alert or an answer held.
        """
        found = self._ledger.cases_of([one.episode.id for one in left])
        shown: Counter[tuple[str, ...]] = Counter()
        for one in left:
            case = found[one.episode.id]
            path = self._page_or_complaint(case)
            shown[one.alike] += 1
            if shown[one.alike] > SHOWN:
                self._say(report.in_a_line(case, colour=self._colour))
            else:
                self._say(report.incident(case, path=path, colour=self._colour) + "\n")

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


def _title(one: Ended) -> str:
    return visible(story.title(story.whole(one.case)))


def remove_pages(directory: str, case_ids: Sequence[str]) -> None:
    """Removes the pages of cases that the ledger does not keep any longer."""
    for case_id in case_ids:
        for path in Path(directory).glob(f"*.{case_id[:8]}.html"):
            path.unlink(missing_ok=True)


def page_name(case: Json) -> str:
    """``RUNBOOK.TARGET.ID.html``: names of files and of the inventory and a number of ours, nothing from an alert."""
    names = (case["runbook"] or "unhandled", case["target"] or "nowhere", case["id"][:8])
    return ".".join("".join(one if one.isalnum() or one in "-_" else "-" for one in name) for name in names) + ".html"

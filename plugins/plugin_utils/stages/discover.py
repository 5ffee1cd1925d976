# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Discover: what is firing, what is due from before, and which of it this sweep works on.

The truth is pulled from the Alertmanagers at every sweep. Nothing is dropped: an alert that is the engine's to handle
and has no playbook, no single target or unusable labels opens an episode as well, and ends at a human.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from ansible_collections.oncall.remedy.plugins.plugin_utils import words
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import Pulled
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Source
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode, Incident
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert, Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import InputError, RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ladder
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import AlertState, Tally, Work, alert_from

OPERATOR = "operator"
"""The source of an incident that an operator's run opens without an alert."""

CLAIM_SECONDS = 3600.0
"""A sweep that lives longer than this renews nothing: its work is anybody's. One that has died is found out at once."""


@dataclasses.dataclass(frozen=True)
class Narrowed:
    """An operator's run: one runbook, perhaps one target with inputs. These are the operator's own, already bound."""

    runbook: str = ""
    target: str = ""
    inputs: Json = dataclasses.field(default_factory=dict)

    def admits(self, one: Incident | Episode) -> bool:
        """Whether this sweep is about such an incident."""
        if self.runbook and one.runbook != self.runbook:
            return False
        return not self.target or (one.target, one.inputs) == (self.target, self.inputs)


@dataclasses.dataclass(frozen=True)
class _Seen:
    """One alert that is to be handled, as an incident; ``refusal`` where no runbook can be followed for it."""

    incident: Incident
    alert: Alert
    refusal: str


class Discovery:
    """Turns what the sources answered into the work of this sweep."""

    def __init__(
        self, estate: Estate, catalogue: Catalogue, ledger: Ledger, handles: Callable[[Alert], bool], narrowed: Narrowed
    ) -> None:
        self._estate = estate
        self._catalogue = catalogue
        self._ledger = ledger
        self._handles = handles
        self._narrowed = narrowed

    def run(self, sweep: str, pulled: Iterable[Pulled], now: float) -> tuple[list[Work], Tally]:
        """Opens and claims episodes; returns those that are this sweep's, and what was seen."""
        answers = list(pulled)
        for answer in answers:
            if not answer.error:
                self._ledger.heard(answer.source.name, answer.peer, {"alerts": len(answer.alerts)}, now)
        alerts = [alert for answer in answers for alert in answer.alerts]
        handled = [alert for alert in alerts if self._handles(alert)]
        seen = [
            self._seen(alert, answer.source) for answer in answers for alert in answer.alerts if self._handles(alert)
        ]
        firing = [one for one in seen if one.alert.state == "active"]
        active = [one for one in firing if self._narrowed.admits(one.incident)]
        episodes = self._ledger.open_episodes([one.incident for one in active], now)
        by_episode = dict(zip((episode.id for episode in episodes), active, strict=True))
        wanted = [episode for episode in self._wanted(episodes, now) if episode.state != "closed"]
        mine = self._ledger.claim_many([episode.id for episode in wanted], sweep, now + CLAIM_SECONDS, now)
        due = [episode for episode in wanted if episode.id in mine]
        works = self._with_past([self._work(one, by_episode.get(one.id), seen, answers) for one in due], now)
        return works, Tally(
            firing=sum(alert.state == "active" for alert in handled),
            suppressed=sum(alert.state != "active" for alert in handled),
            unhandled=len(alerts) - len(handled),
            settling=sum(episode.state == "closed" for episode in episodes),
            waiting=sum(not _is_due(episode, now) for episode in episodes if episode.state != "closed"),
            elsewhere=len(wanted) - len(works),
            silent=tuple(self._silence(answer, now) for answer in answers if answer.error),
            rejected=tuple(
                f"{answer.source.name}: {rejected.reason}" for answer in answers for rejected in answer.rejected
            ),
        )

    def _silence(self, answer: Pulled, now: float) -> str:
        """Which source is silent, why, and for how long nobody has heard of it."""
        last = self._ledger.last_answer(answer.source.name)
        since = f"last heard {words.span(now - last.answered_at)} ago" if last else "never heard so far"
        return f"{answer.source.name}: {answer.error} ({since})"

    def _wanted(self, seen: list[Episode], now: float) -> list[Episode]:
        """What is due; for an operator's run also what is not, since the operator is there now."""
        due = [one for one in self._ledger.due(now) if self._admits(one)]
        if not self._narrowed.target:
            return due
        known = {episode.id for episode in due}
        others = [
            one for one in self._ledger.episodes(self._narrowed.target) if one.id not in known and self._admits(one)
        ]
        if not due and not others:
            others = [self._operators_episode(now)]
        return due + others

    def _admits(self, episode: Episode) -> bool:
        """Whether this sweep is about such an episode. What was handed over has the inputs of another runbook."""
        if not self._narrowed.target or not self._handed_over(episode):
            return self._narrowed.admits(episode)
        try:
            inputs = bind_inputs(self._catalogue.by_name(episode.runbook), episode.inputs)
        except (RunbookError, InputError):
            return False
        return self._narrowed.admits(dataclasses.replace(episode, inputs=inputs))

    def _operators_episode(self, now: float) -> Episode:
        return self._ledger.open_episode(
            Incident(
                source=OPERATOR,
                target=self._narrowed.target,
                runbook=self._narrowed.runbook,
                origin="operator",
                inputs=self._narrowed.inputs,
            ),
            now,
        )

    def _seen(self, alert: Alert, source: Source) -> _Seen:
        target, refusal = self._target(alert, source)
        runbook, inputs = "", {}
        try:
            book = self._catalogue.for_alert(alert.name)
            if book is None:
                refusal = f"no playbook handles {alert.name}"
            else:
                runbook = book.name
                inputs = bind_inputs(book, alert.labels)
                refusal = refusal or (f"the runbook {book.name} is a draft" if book.draft else "")
        except (RunbookError, InputError) as error:
            refusal = str(error)
        incident = Incident(
            source=source.name,
            target=target,
            runbook=runbook,
            alertname=alert.name,
            fingerprint=alert.fingerprint,
            inputs=inputs,
            starts_at=alert.starts_at,
        )
        return _Seen(incident, alert, refusal)

    def _target(self, alert: Alert, source: Source) -> tuple[str, str]:
        """The inventory host that the alert is about, and why there is none."""
        named = alert.labels.get(source.target_label, "") if source.target_label else ""
        name = named or source.default_target
        if name in self._estate:
            return name, ""
        if named:
            return "", f"label {source.target_label} names no host of the inventory"
        return "", f"source {source.name} has no usable default_target and the alert names none"

    def _work(self, episode: Episode, opened_by: _Seen | None, seen: list[_Seen], answers: list[Pulled]) -> Work:
        """``opened_by`` is the alert of this sweep that the episode is for. A run that is narrowed to one runbook opens
        nothing for the alerts of others, and one of those may have handed its incident over: hence ``seen``, all."""
        if episode.origin == "operator":
            return Work(episode, None, "not_needed")
        alike = (one for one in seen if _same(one.incident, episode))
        heard = opened_by or min(alike, key=lambda one: one.alert.state != "active", default=None)
        if heard:
            return Work(episode, heard.alert, _alert_state(heard.alert), heard.refusal)
        return Work(episode, self._former_alert(episode), _without_alert(episode, answers))

    def _with_past(self, works: list[Work], now: float) -> list[Work]:
        """The works with what was tried in each before this sweep."""
        known = [work.episode.id for work in works if work.episode.state != "open"]
        past = self._ledger.mitigations_of(known)
        handed = self._ledger.cases_of([work.episode.id for work in works if self._handed_over(work.episode)])
        return [
            dataclasses.replace(
                work,
                tried=ladder.tried(past.get(work.episode.id, [])),
                to_undo=ladder.to_undo(past.get(work.episode.id, [])),
                eased_by=ladder.in_force(past.get(work.episode.id, []), now),
                handovers=tuple(handed.get(work.episode.id, {}).get("handovers", [])),
            )
            for work in works
        ]

    def _handed_over(self, episode: Episode) -> bool:
        """Whether another runbook goes on with it than the one that its alert began with."""
        try:
            book = self._catalogue.for_alert(episode.alertname) if episode.alertname else None
        except RunbookError:
            return True
        return bool(episode.runbook) and (book is None or book.name != episode.runbook)

    def _former_alert(self, episode: Episode) -> Alert | None:
        case = self._ledger.case(episode.id)
        return alert_from(case["alert"]) if case and case["alert"] else None


def _is_due(episode: Episode, now: float) -> bool:
    return episode.due_at <= now


def _same(incident: Incident, episode: Episode) -> bool:
    return (incident.source, incident.target, incident.alertname, incident.inputs) == (
        episode.source,
        episode.target,
        episode.alertname,
        episode.inputs,
    )


def _alert_state(alert: Alert) -> AlertState:
    if alert.state == "active":
        return "firing"
    return "silenced" if alert.silenced_by else "inhibited"


def _without_alert(episode: Episode, answers: list[Pulled]) -> AlertState:
    """The source answered and does not list it, or it was silent (or is no source of this inventory any more)."""
    answered = any(answer.source.name == episode.source and not answer.error for answer in answers)
    return "gone" if answered else "unknown"

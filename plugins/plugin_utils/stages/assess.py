# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assess: ask everything, diagnose, decide, issue permits. All incidents of the sweep together, in one process.

Nothing here writes anywhere but to the ledger. An incident that cannot be assessed (a runbook at fault, an inventory
that lacks something) is decided as just that, and holds up no other.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils import words
from ansible_collections.oncall.remedy.plugins.plugin_utils.diagnosis import diagnose
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gathered, Gatherer, Inquiry
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate, Target
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import (
    InputError,
    RunbookError,
    RunbookFault,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Chart, Question, Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.examine import HostResult, host_evidence
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import AlertState, Work
from ansible_collections.oncall.remedy.plugins.plugin_utils.storm import QUERIES

STILL_FIRING = Question(
    name="prometheus_still_fires",
    probe="promql",
    options=Template(
        {"query": 'ALERTS{alertname="{{ alert }}",alertstate="firing"}'},
        {"query": "promql"},
        inputs=frozenset({"alert"}),
    ),
    when=(),
    hosts=None,
    vantage="",
    needs=frozenset(),
    where="the engine",
)
"""The second witness for an alert that Alertmanager does not list: it may have restarted and know nothing."""


MONITOR = {
    name: Question(name, "promql", Template({"query": query}, {}), (), None, "", frozenset(), "the engine")
    for name, query in QUERIES.items()
}
"""What Prometheus sees of all its jobs. Where most of them are gone, the monitor is the likelier fault."""

UNUSABLE = (RunbookError, RunbookFault, SettingsError, InputError)
"""What is raised where a runbook cannot be followed for an incident: it, the inventory or the alert is at fault."""

CHARTED = "the_case_chart"
BEFORE_OPENING = 900.0
"""Seconds of the charted series before the incident was opened."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """An incident that can be assessed: its runbook and everything that is fixed before a question is asked."""

    work: Work
    book: Runbook
    target: Target
    inputs: Json
    params: Json
    given: dict[str, Evidence]
    clock: Callable[[], float] = time.time

    @property
    def key(self) -> str:
        return self.work.episode.id

    @property
    def scope(self) -> Json:
        """The names that the runbook's expressions may read beside its evidence."""
        episode = self.work.episode
        return {**self.params, **self.inputs, "target": episode.target, "alert": episode.alertname}

    def inquiry(self, names: frozenset[str], given: dict[str, Evidence]) -> Inquiry:
        """What is to be asked about it."""
        questions = {**self.book.evidence, STILL_FIRING.name: STILL_FIRING, **MONITOR}
        if self.book.chart:
            questions[CHARTED] = self._chart(self.book.chart)
        return Inquiry(self.key, questions, self.scope, self.target.endpoint, names & questions.keys(), given)

    def _chart(self, chart: Chart) -> Question:
        """The series that the case draws, from a while before the incident until now."""
        now = float(round(self.clock()))
        since = round(max(0.0, now - self.work.episode.opened_at) + BEFORE_OPENING)
        options = Template({"query": chart.query.render(self.scope), "since": since, "at": now})
        return Question(CHARTED, "promql_range", options, (), None, "", frozenset(), self.book.where)


def chart_of(subject: Subject, evidence: Evidence | None) -> Json | None:
    """The chart's data for a case, or None where the runbook has none or its witness was silent."""
    if subject.book.chart is None or evidence is None or evidence.state != "ok":
        return None
    series, unit = evidence.value["series"], subject.book.chart.unit
    return {"query": evidence.question, "unit": unit, "series": series, "marks": []}


@dataclasses.dataclass(frozen=True)
class Assessed:
    """What became of one incident: what was found out, what it means. ``fault`` says why it could not be assessed.

    ``obstacle`` says why the runbook that its finding names cannot go on with it, where it names one and that is so.
    """

    work: Work
    alert_state: AlertState
    fault: str = ""
    subject: Subject | None = None
    evidence: tuple[Evidence, ...] = ()
    diagnosis: Diagnosis | None = None
    chart: Json | None = None
    monitor: tuple[Evidence, ...] = ()
    obstacle: str = ""

    @property
    def episode(self) -> Episode:
        return self.work.episode


class Assessor:
    """Asks and diagnoses; what follows from a diagnosis is decided in ``decide.py``."""

    def __init__(
        self,
        estate: Estate,
        catalogue: Catalogue,
        gatherer: Gatherer,
        host_result: HostResult,
        clock: Callable[[], float],
    ) -> None:
        self._estate = estate
        self._catalogue = catalogue
        self._gatherer = gatherer
        self._host_result = host_result
        self._clock = clock
        self._params: dict[tuple[str, str], Json] = {}

    def run(self, works: list[Work]) -> list[Assessed]:
        """Assesses all incidents side by side; the answer is in the order of ``works``."""
        subjects: dict[str, Subject] = {}
        faults: dict[str, str] = {}
        for work in works:
            try:
                subjects[work.episode.id] = self.subject(work)
            except UNUSABLE as error:
                faults[work.episode.id] = str(error)
        gathered = self._gatherer.gather([_all_questions(subject) for subject in subjects.values()])
        return [
            self._handing(_diagnosed(subjects[work.episode.id], gathered[work.episode.id]))
            if work.episode.id in subjects
            else Assessed(work, work.alert_state, fault=faults[work.episode.id])
            for work in works
        ]

    def subject(self, work: Work) -> Subject:
        """Everything that is fixed of an incident. Raises one of UNUSABLE."""
        if work.refusal:
            raise SettingsError(work.refusal)
        book = self._catalogue.by_name(work.episode.runbook)
        target = self._estate.target(work.episode.target)
        inputs = _inputs_after_handover(work, book) if work.handovers else work.episode.inputs
        params = self._params_of(work.episode.target, book)
        given = host_evidence(self._estate, book, params, self._host_result, self._clock())
        return Subject(work, book, target, inputs, params, given, self._clock)

    def _handing(self, assessed: Assessed) -> Assessed:
        """With what stands in the way of the runbook that the finding names, if there is one: it is tried out here, so
        that nothing is left to one that cannot begin."""
        if assessed.diagnosis is None or not assessed.diagnosis.handover:
            return assessed
        name, work = assessed.diagnosis.handover, assessed.work
        had_it = [one["runbook"] for one in work.handovers]
        if work.episode.origin == "operator":
            command = f"ansible-playbook oncall.remedy.{name} -e target={work.episode.target}"
            obstacle = f"it began without an alert; {command} goes on"
        elif name in had_it:
            obstacle = (
                f"{name} has handed it over itself, as {words.listed([*had_it, work.episode.runbook])} did in turn"
            )
        else:
            obstacle = self._cannot_begin(
                dataclasses.replace(work, episode=dataclasses.replace(work.episode, runbook=name))
            )
        return dataclasses.replace(assessed, obstacle=obstacle)

    def _cannot_begin(self, work: Work) -> str:
        """Why its runbook cannot go on with an incident that began under another, or nothing."""
        try:
            book = self._catalogue.by_name(work.episode.runbook)
            _inputs_after_handover(work, book)
            self.subject(work)
        except UNUSABLE as error:
            return str(error)
        return f"the runbook {book.name} is a draft" if book.draft else ""

    def _params_of(self, target: str, book: Runbook) -> Json:
        """What the inventory says for the runbook: resolved once for all incidents of a target, as tables are large."""
        if (target, book.name) not in self._params:
            self._params[target, book.name] = self._estate.params(target, book.params)
        return self._params[target, book.name]


def _inputs_after_handover(work: Work, book: Runbook) -> Json:
    """The inputs of a runbook that goes on with an incident: from the alert's labels, else from those of the runbook
    that began with it. They are bound anew, as each runbook has patterns of its own."""
    return bind_inputs(book, {**work.episode.inputs, **(work.alert.labels if work.alert else {})})


def _all_questions(subject: Subject) -> Inquiry:
    names = frozenset(subject.book.evidence) | {CHARTED}
    if subject.work.alert_state == "gone":
        names |= {STILL_FIRING.name}
    if subject.work.alert is not None and "prometheus" in subject.target.endpoints_by_kind:
        names |= frozenset(MONITOR)
    return subject.inquiry(names, subject.given)


def _diagnosed(subject: Subject, gathered: Gathered) -> Assessed:
    """Judges what was found out. A runbook that cannot be evaluated over it is at fault, and a human has to see it."""
    work = subject.work
    witness = gathered.evidence.pop(STILL_FIRING.name, None)
    monitor = tuple(gathered.evidence.pop(name) for name in MONITOR if name in gathered.evidence)
    evidence = {name: gathered.evidence[name] for name in subject.book.evidence}
    base = Assessed(
        work,
        _state_now(work, witness),
        subject=subject,
        evidence=tuple(evidence.values()),
        chart=chart_of(subject, gathered.evidence.get(CHARTED)),
        monitor=monitor,
    )
    if gathered.fault:
        return dataclasses.replace(base, fault=gathered.fault)
    try:
        found = diagnose(subject.book, subject.scope, evidence, work.episode.looks, work.tried)
        return dataclasses.replace(base, diagnosis=found)
    except RunbookFault as error:
        return dataclasses.replace(base, fault=str(error))


def _state_now(work: Work, witness: Evidence | None) -> AlertState:
    """An alert that Alertmanager does not list is over only if Prometheus, which would send it, says so too."""
    if work.alert_state != "gone" or witness is None:
        return work.alert_state
    if witness.state != "ok":
        return "unknown"
    series, labels = witness.value["series"], work.alert.labels if work.alert else {}
    firing = witness.value["truncated"] or any(_agree(one["labels"], labels) for one in series)
    return "firing" if firing else "gone"


def _agree(series: Json, alert: Json) -> bool:
    """Whether a series of ALERTS can be this very alert: what both know of it is the same.

    Alertmanager knows labels that Prometheus adds on the way (external ones), Prometheus such as ``alertstate``.
    """
    return all(alert[name] == value for name, value in series.items() if name in alert)


def case_of(assessed: Assessed, former: Json | None) -> Json:
    """The case with what the assessment found out, on top of what earlier sweeps wrote."""
    case = former or cases.new_case(assessed.episode, assessed.work.alert)
    if assessed.subject is None:
        return case
    subject = assessed.subject
    found = cases.examined(case, subject.book, subject.inputs, subject.params, list(assessed.evidence))
    known = {"looks": assessed.episode.looks, "tried": sorted(assessed.work.tried)}
    return {**found, "chart": assessed.chart, **known}

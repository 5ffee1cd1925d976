# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a human is told: what, where, why, what was done, what next, which case, and how to approve. Pure.

Nearly every word comes from somewhere else: alerts, logs, APIs. Each is made visible on one line here, once, and has no
secret in it; the channels add what their service's format asks for and may rely on that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Escalation
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import story
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import cut, iso, span, visible

Kind = Literal["call", "clear"]
Severity = Literal["critical", "error", "warning", "info"]

LONGEST = 1500
"""Characters of one row. The case has it in full."""
TITLE = 160

_SEVERITIES: Mapping[str, Severity] = {
    "critical": "critical",
    "page": "critical",
    "error": "error",
    "warning": "warning",
    "warn": "warning",
    "info": "info",
}
_CLEARED = {"healed": "the remedy helped", "resolved": "the alert stopped firing"}


@dataclasses.dataclass(frozen=True)
class Message:
    """One message, the same for every channel.

    ``key`` names the call for ever: a call that is sent twice, and the word that it is over, carry the same one.
    ``rows`` are (label, text). ``source`` and ``component`` are where it happens, ``group`` the runbook, ``subject``
    the alert.
    """

    kind: Kind
    key: str
    title: str
    severity: Severity
    source: str
    rows: tuple[tuple[str, str], ...]
    at: float
    component: str = ""
    group: str = ""
    subject: str = ""

    @property
    def text(self) -> str:
        """The message as plain text: the title, and a line for each row."""
        return "\n".join([self.title, "", *(f"{label}: {text}" for label, text in self.rows)]) + "\n"


def key_of(episode: str, level: int) -> str:
    """The name of a call: of an incident and a level."""
    return f"oncall-remedy/{episode}/{level}"


def call(escalation: Escalation, case: Mapping[str, Any], approval: Approval | None, now: float) -> Message:
    """The call for a human. ``case`` is the incident's case so far, as whole as it is."""
    full = story.whole(case)
    again = f" (level {escalation.level})" if escalation.level > 1 else ""
    rows = [
        ("why", escalation.why),
        ("state", _state(full, escalation, now)),
        ("where", _where(full)),
        ("found", _found(full, escalation.why)),
        *story.briefing(full),
        ("done", story.done(full)),
        ("next", story.coming(full)),
        ("approve", _approve(approval)),
        ("case", _case(full)),
        ("for", f"{escalation.to}{again}"),
    ]
    return _message("call", escalation, full, f"{story.title(full)}: {escalation.why}", rows)


def clear(escalation: Escalation, case: Mapping[str, Any], now: float) -> Message:
    """The word that it is over, to those who were called."""
    full = story.whole(case)
    how = _CLEARED.get(full["outcome"], full["outcome"])
    lasted = span(max(0.0, (full["closed_at"] or now) - (full["opened_at"] or now)))
    rows = [
        ("over", f"{story.outcome(full)[0]} after {lasted}: {how}"),
        ("said", full["headline"]),
        ("where", _where(full)),
        ("case", _case(full)),
        ("for", escalation.to),
    ]
    return _message("clear", escalation, full, f"Over: {story.title(full)} ({story.outcome(full)[0]})", rows)


def engine(key: str, what: str, why: str, host: str, since: float, times: int, now: float) -> Message:
    """The engine itself has failed: nobody mends, and nobody else may notice."""
    rows = [
        ("why", why),
        ("where", f"the engine on {host}"),
        ("since", f"{iso(since)}, {span(now - since)} ago; seen {times} times" if times > 1 else iso(since)),
        ("done", "Nothing: while this lasts no incident is diagnosed or mended."),
        ("next", "The next sweep tries again, and says when it has come through."),
    ]
    return Message(
        "call", key, _title(f"oncall.remedy: {what} failed"), "critical", _line(host), _rows(rows), now, "engine"
    )


def engine_well(key: str, what: str, host: str, since: float, now: float) -> Message:
    """The engine works again."""
    rows = [
        ("over", f"a sweep has come through; it had failed for {span(now - since)}"),
        ("where", f"engine on {host}"),
    ]
    return Message(
        "clear", key, _title(f"Over: oncall.remedy: {what} failed"), "info", _line(host), _rows(rows), now, "engine"
    )


def _message(kind: Kind, escalation: Escalation, full: story.Json, title: str, rows: list[tuple[str, str]]) -> Message:
    planned = story.plan(full) or {}
    return Message(
        kind=kind,
        key=key_of(escalation.episode, escalation.level),
        title=_title(title),
        severity=_severity(full, escalation.level),
        source=_line(full["target"] or "nowhere"),
        rows=_rows(rows),
        at=escalation.recorded_at,
        component=_line(str(planned.get("touches", ""))),
        group=_line(full["runbook"]),
        subject=_line(full["alertname"]),
    )


def _rows(rows: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, _line(text)) for label, text in rows if text)


def _line(text: Any) -> str:
    """Foreign text on one line, cut, visible, and without what looks like a secret."""
    return visible(cut(storable_text(str(text)), LONGEST))


def _title(text: str) -> str:
    """The first words, as many as fit a telephone."""
    text = storable_text(text)
    return visible(text if len(text) <= TITLE else f"{text[: TITLE - 1]}…")


def _severity(full: story.Json, level: int) -> Severity:
    """The alert's own, in the words of the common event format; a second level is as urgent as there is."""
    if level > 1:
        return "critical"
    labels = (full["alert"] or {}).get("labels") or {}
    return _SEVERITIES.get(str(labels.get("severity", "")).lower(), "error")


def _state(full: story.Json, escalation: Escalation, now: float) -> str:
    """How it stands, where that is more than the reason says."""
    parts = [story.outcome(full)[0]]
    if escalation.level > 1:
        parts.append(f"nobody has ended it in the {span(max(0.0, now - (full['opened_at'] or now)))} since it began")
    if full["closed_at"] > escalation.recorded_at:
        parts.append(f"closed at {iso(full['closed_at'])}; this call could not be delivered earlier")
    return "; ".join(parts)


def _where(full: story.Json) -> str:
    parts = [full["target"] or "no target of the inventory", f"alert {full['alertname']}" if full["alertname"] else ""]
    parts += [
        f"runbook {full['runbook']}" if full["runbook"] else "",
        f"source {full['source']}" if full["source"] else "",
    ]
    return ", ".join(part for part in parts if part)


def _found(full: story.Json, why: str) -> str:
    """The diagnosis, unless it is the reason itself."""
    because = str(full["diagnosis"]["because"] or "")
    return "" if because and because in why else because


def _approve(approval: Approval | None) -> str:
    """The command that answers, while there is something to answer."""
    if approval is None or approval.kind != "approval" or approval.state != "waiting":
        return ""
    command = f"ansible-playbook -i INVENTORY oncall.remedy.approve -e plan={approval.id} -e decision=approve"
    return f"{command} (or decision=reject); until {iso(approval.expires_at or 0.0)}"


def _case(full: story.Json) -> str:
    since = f", since {iso(full['opened_at'])}" if full["opened_at"] else ""
    return f"{str(full['id'])[:8]}{since}"

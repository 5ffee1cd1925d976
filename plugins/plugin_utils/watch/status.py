# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the engine stands, as JSON: what waits, what is held and why, what a human has to decide or was not told. Pure.

Texts are as they stand in the ledger; whoever shows them makes them visible (``presentation/status.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Approval,
    Episode,
    Escalation,
    Lease,
    Mitigation,
    Sweep,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Watched, verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import story

WAITS_FOR = {
    "open": "its first look",
    "permitted": "its mitigation to begin",
    "mending": "its mitigation, which is under way",
    "verifying": "the proof that it is healed",
    "patience": "the alert to have fired for long enough",
    "look_again": "the runbook's next look",
    "approval": "a human's yes",
    "held": "a guard that holds",
    "undo": "its mitigation to be taken back",
    "ladder": "the next mitigation to be tried",
    "handover": "the runbook that it was handed over to",
    "human": "a human, who was called",
    "unheard": "a human, whom no call has reached yet",
    "resolution": "the alert to go away",
}
"""Each state of an open incident, and each ``why`` of a waiting one: what it waits for. ``unheard`` is a human, too."""


def status(
    watched: Watched,
    cases: Mapping[str, Json],
    now: float,
    *,
    target: str = "",
    sources: Sequence[str] = (),
    kill_switch: str = "absent",
    trust: Sequence[Json] = (),
    failures: Sequence[Json] = (),
) -> Json:
    """Everything, narrowed to one target where one is named. Times are Unix seconds.

    ``cases`` holds the case of each open incident, by id. ``sources`` are the Alertmanagers of the inventory,
    ``kill_switch`` is as the guard sees it. ``trust`` is what is known of each remedy's past, see ``trust.py``;
    ``failures`` are the engine's own that are not over, see ``escalation/spool.py``.
    """
    named = {one.id: one for one in (*watched.over, *watched.episodes)}
    episodes = [one for one in watched.episodes if target in ("", one.target)]
    unheard = {one.episode for one in watched.undelivered}
    told = [
        _incident(one, cases.get(one.id), one.id in unheard, now)
        for one in sorted(episodes, key=lambda one: one.opened_at)
    ]
    asked = {one.episode for one in watched.approvals}
    return {
        "at": now,
        "target": target,
        "engine": {**_engine(watched, sources, kill_switch), "failures": [_failure(one) for one in failures]},
        "approvals": [
            _approval(one, named.get(one.episode))
            for one in sorted(watched.approvals, key=lambda one: one.asked_at)
            if target in ("", one.target) and one.kind == "approval"
        ],
        "held": [one for one in told if _is_held(one)],
        "waits": [one for one in told if not _is_held(one) and not (one["why"] == "approval" and one["id"] in asked)],
        "undelivered": [
            _undelivered(one, named.get(one.episode), watched)
            for one in sorted(watched.undelivered, key=lambda one: one.recorded_at)
            if target in ("", _target(named.get(one.episode)))
        ],
        "unfinished": [_unfinished(one) for one in watched.unfinished if target in ("", one.target)],
        "leases": [_lease(one, named.get(one.episode), now) for one in watched.leases if target in ("", one.target)],
        "pauses": [
            {"id": one.id, "target": one.target, "reason": one.reason, "owner": one.owner, "ends_at": one.ends_at}
            for one in watched.pauses
            if not target or one.target in ("", target)
        ],
        "trust": [one for one in trust if target in ("", one.get("target"))],
        "next_due": min((one.due_at for one in episodes), default=None),
    }


def _is_held(told: Json) -> bool:
    """Whether a guard holds its plan; else what it waits for says more than the guards do."""
    return bool(told["held_by"]) and told["why"] in ("held", "patience")


def _engine(watched: Watched, sources: Iterable[str], kill_switch: str) -> Json:
    storm = watched.conditions.get("storm")
    heard = {one.source: one.answered_at for one in watched.sources}
    return {
        "last_success": _swept(watched.last_success),
        "last_sweep": _swept(watched.last_sweep),
        "under_way": [{"host": one.host, "pid": one.pid, "since": one.started_at} for one in watched.under_way],
        "sources": [{"name": name, "heard_at": heard.get(name)} for name in sources],
        "kill_switch": kill_switch,
        "storm": {**storm.value, "changed_at": storm.changed_at} if storm and watched.storm else None,
    }


def _failure(one: Json) -> Json:
    same = {name: one[name] for name in ("what", "why", "since", "times", "due_at")}
    return {**same, "not_told_by": list(one["missing"]), "errors": list(one["errors"])}


def _swept(sweep: Sweep | None) -> Json | None:
    if sweep is None or sweep.finished_at is None:
        return None
    summary = sweep.summary or {}
    return {
        "host": sweep.host,
        "ended_at": sweep.finished_at,
        "took": max(0.0, sweep.finished_at - sweep.started_at),
        "verdict": verdict(sweep),
        "reason": str(summary.get("fault") or summary.get("abandoned") or ""),
    }


def _incident(episode: Episode, case: Json | None, unheard: bool, now: float) -> Json:
    """One open incident. ``unheard``: a call about it has not arrived."""
    full = story.whole(case or {})
    word = "unheard" if unheard and episode.why == "human" else episode.why or episode.state
    return {
        "id": episode.id,
        "title": _title(episode),
        "runbook": episode.runbook,
        "target": episode.target,
        "state": episode.state,
        "why": episode.why,
        "waits_for": WAITS_FOR.get(word, word),
        "outcome": episode.outcome,
        "headline": str(full["headline"]),
        "plan": story.plan_line(full),
        "held_by": [{"guard": str(one.get("guard")), "reason": str(one.get("reason"))} for one in story.holds(full)],
        "told": sorted({str(one.get("to")) for one in full["escalations"]}),
        "since": episode.opened_at,
        "due_at": episode.due_at,
        "sweep": episode.claimed_by if episode.claimed(now) else None,
    }


def _approval(one: Approval, episode: Episode | None) -> Json:
    return {
        "id": one.id,
        "state": one.state,
        "target": one.target,
        "title": _title(episode) if episode else one.target,
        "what": f"{one.plan.get('mitigation', '?')} of {one.plan.get('touches', '?')}",
        "risk": one.plan.get("risk", "unknown"),
        "because": one.because,
        "asked_at": one.asked_at,
        "expires_at": one.expires_at,
        "decided_by": one.decided_by,
        "episode": one.episode,
    }


def _undelivered(one: Escalation, episode: Episode | None, watched: Watched) -> Json:
    missing = [each for each in watched.deliveries if each.escalation == one.id]
    return {
        "to": one.to,
        "level": one.level,
        "why": one.why,
        "title": _title(episode) if episode else "",
        "episode": one.episode,
        "since": one.recorded_at,
        "attempts": max([one.attempts, *(each.attempts for each in missing)]),
        "due_at": min((each.due_at for each in missing if each.due_at is not None), default=one.due_at),
        "error": one.error,
        "channels": [{"channel": each.channel, "attempts": each.attempts, "error": each.error} for each in missing],
    }


def _unfinished(one: Mitigation) -> Json:
    return {"target": one.target, "remedy": one.remedy, "since": one.began_at, "episode": one.episode}


def _lease(lease: Lease, episode: Episode | None, now: float) -> Json:
    return {
        "target": lease.target,
        "title": _title(episode) if episode else "",
        "episode": lease.episode,
        "since": lease.acquired_at,
        "until": lease.expires_at,
        "stale": not lease.held(now),
    }


def _target(episode: Episode | None) -> str | None:
    return episode.target if episode else None


def _title(episode: Episode) -> str:
    name: Any = episode.alertname or episode.runbook or "incident"
    return f"{name} · {episode.target}" if episode.target else str(name)

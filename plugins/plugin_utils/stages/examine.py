# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Examine: which hosts a runbook asks about, and what was found there, as evidence.

The asking itself is the play ``Examine``: the module ``host_info`` over each host's own connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence, Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.catalogue import Catalogue
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Question, Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import Work

HostResult = Callable[[str], Any]
"""The registered result of ``host_info`` for a host, or None where the play did not reach the task."""


def wanted_of_hosts(estate: Estate, catalogue: Catalogue, works: list[Work]) -> Json:
    """The hosts to examine and what to gather there. A runbook that cannot be used asks for nothing here; the
    assessment says what is wrong with it."""
    hosts: dict[str, None] = {}
    gather: dict[str, None] = {}
    for work in works:
        try:
            for question, names in _questions(estate, catalogue, work):
                hosts.update(dict.fromkeys(names))
                gather.update(dict.fromkeys(question.options.render({}).get("gather", [])))
        except (RunbookError, RunbookFault, SettingsError):
            continue
    return {"examine": sorted(hosts), "gather": sorted(gather)}


def _questions(estate: Estate, catalogue: Catalogue, work: Work) -> list[tuple[Question, list[str]]]:
    if work.refusal or not work.episode.runbook or work.episode.state == "verifying":
        return []
    book = catalogue.by_name(work.episode.runbook)
    asked = [question for question in book.evidence.values() if question.hosts is not None]
    if not asked:
        return []
    params = estate.params(work.episode.target, book.params)
    return [(question, _hosts(estate, question, params)) for question in asked]


def _hosts(estate: Estate, question: Question, params: Json) -> list[str]:
    """The inventory names that the question is put to. Raises SettingsError for one that is none."""
    names = question.hosts.render(params) if question.hosts else []
    if not isinstance(names, list):
        raise SettingsError(f"{question.where}: hosts yields {type(names).__name__} and not a list of inventory names")
    for name in names:
        if name not in estate:
            raise SettingsError(f"{question.where}: {name!r} is not a host of the inventory")
    return names


def host_evidence(estate: Estate, book: Runbook, params: Json, result: HostResult, now: float) -> dict[str, Evidence]:
    """What was examined on hosts, by the question's name. A host that was not reached is an answer as well."""
    found: dict[str, Evidence] = {}
    for question in book.evidence.values():
        if question.hosts is not None:
            hosts = _hosts(estate, question, params)
            found[question.name] = _evidence(question, {host: result(host) for host in hosts}, now)
    return found


def _evidence(question: Question, results: dict[str, Any], now: float) -> Evidence:
    reached = {host: answer for host, answer in results.items() if _reached(answer)}
    value = {
        "total": len(results),
        "reached": sorted(reached),
        "unreachable": [
            {"name": host, "reason": _why_not(answer)} for host, answer in results.items() if host not in reached
        ],
        "listening": [
            {**socket, "host": host, "holder": _holder(host, socket)}
            for host, answer in reached.items()
            for socket in answer["host"].get("listening", [])
        ],
    }
    state, reason = ("ok", "") if reached else ("failed", "none of the hosts could be examined: " + _all_reasons(value))
    return Evidence(
        name=question.name,
        probe=question.probe,
        state="ok" if state == "ok" else "failed",
        question="on " + (", ".join(results) or "no host"),
        source="the hosts' own connections",
        asked_at=now,
        took=0.0,
        value=value if state == "ok" else None,
        reason=reason,
    )


def _reached(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("host"), dict) and not answer.get("failed")


def _why_not(answer: Any) -> str:
    return str(answer.get("msg", "no answer"))[:300] if isinstance(answer, dict) else "not reached by the play"


def _all_reasons(value: Json) -> str:
    return "; ".join(f"{one['name']}: {one['reason']}" for one in value["unreachable"]) or "the runbook names no host"


def _holder(host: str, socket: Json) -> str:
    """One listening socket in words: ``nginx (pid 4711) on hetzner1 port 80``."""
    process = socket.get("process") or "an unknown process"
    pid = f" (pid {socket['pid']})" if socket.get("pid") else ""
    return f"{process}{pid} on {host} port {socket.get('port')}"

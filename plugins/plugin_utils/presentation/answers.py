# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A probe's answer in one line of words, from the small value that the probe documents.

A probe that is not listed here, or a value in another shape than expected, is shown as its plain members: a new probe
needs no entry to be readable, an entry makes it read well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.words import brief, cut, listed, number, plural

Json = Mapping[str, Any]


def answer(probe: str, value: Any) -> str:
    """What the witness said, in words; ``value`` is the value of an evidence whose state is ok."""
    if not isinstance(value, Mapping):
        return brief(value)
    tell = ANSWERS.get(probe)
    return (tell(value) if tell else "") or _members(value)


def _members(value: Json) -> str:
    told = []
    for key, member in value.items():
        if isinstance(member, (list, tuple, dict)):
            told.append(f"{plural(len(member), 'entry', 'entries')} in {key}")
        else:
            told.append(f"{key} {brief(member, 60)}")
    return "; ".join(told) or "an empty answer"


def _count(value: Json, key: str) -> int:
    found = value.get(key)
    return found if isinstance(found, int) else 0


def _list(value: Json, key: str) -> list[Any]:
    found = value.get(key)
    return list(found) if isinstance(found, (list, tuple)) else []


def _dicts(value: Json, key: str) -> list[Json]:
    return [member for member in _list(value, key) if isinstance(member, Mapping)]


def _also(value: Json, **named: str) -> str:
    """``; crashing: a, b`` for every named list that is not empty."""
    return "".join(f"; {word}: {listed(_list(value, key))}" for key, word in named.items() if _list(value, key))


def _promql(value: Json) -> str:
    count = _count(value, "count")
    if count == 0:
        return "no series"
    single = value.get("value")
    if count == 1 and isinstance(single, (int, float)):
        return number(single)
    low, high, total = (value.get(key) for key in ("min", "max", "sum"))
    if not all(isinstance(figure, (int, float)) for figure in (low, high, total)):
        return plural(count, "series", "series")
    reach = f"all {brief(low)}" if low == high else f"{brief(low)} to {brief(high)}"
    return f"{plural(count, 'series', 'series')}, {reach}, sum {brief(total)}"


def _promql_range(value: Json) -> str:
    series = _dicts(value, "series")
    points = sum(len(_list(one, "points")) for one in series)
    return f"{plural(len(series), 'series', 'series')}, {plural(points, 'point')}" if series else "no series"


def _targets(value: Json) -> str:
    total = _count(value, "total")
    if not total:
        return "no targets"
    told = f"{_count(value, 'up')} of {plural(total, 'target')} up"
    kinds = value.get("error_kinds")
    if isinstance(kinds, Mapping) and _count(value, "down") > 1:
        told += "; " + listed(f"{count} {kind}" for kind, count in kinds.items())
    errors = [str(one["last_error"]) for one in _dicts(value, "targets") if one.get("last_error")]
    return f"{told}: {cut(errors[0], 160)}" if errors else told


def _pods(value: Json) -> str:
    total = _count(value, "total")
    if not total:
        return "no pods"
    told = f"{_count(value, 'ready')} of {plural(total, 'pod')} ready"
    return told + _also(value, crashing="crashing", pending="pending", image_errors="image cannot be pulled")


def _nodes(value: Json) -> str:
    told = f"{_count(value, 'ready')} of {plural(_count(value, 'total'), 'node')} ready"
    return told + _also(value, not_ready="not ready", cordoned="cordoned", tainted="tainted")


def _workload(value: Json) -> str:
    if value.get("exists") is False:
        return "does not exist"
    rollout = "rolled out" if value.get("rolled_out") else "rollout not finished"
    told = f"{_count(value, 'ready')} of {_count(value, 'desired')} ready, {rollout}"
    if value.get("revision"):
        told += f", revision {brief(value['revision'])}"
    return told + (f", owned by {cut(value['owner'], 80)}" if value.get("owner") else "")


def _endpoints(value: Json) -> str:
    if value.get("exists") is False:
        return "the Service does not exist"
    ready, waiting = _count(value, "ready"), _count(value, "not_ready")
    told = f"{plural(ready, 'ready address', 'ready addresses')}" + (f", {waiting} not ready" if waiting else "")
    return told + _also(value, port_names="ports")


def _monitors(value: Json) -> str:
    total = _count(value, "total")
    if not total:
        return "no ServiceMonitors"
    selecting = _list(value, "selecting")
    told = plural(total, "ServiceMonitor")
    if not selecting:
        return f"{told}, none selects the Service"
    told += f"; selects the Service: {listed(selecting)}"
    ported = _list(value, "with_port")
    return told + (f"; names a port it has: {listed(ported)}" if ported else "; none names a port that it has")


def _events(value: Json) -> str:
    total = _count(value, "total")
    if not total:
        return "no events"
    reasons = value.get("reasons")
    kinds = reasons.items() if isinstance(reasons, Mapping) else ()
    told = f"{plural(total, 'event')}, {plural(_count(value, 'warnings'), 'warning')}"
    return told + (f": {listed(f'{reason} × {times}' for reason, times in kinds)}" if kinds else "")


def _object(value: Json) -> str:
    found = _dicts(value, "objects")
    if not found:
        return "does not exist"
    return f"{plural(_count(value, 'total') or len(found), 'object')}: {listed(one.get('name', '?') for one in found)}"


def _pod_logs(value: Json) -> str:
    signatures = {name: found for name, found in value.items() if isinstance(found, Mapping) and "first" in found}
    matched = [
        f"{name}: {plural(_count(found, 'lines'), 'line')} in {listed(_list(found, 'pods'))}: "
        f"\u201c{found['first']}\u201d"
        for name, found in signatures.items()
        if _count(found, "lines")
    ]
    pods = len(_list(value, "pods"))
    told = f"{plural(_count(value, 'lines'), 'line')} of {plural(pods, 'pod')}"
    lost = _list(value, "unavailable")
    told += f", {plural(len(lost), 'pod')} unreadable" if lost else ""
    return f"{told}; {'; '.join(matched)}" if matched else f"{told}, no signature matched"


def _pod_exec(value: Json) -> str:
    output = value.get("output")
    first = output[0] if isinstance(output, (list, tuple)) and output else output
    told = f"exit code {brief(value.get('exit_code'))}"
    lines = str(first or "").splitlines()
    return f"{told}: {cut(lines[0], 200)}" if lines else told


def _http(value: Json) -> str:
    total = _count(value, "total")
    statuses = [str(one.get("status")) for one in _dicts(value, "answers") if one.get("status")]
    told = [f"{status} at {statuses.count(status)} of {total}" for status in sorted(set(statuses))]
    kinds = [("refused", "refused"), ("timed_out", "timed out"), ("tls_failed", "TLS failed")]
    told += [f"{word} at {_count(value, key)} of {total}" for key, word in kinds if _count(value, key)]
    named = _count(value, "refused") + _count(value, "timed_out") + _count(value, "tls_failed")
    other = _count(value, "silent") - named
    if other > 0:
        told.append(f"silent at {other} of {total}")
    return ", ".join(told) + _pages(value)


def _pages(value: Json) -> str:
    """Whose error pages they are, and what they say."""
    answers = _dicts(value, "answers")
    said = []
    for writer, name in (("traefik", "Traefik"), ("cloudflare", "Cloudflare")):
        pages = [one for one in answers if one.get("origin") == writer]
        words = {str(one.get("meaning") or one.get("reason") or "an error page").replace("_", " ") for one in pages}
        said += [f"{name} says: {listed(sorted(cut(word, 80) for word in words))}"] if words else []
    said += ["the page is the application's"] if _count(value, "by_application") else []
    return "".join(f"; {words}" for words in said)


def _ingresses(value: Json) -> str:
    matching = _dicts(value, "matching")
    if not matching:
        told = f"none of {plural(_count(value, 'total'), 'Ingress', 'Ingresses')} matches"
        return told + _also(value, other_class="of another class", same_path_missing="without the path", hosts="hosts")
    best = matching[0]
    told = f"{best.get('namespace')}/{best.get('name')} matches, to Service {best.get('service') or '?'}"
    ready = best.get("ready")
    return told + (f" with {plural(ready, 'ready address', 'ready addresses')}" if isinstance(ready, int) else "")


def _routes(value: Json) -> str:
    names = _list(value, "names")
    if not names:
        return f"none of {plural(_count(value, 'total'), 'route')} has the host"
    return f"{listed(names)} may have the host, of {plural(_count(value, 'total'), 'route')}"


def _dns(value: Json) -> str:
    resolves = value.get("resolves")
    told = f"points to {listed(_list(value, 'addresses'))}" if resolves else "does not resolve"
    error = f"; {brief(value['error'])}" if value.get("error") else ""
    return told + _also(value, elsewhere="elsewhere") + error


def _cloudflare_ranges(value: Json) -> str:
    source = "as published" if value.get("source") == "published" else f"as known on {brief(value.get('as_of'))}"
    told = f"{plural(len(_list(value, 'ranges')), 'network')} {source}"
    return told + _also(value, missing="not trusted", foreign="trusted besides")


def _helm_chart(value: Json) -> str:
    if not value.get("exists"):
        return "there is no HelmChartConfig"
    told, job = "there", value.get("job")
    if isinstance(value.get("as_expected"), bool):
        told = "as it should be" if value["as_expected"] else "not as it should be"
    failed = _count(job, "failed") if isinstance(job, dict) else 0
    owner = f"; owned by {cut(value['owner'], 80)}" if value.get("owner") else ""
    return (
        told
        + _also(value, differences="differs in")
        + (f"; Helm failed {plural(failed, 'time')}" if failed else "")
        + owner
    )


def _traefik_arguments(value: Json) -> str:
    if not value.get("exists"):
        return "nobody has a command line"
    told = f"{plural(_count(value, 'total'), 'command line')}: {listed(_list(value, 'addresses'))}"
    unsafe = "; does not roll out safely" if value.get("rolls_safely") is False else ""
    return told + _also(value, wrong_ports="wrong", believes_all="believes everybody") + unsafe


def _tcp(value: Json) -> str:
    return f"{_count(value, 'open')} of {_count(value, 'total')} open" + _also(value, closed_at="closed")


def _pod_reach(value: Json) -> str:
    return f"{_tcp(value)}; from {value.get('pod') or '?'}"


def _network_policies(value: Json) -> str:
    if not value.get("isolated"):
        return f"let in: none of {plural(_count(value, 'total'), 'policy', 'policies')} selects the pod"
    if value.get("allowed"):
        return f"let in by {listed(_list(value, 'allowing'))}"
    return f"kept out by {listed(_list(value, 'selecting'))}"


def _proxmox(value: Json) -> str:
    if not value.get("reachable"):
        return f"silent: {brief(value.get('error'))}"
    if not value.get("authenticated"):
        return f"answers, but not to our credential: {brief(value.get('error'))}"
    nodes: dict[Any, str] = {True: "node online", False: "node offline"}
    node = nodes.get(value.get("node_online"), "node unknown")
    told = f"Proxmox {value.get('version') or '?'}, {node}, metrics {_count(value, 'metrics_status') or 'silent'}"
    return told + _also(value, services_down="down") + (f"; {brief(value['error'])}" if value.get("error") else "")


def _scrape_credential(value: Json) -> str:
    if not value.get("job_found"):
        return "the job is not in the configuration"
    words: dict[Any, str] = {True: "the one that works", False: "not the one that works"}
    told = f"{value.get('scheme')} credential, {words.get(value.get('matches'), 'not in the configuration itself')}"
    return told + (", of another user" if value.get("username_matches") is False else "")


def _alerts(value: Json) -> str:
    alerts = _dicts(value, "alerts")
    if not alerts:
        return "no alerts"
    return f"{plural(len(alerts), 'alert')}: " + listed(
        f"{one.get('name', '?')} {one.get('state', '')}" for one in alerts
    )


def _host_info(value: Json) -> str:
    told = f"{len(_list(value, 'reached'))} of {plural(_count(value, 'total'), 'host')} reached"
    lost = [f"{one.get('name')} ({one.get('reason')})" for one in _dicts(value, "unreachable")]
    sockets = [
        f"{socket.get('process') or '?'} holds {socket.get('protocol')}/{socket.get('port')} on {socket.get('host')}"
        for socket in _dicts(value, "listening")
    ]
    told += f"; unreachable: {listed(lost)}" if lost else ""
    return told + (f"; {listed(sockets, 4)}" if sockets else "")


ANSWERS: dict[str, Callable[[Json], str]] = {
    "alertmanager_alerts": _alerts,
    "cloudflare_ranges": _cloudflare_ranges,
    "dns": _dns,
    "host_info": _host_info,
    "http": _http,
    "kubernetes_endpoints": _endpoints,
    "kubernetes_events": _events,
    "kubernetes_helm_chart": _helm_chart,
    "kubernetes_ingresses": _ingresses,
    "kubernetes_network_policies": _network_policies,
    "kubernetes_nodes": _nodes,
    "kubernetes_object": _object,
    "kubernetes_pods": _pods,
    "kubernetes_routes": _routes,
    "kubernetes_service_monitors": _monitors,
    "kubernetes_workload": _workload,
    "pod_exec": _pod_exec,
    "pod_logs": _pod_logs,
    "pod_reach": _pod_reach,
    "prometheus_targets": _targets,
    "promql": _promql,
    "promql_range": _promql_range,
    "proxmox": _proxmox,
    "scrape_credential": _scrape_credential,
    "tcp": _tcp,
    "traefik_arguments": _traefik_arguments,
}

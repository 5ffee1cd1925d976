"""Every probe's answer in words, and none that cannot be told."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import answers
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.answers import ANSWERS, answer

SILENT = {"total": 3, "silent": 3, "refused": 2, "timed_out": 1, "tls_failed": 0, "answers": [{"status": None}] * 3}
MIXED = {"total": 3, "silent": 1, "refused": 0, "answers": [{"status": 200}, {"status": 502}, {"status": None}]}


@pytest.mark.parametrize(
    ("probe", "value", "words"),
    [
        ("promql", {"count": 0, "value": None}, "no series"),
        ("promql", {"count": 1, "value": 3.0}, "3"),
        ("promql", {"count": 3, "value": None, "min": 0, "max": 1, "sum": 2}, "3 series, 0 to 1, sum 2"),
        ("promql", {"count": 3, "value": None, "min": 1, "max": 1, "sum": 3}, "3 series, all 1, sum 3"),
        ("promql_range", {"series": [{"points": [[0, 1], [15, 1]]}]}, "1 series, 2 points"),
        ("prometheus_targets", {"total": 0}, "no targets"),
        (
            "prometheus_targets",
            {"total": 3, "up": 2, "targets": [{"last_error": ""}, {"last_error": "connection refused"}]},
            "2 of 3 targets up: connection refused",
        ),
        (
            "prometheus_targets",
            {"total": 9, "up": 6, "down": 3, "error_kinds": {"refused": 2, "tls": 1}, "targets": [{"last_error": "x"}]},
            "6 of 9 targets up; 2 refused, 1 tls: x",
        ),
        (
            "pod_reach",
            {"total": 2, "open": 1, "closed_at": ["a:1"], "pod": "p-0"},
            "1 of 2 open; closed: a:1; from p-0",
        ),
        ("kubernetes_network_policies", {"total": 2, "isolated": False}, "let in: none of 2 policies selects the pod"),
        ("kubernetes_network_policies", {"isolated": True, "allowed": True, "allowing": ["x"]}, "let in by x"),
        ("kubernetes_network_policies", {"isolated": True, "selecting": ["a", "b"]}, "kept out by a, b"),
        ("proxmox", {"reachable": False, "error": "timed out"}, "silent: timed out"),
        ("proxmox", {"reachable": True, "error": "401"}, "answers, but not to our credential: 401"),
        (
            "proxmox",
            {
                "reachable": True,
                "authenticated": True,
                "version": "8.4.1",
                "node_online": True,
                "services_down": ["pvestatd"],
                "metrics_status": 401,
                "error": "",
            },
            "Proxmox 8.4.1, node online, metrics 401; down: pvestatd",
        ),
        ("scrape_credential", {"job_found": False}, "the job is not in the configuration"),
        (
            "scrape_credential",
            {"job_found": True, "scheme": "basic", "matches": False, "username_matches": False},
            "basic credential, not the one that works, of another user",
        ),
        (
            "scrape_credential",
            {"job_found": True, "scheme": "bearer", "matches": None},
            "bearer credential, not in the configuration itself",
        ),
        ("kubernetes_pods", {"total": 0}, "no pods"),
        (
            "kubernetes_pods",
            {"total": 3, "ready": 1, "crashing": ["a"], "pending": ["b"], "image_errors": []},
            "1 of 3 pods ready; crashing: a; pending: b",
        ),
        ("kubernetes_nodes", {"total": 3, "ready": 2, "not_ready": ["n1"]}, "2 of 3 nodes ready; not ready: n1"),
        ("kubernetes_workload", {"exists": False}, "does not exist"),
        (
            "kubernetes_workload",
            {"exists": True, "ready": 2, "desired": 3, "rolled_out": False, "revision": 7, "owner": "Helm release t"},
            "2 of 3 ready, rollout not finished, revision 7, owned by Helm release t",
        ),
        ("kubernetes_endpoints", {"exists": False}, "the Service does not exist"),
        ("kubernetes_helm_chart", {"exists": False}, "there is no HelmChartConfig"),
        (
            "kubernetes_helm_chart",
            {
                "exists": True,
                "as_expected": False,
                "differences": ["ports.web"],
                "job": {"failed": 2},
                "owner": "Flux x",
            },
            "not as it should be; differs in: ports.web; Helm failed 2 times; owned by Flux x",
        ),
        ("kubernetes_helm_chart", {"exists": True, "as_expected": True, "job": {"failed": 0}}, "as it should be"),
        ("traefik_arguments", {"exists": False}, "nobody has a command line"),
        (
            "traefik_arguments",
            {"exists": True, "total": 1, "addresses": ["web :81"], "wrong_ports": ["web"], "rolls_safely": False},
            "1 command line: web :81; wrong: web; does not roll out safely",
        ),
        (
            "kubernetes_endpoints",
            {"ready": 1, "not_ready": 2, "port_names": ["m"]},
            "1 ready address, 2 not ready; ports: m",
        ),
        ("kubernetes_service_monitors", {"total": 0}, "no ServiceMonitors"),
        ("kubernetes_service_monitors", {"total": 2, "selecting": []}, "2 ServiceMonitors, none selects the Service"),
        (
            "kubernetes_service_monitors",
            {"total": 1, "selecting": ["t/t"], "with_port": []},
            "1 ServiceMonitor; selects the Service: t/t; none names a port that it has",
        ),
        (
            "kubernetes_events",
            {"total": 4, "warnings": 1, "reasons": {"BackOff": 4}},
            "4 events, 1 warning: BackOff × 4",
        ),
        ("kubernetes_object", {"total": 0, "objects": []}, "does not exist"),
        ("kubernetes_object", {"total": 1, "objects": [{"name": "t"}]}, "1 object: t"),
        (
            "pod_logs",
            {"pods": ["a"], "lines": 5, "unavailable": [], "bad": {"lines": 2, "pods": ["a"], "first": "boom"}},
            "5 lines of 1 pod; bad: 2 lines in a: “boom”",
        ),
        (
            "pod_logs",
            {
                "pods": ["a", "b"],
                "lines": 5,
                "unavailable": [{"pod": "c"}],
                "bad": {"lines": 0, "pods": [], "first": ""},
            },
            "5 lines of 2 pods, 1 pod unreadable, no signature matched",
        ),
        ("pod_exec", {"exit_code": 0, "output": "first\nsecond"}, "exit code 0: first"),
        ("pod_exec", {"exit_code": 1, "output": []}, "exit code 1"),
        ("http", SILENT, "refused at 2 of 3, timed out at 1 of 3"),
        ("http", MIXED, "200 at 1 of 3, 502 at 1 of 3, silent at 1 of 3"),
        (
            "http",
            {"total": 1, "answers": [{"status": 502, "origin": "traefik", "reason": "Bad Gateway"}]},
            "502 at 1 of 1; Traefik says: Bad Gateway",
        ),
        (
            "http",
            {"total": 1, "answers": [{"status": 521, "origin": "cloudflare", "meaning": "origin_refused"}]},
            "521 at 1 of 1; Cloudflare says: origin refused",
        ),
        (
            "http",
            {"total": 1, "answers": [{"status": 500, "origin": "application"}], "by_application": 1},
            "500 at 1 of 1; the page is the application's",
        ),
        (
            "kubernetes_ingresses",
            {"total": 2, "matching": [], "hosts": ["a.example", "b.example"], "other_class": ["web/x"]},
            "none of 2 Ingresses matches; of another class: web/x; hosts: a.example, b.example",
        ),
        (
            "kubernetes_ingresses",
            {"total": 2, "matching": [{"namespace": "web", "name": "api", "service": "api", "ready": 0}]},
            "web/api matches, to Service api with 0 ready addresses",
        ),
        (
            "kubernetes_routes",
            {"total": 3, "names": ["IngressRoute web/shop", "HTTPRoute web/all"]},
            "IngressRoute web/shop, HTTPRoute web/all may have the host, of 3 routes",
        ),
        ("kubernetes_routes", {"total": 1, "names": []}, "none of 1 route has the host"),
        ("dns", {"resolves": False, "error": "there is no such name"}, "does not resolve; there is no such name"),
        (
            "dns",
            {"resolves": True, "addresses": ["192.0.2.1"], "elsewhere": ["192.0.2.1"], "error": ""},
            "points to 192.0.2.1; elsewhere: 192.0.2.1",
        ),
        (
            "cloudflare_ranges",
            {"ranges": ["a"], "source": "known", "as_of": "2026-11-01", "missing": ["a"], "foreign": []},
            "1 network as known on 2026-11-01; not trusted: a",
        ),
        ("cloudflare_ranges", {"ranges": ["a", "b"], "source": "published"}, "2 networks as published"),
        ("tcp", {"total": 2, "open": 1, "closed_at": ["n:80"]}, "1 of 2 open; closed: n:80"),
        ("alertmanager_alerts", {"alerts": [{"name": "NodeDown", "state": "active"}]}, "1 alert: NodeDown active"),
        (
            "host_info",
            {
                "total": 2,
                "reached": ["a"],
                "unreachable": [{"name": "b", "reason": "no route"}],
                "listening": [{"host": "a", "protocol": "tcp", "port": 80, "process": "nginx"}],
            },
            "1 of 2 hosts reached; unreachable: b (no route); nginx holds tcp/80 on a",
        ),
        (
            "a_probe_of_tomorrow",
            {"hot": True, "names": ["a"], "degrees": 81.5},
            "hot true; 1 entry in names; degrees 81.5",
        ),
        ("a_probe_of_tomorrow", {}, "an empty answer"),
        ("value", ["a", "b"], "[a, b]"),
    ],
)
def test_an_answer_is_told_in_words(probe: str, value: Any, words: str) -> None:
    assert answer(probe, value) == words


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = re.findall(r"""["'](\w+)["']""", inspect.getsource(answers))
"""Every name that the module looks for in a value, and then some."""


@given(st.sampled_from(sorted(ANSWERS)), st.dictionaries(st.sampled_from(MEMBERS), json, max_size=8))
def test_an_answer_in_another_shape_than_expected_is_told_all_the_same(probe: str, value: Any) -> None:
    assert answer(probe, value)

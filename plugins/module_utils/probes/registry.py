# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probes by name. Each is imported only when a run needs it."""

from __future__ import annotations

import importlib

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Probe

PROBES: dict[str, str] = {
    "alertmanager_alerts": "alertmanager:AlertmanagerAlerts",
    "cloudflare_ranges": "cloudflare_ranges:CloudflareRanges",
    "dns": "resolution:Dns",
    "http": "edge:Http",
    "kubernetes_endpoints": "kubernetes_endpoints:Endpoints",
    "kubernetes_events": "kubernetes_events:Events",
    "kubernetes_helm_chart": "kubernetes_helm_chart:HelmChart",
    "kubernetes_ingresses": "kubernetes_ingresses:Ingresses",
    "kubernetes_network_policies": "kubernetes_network_policies:NetworkPolicies",
    "kubernetes_nodes": "kubernetes_nodes:Nodes",
    "kubernetes_object": "kubernetes_object:Objects",
    "kubernetes_pods": "kubernetes_pods:Pods",
    "kubernetes_routes": "kubernetes_routes:Routes",
    "kubernetes_service_monitors": "kubernetes_service_monitors:ServiceMonitors",
    "kubernetes_workload": "kubernetes_workload:Workload",
    "pod_exec": "pod_exec:PodExec",
    "pod_logs": "pod_logs:PodLogs",
    "pod_reach": "pod_reach:PodReach",
    "prometheus_targets": "prometheus_targets:PrometheusTargets",
    "promql": "promql:Promql",
    "promql_range": "promql:PromqlRange",
    "proxmox": "proxmox:Proxmox",
    "scrape_credential": "scrape_credential:ScrapeCredential",
    "tcp": "tcp:Tcp",
    "traefik_arguments": "traefik_arguments:TraefikArguments",
}
"""A probe's name -> the file in this folder and the class in it."""


def probe_class(name: str) -> type[Probe]:
    """The class of the probe of that name; ProbeError of kind bad_option where there is none."""
    if name not in PROBES:
        raise ProbeError("bad_option", f"no probe {name[:80]!r}; there are {', '.join(PROBES)}")
    file, _colon, word = PROBES[name].partition(":")
    module = importlib.import_module(f"{__package__}.{file}")
    found: type[Probe] = getattr(module, word)
    return found

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every action of every role, rendered as Ansible renders it, and held against what its module takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import running
from ansible_collections.oncall.remedy.plugins.modules import (
    helm_chart_config,
    kubernetes_object,
    pod_restart,
    scrape_config,
)
from tests.unit.fixes.helpers import Json

ROLES = Path(__file__).resolve().parents[3] / "roles"
ACTIONS = sorted(
    (role.name, file.stem)
    for role in ROLES.iterdir()
    for file in (role / "tasks").glob("*.yml")
    if file.stem != "main" and role.name != "runbook"
)
SPECS = {
    "helm_chart_config": {**running.OBJECT_ARGUMENTS, **helm_chart_config.ARGUMENTS},
    "kubernetes_object": {**running.OBJECT_ARGUMENTS, **kubernetes_object.ARGUMENTS},
    "pod_restart": {**running.KUBERNETES_ARGUMENTS, **pod_restart.ARGUMENTS},
    "scrape_config": {**running.OBJECT_ARGUMENTS, **scrape_config.ARGUMENTS},
}
SEEN = {"resource_version": "812", "owner": ""}
WHERE = {"namespace": "argocd", "name": "argocd-metrics"}
CHART = {"namespace": "kube-system", "name": "traefik"}
FENCE = {"not_after": 1795230000.0, "host": None, "steady": None, "pid": None, "started": None}


def rendered(role: str, action: str, arguments: Json) -> tuple[str, Json]:
    """The module that an action calls, and its arguments; what is left out is not among them."""
    loader = DataLoader()
    (task,) = loader.load_from_file(str(ROLES / role / "tasks" / f"{action}.yml"), trusted_as_template=True)
    defaults = loader.load_from_file(str(ROLES / role / "defaults" / "main.yml"), trusted_as_template=True)
    remedy = {
        "incident": "3f2a",
        "action": action,
        "target": "prod",
        "arguments": arguments,
        "credential": {"kubeconfig": "/run/permit.kubeconfig"},
        "timeout": 90.0,
        "fence": FENCE,
    }
    omitted = "__nothing is given__"
    templar = Templar(loader, variables={**defaults, "remedy": remedy, "omit": omitted})
    (name,) = [key for key in task if key.startswith("oncall.remedy.")]
    given = templar.template(task[name])
    return name.rpartition(".")[2], {key: value for key, value in given.items() if value != omitted}


CASES: list[tuple[str, str, Json, Json]] = [
    (
        "scrape_target",
        "create_service_monitor",
        {**WHERE, "selector": {"matchLabels": {"app": "x"}}, "port": "metrics", "labels": {"release": "stack"}},
        {
            "kind": "ServiceMonitor",
            "labels": {"release": "stack"},
            "spec": {
                "selector": {"matchLabels": {"app": "x"}},
                "endpoints": [{"port": "metrics", "path": "/metrics"}],
            },
        },
    ),
    (
        "scrape_target",
        "remove_service_monitor",
        {**WHERE, "precondition": SEEN},
        {"state": "absent", "kind": "ServiceMonitor", "precondition": {**SEEN, "generation": None}},
    ),
    ("scrape_target", "restore_service_monitor", dict(WHERE), {"state": "restored", "incident": "3f2a"}),
    ("scrape_target", "restore_service_monitor", {**WHERE, "repaired_by": "b81e"}, {"incident": "b81e"}),
    (
        "scrape_target",
        "add_node_port",
        {**WHERE, "selector": {"app": "x"}, "port": "8082", "target_port": "metrics", "node_port": "30082"},
        {
            "kind": "Service",
            "spec": {
                "type": "NodePort",
                "selector": {"app": "x"},
                "ports": [
                    {"name": "metrics", "protocol": "TCP", "port": 8082, "targetPort": "metrics", "nodePort": 30082}
                ],
            },
        },
    ),
    (
        "scrape_target",
        "add_network_policy",
        {**WHERE, "pod_labels": {"app": "x"}, "port": 8082},
        {
            "kind": "NetworkPolicy",
            "spec": {
                "podSelector": {"matchLabels": {"app": "x"}},
                "policyTypes": ["Ingress"],
                "ingress": [{"ports": [{"protocol": "TCP", "port": 8082}]}],
            },
        },
    ),
    ("scrape_target", "take_back_object", {**WHERE, "kind": "Service"}, {"state": "restored", "kind": "Service"}),
    (
        "scrape_target",
        "move_scrape_target",
        {**WHERE, "targets": ["10.10.0.40:30082"], "scheme": "http", "metrics_path": "/metrics", "precondition": SEEN},
        {"targets": ["10.10.0.40:30082"], "scheme": "http", "metrics_path": "/metrics"},
    ),
    ("scrape_target", "restore_scrape_target", dict(WHERE), {"state": "restored"}),
    (
        "node_exporter",
        "restart_exporter",
        {"namespace": "monitoring", "pods": [{"name": "a-x7k2p", "uid": "u", "node": "n"}]},
        {"pods": [{"name": "a-x7k2p", "uid": "u", "node": "n"}], "timeout": "90.0"},
    ),
    (
        "traefik",
        "reapply_chart_config",
        {**CHART, "values": "a: 1\n", "workload": {"kind": "DaemonSet", **CHART}, "precondition": SEEN},
        {"values": "a: 1\n", "workload": {"kind": "DaemonSet", **CHART}, "job": None},
    ),
    ("traefik", "reapply_chart_config", {}, {**CHART, "values": None, "workload": {"kind": "DaemonSet", **CHART}}),
    (
        "traefik",
        "complete_trusted_ips",
        {**CHART, "trusted_ips": {"web": ["10.0.0.0/8"]}},
        {"trusted_ips": {"web": ["10.0.0.0/8"]}, "values": None},
    ),
    ("traefik", "restore_chart_config", dict(CHART), {"state": "restored", **CHART}),
]


@pytest.mark.parametrize(("role", "action", "arguments", "meant"), CASES)
def test_an_action_gives_its_module_what_it_takes(role: str, action: str, arguments: Json, meant: Json) -> None:
    module, given = rendered(role, action, arguments)
    checked = ArgumentSpecValidator(SPECS[module]).validate(given)
    assert checked.error_messages == []
    parameters: dict[str, Any] = checked.validated_parameters
    assert {key: parameters[key] for key in meant} == meant
    assert parameters["fence"]["not_after"] == FENCE["not_after"]
    assert parameters["kubeconfig"] == "/run/permit.kubeconfig"


@pytest.mark.parametrize(("role", "action"), ACTIONS)
def test_no_argument_is_asked_for_by_the_name_of_a_mappings_method(role: str, action: str) -> None:
    text = (ROLES / role / "tasks" / f"{action}.yml").read_text(encoding="utf-8")
    methods = [name for name in re.findall(r"remedy\.arguments\.(\w+)\b(?!\()", text) if hasattr(dict, name)]
    assert methods == []


@pytest.mark.parametrize(("role", "action"), ACTIONS)
def test_every_action_is_dispatched_declared_and_documented(role: str, action: str) -> None:
    main = yaml.safe_load((ROLES / role / "tasks" / "main.yml").read_text(encoding="utf-8"))
    dispatched = [task["when"] for task in main if task.get("ansible.builtin.include_tasks") == f"{action}.yml"]
    assert dispatched == [f"remedy.action == '{action}'"]
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert action in specs["argument_specs"]["main"]["options"]["remedy"]["options"]["action"]["choices"]
    assert f"| `{action}` |" in (ROLES / role / "README.md").read_text(encoding="utf-8")
    refusal = main[-1]
    assert action in str(refusal.get("vars", refusal))

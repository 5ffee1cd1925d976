# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small runbooks and evidence for the tests of the notation."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence, EvidenceState
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook

SCOPE = {"namespace": "traefik", "job": "traefik", "target": "lab", "alert": "SampleDown"}

HEAD = """\
- name: A play without a runbook
  hosts: localhost
- name: Sample
  hosts: localhost
  vars:
    runbook:
"""

SAMPLE = """\
alerts: [SampleDown]
summary: A sample.
inputs: {job: {pattern: '[a-z]{1,20}'}}
params: {namespace: "{{ sample_namespace | default('traefik') }}"}
evidence:
  pods: {kubernetes_pods: {namespace: "{{ namespace }}", selector: "app={{ job }}"}}
  crash:
    pod_logs: {namespace: "{{ namespace }}", pods: "{{ pods.crashing }}", match: {port: 'address already in use'}}
    when: [pods.crashing | length > 0]
  edge: {http: {url: 'https://edge.example/'}}
findings:
  - name: port_conflict
    when: [crash.port.lines > 0]
    because: "port taken: {{ crash.port.first }}"
    escalate: platform
  - name: outage
    when: [edge.ok == 0, pods.ready < pods.total]
    because: "{{ pods.ready }} of {{ pods.total }} ready"
    mitigate: restart
mitigations:
  restart:
    role: oncall.remedy.traefik
    with: {namespace: "{{ namespace }}", pods: "{{ pods.names }}"}
    touches: "Pods/{{ namespace }}"
    disturbs: {healthy: "{{ pods.ready }}", of: "{{ pods.total }}"}
    risk: low
    credential: rollout_restart
verify: {within: 5m, healed_when: [edge.ok == edge.total]}
"""


def write(folder: Path, text: str = SAMPLE, name: str = "sample") -> Path:
    """A playbook with this runbook, whose first line stands on line ``len(HEAD.splitlines()) + 1``."""
    path = folder / f"{name}.yml"
    path.write_text(HEAD + textwrap.indent(text, " " * 6), encoding="utf-8")
    return path


def line_of(text: str, part: str) -> int:
    """The line of the playbook on which a part of the runbook stands."""
    before, found, _after = text.partition(part)
    assert found, part
    return len(HEAD.splitlines()) + before.count("\n") + 1


def book(folder: Path, text: str = SAMPLE) -> Runbook:
    """The runbook, loaded."""
    return loader.load(write(folder, text))


def told(name: str, value: Any = None, state: EvidenceState = "ok", reason: str = "") -> Evidence:
    """Evidence as the gatherer would leave it."""
    return Evidence(name, "probe", state, name, "source", 0.0, 0.0, value, reason)


def known(**values: Any) -> dict[str, Evidence]:
    """Evidence by name: a plain value is an answer, Evidence stands for itself."""
    return {name: value if isinstance(value, Evidence) else told(name, value) for name, value in values.items()}

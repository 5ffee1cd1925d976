# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_targets
short_description: Ask Prometheus what it scrapes, and how that goes
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.prometheus_targets_info) does, and fails where that fails.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.prometheus
  - oncall.remedy.endpoint.module
options:
  _terms:
    description: Regular expressions that the targets' job label matches as a whole.
    type: list
    elements: str
    required: true
seealso:
  - module: oncall.remedy.prometheus_targets_info
"""

EXAMPLES = r"""
- name: How many targets of Traefik are down
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.prometheus_targets', '.*traefik.*', url='https://prometheus.example.com').down }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.prometheus_targets_info#module:answer), one for each term.
  type: list
  elements: dict
  contains:
    total:
      description: How many targets match.
      type: int
    up:
      description: How many of them are up.
      type: int
    down:
      description: How many are down.
      type: int
    unknown:
      description: How many have not been scraped yet.
      type: int
    targets:
      description: The targets, 200 at most.
      type: list
      elements: dict
      contains:
        job:
          description: Its job label.
          type: str
        instance:
          description: Its instance label.
          type: str
        health:
          description: V(up), V(down) or V(unknown).
          type: str
        last_error:
          description: Why the last scrape failed.
          type: str
        scrape_url:
          description: What is scraped, without parameters and credentials.
          type: str
        pool:
          description: The scrape pool that it belongs to.
          type: str
        labels:
          description: All its labels.
          type: dict
        last_scrape_age:
          description: Seconds since the last scrape; null before the first.
          type: float
    truncated:
      description: Whether there are more targets than are listed.
      type: bool
    pools:
      description: All scrape pools of this Prometheus.
      type: list
      elements: str
    dropped:
      description: How many targets relabelling dropped, of all jobs; null where the list is too large.
      type: int
"""

from ansible_collections.oncall.remedy.plugins.module_utils.probes.prometheus_targets import PrometheusTargets
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask Prometheus what it scrapes, and how that goes."""

    probe = PrometheusTargets
    term = "job"

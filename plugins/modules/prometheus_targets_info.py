#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_targets_info
short_description: Ask Prometheus what it scrapes, and how that goes
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Lists the scrape targets of a Prometheus with their health, and the names of its scrape pools.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.prometheus
  - oncall.remedy.endpoint.module
  - oncall.remedy.endpoint.attributes
options:
  job:
    description: A regular expression that the targets' job label, or their scrape pool's name, matches as a whole.
      Without it all targets.
    type: str
  labels:
    description: Leaves out targets that have one of these labels with another value; one without the label stays.
    type: dict
    default: {}
  limit:
    description: How many targets are listed at most. Everything else is about all of them.
    type: int
    default: 200
"""

EXAMPLES = r"""
- name: The targets of Traefik
  oncall.remedy.prometheus_targets_info:
    url: https://prometheus.example.com
    job: .*traefik.*
  register: targets

- name: Why they are down
  ansible.builtin.debug:
    msg: "{{ targets.answer.targets | map(attribute='last_error') | unique }}"
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: scrape targets with job=~'.*traefik.*'
source:
  description: The server that answered.
  returned: success
  type: str
  sample: https://prometheus.example.com
took:
  description: Seconds until the answer was complete.
  returned: success
  type: float
  sample: 0.012
kind:
  description:
    - Why there is no answer, as one word such as V(timeout), V(refused), V(forbidden), V(bad_answer) or V(bad_option).
  returned: failure
  type: str
  sample: timeout
answer:
  description: The targets.
  returned: success
  type: dict
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
        error_kind:
          description:
            - The same as one word, V(refused), V(timeout), V(unauthorized), V(forbidden), V(not_found), V(unavailable),
              V(proxy_unavailable), V(server_error), V(tls), V(dns), V(unreachable), V(body) or V(other); empty where it
              did not fail.
          type: str
        scrape_url:
          description: What is scraped, without parameters and credentials.
          type: str
        address:
          description: The C(host:port) that is scraped.
          type: str
        port:
          description: Its port.
          type: int
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
    addresses_down:
      description: Where those are scraped that are down, 100 at most.
      type: list
      elements: str
    hosts_down:
      description: The same without ports.
      type: list
      elements: str
    error_kinds:
      description: How many of those that are down failed in which way.
      type: dict
    common:
      description: The labels that all of those share that are down, where there are several.
      type: dict
    through_proxy:
      description: How many of them are scraped through the proxy of an API server.
      type: int
    pools:
      description: All scrape pools of this Prometheus.
      type: list
      elements: str
    empty_pools:
      description: Those of them that have no target at all.
      type: list
      elements: str
    dropped_of_job:
      description: How many targets relabelling dropped of pools that are named as the job, or whose monitor is; null
        where that is not known.
      type: int
    dropped:
      description: How many targets relabelling dropped, of all jobs; null where the list is too large.
      type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import PROMETHEUS
from ansible_collections.oncall.remedy.plugins.module_utils.probes.prometheus_targets import PrometheusTargets


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(PROMETHEUS, PrometheusTargets.options, probe_module.PATIENCE)
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), PrometheusTargets)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_info
short_description: Ask Prometheus with PromQL
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Evaluates a PromQL expression at one instant, or, with O(since), over a range of time.
  - A partial answer (one with warnings) is a failure, because what is missing cannot be told from what is not there.
extends_documentation_fragment:
  - oncall.remedy.endpoint
  - oncall.remedy.endpoint.prometheus
  - oncall.remedy.endpoint.module
  - oncall.remedy.endpoint.attributes
options:
  query:
    description: The expression. It has to yield a vector or a scalar, also for each point of a range.
    type: str
    required: true
  at:
    description: The instant, or the end of the range, as Unix seconds. Without it now.
    type: float
  since:
    description: How long before O(at) the range begins, in seconds or as V(30m), V(6h). Without it there is no range.
    type: str
  step:
    description: The time between the points of a range. Without it a 240th of O(since).
    type: str
"""

EXAMPLES = r"""
- name: How many healthy Traefik targets remain
  oncall.remedy.prometheus_info:
    url: https://prometheus.example.com
    token_file: /etc/oncall-remedy/prometheus.token
    query: count(up{job=~".*traefik.*"} == 1)
  register: healthy

- name: The last six hours of it
  oncall.remedy.prometheus_info:
    url: https://prometheus.example.com
    query: sum(up{job=~".*traefik.*"})
    since: 6h
    step: 1m
  register: history
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: count(up == 1)
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
  description: The series, reduced to what a condition needs.
  returned: success
  type: dict
  contains:
    count:
      description: How many series there are.
      type: int
    value:
      description: The number, when there is exactly one series or a scalar. With O(since) it is missing.
      type: float
    sum:
      description: The sum of all series' numbers; null without a number. With O(since) it is missing.
      type: float
    min:
      description: The smallest number, or null. With O(since) it is missing.
      type: float
    max:
      description: The largest number, or null. With O(since) it is missing.
      type: float
    series:
      description: The series, 200 at most.
      type: list
      elements: dict
      contains:
        labels:
          description: Its labels.
          type: dict
        value:
          description: Its number; null for one that is not finite. With O(since) it is missing.
          type: float
        points:
          description: With O(since) pairs of Unix seconds and number; null for one that is not finite.
          type: list
          elements: list
    truncated:
      description: Whether there are more series than are listed.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import PROMETHEUS
from ansible_collections.oncall.remedy.plugins.module_utils.probes.promql import Promql, PromqlRange


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(PROMETHEUS, Promql.options, PromqlRange.options, probe_module.PATIENCE)
    spec["since"] = {"type": "str"}  # a range is asked for by naming it
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    probe_module.run(module, PromqlRange if module.params["since"] else Promql)


if __name__ == "__main__":
    main()

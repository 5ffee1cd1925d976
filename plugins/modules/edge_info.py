#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_info
short_description: Ask an HTTP server through each of its addresses
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Asks a URL as its users do, through all given addresses at once, and reports status, time, redirect and certificate.
  - A server that does not answer is a result and no failure, unless a O(control) shows that nothing can be asked.
  - With O(read) it says who wrote an error page, Traefik, Cloudflare or the application, where that is certain.
extends_documentation_fragment:
  - oncall.remedy.question.edge
  - oncall.remedy.endpoint.attributes
options:
  url:
    description: The URL.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Does every edge node serve
  oncall.remedy.edge_info:
    url: https://grafana.example.com/login
    through: [192.0.2.11, 192.0.2.12, 192.0.2.13]
    control: https://www.example.org/
  register: edge

- name: Whose error page do users get, and does it have links without TLS
  oncall.remedy.edge_info:
    url: https://api.example.com/
    through: [192.0.2.11, 192.0.2.12, 192.0.2.13]
    headers: {X-Forwarded-Proto: https}
    edge: traefik
    read: 4096

- name: The nodes that do not
  ansible.builtin.debug:
    var: edge.answer.silent_at
"""

RETURN = r"""
question:
  description: What was asked, as one line.
  returned: success
  type: str
  sample: GET https://grafana.example.com/login through 192.0.2.11, 192.0.2.12
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
  description: What the addresses did.
  returned: success
  type: dict
  contains:
    url:
      description: The URL.
      type: str
    total:
      description: How many addresses were asked.
      type: int
    answered:
      description: How many gave an HTTP answer.
      type: int
    silent:
      description: How many did not.
      type: int
    ok:
      description: How many gave a good status.
      type: int
    failed:
      description: All others.
      type: int
    refused:
      description: How many refused the connection.
      type: int
    timed_out:
      description: How many did not answer in time.
      type: int
    tls_failed:
      description: How many failed in the TLS handshake.
      type: int
    statuses:
      description: The statuses that came.
      type: list
      elements: int
    silent_at:
      description: Addresses without an answer.
      type: list
      elements: str
    answered_at:
      description: Addresses with one.
      type: list
      elements: str
    by_traefik:
      description: How many error pages Traefik wrote.
      type: int
    by_cloudflare:
      description: How many Cloudflare wrote.
      type: int
    by_application:
      description: How many somebody else wrote.
      type: int
    cloudflare:
      description: What Cloudflare says of the origin with a status of its own.
      type: list
      elements: dict
      contains:
        address:
          description: The address.
          type: str
        code:
          description: The status, such as V(522).
          type: int
        meaning:
          description: V(origin_refused), V(origin_timeout), V(origin_unreachable), V(origin_tls) or V(origin_error).
          type: str
    insecure_links:
      description: Links to C(http://) on the URL's host in what was read of all answers; null where nothing was.
      type: int
    seconds_max:
      description: How long the slowest took; null without one.
      type: float
    answers:
      description: What each address did.
      type: list
      elements: dict
      contains:
        address:
          description: The address.
          type: str
        status:
          description: The status; 0 without an answer.
          type: int
        error:
          description: Why there is no answer.
          type: str
        kind:
          description: The same as one word.
          type: str
        seconds:
          description: How long it took.
          type: float
        location:
          description: Where a redirect points to.
          type: str
        tls:
          description: The certificate; null without TLS.
          type: dict
          contains:
            verified:
              description: Whether it was believed.
              type: bool
            error:
              description: Why not.
              type: str
            issuer:
              description: Who issued it.
              type: str
            subject:
              description: For whom.
              type: str
            names:
              description: DNS names and addresses that it is for.
              type: list
              elements: str
            not_after:
              description: When it ends, as Unix seconds.
              type: float
            days_left:
              description: Days until then.
              type: float
        origin:
          description: Who wrote the error page, V(traefik), V(cloudflare) or V(application); empty where that is not
            certain.
          type: str
        reason:
          description: The first line of Traefik's or Cloudflare's page.
          type: str
        meaning:
          description: What a status of Cloudflare's own says of the origin.
          type: str
        insecure_links:
          description: Links to C(http://) on the URL's host in what was read; null where nothing was.
          type: int
    control:
      description: What the control did; null without one.
      type: dict
      contains:
        url:
          description: The control's URL.
          type: str
        status:
          description: Its status; 0 without an answer.
          type: int
        error:
          description: Why there is no answer.
          type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oncall.remedy.plugins.module_utils.probes import module as probe_module
from ansible_collections.oncall.remedy.plugins.module_utils.probes.edge import Http


def main() -> None:
    """Runs the module."""
    spec = probe_module.argument_spec(Http.options)
    spec["timeout"]["default"] = "10s"
    probe_module.run(AnsibleModule(argument_spec=spec, supports_check_mode=True), Http)


if __name__ == "__main__":
    main()

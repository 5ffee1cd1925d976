# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: edge
short_description: Ask an HTTP server through each of its addresses
version_added: 0.1.0
author: The oncall.remedy authors (@oncall-remedy)
description:
  - Runs on the controller. It asks as M(oncall.remedy.edge_info) does, and fails where that fails.
options:
  _terms:
    description: URLs.
    type: list
    elements: str
    required: true
  through:
    description:
      - Addresses to connect to instead of those that the URL's host has. All are asked at once.
      - The Host header, the name in the TLS handshake and the name in the certificate stay the URL's.
    type: list
    elements: str
  method:
    description: The method.
    type: str
    choices: [GET, HEAD]
    default: GET
  expect:
    description: The statuses that are good. Without it all below 400.
    type: list
    elements: int
  follow:
    description: Whether redirects on the same host are followed, five at most.
    type: bool
    default: false
  validate_certs:
    description: Whether the certificate has to be valid and of the URL's host. Where it is not, no request is sent.
    type: bool
    default: true
  ca_path:
    description: A file with the CAs to believe, as PEM. Without it the system's.
    type: path
  control:
    description: A URL that answers if this host can ask at all. When it and all others are silent, the question
      fails.
    type: str
  timeout:
    description: How long to wait for an answer, in seconds or as V(10s).
    type: str
    default: 10s
seealso:
  - module: oncall.remedy.edge_info
"""

EXAMPLES = r"""
- name: Does the site answer
  ansible.builtin.debug:
    msg: "{{ lookup('oncall.remedy.edge', 'https://grafana.example.com/login').statuses }}"
"""

RETURN = r"""
_raw:
  description: The same as RV(oncall.remedy.edge_info#module:answer), one for each term.
  type: list
  elements: dict
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

from ansible_collections.oncall.remedy.plugins.module_utils.probes.edge import Http
from ansible_collections.oncall.remedy.plugins.plugin_utils.probe_lookup import ProbeLookup


class LookupModule(ProbeLookup):
    """Ask an HTTP server through each of its addresses."""

    probe = Http
    term = "url"

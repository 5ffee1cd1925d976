# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the questions that can be asked by a module and by a lookup."""

from __future__ import annotations


class ModuleDocFragment:
    """What the module and the lookup of a probe share, by the probe."""

    EDGE = r"""
options:
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
"""

    TCP = r"""
options:
  control:
    description: An address that answers if this host can ask at all. When it and all others are silent, the question
      fails.
    type: str
  timeout:
    description: How long to wait for a connection, in seconds or as V(5s).
    type: str
    default: 5s
"""

    ALERTS = r"""
options:
  active:
    description: Whether alerts that are neither silenced nor inhibited are wanted.
    type: bool
    default: true
  silenced:
    description: Whether silenced alerts are wanted.
    type: bool
    default: true
  inhibited:
    description: Whether inhibited alerts are wanted.
    type: bool
    default: true
  unprocessed:
    description: Whether alerts are wanted that Alertmanager has not looked at yet.
    type: bool
    default: true
"""

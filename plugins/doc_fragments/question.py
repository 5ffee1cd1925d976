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
  path:
    description: A path to ask for in the place of what the URL has behind its host.
    type: str
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
  headers:
    description: Headers to send. Only X-Forwarded-Proto, X-Forwarded-For, User-Agent and Accept may be set.
    type: dict
  read:
    description:
      - How many bytes of the body are looked at, 65536 at most, for who wrote an error page and for links.
      - For error pages 512 do.
    type: int
    default: 0
  edge:
    description:
      - What is known to listen at the addresses. With V(traefik) Traefik's own C(404 page not found) is told from the
        one of a program in Go behind it.
    type: str
    choices: [traefik]
  control:
    description: A URL that answers if this host can ask at all. When it and all others are silent, the question
      fails.
    type: str
  timeout:
    description: How long to wait for an answer, in seconds or as V(10s).
    type: str
    default: 10s
"""

    DNS = r"""
options:
  servers:
    description:
      - IP addresses of the DNS servers to ask, with or without a port, as V(192.0.2.1:5353). The first that answers
        counts.
      - Without it the system's.
    type: list
    elements: str
  expect:
    description: Networks or addresses that the name should point to. Every other address counts as elsewhere.
    type: list
    elements: str
    default: []
  timeout:
    description: How long to wait for an answer, in seconds or as V(5s).
    type: str
    default: 5s
requirements:
  - dnspython 2.6.1 or later
"""

    CLOUDFLARE = r"""
options:
  known:
    description:
      - The networks as they are known, for when the published list cannot be had, and to compare that with.
      - Has C(as_of), a date, and C(ranges), a list of networks.
    type: dict
  refresh:
    description: Whether the published list is fetched.
    type: bool
    default: true
  url:
    description: Where it is published, in the shape of Cloudflare's API.
    type: str
    default: https://api.cloudflare.com/client/v4/ips
  through:
    description: The address to connect to instead of those that the URL's host has.
    type: str
  ca_path:
    description: A file with the CAs to believe, as PEM. Without it the system's.
    type: path
  timeout:
    description: How long to wait for the published list, in seconds or as V(5s).
    type: str
    default: 5s
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

    PROXMOX = r"""
options:
  url:
    description: Where the Proxmox VE API is, such as V(https://192.0.2.10:8006).
    type: str
    required: true
  user:
    description: The user with its realm, such as V(remedy@pve). It needs the role C(PVEAuditor).
    type: str
    required: true
  token_name:
    description: The name of the API token, for O(token_file) or O(token_env).
    type: str
  token_file:
    description: A file that holds the API token's value.
    type: path
  token_env:
    description: The name of an environment variable that holds the API token's value.
    type: str
  password_file:
    description:
      - A file that holds the user's password.
      - Without a token the API is asked for a ticket with it, which takes the only POST request of all questions.
      - With a token it asks for the metrics alone, by basic authentication.
    type: path
  password_env:
    description: The name of an environment variable that holds the user's password.
    type: str
  ca_path:
    description: A file with the CAs to believe, as PEM. Without it the system's.
    type: path
  validate_certs:
    description: Whether the server's certificate has to be valid and of the URL's host.
    type: bool
    default: true
  node:
    description: The name of the node in Proxmox, where it is not the host's.
    type: str
  control:
    description: An address C(host:port) that answers if this host can ask at all. When it and the API are silent, the
      question fails.
    type: str
  timeout:
    description: How long to wait for all answers, in seconds or as V(10s).
    type: str
    default: 10s
"""

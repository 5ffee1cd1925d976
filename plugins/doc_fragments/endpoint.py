# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the endpoints that probes ask."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation that several plugins share, by what they ask."""

    DOCUMENTATION = r"""
options:
  validate_certs:
    description: Whether the server's certificate has to be valid and of the URL's host.
    type: bool
    default: true
  ca_path:
    description: A file with the CAs to believe, as PEM. Without it the system's.
    type: path
  token_file:
    description: A file that holds a bearer token. It is read at every request.
    type: path
  token_env:
    description: The name of an environment variable that holds a bearer token.
    type: str
  username:
    description: The user's name for basic authentication.
    type: str
  password_file:
    description: A file that holds the user's password.
    type: path
  password_env:
    description: The name of an environment variable that holds the user's password.
    type: str
  headers:
    description:
      - Further headers of the requests, such as a tenant's C(X-Scope-OrgID).
      - Headers that hold credentials are refused, as they would show up in logs.
    type: dict
  proxy:
    description: The URL of a proxy. The environment's variables for proxies are not looked at.
    type: str
"""

    PROMETHEUS = r"""
options:
  url:
    description: Where Prometheus is, with the path that its API stands under, if any.
    type: str
    required: true
"""

    ALERTMANAGER = r"""
options:
  urls:
    description: The peers of one Alertmanager cluster. All are asked, at least one has to answer.
    type: list
    elements: str
  url:
    description: The only Alertmanager, instead of O(urls).
    type: str
"""

    MODULE = r"""
options:
  timeout:
    description: How long to wait for the whole answer, in seconds or as V(30s), V(1m).
    type: str
    default: 30s
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and gives the same answer there.
    support: full
  diff_mode:
    description: Gives a diff of what is changed.
    support: N/A
    details: Nothing is changed.
"""

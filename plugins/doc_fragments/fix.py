# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that the fix modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """``fix``: every fix; ``fix.object``: of a Kubernetes object; ``fix.alertmanager``: of what Alertmanager holds."""

    DOCUMENTATION = r"""
options:
  incident:
    description:
      - The id of the incident that this change belongs to. The change carries it, so it is not made twice.
      - Letters, digits and C(_.:-), at most 128.
    type: str
    required: true
attributes:
  check_mode:
    description: Only reads, and returns the diff of what would be changed.
    support: full
  diff_mode:
    description: Returns what was changed as YAML, with what may be a secret hidden.
    support: full
  platform:
    description: Runs where Python and the libraries are, usually on the controller.
    support: full
    platforms: posix
"""

    OBJECT = r"""
options:
  precondition:
    description:
      - What the diagnosis saw. If the object is another by now, nothing is changed.
      - Without it the object is judged as it is found. It is never overwritten unseen in either case.
    type: dict
    suboptions:
      resource_version:
        description: Its C(metadata.resourceVersion). Status counts too, so it changes often while pods crash.
        type: str
      generation:
        description: Its C(metadata.generation), which counts changes of the specification.
        type: int
requirements:
  - urllib3
  - PyYAML
  - kubernetes (only for kubeconfigs that authenticate by a plugin)
"""

    ALERTMANAGER = r"""
options:
  urls:
    description: The peers of one Alertmanager cluster, without C(/api/v2).
    type: list
    elements: str
    required: true
  validate_certs:
    description: Whether the servers' certificates are verified.
    type: bool
    default: true
  ca_path:
    description: A file with the CA certificates to verify against, instead of the system's.
    type: path
  token_file:
    description: A file that holds a bearer token.
    type: path
  token_env:
    description: An environment variable that holds a bearer token.
    type: str
  username:
    description: The user of basic authentication.
    type: str
  password_file:
    description: A file that holds that user's password.
    type: path
  password_env:
    description: An environment variable that holds that user's password.
    type: str
  headers:
    description: More headers for every request, none of them a secret.
    type: dict
  proxy:
    description: The URL of a proxy.
    type: str
requirements:
  - urllib3
"""

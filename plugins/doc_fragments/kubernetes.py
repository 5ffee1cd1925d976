# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a plugin reaches a Kubernetes API server."""

from __future__ import annotations


class ModuleDocFragment:
    """``kubernetes``: every plugin that asks or changes a cluster."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of the kubeconfig that says which cluster, and under which identity.
      - It is the only way in. A token is never an argument, and nothing is taken from the environment.
    type: path
    required: true
  context:
    description: The context of the kubeconfig, if not its current one.
    type: str
requirements:
  - urllib3
  - PyYAML
  - kubernetes (only for a kubeconfig that authenticates by a plugin)
"""

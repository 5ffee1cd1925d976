# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that the fix modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """``fix``: of every fix; ``fix.object``: of one that changes an object of Kubernetes."""

    DOCUMENTATION = r"""
options:
  incident:
    description:
      - The id of the incident that this change belongs to. The change carries it, so it is not made twice.
      - Letters, digits and C(_.:-), at most 128.
    type: str
    required: true
  fence:
    description:
      - Until when, and for whom, this fix may write, as a permit yields it. It is asked before every request that
        writes; when it says no, nothing is sent and the module fails.
      - Without it the fix writes whatever became of the run that started it. That is for runs by hand.
    type: dict
    suboptions:
      not_after:
        description: The time after which no write begins, in Unix seconds.
        type: float
        required: true
      host:
        description:
          - The running kernel, and its space of process numbers, that O(fence.pid) is a process of.
          - Where the module runs elsewhere, the time alone bounds it.
        type: str
      steady:
        description: The same time by the monotonic clock of O(fence.host), which nobody can set back.
        type: float
      pid:
        description: The process of the run that gave the permit. Once it is gone, nothing is written.
        type: int
      started:
        description: When that process began, in ticks since the kernel booted.
        type: int
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
      owner:
        description: Who would put it back, such as "Helm release traefik", as the questions tell it. Empty for nobody.
        type: str
"""

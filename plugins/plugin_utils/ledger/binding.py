# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a permit is bound to: the remedy, the plan and what the evidence said. Pure; no database library."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Plan


def remedy_of(plan: Plan) -> str:
    """The name under which a cooldown and a recurrence are counted: what is done, and to which object.

    Not the runbook's word for it: two runbooks that restart the same DaemonSet do the same thing to it. And not the
    target alone: restarting one workload of a cluster says nothing of another one.
    """
    return f"{plan.role}.{plan.action} {plan.touches}"


def plan_hash(plan: Plan) -> str:
    """Of the whole plan with all its arguments: any other plan has another one."""
    return _hash(dataclasses.asdict(plan))


def evidence_hash(diagnosis: Diagnosis) -> str:
    """Of what the evidence amounts to: each finding's truth and instance, and which one was chosen. Numbers that
    change from look to look without changing a verdict do not count."""
    findings = [[finding.name, finding.truth, finding.instance] for finding in diagnosis.findings]
    return _hash([diagnosis.chosen, list(diagnosis.undecided), findings])


def approval_id(episode: str, plan_hash: str, evidence_hash: str) -> str:
    """The name by which a human approves: of this plan, on this evidence, in this incident. Twelve hex digits; people
    may type the beginning."""
    return _hash([episode, plan_hash, evidence_hash])[:12]


def asked_again(approval: str, times: int) -> str:
    """The name of the same question when it was put ``times`` before: an old answer must not fit the new asking."""
    return _hash([approval, times])[:12] if times else approval


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a workload whose pods have ports of their nodes can be rolled at all.

Two pods cannot have the same port of a node. So the old one has to go before the new one comes: ``maxUnavailable`` of
one or more, ``maxSurge`` 0. With anything else the new pods wait for a port that never becomes free. All pure.
"""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import refuse_unrollable

_FIELDS = ("maxUnavailable", "maxSurge")
_STRATEGY = {"DaemonSet": "updateStrategy", "Deployment": "strategy"}


def refuse_blocked(what: str, workload: Json | None, before: Json, after: Json) -> None:
    """Looks at the workload as it stands (None if there is none) and at the chart's values before and after the change.

    :raises FixFailed: the new pods could not come up, or nobody can say.
    """
    said_before, said = (at(values, "updateStrategy", "rollingUpdate", default={}) for values in (before, after))
    dropped = [field for field in _FIELDS if field in said_before and field not in said]
    if dropped:
        raise FixFailed(
            what,
            f"the values would not say updateStrategy.rollingUpdate.{' and '.join(dropped)} any more, and the chart's "
            "own may need two pods on one node's port",
            "Say both in the values, at their source",
        )
    if workload is None:
        _refuse(what, "the values", said, 1)
        return
    refuse_unrollable(what, workload)
    number = int(at(workload, "spec", "replicas", default=0)) or int(
        at(workload, "status", "desiredNumberScheduled", default=1)
    )
    stands = at(workload, "spec", _STRATEGY[workload["kind"]], "rollingUpdate", default={})
    if workload["kind"] == "DaemonSet":
        stands = {"maxUnavailable": 1, "maxSurge": 0, **stands}
    _refuse(what, f"its {workload['kind']}", stands, number)
    _refuse(what, "the values", {**stands, **said}, number)


def _refuse(what: str, whose: str, rolling: Json, number: int) -> None:
    unavailable, surge = _pods(rolling.get("maxUnavailable"), number), _pods(rolling.get("maxSurge"), number)
    if unavailable is None or surge is None or unavailable < 1 or surge > 0:
        raise FixFailed(
            what,
            f"{whose} would roll with maxUnavailable {_said(rolling, 'maxUnavailable')} and maxSurge "
            f"{_said(rolling, 'maxSurge')}. Two pods cannot have one port of a node: it has to be 1 or more, and 0",
            "Correct updateStrategy.rollingUpdate at its source",
        )


def _said(rolling: Json, field: str) -> str:
    return "(not said)" if rolling.get(field) is None else str(rolling[field])


def _pods(value: Any, number: int) -> int | None:
    """How many pods of ``number`` a count or a percentage is, rounded up; None for neither."""
    text = str(value).strip()
    try:
        return math.ceil(float(text[:-1]) / 100 * max(1, number)) if text.endswith("%") else int(text)
    except ValueError:
        return None

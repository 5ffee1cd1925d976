# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods that a rollout replaces: which are new, which came up, and which never will. All pure."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Collection, Iterator, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils import timestamps
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at

IsNew = Callable[[Json], bool]
"""Tells a pod of the new template from one of an older."""

_HOPELESS = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Waiting reasons in which a container stays until somebody changes something. ErrImagePull is not among them: the
kubelet calls the first failed attempt so, and ImagePullBackOff follows if the next one fails too."""


@dataclasses.dataclass(frozen=True)
class Stall:
    """A new pod that will not come up by waiting."""

    pod: str
    node: str
    reason: str

    def __str__(self) -> str:
        return "pod {} on {}: {}".format(self.pod, self.node or "no node", self.reason)


def name(pod: Json) -> str:
    """The pod's name."""
    return str(at(pod, "metadata", "name", default="?"))


def node(pod: Json) -> str:
    """The node that the pod was put on, or nothing while it has none."""
    return str(at(pod, "spec", "nodeName", default=""))


def is_ready(pod: Json) -> bool:
    """Whether the pod serves: its Ready condition holds and nobody is deleting it."""
    return _ready_condition(pod) is not None and not at(pod, "metadata", "deletionTimestamp")


def ready_after(pod: Json) -> int | None:
    """Seconds from the pod's creation to its being ready by the cluster's clock, or None while it is not."""
    condition = _ready_condition(pod)
    created = timestamps.unix(at(pod, "metadata", "creationTimestamp"))
    ready = timestamps.unix(at(condition, "lastTransitionTime"))
    return None if created is None or ready is None else max(0, int(ready - created))


def _ready_condition(pod: Json) -> Json | None:
    for condition in at(pod, "status", "conditions", default=[]):
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            found: Json = condition
            return found
    return None


def stall(pods: Sequence[Json], is_new: IsNew) -> Stall | None:
    """The first new pod that is stuck, with container, reason and last exit; None while every one may still come up."""
    for pod in pods:
        if not is_new(pod) or at(pod, "metadata", "deletionTimestamp"):
            continue
        reason = _stuck(pod)
        if reason:
            return Stall(name(pod), node(pod), reason)
    return None


def _stuck(pod: Json) -> str:
    if at(pod, "status", "phase") == "Failed":
        return " ".join(
            part
            for part in (at(pod, "status", "reason", default="Error"), _short(at(pod, "status", "message")))
            if part
        )
    for container in _containers(pod):
        waiting = at(container, "state", "waiting", default={})
        if waiting.get("reason") in _HOPELESS:
            return "container {} is in {}{}".format(
                container.get("name"), waiting["reason"], _cause(container, waiting)
            )
        ended = at(container, "state", "terminated", default={})
        # One exit may be bad luck at the start; the second says that it is the program.
        if ended.get("exitCode") and int(container.get("restartCount") or 0) > 0:
            return "container {} ends in {}{}".format(
                container.get("name"),
                ended.get("reason") or "Error",
                _cause(container, {}),
            )
    return ""


def _cause(container: Json, waiting: Json) -> str:
    """What is known of why: how the container ended last, else what the kubelet says."""
    ended = at(container, "state", "terminated") or at(container, "lastState", "terminated")
    if ended:
        exits = f", it exits with {ended.get('exitCode')} ({container.get('restartCount') or 0} restarts)"
        message = _short(ended.get("message"))
        return exits + (": " + message if message else "")
    message = _short(waiting.get("message"))
    return ": " + message if message else ""


def _containers(pod: Json) -> Iterator[Json]:
    yield from at(pod, "status", "initContainerStatuses", default=[])
    yield from at(pod, "status", "containerStatuses", default=[])


def _short(message: Any) -> str:
    lines = str(message or "").strip().splitlines()
    return lines[-1][:200] if lines else ""


def pending(pods: Sequence[Json], is_new: IsNew) -> list[str]:
    """One line for each pod that a wait is still about: new ones that are not ready, old ones that are still there."""
    lines = []
    for pod in pods:
        where = f" on {node(pod)}" if node(pod) else ""
        if at(pod, "metadata", "deletionTimestamp"):
            lines.append(f"{name(pod)}{where} is still terminating")
        elif not is_new(pod):
            lines.append(f"{name(pod)}{where} is not replaced yet")
        elif not is_ready(pod):
            lines.append(f"{name(pod)}{where} is not ready: {_why_not_ready(pod)}")
    return lines


def _why_not_ready(pod: Json) -> str:
    for container in _containers(pod):
        for state in ("waiting", "terminated"):
            reason = at(container, "state", state, "reason")
            if reason:
                return str(reason)
    for condition in at(pod, "status", "conditions", default=[]):
        if condition.get("status") == "False" and condition.get("reason") not in (None, "ContainersNotReady"):
            return " ".join(part for part in (condition["reason"], _short(condition.get("message"))) if part)
    return str(at(pod, "status", "phase", default="Unknown"))


def replacements(
    kind: str, old: Sequence[Json], now: Sequence[Json], is_new: IsNew, stayed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """What came up where: ``[{node, old, new, stayed, ready, ready_after}]``, sorted by node and name.

    ``old`` are the pods as they were before the change. DaemonSets pair them by node, StatefulSets by name; a
    Deployment's pods replace no particular one, so there ``old`` stays empty. ``stayed`` names those that the change
    did not touch, since they were of the template already. ``ready_after`` is in seconds, None for a pod that is not
    ready.
    """
    former = {}
    if kind == "DaemonSet":
        former = {node(pod): name(pod) for pod in old if node(pod) and not is_new(pod)}
    elif kind == "StatefulSet":
        former = {name(pod): name(pod) for pod in old if not is_new(pod)}
    rows = [
        {
            "node": node(pod),
            "old": former.get(node(pod) if kind == "DaemonSet" else name(pod), ""),
            "new": name(pod),
            "stayed": name(pod) in stayed,
            "ready": is_ready(pod),
            "ready_after": ready_after(pod) if is_ready(pod) else None,
        }
        for pod in now
        if is_new(pod) and not at(pod, "metadata", "deletionTimestamp")
    ]
    return sorted(rows, key=lambda row: (row["node"], row["new"]))


def report(rows: Sequence[dict[str, Any]]) -> list[str]:
    """``replacements`` in words, a line for each pod: "traefik-84xcs → traefik-p2m4k on hetzner1, ready after 3 s"."""
    lines = []
    for row in rows:
        pod = f"{row['old']} → {row['new']}" if row["old"] and row["old"] != row["new"] else row["new"]
        where = (" stays" if row["stayed"] else "") + (f" on {row['node']}" if row["node"] else "")
        if not row["ready"]:
            state = "not ready"
        elif row["ready_after"] is None or row["stayed"]:
            state = "ready"
        else:
            state = f"ready after {row['ready_after']} s"
        lines.append(f"{pod}{where}, {state}")
    return lines

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An API server of one object, played on the wire: versions, preconditions and patches are as the real one's.

What a controller does in the meantime is a list of steps, one for each time that the fix goes to sleep.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merged
from tests.support.wire import Answer, Exchange, Wire, answer_json, kube_status, reset
from tests.unit.fixes.helpers import Json

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
APPS = "/apis/apps/v1/namespaces/traefik/"
PODS = "/api/v1/namespaces/traefik/pods"

Step = Callable[["Cluster"], None]


class Steps(Protocol):
    """Something in which things happen while a fix sleeps."""

    def step(self) -> None:
        """Time passes."""


class Hands(Clock):
    """A clock whose hands only move when somebody sleeps; then the cluster makes its next step."""

    def __init__(self, cluster: Steps | None = None) -> None:
        self.now = 0.0
        self.cluster = cluster

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> float:
        return 1795230000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.cluster:
            self.cluster.step()


class Cluster:
    """``thing`` at ``path`` and the pods and revisions around it. ``writes`` are the patches that took effect."""

    def __init__(self, wire: Wire, path: str, thing: Json, pods: list[Json] | None = None) -> None:
        self.wire = wire
        self.path = path
        self.thing = copy.deepcopy(thing)
        self.pods = pods or []
        self.writes: list[Json] = []
        self.steps: list[Step] = []
        self.before_patch: list[Step] = []
        """Each runs once, just before the next patch is looked at: what others do at the same moment."""
        self.lost: list[str] = []
        """For the next patches: "answer" loses the answer after it took effect, "request" before."""
        self.down = False
        self.starting = False
        """The API server is up and has not learnt yet who may do what."""
        wire.on("GET", path, self._get)
        wire.on("PATCH", path, self._patch)
        wire.on("GET", PODS, self._list(lambda: self.pods))

    def lists(self, plural: str, members: list[Json]) -> None:
        """Scripts a list of another kind, such as controllerrevisions. ``members`` may change later."""
        self.wire.on("GET", APPS + plural, self._list(lambda: members))

    def step(self) -> None:
        """Time passes."""
        if self.steps:
            self.steps.pop(0)(self)

    def touch(self, **status: Any) -> None:
        """The controller writes the status: a new version, the same generation."""
        self.thing.setdefault("status", {}).update(status)
        self._renew()

    def change(self, patch: Json) -> None:
        """Somebody changes the object."""
        before = self.thing
        self.thing = _applied(self.thing, patch)
        if self.thing.get("spec") != before.get("spec"):
            self.thing["metadata"]["generation"] += 1
        self._renew()

    def _renew(self) -> None:
        self.thing["metadata"]["resourceVersion"] = str(int(self.thing["metadata"]["resourceVersion"]) + 1)

    def _get(self, exchange: Exchange) -> bool:
        return (self._absence() or answer_json(self.thing))(exchange)

    def _absence(self) -> Answer | None:
        """What is answered while the API server is away or just starting."""
        if self.starting:
            return kube_status(403, "Forbidden", 'User "remedy" cannot do anything')
        return reset if self.down else None

    def _list(self, members: Callable[[], list[Json]]) -> Callable[[Exchange], bool]:
        def give(exchange: Exchange) -> bool:
            # What stands in a list names no kind, as with the real API server.
            listed = {"kind": "List", "metadata": {}, "items": members()}
            return (self._absence() or answer_json(listed))(exchange)

        return give

    def _patch(self, exchange: Exchange) -> bool:
        if self.before_patch:
            self.before_patch.pop(0)(self)
        loss = self.lost.pop(0) if self.lost else ""
        if loss == "request" or self.down:
            return reset(exchange)
        body = exchange.request.json()
        if body["metadata"]["resourceVersion"] != self.thing["metadata"]["resourceVersion"]:
            message = "the object has been modified; please apply your changes to the latest version and try again"
            return kube_status(409, "Conflict", message)(exchange)
        self.writes.append(body)
        self.change(body)
        return reset(exchange) if loss == "answer" else answer_json(self.thing)(exchange)


def _applied(thing: Json, patch: Json) -> Json:
    """The patch applied: of strategic merge just the one directive that the fixes use."""
    template = patch.get("spec", {}).get("template", {})
    if "$patch" not in template:
        return merged(thing, patch)
    after = merged(thing, {**patch, "spec": {}})
    after["spec"]["template"] = {key: value for key, value in template.items() if key != "$patch"}
    return after

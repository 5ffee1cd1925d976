# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An API server of several objects, played on the wire: created, patched, replaced and deleted under preconditions.

What controllers do in the meantime is a list of steps, one for each time that the fix goes to sleep. A run dies by
``Killed``: what it has sent has taken effect or not, and nobody hears of it.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merged
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Answer, Exchange, Wire, answer_json, kube_status, reset
from tests.unit.fixes.helpers import Json

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Killed(Exception):
    """The run is gone: no module catches it."""


class Mortal(KubeTransport):
    """A transport that dies with its run at a request: ``dies_at`` counts all of them, from 1."""

    def __init__(self, kubeconfig: str, dies_at: int, after: bool) -> None:
        super().__init__(kubeconfig)
        self._left = dies_at
        self._after = after

    def _request(self, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        answer = super()._request(*args, **kwargs)
        if self._left == 0:
            raise Killed
        return answer


class Store:
    """Objects by their paths. ``writes`` are the requests that took effect, as ``METHOD path``."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.objects: dict[str, Json] = {}
        self.writes: list[str] = []
        self.bodies: list[Json] = []
        self.steps: list[Callable[[Store], object]] = []
        self.before_write: list[Callable[[Store], object]] = []
        """Each runs once, just before the next write is looked at: what others do at the same moment."""
        self.lost: list[str] = []
        """For the next writes: "answer" loses the answer after it took effect, "request" before."""
        self.down = False
        self.refusals: dict[str, Answer] = {}
        """What is answered to a write (``METHOD path``) instead of doing it."""
        self._numbers: Iterator[int] = itertools.count(100)
        self.collections: set[str] = set()

    def knows(self, *collections: str) -> Store:
        """The kinds of object that there are, each as the path of its collection."""
        for path in collections:
            self.collections.add(path)
            self.wire.on("GET", path, self._list(path))
            self.wire.on("POST", path, self._write(path, self._post))
        return self

    def put(self, collection: str, thing: Json) -> Json:
        """Somebody creates an object."""
        made = copy.deepcopy(thing)
        number = next(self._numbers)
        made["metadata"].setdefault("uid", f"uid-{number}")
        made["metadata"]["resourceVersion"] = str(number)
        made["metadata"].setdefault("generation", 1)
        path = f"{collection}/{made['metadata']['name']}"
        self.objects[path] = made
        self._serve(path)
        return made

    def change(self, path: str, patch: Json) -> None:
        """Somebody changes an object."""
        before = self.objects[path]
        after = merged(before, patch)
        if after.get("spec") != before.get("spec"):
            after["metadata"]["generation"] += 1
        after["metadata"]["resourceVersion"] = str(next(self._numbers))
        self.objects[path] = after

    def remove(self, path: str) -> None:
        """Somebody deletes an object."""
        self.objects.pop(path, None)

    def step(self) -> None:
        """Time passes."""
        if self.steps:
            self.steps.pop(0)(self)

    def _serve(self, path: str) -> None:
        self.wire.on("GET", path, self._get(path))
        self.wire.on("PATCH", path, self._write(path, self._patch))
        self.wire.on("PUT", path, self._write(path, self._put))
        self.wire.on("DELETE", path, self._write(path, self._delete))

    def expect(self, *paths: str) -> Store:
        """Objects that are not there yet: asked for, they are not found."""
        for path in paths:
            self._serve(path)
        return self

    def _get(self, path: str) -> Answer:
        def give(exchange: Exchange) -> bool:
            if self.down:
                return reset(exchange)
            found = self.objects.get(path)
            return (answer_json(found) if found else self._missing(path))(exchange)

        return give

    @staticmethod
    def _missing(path: str) -> Answer:
        return kube_status(404, "NotFound", f"{path} not found", path.rpartition("/")[2])

    def _list(self, collection: str) -> Answer:
        def give(exchange: Exchange) -> bool:
            if self.down:
                return reset(exchange)
            members = [one for path, one in self.objects.items() if path.rpartition("/")[0] == collection]
            selector = exchange.request.query.get("labelSelector", [""])[0]
            wanted = dict(pair.split("=") for pair in selector.split(",") if pair)
            fitting = [one for one in members if wanted.items() <= one["metadata"].get("labels", {}).items()]
            return answer_json({"kind": "List", "metadata": {}, "items": fitting})(exchange)

        return give

    def _write(self, path: str, act: Callable[[str, Json], Answer]) -> Answer:
        def give(exchange: Exchange) -> bool:
            if self.before_write:
                self.before_write.pop(0)(self)
            loss = self.lost.pop(0) if self.lost else ""
            if loss == "request" or self.down:
                return reset(exchange)
            method = exchange.request.method
            refusal = self.refusals.get(f"{method} {path}")
            if refusal:
                return refusal(exchange)
            body = exchange.request.json() if exchange.request.body else {}
            before = len(self.writes)
            said = act(path, body)
            if len(self.writes) > before:
                self.writes[-1] = f"{method} {path}"
                self.bodies.append(body)
            return reset(exchange) if loss == "answer" else said(exchange)

        return give

    def _took_effect(self) -> None:
        self.writes.append("")

    def _post(self, collection: str, body: Json) -> Answer:
        path = f"{collection}/{body['metadata']['name']}"
        if path in self.objects:
            return kube_status(409, "AlreadyExists", "already exists", body["metadata"]["name"])
        self._took_effect()
        return answer_json(self.put(collection, body), 201)

    def _patch(self, path: str, body: Json) -> Answer:
        return self._changed(path, body, lambda: self.change(path, {**body, "metadata": _without_version(body)}))

    def _put(self, path: str, body: Json) -> Answer:
        def replace() -> None:
            uid = self.objects[path]["metadata"]["uid"]
            self.put(path.rpartition("/")[0], {**body, "metadata": {**body["metadata"], "uid": uid}})

        return self._changed(path, body, replace)

    def _changed(self, path: str, body: Json, change: Callable[[], None]) -> Answer:
        if path not in self.objects:
            return self._missing(path)
        if body["metadata"]["resourceVersion"] != self.objects[path]["metadata"]["resourceVersion"]:
            return kube_status(409, "Conflict", "the object has been modified")
        self._took_effect()
        change()
        return answer_json(self.objects[path])

    def _delete(self, path: str, body: Json) -> Answer:
        found = self.objects.get(path)
        if not found:
            return self._missing(path)
        meta = found["metadata"]
        for field, wanted in body.get("preconditions", {}).items():
            if meta[field] != wanted:
                return kube_status(409, "Conflict", f"the {field} in the precondition does not match")
        self._took_effect()
        if meta.get("finalizers"):
            self.change(path, {"metadata": {"deletionTimestamp": "2026-11-21T12:01:00Z"}})
            return answer_json(self.objects[path])
        self.remove(path)
        return answer_json({"kind": "Status", "status": "Success"})


def _without_version(body: Json) -> Json:
    return {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object of Kubernetes is created, or removed with a copy kept, and either is taken back.

Each is a function from what is there to the next request (``stepping``), so a run that died in between is continued.
What an incident created carries its mark and what it was created as; what it removed is kept in ``copies``.
"""

from __future__ import annotations

import abc
import copy
import dataclasses
import json
import re
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import (
    changes,
    copies,
    marks,
    object_kinds,
    repairing,
    service_monitor,
    stepping,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import Name, Surroundings
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    at,
    resource_version,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.stepping import Next, Step, Wait
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import owner

CREATED = "object_created"
RESTORED = "object_restored"
MANAGER = "oncall-remedy"
"""Under which name the API server notes what was created here."""

_TAKEN = re.compile(r"provided port is already allocated")
_OUT_OF_RANGE = re.compile(r"provided port is not in the valid range[^\"]{0,80}")


@dataclasses.dataclass(frozen=True)
class Order:
    """``timeout`` (seconds) bounds the whole; ``incident`` was checked by ``marks``."""

    name: Name
    incident: str
    precondition: Precondition = dataclasses.field(default_factory=Precondition)
    timeout: float = 60.0


@dataclasses.dataclass(frozen=True)
class Seen:
    """What one look showed: the object, this incident's copy of it, and what a new one would work on."""

    thing: Json | None
    kept: Json | None = None
    around: Surroundings = dataclasses.field(default_factory=Surroundings)


class ObjectFix(abc.ABC):
    """Carries out one ``Order``."""

    verb = ""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.order = order
        self.clock = clock or Clock()

    @property
    def what(self) -> str:
        """For messages: "remove ServiceMonitor monitoring/kube-proxy"."""
        return f"{self.verb} {self.order.name}"

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``stepping.Stepper.run``.
        """
        if check:
            return self._preview(self._look())
        stepper = stepping.Stepper(self.what, self._look, self._next, self.order.timeout, self.clock)
        carried = stepper.run()
        result = self._result(carried.before, carried.after.thing)
        return {**result, **stepping.changed(carried), "msg": self._message(carried.after, bool(carried.done))}

    @abc.abstractmethod
    def _look(self) -> Seen:
        """What is there."""

    @abc.abstractmethod
    def _next(self, seen: Seen) -> Next:
        """What is to be done about it; FixFailed to refuse."""

    @abc.abstractmethod
    def _foreseen(self, seen: Seen) -> Json | None:
        """The object as it will be once all is done; None where there will be none."""

    @abc.abstractmethod
    def _message(self, seen: Seen, changed: bool) -> str:
        """The sentence of success."""

    def _preview(self, seen: Seen) -> dict[str, Any]:
        step = self._next(seen)
        said = self._message(seen, False) if step is None else f"would {self.what}"
        done = {"changed": step is not None, "already_done": step is None, "report": []}
        return {**self._result(seen, None), **done, "after": {}, "msg": said}

    def _result(self, before: Seen, after: Json | None) -> dict[str, Any]:
        old, new = before.thing, before.thing
        if self._next(before) is not None:
            new = self._foreseen(before)
        return {
            "before": _version(old),
            "after": _version(after),
            "diff": changes.diff(old, new, str(self.order.name)),
        }

    def _find(self) -> Json | None:
        found = self.kube.find(self.order.name.path)
        # An answer's own kind is left out where it is one of many; what follows goes by it.
        return None if found is None else {**found, "kind": self.order.name.kind}

    def _find_copy(self) -> Json | None:
        return self.kube.find(copies.path(self.order.incident, self.order.name))

    def _create(self, does: str, thing: Json) -> Step:
        path = self.order.name.collection
        return Step(does, lambda: self.kube.create(path, thing, {"fieldManager": MANAGER}), self._explain)

    def _explain(self, error: ProbeError) -> FixFailed | None:
        """Better words for what the API server does not accept of a Service."""
        taken, beyond = _TAKEN.search(error.message), _OUT_OF_RANGE.search(error.message)
        if not taken and not beyond:
            return None
        why = "another Service has its node port already" if taken else str(beyond and beyond[0])
        step = "See which one (kubectl get services -A -o wide), and choose another port at the source"
        return FixFailed(self.what, f"{why} ({error.message})", step, result={"kind": error.kind})

    def _delete(self, does: str, path: str, thing: Json) -> Step:
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": at(thing, "metadata", "uid"), "resourceVersion": resource_version(thing)},
            "propagationPolicy": "Background",
        }
        return Step(does, lambda: self.kube.delete(path, options), gone_is_done=True)

    def _going(self, thing: Json) -> Wait:
        held = ", ".join(at(thing, "metadata", "finalizers", default=[])) or "nothing that it says"
        return Wait(
            f"{self.order.name} is being deleted and still there, held by {held}", "See who is to remove the finalizer"
        )


class Create(ObjectFix):
    """Creates the object where there is none of that name. ``labels`` and ``spec`` are all that it has."""

    verb = "create"

    def __init__(
        self,
        kube: KubeTransport,
        order: Order,
        labels: Mapping[str, str],
        spec: Json,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(kube, order, clock)
        self.labels = dict(labels)
        self.spec = spec

    def _look(self) -> Seen:
        object_kinds.refuse_dangerous(self.what, self.order.name.kind, self.spec)
        thing = self._find()
        return Seen(thing, around=Surroundings.read(self.kube, self.order.name) if thing is None else Surroundings())

    def _next(self, seen: Seen) -> Next:
        if seen.thing is not None:
            self._refuse_another(seen.thing)
            return None
        if self.order.name.kind == "NetworkPolicy":
            object_kinds.refuse_shutting_in(self.what, self.order.name.namespace, self.spec, seen.around)
        return self._create(f"{self.order.name} created", self._foreseen(seen))

    def _refuse_another(self, thing: Json) -> None:
        if at(thing, "metadata", "deletionTimestamp"):
            raise FixFailed(self.what, "one of that name is just being deleted", "Run again once it is gone")
        if not marks.is_marked(thing, self.order.incident, CREATED):
            whose = owner(thing) or annotations_of(thing).get(marks.INCIDENT) or "nobody who says so"
            raise FixFailed(
                self.what,
                f"there is one of that name already, made by {whose}",
                "Diagnose again: the next sweep does. What is there is not gone over",
            )

    def _foreseen(self, seen: Seen) -> Json:
        left = {"labels": self.labels, "spec": self.spec}
        noted = {**marks.mark(self.order.incident, CREATED), marks.FORMER: json.dumps({"left": left}, sort_keys=True)}
        name = self.order.name
        return {
            "apiVersion": object_kinds.API[name.kind][0],
            "kind": name.kind,
            "metadata": {
                "namespace": name.namespace,
                "name": name.name,
                "labels": dict(self.labels),
                "annotations": noted,
            },
            "spec": copy.deepcopy(self.spec),
        }

    def _message(self, seen: Seen, changed: bool) -> str:
        return f"{self.order.name} is created" + ("" if changed else " already, for this incident")


class Remove(ObjectFix):
    """Removes exactly the object that was judged, after a copy of it is kept."""

    verb = "remove"

    def _look(self) -> Seen:
        return Seen(self._find(), self._find_copy())

    def _next(self, seen: Seen) -> Next:
        name, thing, kept = self.order.name, seen.thing, seen.kept
        if kept is not None:
            copies.refuse_foreign(self.what, kept, self.order.incident)
        if thing is None:
            return None
        if kept is not None and at(thing, "metadata", "deletionTimestamp"):
            return self._going(thing)
        self._refuse_back(thing, kept)
        self.order.precondition.demand(self.what, thing)
        made = copies.of(thing, self.order.incident, name)
        where = f"ConfigMap {name.namespace}/{made['metadata']['name']}"
        if kept is None:
            return Step(f"copy kept in {where}", lambda: self.kube.create(copies.collection(name), made))
        if not copies.is_of(kept, thing):
            made["metadata"]["resourceVersion"] = resource_version(kept)
            path = copies.path(self.order.incident, name)
            return Step(f"newer copy kept in {where}", lambda: self.kube.replace(path, made))
        return self._delete(f"{name} removed", name.path, thing)

    def _refuse_back(self, thing: Json, kept: Json | None) -> None:
        if at(thing, "metadata", "deletionTimestamp"):
            raise FixFailed(self.what, "somebody else is just deleting it", "Run again once it is gone")
        if kept is not None and copies.uid(kept) != at(thing, "metadata", "uid"):
            raise FixFailed(
                self.what,
                "it was removed for this incident, and since then somebody has created it again "
                f"({owner(thing) or 'who does not say so'})",
                "Change it at the source of whoever creates it. It is not removed a second time for this incident",
            )
        if marks.is_marked(thing, self.order.incident, RESTORED):
            raise FixFailed(
                self.what,
                "it was removed for this incident already, and taken back",
                "Remove it by hand if it is to go. It is not removed a second time for this incident",
            )

    def _foreseen(self, seen: Seen) -> Json | None:
        return None

    def _message(self, seen: Seen, changed: bool) -> str:
        if changed:
            return f"{self.order.name} is removed; {self._where(seen)}"
        if seen.kept is not None:
            return f"{self.order.name} was removed for this incident already; {self._where(seen)}"
        return f"{self.order.name} is not there: there is nothing to remove"

    def _where(self, seen: Seen) -> str:
        return f"a copy is in ConfigMap {self.order.name.namespace}/{at(seen.kept, 'metadata', 'name')}"


class Restore(ObjectFix):
    """Takes back what the incident did to the object: what it created goes, what it removed comes back.

    A ServiceMonitor that the incident repaired is put back as it was (``service_monitor``).
    """

    verb = "take back"

    @property
    def what(self) -> str:
        return f"take back what incident {self.order.incident} did to {self.order.name}"

    def run(self, check: bool) -> dict[str, Any]:
        thing = self._find() if self.order.name.kind == "ServiceMonitor" else None
        kind = service_monitor.KIND
        repairs = (kind.done, kind.undone)
        if thing and any(marks.is_marked(thing, self.order.incident, action) for action in repairs):
            name, order = self.order.name, self.order
            back = repairing.Order(
                name.namespace, name.name, order.incident, None, order.precondition, timeout=order.timeout
            )
            return service_monitor.ServiceMonitorFix(self.kube, back, self.clock).run(check)
        return super().run(check)

    def _look(self) -> Seen:
        return Seen(self._find(), self._find_copy())

    def _next(self, seen: Seen) -> Next:
        name, thing, kept = self.order.name, seen.thing, seen.kept
        if thing is not None and marks.is_marked(thing, self.order.incident, CREATED):
            if at(thing, "metadata", "deletionTimestamp"):
                return self._going(thing)
            self.order.precondition.demand(self.what, thing)
            refuse_altered(self.what, thing)
            return self._delete(f"{name} removed again", name.path, thing)
        if kept is None:
            return None
        original = copies.original(self.what, kept, self.order.incident, name)
        if thing is None:
            return self._create(f"{name} created again from its copy", self._again(original))
        if marks.is_marked(thing, self.order.incident, RESTORED) or copies.uid(kept) == at(thing, "metadata", "uid"):
            where = f"ConfigMap {name.namespace}/{at(kept, 'metadata', 'name')}"
            return self._delete(f"its copy in {where} removed", copies.path(self.order.incident, name), kept)
        raise FixFailed(
            self.what,
            f"somebody else has created it since it was removed ({owner(thing) or 'who does not say so'})",
            "See who did and what they meant; the former one is in the copy",
        )

    def _again(self, original: Json) -> Json:
        made = copy.deepcopy(original)
        return repairing.annotated(made, marks.mark(self.order.incident, RESTORED))

    def _foreseen(self, seen: Seen) -> Json | None:
        if seen.kept is None:
            return None
        original = copies.original(self.what, seen.kept, self.order.incident, self.order.name)
        is_there = seen.thing is not None and not marks.is_marked(seen.thing, self.order.incident, CREATED)
        return seen.thing if is_there else self._again(original)

    def _message(self, seen: Seen, changed: bool) -> str:
        now = "is there" if seen.thing is not None else "is not there"
        if changed:
            return f"{self.order.name} {now}, as before the incident"
        return f"{self.order.name} {now}, and nothing that incident {self.order.incident} did to it is left"


def refuse_altered(what: str, thing: Json) -> None:
    """:raises FixFailed: somebody has changed the object since the incident created it, or nobody can tell."""
    try:
        left = json.loads(annotations_of(thing).get(marks.FORMER, ""))["left"]
        was, now = {"labels": left["labels"], "spec": left["spec"]}, repairing.part(thing)
    except (ValueError, KeyError, TypeError):
        raise FixFailed(
            what,
            f"the annotation {marks.FORMER} that says what it was created as is gone or unreadable",
            "See whether it is still what the incident made, and delete it by hand",
        ) from None
    step = "See who did and what they meant, then delete it by hand"
    if was["labels"] != now["labels"] or not covers(was["spec"], now["spec"]):
        old, new = changes.difference(changes.hidden(was), changes.hidden(now))
        raise FixFailed(
            what,
            f"somebody has changed it since it was created: {repairing.words(old)} became {repairing.words(new)}",
            step,
        )
    others = sorted(writers(thing) - {MANAGER})
    if others:
        raise FixFailed(what, f"somebody has written to it since it was created: {', '.join(others)}", step)


def covers(sent: Any, live: Any) -> bool:
    """Whether all that was sent still stands. What the API server adds of its own, defaults, does not count.

    A mapping of texts alone is labels or a selector. These get no defaults, so they are compared whole.
    """
    if isinstance(sent, dict) and sent and all(isinstance(value, str) for value in sent.values()):
        return bool(sent == live)
    if isinstance(sent, dict):
        return isinstance(live, dict) and all(key in live and covers(sent[key], live[key]) for key in sent)
    if isinstance(sent, list):
        return isinstance(live, list) and len(sent) == len(live) and all(map(covers, sent, live))
    return bool(sent == live)


def writers(thing: Json) -> set[str]:
    """Who has written to the object by the API server's own notes, its status left aside."""
    noted = at(thing, "metadata", "managedFields", default=[])
    return {str(one.get("manager")) for one in noted if one.get("subresource") != "status"}


def _version(thing: Json | None) -> Json:
    if thing is None:
        return {}
    return {"uid": at(thing, "metadata", "uid", default=""), **repairing.version(thing)}

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair of an object of Kubernetes that says the wrong thing, and the way back.

What stood before and what the repair left are kept in an annotation of the object itself, so the way back needs no
memory elsewhere and can tell whether somebody has changed the object since. What a repair of a kind of object touches,
a ``Kind`` says; everything that makes it safe to be repeated and taken back is here and in ``writing``.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any, Callable, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes, marks, writing
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merge_patch
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    generation,
    labels_of,
    resource_version,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.kube import MERGE, KubeTransport, object_path


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of object that can be repaired. ``word`` stands in the mark: "service_monitor" for its repair.

    ``repaired(what, thing, repair)`` gives the object as it has to be, or FixFailed where that is not clear;
    ``report(before, after)`` one line for each thing that is different.
    """

    name: str
    api_version: str
    plural: str
    word: str
    repaired: Callable[[str, Json, Any], Json]
    report: Callable[[Json, Json], list[str]]

    @property
    def done(self) -> str:
        """The mark of a repair."""
        return f"{self.word}_repaired"

    @property
    def undone(self) -> str:
        """The mark of the way back."""
        return f"{self.word}_restored"


@dataclasses.dataclass(frozen=True)
class Order:
    """``repair`` None asks for the way back. ``timeout`` (seconds) bounds the search for a lost answer."""

    namespace: str
    name: str
    incident: str
    repair: Any
    precondition: Precondition = dataclasses.field(default_factory=Precondition)
    timeout: float = 60.0


class RepairFix:
    """Carries out one ``Order`` for an object of one ``Kind``."""

    def __init__(self, kube: KubeTransport, kind: Kind, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.kind = kind
        self.order = order
        self.clock = clock or Clock()

    @property
    def what(self) -> str:
        """For messages."""
        verb = "repair" if self.order.repair else "restore"
        return f"{verb} {self.kind.name} {self.order.namespace}/{self.order.name}"

    @property
    def path(self) -> str:
        """Where the API has it."""
        return object_path(self.kind.api_version, self.kind.plural, self.order.namespace, self.order.name)

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``writing.write``.
        """
        deadline = self.clock.monotonic() + self.order.timeout
        now = self.kube.get(self.path)
        if check:
            after = plan(self.what, now, self.order, self.kind)
            return {**self._result(now, after or now, after is not None), "after": {}, "msg": self._foreseen(after)}
        written = writing.write(self.what, now, self._read, self._judge, self._send, deadline, self.clock)
        return self._result(written.before, written.after, written.sent)

    def _read(self) -> Json:
        return self.kube.get(self.path)

    def _judge(self, thing: Json) -> Json | None:
        after = plan(self.what, thing, self.order, self.kind)
        return None if after is None else merge_patch(thing, after)

    def _send(self, body: Json) -> Json:
        return self.kube.patch(self.path, body, MERGE)

    def _result(self, before: Json, after: Json, changed: bool) -> dict[str, Any]:
        return {
            "changed": changed,
            "already_done": not changed,
            "before": version(before),
            "after": version(after),
            "former": changes.hidden(kept(after).get("former", {})) if self.order.repair else {},
            "report": self.kind.report(before, after),
            "diff": changes.diff(before, after),
            "msg": self._message(changed),
        }

    def _foreseen(self, after: Json | None) -> str:
        return self._message(changed=False) if after is None else f"would {self.what}"

    def _message(self, changed: bool) -> str:
        name = f"{self.kind.name} {self.order.namespace}/{self.order.name}"
        if self.order.repair:
            return f"{name} is repaired" if changed else f"{name} is as it has to be already"
        return f"{name} is as it was before the repair" + ("" if changed else " already")


def version(thing: Json) -> Json:
    """What a result says of an object before and after."""
    return {"resource_version": resource_version(thing), "generation": generation(thing)}


def plan(what: str, thing: Json, order: Order, kind: Kind) -> Json | None:
    """The object as it has to be, mark included; None if it is so already.

    :raises FixFailed: it is not the object that was diagnosed, or somebody has changed it since the repair.
    """
    if order.repair is None:
        return _plan_restore(what, thing, order, kind)
    after = kind.repaired(what, thing, order.repair)
    if part(after) == part(thing):
        return None
    former = part(thing)
    if marks.is_marked(thing, order.incident, kind.done):
        # A second repair for the same incident: the way back leads to where the first one began.
        refuse_changed(what, thing)
        former = kept(thing)["former"]
    else:
        order.precondition.demand(what, thing)
    return keeping(after, marks.mark(order.incident, kind.done), {"former": former, "left": part(after)})


def _plan_restore(what: str, thing: Json, order: Order, kind: Kind) -> Json | None:
    if marks.is_marked(thing, order.incident, kind.undone):
        return None
    refuse_not_ours(what, thing, order.incident, kind.done)
    order.precondition.demand(what, thing)
    refuse_changed(what, thing)
    after = put_back(thing)
    after["metadata"]["annotations"].pop(marks.FORMER)
    return annotated(after, marks.mark(order.incident, kind.undone))


def put_back(thing: Json) -> Json:
    """The object with specification and labels as its repair found them."""
    former = kept(thing)["former"]
    after = copy.deepcopy(thing)
    after["spec"] = copy.deepcopy(former["spec"])
    after["metadata"]["labels"] = dict(former["labels"])
    return after


def keeping(thing: Json, mark: Mapping[str, str], memory: Json) -> Json:
    """The object with the mark of a repair and what has to be kept for the way back."""
    return annotated(thing, {**mark, marks.FORMER: json.dumps(memory, sort_keys=True)})


def annotated(thing: Json, more: Mapping[str, str]) -> Json:
    """The object, which is changed, with these annotations next to those that it has."""
    thing["metadata"]["annotations"] = {**annotations_of(thing), **more}
    return thing


def part(thing: Json) -> Json:
    """The part that a repair may touch and a restore puts back."""
    return {"spec": thing.get("spec", {}), "labels": labels_of(thing)}


def kept(thing: Json) -> Json:
    """What a repair kept: ``former`` and ``left``, both as ``part``; empty where nothing readable is kept."""
    try:
        found = json.loads(annotations_of(thing).get(marks.FORMER, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) and {"former", "left"} <= set(found) else {}


def refuse_not_ours(what: str, thing: Json, incident: str, action: str) -> None:
    """:raises FixFailed: this incident has not repaired it."""
    if not marks.is_marked(thing, incident, action):
        by = annotations_of(thing).get(marks.INCIDENT)
        raise FixFailed(
            what,
            "incident {} has not repaired it ({})".format(incident, f"incident {by} has" if by else "nobody has"),
            "Name the incident whose repair is to be taken back",
        )


def refuse_changed(what: str, thing: Json) -> None:
    """:raises FixFailed: it is not as its repair left it, or nobody can tell."""
    memory = kept(thing)
    if not memory:
        raise FixFailed(
            what,
            f"the annotation {marks.FORMER} that keeps its former state is gone or unreadable",
            "Take the former state from the case of the incident, and put it back by hand",
        )
    if memory["left"] != part(thing):
        left, now = changes.difference(changes.hidden(memory["left"]), changes.hidden(part(thing)))
        raise FixFailed(
            what,
            f"somebody has changed it since the repair: {words(left)} became {words(now)}",
            "See who did and what they meant, then change it by hand",
        )


def words(value: Any) -> str:
    """A value in one line."""
    return json.dumps(value, sort_keys=True)


def label_report(before: Json, after: Json) -> list[str]:
    """One line for each label that is different."""
    lines = []
    for label in sorted({*labels_of(before), *labels_of(after)}):
        old, new = labels_of(before).get(label, "(none)"), labels_of(after).get(label, "(none)")
        if old != new:
            lines.append(f"label {label}: {old} → {new}")
    return lines

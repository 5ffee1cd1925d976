# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hostile corpus as 300 alerts with names that stay: texts in places, planted secrets, and alerts of odd shapes.

Each text of the files beside this one stands in one place of an alert; the places take turns, so that every family of
texts gets to all of them. Texts that a template engine or a shell would execute stand in a second place as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.hostile import whole
from tests.hostile.corpus import FILES, samples
from tests.hostile.planted import PLANTED, Planted
from tests.support.alertmanager import STARTED, fingerprint

Json = dict[str, Any]

EXECUTABLE = ("templates", "commands")
"""Families whose texts stand in two places."""


@dataclasses.dataclass(frozen=True)
class Hostile:
    """One alert. ``changes`` replace members of an ordinary one, and its labels one by one; None leaves them out."""

    id: str
    changes: Json

    def alert(self) -> Json:
        """As an Alertmanager lists it."""
        usual = {"alertname": "JobDown", "cluster": "hetzner", "sample": self.id, "job": self.id}
        made: Json = {
            "annotations": {"summary": "JobDown fires"},
            "endsAt": "2026-11-22T10:00:00.000Z",
            "fingerprint": fingerprint({"id": self.id}),
            "receivers": [{"name": "oncall"}],
            "startsAt": STARTED,
            "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
            "updatedAt": STARTED,
            "generatorURL": "http://prometheus.example/graph",
            **self.changes,
            "labels": {**usual, **self.changes.get("labels", {})},
        }
        return {name: member for name, member in made.items() if member is not None}


def _label(text: str) -> Json:
    return {"labels": {"job": text}}


def _note(text: str) -> Json:
    return {"labels": {"note": text}}


def _alertname(text: str) -> Json:
    return {"labels": {"alertname": text}}


def _target(text: str) -> Json:
    return {"labels": {"alertname": "EdgeDown", "cluster": text}}


def _label_name(text: str) -> Json:
    return {"labels": {text: text}}


def _prose(text: str) -> Json:
    return {"annotations": {"summary": text, text: "x"}, "generatorURL": text, "receivers": text}


def _fingerprint(text: str) -> Json:
    return {"fingerprint": text}


def _since(text: str) -> Json:
    return {"startsAt": text}


def _silence(text: str) -> Json:
    return {"status": {"state": "suppressed", "silencedBy": [text], "inhibitedBy": [text]}}


PLACES: dict[str, Callable[[str], Json]] = {
    "label": _label,
    "note": _note,
    "alert name": _alertname,
    "target": _target,
    "label name": _label_name,
    "annotations": _prose,
    "fingerprint": _fingerprint,
    "time": _since,
    "silence": _silence,
}


TOLD = ("label", "note", "annotations", "alert name")
"""Places from which a text gets to whoever is called: for those that are meant for messages, and for secrets."""


def collect(canary: Path) -> list[Hostile]:
    """All 300. ``canary`` is the file that would be there if any of them were executed."""
    return [*_texts(canary), *_secrets(), *(Hostile(f"shape: {name}", made) for name, made in whole.EVERYTHING.items())]


def _texts(canary: Path) -> Iterator[Hostile]:
    number = 0
    for file in FILES:
        names = TOLD if file == "messages" else tuple(PLACES)
        for sample in samples(file):
            places = [names[number % len(names)]]
            if file in EXECUTABLE:
                places.append(names[(number + 4) % len(names)])
            for place in places:
                yield Hostile(f"{file}: {sample.name}, as {place}", PLACES[place](sample.text(canary)))
            number += 1


def _secrets() -> Iterator[Hostile]:
    for number, secret in enumerate(PLANTED):
        place = TOLD[number % len(TOLD)]
        yield Hostile(f"secrets: {secret.name}", _under(secret) if secret.under else PLACES[place](secret.text))


def _under(secret: Planted) -> Json:
    if "annotation" in secret.name:
        return {"annotations": {secret.under: secret.text}}
    return {"labels": {secret.under: secret.text}}

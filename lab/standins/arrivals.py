"""What has arrived at a stand-in: in memory, and as lines of JSON in a file where one is named."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Arrivals:
    """Everything that came, in order, with whether it was accepted. Safe to use from many threads."""

    def __init__(self, service: str, file: Path | None = None) -> None:
        self._service = service
        self._file = file
        self._lock = threading.Lock()
        self._all: list[Json] = []

    def add(self, accepted: bool, what: Json, problems: list[str] | None = None) -> None:
        """Keeps one arrival."""
        line = {"at": time.time(), "service": self._service, "accepted": accepted, "problems": problems or [], **what}
        with self._lock:
            self._all.append(line)
            if self._file:
                descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")

    @property
    def all(self) -> list[Json]:
        """All that came."""
        with self._lock:
            return list(self._all)

    @property
    def accepted(self) -> list[Json]:
        """What was accepted."""
        return [one for one in self.all if one["accepted"]]


def read(folder: Path) -> Iterator[Json]:
    """What every stand-in that keeps its file in this folder has got, in order of time."""
    lines = [
        json.loads(line)
        for file in sorted(folder.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    yield from sorted(lines, key=lambda line: float(line["at"]))


def line(arrival: Json) -> str:
    """An arrival in a line, as ``lab told`` shows it. Nothing in it moves a terminal's cursor."""
    when = time.strftime("%H:%M:%S", time.gmtime(float(arrival["at"])))
    event, message, document = (arrival.get(name) or {} for name in ("event", "message", "document"))
    what = {
        "pagerduty": lambda: (
            f"{event.get('event_action')} {event.get('dedup_key')} {event.get('payload', {}).get('summary', '')}"
        ),
        "slack": lambda: str(message.get("text", "")),
        "webhook": lambda: f"{document.get('kind')} {document.get('key')} {document.get('title')}",
        "smtp": lambda: f"to {', '.join(arrival.get('to', []))}: {arrival.get('headers', {}).get('Subject', '')}",
    }[arrival["service"]]()
    words = "took" if arrival["accepted"] else f"refused ({'; '.join(arrival['problems'])})"
    text = f"{when} {arrival['service']:9} {words}: {what}"
    return "".join(char if char.isprintable() else "�" for char in text)

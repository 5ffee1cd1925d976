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
        self._more = threading.Condition(self._lock)

    def add(self, accepted: bool, what: Json, problems: list[str] | None = None) -> None:
        """Keeps one arrival."""
        line = {"at": time.time(), "service": self._service, "accepted": accepted, "problems": problems or [], **what}
        with self._more:
            self._all.append(line)
            if self._file:
                descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
            self._more.notify_all()

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

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of the engine's own failures, in files: the ledger may be what has failed.

One file for each kind of failure, in a folder that only its owner may enter. A file is written whole or not at all; a
lock keeps two sweeps from calling at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text

FOLDER = "failures"


@dataclasses.dataclass(frozen=True)
class Failure:
    """One kind of failure of the engine.

    ``since`` and ``times``: when it was seen first, and how often since. ``called_at``: the call that is under way or
    was made last; ``missing`` are the channels by which it has not arrived, with ``attempts`` and when to try again.
    ``reached`` are those by which any call of it has arrived: they are told when it is over.
    """

    key: str
    what: str
    why: str
    since: float
    times: int = 0
    called_at: float = 0.0
    missing: tuple[str, ...] = ()
    attempts: int = 0
    due_at: float = 0.0
    reached: tuple[str, ...] = ()
    over_at: float = 0.0
    errors: tuple[str, ...] = ()


class Spool:
    """The files in one folder. Methods raise OSError where it cannot be used."""

    def __init__(self, state_dir: str | Path) -> None:
        self._folder = Path(state_dir) / FOLDER

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile. Makes the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def all(self) -> list[Failure]:
        """Every failure that is known. A file that is none of ours, or half a one, is passed over."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(ValueError, TypeError, KeyError, OSError):
                found.append(_parsed(path.read_text(encoding="utf-8")))
        return found

    def find(self, key: str) -> Failure | None:
        """One by its key."""
        return next((one for one in self.all() if one.key == key), None)

    def keep(self, failure: Failure) -> None:
        """Writes one, whole or not at all, readable by its owner alone."""
        content = storable_text(json.dumps(dataclasses.asdict(failure)))
        descriptor, unborn = tempfile.mkstemp(prefix=".", dir=self._folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unborn, self._path(failure.key))
        except BaseException:
            Path(unborn).unlink(missing_ok=True)
            raise

    def drop(self, failure: Failure) -> None:
        """Forgets one."""
        self._path(failure.key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def _parsed(text: str) -> Failure:
    """A failure as it was written. Raises ValueError, TypeError or KeyError for anything else."""
    raw = json.loads(text)
    return Failure(**{field.name: _KINDS[str(field.type)](raw[field.name]) for field in dataclasses.fields(Failure)})


_KINDS: dict[str, Callable[[Any], Any]] = {
    "str": str,
    "float": float,
    "int": int,
    "tuple[str, ...]": lambda names: tuple(str(name) for name in names),
}

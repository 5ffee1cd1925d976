"""A client of the neighbour's site, which no fault and no remedy is about.

``python -m tests.scenarios.neighbour FILE`` asks over and over, as a browser does with a name of three addresses: the
next one when one does not answer. After each time it writes to FILE how often it was served. It ends when there is a
file of the same name with the suffix ``.stop``, after ten minutes at the latest.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path

from lab import health
from lab.settings import NEIGHBOUR_HOST, NODES, Node, Paths

_LONGEST = 600.0
_PAUSE = 0.2


def watch(file: Path, paths: Paths) -> None:
    """Asks until it is told to stop."""
    until, stop = time.monotonic() + _LONGEST, file.with_suffix(".stop")
    served, unserved = 0, list[str]()
    while not stop.exists() and time.monotonic() < until:
        began = time.strftime("%H:%M:%S")
        reasons = _ask(paths)
        if reasons:
            unserved.append(f"{began}: {reasons}")
        else:
            served += 1
        _write(file, {"served": served, "unserved": unserved, "ended": False})
        time.sleep(_PAUSE)
    _write(file, {"served": served, "unserved": unserved, "ended": True})


def _ask(paths: Paths) -> str:
    """Why no address served it, or nothing."""
    reasons = []
    for node in NODES:
        reason = _through(paths, node)
        if not reason:
            return ""
        reasons.append(reason)
    return "; ".join(reasons)


def _through(paths: Paths, node: Node) -> str:
    try:
        status = health.edge_status(paths, node, NEIGHBOUR_HOST)
    except (OSError, http.client.HTTPException) as error:
        return f"{node.name}: {error}"
    return "" if status == http.HTTPStatus.OK else f"{node.name}: {status}"


def _write(file: Path, found: dict[str, object]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(found), encoding="utf-8")
    fresh.replace(file)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), Paths.from_environment())

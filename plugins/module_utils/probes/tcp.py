# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether TCP connections open. Silence of an address is an answer, not an error."""

from __future__ import annotations

import functools
import time
import urllib.parse
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.connection import bounded, open_socket
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

ADDRESSES = 100


class Tcp(Probe):
    """Opens a connection to every address at once, and closes it again.

    ``control`` is an address that answers if the asker can ask at all: when it and every other one is silent, that is
    an error and no answer.

    Value: ``total``, ``open``, ``refused``, ``timed_out``, ``open_at``, ``closed_at``, ``answers`` [{address, state:
    open, refused, timeout, dns, unreachable or reset, seconds}].
    """

    name = "tcp"
    endpoint = None
    options: ClassVar[Spec] = {
        "addresses": {"type": "list", "elements": "str", "required": True},
        "timeout": {"type": "duration", "default": 5},
        "control": {"type": "str"},
    }

    def check(self) -> None:
        self.places = [place(text) for text in self.given["addresses"]]
        if len(self.places) > ADDRESSES:
            raise ProbeError("bad_option", f"{ADDRESSES} addresses at most")
        self.control = place(self.given["control"]) if self.given["control"] else None

    def question(self) -> str:
        return "TCP to " + ", ".join(self.given["addresses"][:10])

    def _ask(self, deadline: float) -> Json:
        until = min(deadline, time.monotonic() + self.given["timeout"])
        asked = self.places + ([self.control] if self.control else [])
        jobs = [functools.partial(connect, host, port, until) for host, port in asked]
        rows = [row if isinstance(row, dict) else _late(row) for row in at_once(jobs, until)]
        control = rows.pop() if self.control else None
        for row, text in zip(rows, self.given["addresses"]):
            row["address"] = text
        if rows and control and not any(map(answers, rows)) and not answers(control):
            raise ProbeError(control["state"], f"nothing answers, nor does the control {self.given['control']}")
        return summary(rows)


def place(text: str) -> tuple[str, int]:
    """``host:port`` or ``[v6]:port``."""
    try:
        parts = urllib.parse.urlsplit("//" + text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != text or "@" in text:
        raise ProbeError("bad_option", f"not an address of the form host:port: {text[:80]!r}")
    return host, port


def connect(host: str, port: int, deadline: float) -> Json:
    """One attempt; its outcome is the state."""
    began = time.monotonic()
    state = "open"
    try:
        with bounded(deadline, float("inf")):
            open_socket(host, port).close()
    except ProbeError as error:
        state = error.kind
    return {"address": "", "state": state, "seconds": round(time.monotonic() - began, 4)}


def summary(rows: list[Json]) -> Json:
    """The probe's value from the attempts."""
    states = [row["state"] for row in rows]
    return {
        "total": len(rows),
        "open": states.count("open"),
        "refused": states.count("refused"),
        "timed_out": states.count("timeout"),
        "open_at": [row["address"] for row in rows if row["state"] == "open"],
        "closed_at": [row["address"] for row in rows if row["state"] != "open"],
        "answers": rows,
    }


def answers(row: Json) -> bool:
    """A refusal is an answer as well: somebody is there who refuses."""
    return row["state"] in ("open", "refused")


def _late(error: ProbeError) -> Json:
    return {"address": "", "state": error.kind, "seconds": None}

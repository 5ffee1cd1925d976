# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server on loopback whose answers come from state instead of from a script; requests are recorded as in ``Wire``."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.wire import Answer, Request, Wire, answer_json, kube_status

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Handler = Callable[[Request], Answer | None]
"""Answers a request, or None for one that it does not know."""


class Service(Wire):
    """Asks ``handler`` for every answer. One request at a time is answered, so the state behind it needs no lock."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler
        self.notice: Callable[[Request], None] = _ignore

    def _answer(self, request: Request) -> Answer:
        self.notice(request)  # before anything comes of it
        with self._lock:
            return self._handler(request) or answer_json({"error": f"{request.method} {request.path}?"}, 404)


def _ignore(_request: Request) -> None:
    """Nobody wants to know."""


def bearer(request: Request) -> str:
    """The token that a request came with, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def missing(name: str) -> Answer:
    """The API server's 404 for one object."""
    return kube_status(404, "NotFound", f'"{name}" not found', name)

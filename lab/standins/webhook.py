"""A receiver of the engine's generic webhook, as docs/escalation.md describes it."""

from __future__ import annotations

import json
from pathlib import Path

from lab.standins.web import Reply, Service

MEMBERS = {
    "version": int, "kind": str, "key": str, "title": str, "severity": str, "at": str, "target": str, "component": str,
    "runbook": str, "alert": str, "details": dict, "text": str,
}  # fmt: skip


class Webhook(Service):
    """Takes documents, with a token where it demands one."""

    name = "webhook"

    def __init__(self, file: Path | None = None, token: str = "") -> None:
        super().__init__(file)
        self._token = token

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """204, or 401 without the token, or 422 for what is no such document."""
        if self._token and headers.get("authorization") != f"Bearer {self._token}":
            self.arrivals.add(False, {"path": path}, ["unauthorized"])
            return Reply.json(401, {"error": "unauthorized"})
        try:
            document = json.loads(body)
            problems = [
                name for name, kind in MEMBERS.items() if not isinstance(document.get(name), kind)
            ]  # fmt: skip
        except (ValueError, AttributeError):
            document, problems = None, ["no JSON object"]
        self.arrivals.add(
            not problems, {"path": path, "document": document, "once": headers.get("idempotency-key", "")}, problems
        )
        return Reply.json(422, {"error": problems}) if problems else Reply(204, b"")

"""A stand-in for PagerDuty's Events API v2. It is not PagerDuty: it checks events, and calls nobody.

It follows https://developer.pagerduty.com/docs/events-api-v2/overview/ (answers, retries, 512 KB), …/trigger-events/
(members, their limits, de-duplication) and the schema reference/events-v2/openapiv3.json of PagerDuty/api-schema. What
those leave open, it refuses: a member that they do not name, an empty text, a time that is no ISO 8601.
"""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

from lab.standins.web import Reply, Service

PATH = "/v2/enqueue"
SIZE = 512 * 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
MEMBERS = {"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"}
PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
LONGEST = {"dedup_key": 255, "summary": 1024}

THROTTLED = Reply.json(429, {"status": "throttle exceeded", "message": "Requests are arriving too quickly."})
FAILED = Reply.json(503, {"status": "error", "message": "Internal Server Error"})


class PagerDuty(Service):
    """Knows which alerts are open, by their ``dedup_key``, and how many triggers each has got."""

    name = "pagerduty"

    def __init__(self, file: Path | None = None, routing_keys: tuple[str, ...] = ()) -> None:
        """``routing_keys``: the integrations there are; any key of the right form where none is given."""
        super().__init__(file)
        self._keys = routing_keys
        self._keyless = 0
        self.triggers: dict[str, int] = {}
        self.open: set[str] = set()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """202 with the ``dedup_key``, or 400 with everything that is wrong."""
        if path != PATH:
            return Reply.json(404, {"status": "not found", "message": f"no such place: {path}"})
        event, problems = _parsed(headers, body)
        problems = problems or faults(event)
        if not problems and self._keys and event["routing_key"] not in self._keys:
            problems = ["Invalid routing key"]
        if problems:
            self.arrivals.add(False, {"path": path, "event": _kept(event)}, problems)
            message = {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
            return Reply.json(400, message)
        key = event.get("dedup_key") or self._new_key()
        self._note(str(event["event_action"]), key)
        self.arrivals.add(True, {"path": path, "event": _kept(event)})
        return Reply.json(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _new_key(self) -> str:
        self._keyless += 1
        return f"{self._keyless:032x}"

    def _note(self, action: str, key: str) -> None:
        if action == "trigger":
            self.triggers[key] = self.triggers.get(key, 0) + 1
            self.open.add(key)
        elif action == "resolve":
            self.open.discard(key)


def faults(event: Any) -> list[str]:
    """Everything in an event that the documents do not allow."""
    if not isinstance(event, dict):
        return ["the event is no object"]
    found = [f"'{name}' is no member of an event" for name in sorted(set(event) - MEMBERS)]
    if not re.fullmatch(r"[A-Za-z0-9]{32}", str(event.get("routing_key") or "")):
        found.append("'routing_key' has to be the 32 characters of an integration key")
    if event.get("event_action") not in ACTIONS:
        found.append(f"'event_action' has to be one of {', '.join(ACTIONS)}")
    if "dedup_key" in event:
        found += _text(event, "dedup_key")
    elif event.get("event_action") != "trigger":
        found.append("'dedup_key' is required unless the action is trigger")
    found += [problem for name in ("client", "client_url") if name in event for problem in _text(event, name)]
    if event.get("event_action") == "trigger":
        found += _payload(event.get("payload"))
    return found + _context(event)


def _payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is required with a trigger, and is an object"]
    found = [f"'payload.{name}' is no member of a payload" for name in sorted(set(payload) - PAYLOAD)]
    for name in ("summary", "source"):
        found += _text(payload, name, "payload.") if name in payload else [f"'payload.{name}' is missing or blank"]
    for name in ("component", "group", "class"):
        found += _text(payload, name, "payload.") if name in payload else []
    if payload.get("severity") not in SEVERITIES:
        found.append(f"'payload.severity' is invalid (must be one of {', '.join(SEVERITIES)})")
    if "timestamp" in payload and not _is_time(payload["timestamp"]):
        found.append("'payload.timestamp' is no ISO 8601 time with a zone")
    if "custom_details" in payload and not isinstance(payload["custom_details"], dict):
        found.append("'payload.custom_details' is no object")
    return found


def _context(event: dict[str, Any]) -> list[str]:
    """``images`` and ``links`` are lists of objects that point somewhere; an image by https."""
    found = []
    for name, needed, allowed in (("images", "src", {"src", "href", "alt"}), ("links", "href", {"href", "text"})):
        for one in event.get(name, []):
            if not isinstance(one, dict) or not str(one.get(needed, "")).startswith("http") or set(one) - allowed:
                found.append(f"'{name}' holds what has no {needed}")
            elif name == "images" and not str(one["src"]).startswith("https://"):
                found.append("an image has to be served by https")
    return found


def _text(holder: dict[str, Any], name: str, where: str = "") -> list[str]:
    value = holder[name]
    if not isinstance(value, str) or not value.strip():
        return [f"'{where}{name}' is missing or blank"]
    if name in LONGEST and len(value) > LONGEST[name]:
        return [f"'{where}{name}' has {len(value)} characters, and may have {LONGEST[name]}"]
    return []


def _is_time(value: Any) -> bool:
    try:
        return datetime.datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _parsed(headers: dict[str, str], body: bytes) -> tuple[Any, list[str]]:
    if len(body) > SIZE:
        return None, [f"the event has {len(body)} bytes, and may have {SIZE}"]
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return None, ["the content type has to be application/json"]
    try:
        return json.loads(body), []
    except ValueError:
        return None, ["JSON parse error"]


def _kept(event: Any) -> Any:
    """An event as it is kept: without its key, which is the secret."""
    return {**event, "routing_key": "…"} if isinstance(event, dict) and "routing_key" in event else event

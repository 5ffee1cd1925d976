# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads what Alertmanager's API v2 answers to ``GET /api/v2/alerts``.

```
parse_alerts(source, payload) -> (list[Alert], list[Rejected])
```
One alert that cannot be used does not spoil the others: it is rejected with a reason, for a human to see. What is text
stays as it is; what would break whoever stores, compares or shows it is refused in labels, which are an alert's
identity, and replaced in annotations, which are prose. schemas/alert.schema.json says the same for other readers.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import allowed

MOST_ALERTS = 10_000
MOST_LABELS = 64
LONGEST_NAME = 128
LONGEST_LABEL = 4096
LONGEST_ANNOTATION = 16_384
EXCERPT = 300

STATES = ("active", "suppressed", "unprocessed")

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_BROKEN_NAME = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff]")
_BROKEN_LABEL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclasses.dataclass(frozen=True)
class Rejected:
    """An alert that cannot be used: why, and the beginning of what it was (hostile text, escaped as JSON)."""

    reason: str
    excerpt: str


class PayloadError(Exception):
    """The answer as a whole is not a list of alerts, so nothing is known about what fires."""


class _Refused(ValueError):
    """Why one alert cannot be used."""


def parse_alerts(source: str, payload: Any) -> tuple[list[Alert], list[Rejected]]:
    """Reads the decoded JSON of the answer. Raises PayloadError where it is no list of alerts at all."""
    if not isinstance(payload, list):
        raise PayloadError(f"has to be a list of alerts, not {_kind(payload)}")
    if len(payload) > MOST_ALERTS:
        raise PayloadError(f"has {len(payload):,} alerts, at most {MOST_ALERTS:,} are read")
    alerts: list[Alert] = []
    rejected: list[Rejected] = []
    for raw in payload:
        try:
            alerts.append(_alert(source, raw))
        except _Refused as refusal:
            rejected.append(Rejected(str(refusal), _excerpt(raw)))
    return alerts, rejected


def _alert(source: str, raw: Any) -> Alert:
    fields = _mapping(raw, "an alert")
    labels = _labels(fields)
    status = _mapping(_member(fields, "status"), "status")
    state = status.get("state")
    if state not in STATES:
        raise _Refused(f"status.state is {_shown(state)}; {allowed(STATES)}")
    return Alert(
        source=source,
        fingerprint=_fingerprint(fields),
        name=_name(labels),
        labels=labels,
        annotations=_annotations(fields),
        starts_at=_time(fields, "startsAt"),
        state=_state(state),
        silenced_by=_texts(status, "silencedBy"),
        inhibited_by=_texts(status, "inhibitedBy"),
        generator_url=_readable(_optional(fields, "generatorURL", ""), "generatorURL"),
    )


def _state(word: str) -> Literal["active", "suppressed", "unprocessed"]:
    return "active" if word == "active" else "suppressed" if word == "suppressed" else "unprocessed"


def _fingerprint(fields: Mapping[str, Any]) -> str:
    found = _member(fields, "fingerprint")
    if not isinstance(found, str) or not _FINGERPRINT.fullmatch(found):
        raise _Refused(f"fingerprint is {_shown(found)}; allowed: 16 hexadecimal digits in lower case")
    return found


def _labels(fields: Mapping[str, Any]) -> dict[str, str]:
    found = _mapping(_member(fields, "labels"), "labels")
    if len(found) > MOST_LABELS:
        raise _Refused(f"has {len(found)} labels; at most {MOST_LABELS} are allowed")
    for name, value in found.items():
        if not name or len(name) > LONGEST_NAME or _BROKEN_NAME.search(name):
            raise _Refused(
                f"the label name {_shown(name)} cannot be used; allowed: 1 to {LONGEST_NAME} characters, "
                "without spaces and control characters"
            )
        if not isinstance(value, str):
            raise _Refused(f"the label {name} is {_kind(value)}; it has to be a text")
        if len(value) > LONGEST_LABEL:
            raise _Refused(f"the label {name} has {len(value):,} characters; at most {LONGEST_LABEL:,} are allowed")
        if _BROKEN_LABEL.search(value):
            raise _Refused(f"the label {name} holds a control character: {_shown(value)}")
    return dict(found)


def _name(labels: Mapping[str, str]) -> str:
    name = labels.get("alertname", "")
    if not name:
        raise _Refused("the label alertname is missing")
    return name


def _annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    found = _mapping(_optional(fields, "annotations", {}), "annotations")
    if len(found) > MOST_LABELS:
        raise _Refused(f"has {len(found)} annotations; at most {MOST_LABELS} are allowed")
    return {_readable(name, "annotations"): _readable(text, f"annotation {name[:40]}") for name, text in found.items()}


def _readable(text: Any, what: str) -> str:
    """Prose: what cannot be stored becomes U+FFFD, and what is too long is cut."""
    if not isinstance(text, str):
        raise _Refused(f"{what} is {_kind(text)}; it has to be a text")
    kept = text if len(text) <= LONGEST_ANNOTATION else f"{text[:LONGEST_ANNOTATION]}…"
    return _BROKEN_LABEL.sub("\ufffd", kept)


def _texts(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = _optional(fields, key, [])
    if not isinstance(found, list):
        raise _Refused(f"status.{key} is {_kind(found)}; it has to be a list of texts")
    return tuple(_readable(text, f"status.{key}") for text in found)


def _time(fields: Mapping[str, Any], key: str) -> float:
    found = _member(fields, key)
    if isinstance(found, str) and len(found) <= 40 and _RFC3339.fullmatch(found):
        try:
            return datetime.datetime.fromisoformat(found).timestamp()
        except (ValueError, OverflowError):
            pass
    raise _Refused(f"{key} is {_shown(found)}; it has to be a time as RFC 3339 writes it: 2026-11-21T02:51:22.123Z")


def _member(fields: Mapping[str, Any], key: str) -> Any:
    if key not in fields:
        raise _Refused(f"{key} is missing")
    return fields[key]


def _optional(fields: Mapping[str, Any], key: str, default: Any) -> Any:
    """Go writes null for an empty list or mapping."""
    found = fields.get(key)
    return default if found is None else found


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Refused(f"{what} is {_kind(value)}; it has to be a mapping")
    return value


def _kind(value: Any) -> str:
    names = {type(None): "nothing", bool: "a truth value", int: "a number", float: "a number", str: "a text"}
    return {**names, list: "a list", dict: "a mapping"}.get(type(value), type(value).__name__)


def _shown(value: Any) -> str:
    """Anything in at most 80 printable characters."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _excerpt(raw: Any) -> str:
    text = json.dumps(raw, default=str)
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"

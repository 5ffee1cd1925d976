# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a sweep leaves its metrics: ``remedy_metrics`` of the inventory."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

KEYS = ("textfile", "push")
PUSH_KEYS = ("url", "job", "grouping")
AUTH_KEYS = ("ca_path", "validate_certs", "token_file", "username", "password_file", "headers", "proxy")


@dataclasses.dataclass(frozen=True)
class Push:
    """A Pushgateway. ``grouping`` are labels of the group beside ``job``; ``auth`` holds TLS and credential options."""

    url: str
    job: str
    grouping: dict[str, str]
    auth: Json


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Nowhere, unless the inventory says. ``textfile`` is an absolute path, or empty."""

    textfile: str = ""
    push: Push | None = None


def metrics_from(raw: Any) -> Metrics:
    """Reads the variable. Raises ValueError, which says what is allowed."""
    given = _mapping("", raw or {}, KEYS)
    textfile = os.path.abspath(os.path.expanduser(str(given["textfile"]))) if given.get("textfile") else ""
    if textfile and not textfile.endswith(".prom"):
        raise ValueError(f"textfile: {textfile} does not end in .prom, so the collector would not read it")
    return Metrics(textfile, _push(given["push"]) if given.get("push") else None)


def _push(raw: Any) -> Push:
    given = _mapping("push: ", raw, PUSH_KEYS + AUTH_KEYS)
    if not given.get("url"):
        raise ValueError("push: needs the url of a Pushgateway")
    grouping = given.get("grouping") or {}
    if not isinstance(grouping, dict):
        raise ValueError("push: grouping is a mapping of label names to values")  # noqa: TRY004  of a setting
    return Push(
        url=str(given["url"]).rstrip("/"),
        job=str(given.get("job") or "oncall_remedy"),
        grouping={str(name): str(value) for name, value in grouping.items()},
        auth={key: given[key] for key in AUTH_KEYS if key in given},
    )


def _mapping(where: str, raw: Any, allowed: tuple[str, ...]) -> Json:
    if not isinstance(raw, dict):
        found = type(raw).__name__
        raise ValueError(f"{where}expected a mapping with {', '.join(allowed)}, found {found}")  # noqa: TRY004
    unknown = sorted(set(map(str, raw)) - set(allowed))
    if unknown:
        raise ValueError(f"{where}unknown key {', '.join(unknown)}; allowed are {', '.join(allowed)}")
    return raw

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the inventory sets for the engine as a whole: the ``remedy_*`` variables of localhost or of group ``all``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.metrics_settings import Metrics, metrics_from
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json


class SettingsError(Exception):
    """A variable of the inventory has a value that the engine cannot use; the message names it and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Source:
    """A cluster of Alertmanager peers. ``auth`` holds TLS and credential options (by file), the same for each peer.

    A target comes from an exact match of the label ``target_label`` with an inventory name, else ``default_target``.
    """

    name: str
    urls: tuple[str, ...]
    target_label: str
    default_target: str
    auth: Json


@dataclasses.dataclass(frozen=True)
class Settings:
    """The engine's settings. Durations are seconds, paths are absolute. ``playbooks``: more directories of runbooks."""

    sources: tuple[Source, ...]
    handles: tuple[str, ...]
    playbooks: tuple[str, ...]
    ledger: str
    cases: str
    kill_switch: str
    linger: float
    workers: int
    patience_of_probes: float
    settle: float
    metrics: Metrics


_DURATIONS = {"remedy_linger": "90s", "remedy_probe_deadline": "20s", "remedy_settle": "5m"}

VARIABLES = (
    *("remedy_sources", "remedy_handles", "remedy_playbooks", "remedy_ledger", "remedy_cases", "remedy_kill_switch"),
    *("remedy_workers", "remedy_metrics", *_DURATIONS),
)
"""The variables that are read here. Others of that prefix are a target's, and may make no sense for localhost."""


def settings_from(variables: Mapping[str, Any]) -> Settings:
    """Reads the settings from a host's variables, templated. Raises SettingsError."""
    state = os.path.join(os.environ.get("XDG_STATE_HOME", os.path.expanduser("~/.local/state")), "oncall-remedy")
    durations = {name: _duration(name, variables.get(name, default)) for name, default in _DURATIONS.items()}
    return Settings(
        sources=tuple(_source(number, raw) for number, raw in enumerate(_list(variables, "remedy_sources"))),
        handles=tuple(str(matcher) for matcher in _list(variables, "remedy_handles")),
        playbooks=_directories(variables, "remedy_playbooks"),
        ledger=str(variables.get("remedy_ledger") or f"sqlite:///{state}/ledger.db"),
        cases=os.path.abspath(os.path.expanduser(str(variables.get("remedy_cases") or f"{state}/cases"))),
        kill_switch=os.path.abspath(os.path.expanduser(str(variables.get("remedy_kill_switch") or f"{state}/STOP"))),
        linger=durations["remedy_linger"],
        workers=_workers(variables.get("remedy_workers", 32)),
        patience_of_probes=durations["remedy_probe_deadline"],
        settle=durations["remedy_settle"],
        metrics=_metrics(variables.get("remedy_metrics")),
    )


def _list(variables: Mapping[str, Any], name: str) -> list[Any]:
    value = variables.get(name, [])
    if not isinstance(value, list):
        raise SettingsError(f"{name}: expected a list, found {type(value).__name__}")
    return value


def _directories(variables: Mapping[str, Any], name: str) -> tuple[str, ...]:
    paths = tuple(os.path.expanduser(str(path)) for path in _list(variables, name))
    for path in paths:
        if not os.path.isdir(path):
            raise SettingsError(f"{name}: {path} is no directory")
    return paths


def _duration(name: str, value: Any) -> float:
    try:
        return seconds(value)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error


def _metrics(value: Any) -> Metrics:
    try:
        return metrics_from(value)
    except ValueError as error:
        raise SettingsError(f"remedy_metrics: {error}") from error


def _workers(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 256:
        raise SettingsError(f"remedy_workers: {value!r} is not a number of threads from 1 to 256")
    return value


_SOURCE_KEYS = {"name", "url", "urls", "target_label", "default_target"}
_AUTH_KEYS = {"ca_path", "validate_certs", "token_file", "username", "password_file", "headers", "proxy"}


def _source(number: int, raw: Any) -> Source:
    where = f"remedy_sources[{number}]"
    if not isinstance(raw, dict):
        raise SettingsError(f"{where}: expected a mapping with name and urls, found {type(raw).__name__}")
    unknown = sorted(set(map(str, raw)) - _SOURCE_KEYS - _AUTH_KEYS)
    if unknown:
        allowed = ", ".join(sorted(_SOURCE_KEYS | _AUTH_KEYS))
        raise SettingsError(f"{where}: unknown key {', '.join(unknown)}; allowed are {allowed}")
    urls = [raw["url"]] if "url" in raw else raw.get("urls")
    if not raw.get("name") or not isinstance(urls, list) or not urls:
        raise SettingsError(f"{where}: needs a name and the urls of one or more peers of the same cluster")
    return Source(
        name=str(raw["name"]),
        urls=tuple(str(url).rstrip("/") for url in urls),
        target_label=str(raw.get("target_label", "")),
        default_target=str(raw.get("default_target", "")),
        auth={key: raw[key] for key in sorted(_AUTH_KEYS & raw.keys())},
    )

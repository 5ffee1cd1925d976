# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the inventory sets for the engine as a whole: the ``remedy_*`` variables of localhost or of group ``all``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Policy, PolicyError, policy_from
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.amount import amount
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.metrics_settings import Metrics, metrics_from
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
class StormLimits:
    """When too much that is unrelated fails at once: it begins at ``begins`` and ends at ``ends``, which is lower.

    ``down_share`` is the share of Prometheus' own jobs, above 0 up to 1, from which on the monitor is doubted.
    """

    begins: int
    ends: int
    down_share: float


@dataclasses.dataclass(frozen=True)
class Settings:
    """The engine's settings. Durations are seconds, paths are absolute. ``playbooks``: more directories of runbooks.

    ``outage`` or more targets with the same finding are one outage. An approval may be used for ``approval_expires``.
    A heal has to hold for ``must_hold``. What is closed is kept for ``keep``. ``state`` is a folder for what must not
    need the ledger.
    """

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
    storm: StormLimits
    outage: int
    approval_expires: float
    must_hold: float
    keep: float
    metrics: Metrics
    escalation: Policy
    state: str


_DURATIONS = {
    "remedy_linger": "90s",
    "remedy_probe_deadline": "20s",
    "remedy_settle": "5m",
    "remedy_approval_expires": "1h",
    "remedy_must_hold": "1h",
    "remedy_keep": "400d",
}
_STORM = {"begins": 10, "ends": 5, "down_share": "50%"}
_LEAST = {"remedy_approval_expires": 1.0, "remedy_keep": 30 * 86400.0}
"""Seconds below which a duration makes no sense: nobody could approve within it; the gate looks back so far."""

CALLING = ("remedy_escalations", "remedy_channels", "remedy_engine_escalation", "remedy_state")
"""Who is called, and where it is noted: read by themselves where the engine's own failure is to be told."""

VARIABLES = (
    *("remedy_sources", "remedy_handles", "remedy_playbooks", "remedy_ledger", "remedy_cases", "remedy_kill_switch"),
    *("remedy_workers", "remedy_metrics", "remedy_storm", "remedy_outage", *_DURATIONS),
    *CALLING,
)
"""The variables that are read here. Others of that prefix are a target's, and may make no sense for localhost."""


def settings_from(variables: Mapping[str, Any]) -> Settings:
    """Reads the settings from a host's variables, templated. Raises SettingsError."""
    state = state_of({})
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
        storm=_storm(variables.get("remedy_storm")),
        outage=_whole("remedy_outage", variables.get("remedy_outage", 3), 2, "members from 2"),
        approval_expires=durations["remedy_approval_expires"],
        must_hold=durations["remedy_must_hold"],
        keep=durations["remedy_keep"],
        metrics=_metrics(variables.get("remedy_metrics")),
        escalation=policy_of(variables),
        state=state_of(variables),
    )


def state_of(variables: Mapping[str, Any]) -> str:
    """The folder of what must not need the ledger: ``remedy_state``, else the user's own."""
    own = os.path.join(os.environ.get("XDG_STATE_HOME", os.path.expanduser("~/.local/state")), "oncall-remedy")
    return os.path.abspath(os.path.expanduser(str(variables.get("remedy_state") or own)))


def policy_of(variables: Mapping[str, Any]) -> Policy:
    """Who is called for what. Raises SettingsError."""
    try:
        return policy_from(*(variables.get(name) for name in CALLING[:3]))
    except PolicyError as error:
        raise SettingsError(str(error)) from error


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
        found = seconds(value)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error
    if found < _LEAST.get(name, 0.0):
        raise SettingsError(f"{name}: {value!r} is too short, the least is {_LEAST[name]:g} seconds")
    return found


def _whole(name: str, value: Any, least: int, wanted: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SettingsError(f"{name}: {value!r} is not a whole number of {wanted}")
    return value


def _storm(value: Any) -> StormLimits:
    given = {} if value is None else value
    if not isinstance(given, dict) or set(given) - set(_STORM):
        raise SettingsError(f"remedy_storm: expected a mapping with {', '.join(_STORM)}, found {str(value)[:60]}")
    wanted = {**_STORM, **given}
    begins = _whole("remedy_storm.begins", wanted["begins"], 1, "targets from 1")
    ends = _whole("remedy_storm.ends", wanted["ends"], 0, "targets from 0")
    if ends >= begins:
        raise SettingsError(f"remedy_storm: it begins at {begins} and has to end at less, not at {ends}")
    return StormLimits(begins, ends, _share("remedy_storm.down_share", wanted["down_share"]))


def _share(name: str, value: Any) -> float:
    try:
        share = amount(value).share
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from error
    if not share:
        raise SettingsError(f"{name}: {value!r} is not a share above 0% up to 100%")
    return float(share)


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

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is called, by which channels, and who next if the incident goes on: ``remedy_escalations`` and its like.

Channels have names, and owners name channels: the ledger, the timeline and every error speak of the name. Addresses
stand in the inventory, secrets in files that it names.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

KEYS: Mapping[str, tuple[str, ...]] = {
    "pagerduty": ("routing_key_file", "url", "ca_path"),
    "slack": ("webhook_url_file", "ca_path"),
    "webhook": ("url", "token_file", "ca_path"),
    "email": ("host", "port", "from", "to", "tls", "username", "password_file", "ca_path"),
}
"""The kinds of channels and what each takes."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "pagerduty": ("routing_key_file",),
    "slack": ("webhook_url_file",),
    "webhook": ("url",),
    "email": ("host", "from", "to"),
}

TLS = {"starttls": 587, "implicit": 465, "none": 25}
"""How e-mail is encrypted, with the usual port."""

_PATHS = ("routing_key_file", "webhook_url_file", "token_file", "password_file", "ca_path")
_LEVEL_KEYS = ("after", "to")


class PolicyError(ValueError):
    """A setting of the escalations cannot be used. The message names the place and what is allowed; no value of it."""


@dataclasses.dataclass(frozen=True)
class Channel:
    """One way to reach humans. ``options`` hold addresses and names of files, never a secret."""

    name: str
    kind: str
    options: Json


@dataclasses.dataclass(frozen=True)
class Level:
    """Who is called when an incident has gone on for ``after`` seconds since its first call."""

    after: float
    channels: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Policy:
    """``owners``: the levels of each. ``engine``: the owner who hears of the engine's own failure, or nobody."""

    owners: Mapping[str, tuple[Level, ...]] = dataclasses.field(default_factory=dict)
    channels: Mapping[str, Channel] = dataclasses.field(default_factory=dict)
    engine: str = ""

    def levels(self, owner: str) -> tuple[Level, ...]:
        """The levels of an owner, the first one first; none for an owner whom the inventory does not know."""
        return self.owners.get(owner, ())

    def addressed(self, owner: str, level: int) -> tuple[str, ...]:
        """The channels of an owner's level (counted from 1). A level that is not there any more is the last one."""
        levels = self.levels(owner)
        return levels[min(level, len(levels)) - 1].channels if levels else ()


def policy_from(escalations: Any, channels: Any = None, engine: Any = "") -> Policy:
    """Reads ``remedy_escalations``, ``remedy_channels`` and ``remedy_engine_escalation``. Raises PolicyError."""
    named = {
        str(name): _channel(f"remedy_channels.{name}", str(name), raw)
        for name, raw in _mapping("remedy_channels", channels or {}).items()
    }
    owners = {
        str(owner): _levels(f"remedy_escalations.{owner}", raw, named)
        for owner, raw in _mapping("remedy_escalations", escalations or {}).items()
    }
    if engine and str(engine) not in owners:
        raise PolicyError(f"remedy_engine_escalation: {engine} is no owner of remedy_escalations")
    return Policy(owners, named, str(engine or ""))


def _channel(where: str, name: str, raw: Any) -> Channel:
    given = _mapping(where, raw)
    if len(given) != 1 or next(iter(given)) not in KEYS:
        raise PolicyError(f"{where}: expected one of {', '.join(KEYS)}, with its settings")
    ((kind, settings),) = given.items()
    where = f"{where}.{kind}"
    options = dict(_mapping(where, settings))
    unknown = sorted(set(map(str, options)) - set(KEYS[kind]))
    if unknown:
        raise PolicyError(f"{where}: unknown {', '.join(unknown)}; allowed are {', '.join(KEYS[kind])}")
    # A file may be named by what is not there in this run, such as a credential that an AWX template is not given.
    missing = [key for key in REQUIRED[kind] if not (options.get(key) or (key in _PATHS and key in options))]
    if missing:
        raise PolicyError(f"{where}: needs {' and '.join(missing)}")
    for key in _PATHS:
        if options.get(key):
            options[key] = os.path.abspath(os.path.expanduser(str(options[key])))
    if "url" in options:
        open_hook = kind == "webhook" and "token_file" not in options
        options["url"] = _url(f"{where}.url", str(options["url"]), plain=open_hook)
    if kind == "email":
        options = _email(where, options)
    return Channel(name, kind, options)


def _url(where: str, url: str, plain: bool) -> str:
    """The URL, which has to be https where a secret goes with it, unless it points to this machine."""
    # With it comes an HTTP library, which reading the settings alone has no need of.
    from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import split_url

    try:
        parts = split_url(url)
    except ProbeError as error:
        raise PolicyError(f"{where}: is no http or https URL without credentials in it") from error
    if parts.scheme != "https" and not plain and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise PolicyError(f"{where}: has to be https, as a secret goes with each request")
    return url.rstrip("/")


def _email(where: str, options: Json) -> Json:
    tls = str(options.get("tls", "starttls"))
    if tls not in TLS:
        raise PolicyError(f"{where}.tls: expected one of {', '.join(TLS)}")
    recipients = options["to"] if isinstance(options["to"], list) else [options["to"]]
    for address in (options["from"], *recipients):
        if "@" not in str(address) or not str(address).isprintable():
            raise PolicyError(f"{where}: from and to are e-mail addresses")
    port = options.get("port", TLS[tls])
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise PolicyError(f"{where}.port: expected a number from 1 to 65535")
    if bool(options.get("username")) != bool(options.get("password_file")):
        raise PolicyError(f"{where}: username and password_file go together")
    if options.get("username") and tls == "none":
        raise PolicyError(f"{where}: a password is not sent without TLS")
    return {**options, "to": [str(address) for address in recipients], "tls": tls, "port": port}


def _levels(where: str, raw: Any, channels: Mapping[str, Channel]) -> tuple[Level, ...]:
    if not isinstance(raw, list) or not raw:
        raise PolicyError(f"{where}: expected a list of levels such as {{after: 15m, to: [CHANNEL]}}")
    levels = tuple(_level(f"{where}[{number}]", one, channels) for number, one in enumerate(raw))
    if levels[0].after:
        raise PolicyError(f"{where}[0].after: the first level is called at once")
    for number, (before, level) in enumerate(itertools.pairwise(levels), start=1):
        if level.after <= before.after:
            raise PolicyError(f"{where}[{number}].after: has to be later than the level before it")
    return levels


def _level(where: str, raw: Any, channels: Mapping[str, Channel]) -> Level:
    given = _mapping(where, raw)
    unknown = sorted(set(map(str, given)) - set(_LEVEL_KEYS))
    if unknown:
        raise PolicyError(f"{where}: unknown {', '.join(unknown)}; allowed are {', '.join(_LEVEL_KEYS)}")
    names = given.get("to")
    names = [str(name) for name in (names if isinstance(names, list) else [names] if names else [])]
    if not names:
        raise PolicyError(f"{where}.to: expected the names of channels")
    strange = sorted(set(names) - set(channels))
    if strange:
        known = ", ".join(sorted(channels)) or "none"
        raise PolicyError(f"{where}.to: no channel {', '.join(strange)} in remedy_channels; there are: {known}")
    try:
        return Level(seconds(given.get("after", 0)), tuple(dict.fromkeys(names)))
    except ValueError as error:
        raise PolicyError(f"{where}.after: {error}") from error


def _mapping(where: str, raw: Any) -> Mapping[Any, Any]:
    if not isinstance(raw, Mapping):
        raise PolicyError(f"{where}: expected a mapping, found {type(raw).__name__}")
    return raw

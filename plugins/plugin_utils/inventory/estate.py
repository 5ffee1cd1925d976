# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory as the engine sees it: which targets there are and what each says of itself.

The one place where Ansible templates: an inventory's variables and a runbook's ``params``, both written by the estate's
owners. Alert text never passes through here.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar, trust_as_template

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.amount import Amount, amount
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.moments import date_time
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

_OF_A_TARGET = (
    "remedy_endpoints",
    "remedy_vantages",
    "remedy_credentials",
    "remedy_mode",
    "remedy_escalation",
    "remedy_stands_on",
    "remedy_opt_out",
    "remedy_maintenance",
    "remedy_patience",
    "remedy_blast_radius",
    "remedy_group",
    "remedy_recurrence",
    "remedy_trusted_since",
)

BLAST_RADIUS = "50%"
RECURRENCE = {"times": 3, "within": "24h"}
"""What holds where the inventory says nothing."""

CONTROLLER = "localhost"


@dataclasses.dataclass(frozen=True)
class Group:
    """Those of which only so many are mended at the same time: a group of the inventory, and how many of it."""

    name: str
    at_once: Amount

    def limit(self, members: int) -> int:
        """How many at once, of so many members. A share of a small group may be none: then none is mended."""
        return self.at_once.of(members)


@dataclasses.dataclass(frozen=True)
class Target:
    """One inventory host that alerts are about, with its ``remedy_*`` variables resolved.

    ``stands_on`` are the targets beneath it, and those beneath them. ``trusted_since`` is in Unix
    seconds, 0 where it is not set. ``mode``, ``maintenance``, ``patience``, ``blast_radius`` and ``recurrence`` are as
    they stand in the inventory, with defaults: a guard reads them, and holds where it cannot. ``opt_out`` says why
    nothing is to be done by the engine; it is empty where something may, and None where that cannot be told.
    """

    name: str
    endpoints_by_kind: Json
    vantages: Json
    credentials: Json
    mode: Any
    escalation: str
    stands_on: tuple[str, ...] = ()
    opt_out: str | None = ""
    maintenance: Any = ()
    patience: Any = None
    blast_radius: Any = BLAST_RADIUS
    group: Group | None = None
    recurrence: Any = dataclasses.field(default_factory=lambda: dict(RECURRENCE))
    trusted_since: float = 0.0

    def endpoint(self, kind: str, vantage: str = "") -> Json:
        """The settings of an endpoint, as seen from ``vantage``. Raises ProbeError where the inventory has none."""
        endpoints = self.vantages.get(vantage) if vantage else self.endpoints_by_kind
        variable = f"remedy_vantages.{vantage}" if vantage else "remedy_endpoints"
        if not isinstance(endpoints, dict) or not isinstance(endpoints.get(kind), dict):
            raise ProbeError("bad_option", f"{self.name} has no {variable}.{kind} in the inventory")
        found: Json = endpoints[kind]
        return found


class Estate:
    """Looks targets up by their exact inventory name and resolves their variables, each once a task.

    The controller is no target, whatever the inventory says of it: an alert must not turn a remedy against the engine.
    """

    def __init__(self, templar: Templar, task_vars: Json) -> None:
        self._templar = templar
        self._hostvars = task_vars["hostvars"]
        self._groups: Mapping[str, Any] = task_vars.get("groups", {})
        self._names = frozenset(self._groups.get("all", ())) - {CONTROLLER}
        self._own_escalation = task_vars.get("remedy_escalation")
        self._raw: dict[str, Any] = {}
        self._targets: dict[str, Target] = {}
        self._known_beneath: dict[str, tuple[str, ...]] = {}

    def __contains__(self, name: object) -> bool:
        """Whether ``name`` is, to the letter, one inventory host. No pattern, group or alias counts."""
        return name in self._names

    def target(self, name: str) -> Target:
        """The target of that name. Raises SettingsError where there is none or a variable of it is unusable."""
        if name not in self._targets:
            self._targets[name] = self._resolve(name)
        return self._targets[name]

    def members(self, group: str) -> tuple[str, ...]:
        """The targets of a group of the inventory. Raises SettingsError where there is no such group."""
        if group not in self._groups:
            raise SettingsError(f"{group!r} is not a group of the inventory")
        return tuple(name for name in self._groups[group] if name in self._names)

    def maintenance(self, target: Target) -> dict[str, Any]:
        """The maintenance windows that concern a target, as the inventory has them, by the name of whose they are: its
        own, and those of everything that it stands on. Raises SettingsError."""
        beneath = {name: self._variable(name, "remedy_maintenance") for name in target.stands_on}
        return {target.name: target.maintenance, **beneath}

    def escalation(self, name: str) -> str:
        """Whom to call about a target: its own ``remedy_escalation``, else that of the engine itself, which is that of
        group ``all``. Empty where neither is set. Raises nothing: this is for when something is wrong already."""
        try:
            return self.target(name).escalation
        except SettingsError:
            pass
        try:
            return str(self._templar.template(self._own_escalation) or "")
        except AnsibleError:
            return ""

    def params(self, name: str, texts: Json) -> Json:
        """A runbook's params with the target's variables put in. Raises SettingsError naming the param."""
        templar = self._templar_of(name)
        resolved: Json = {}
        for param, text in texts.items():
            try:
                resolved[param] = plain(templar.template(_trusted(text)))
            except AnsibleError as error:
                raise SettingsError(f"param {param} of {name}: {error.message}") from error
        return resolved

    def _templar_of(self, name: str) -> Templar:
        if name not in self._names:
            raise SettingsError(f"{name!r} is not a host of the inventory")
        if name not in self._raw:
            self._raw[name] = self._hostvars.raw_get(name)
        templar: Templar = self._templar.copy_with_new_env(available_variables=self._raw[name])
        return templar

    def _variable(self, name: str, variable: str) -> Any:
        """One variable of a target. Raises SettingsError."""
        templar = self._templar_of(name)
        try:
            return plain(templar.template(self._raw[name].get(variable)))
        except (AnsibleError, SettingsError) as error:
            raise SettingsError(f"{variable} of {name}: {getattr(error, 'message', '') or error}") from error

    def _resolve(self, name: str) -> Target:
        found: Json = {variable: self._variable(name, variable) for variable in _OF_A_TARGET}
        return Target(
            name=name,
            endpoints_by_kind=found["remedy_endpoints"] or {},
            vantages=found["remedy_vantages"] or {},
            credentials=found["remedy_credentials"] or {},
            mode=found["remedy_mode"] or "observe",
            escalation=str(found["remedy_escalation"] or ""),
            stands_on=self._beneath(name),
            opt_out=_opt_out(found["remedy_opt_out"]),
            maintenance=_or(found["remedy_maintenance"], []),
            patience=found["remedy_patience"],
            blast_radius=_or(found["remedy_blast_radius"], BLAST_RADIUS),
            group=self._group(name, found["remedy_group"]),
            recurrence=_recurrence(found["remedy_recurrence"]),
            trusted_since=_trusted_since(name, found["remedy_trusted_since"]),
        )

    def _beneath(self, name: str, above: tuple[str, ...] = ()) -> tuple[str, ...]:
        """What a target stands on, and what that stands on in turn, each once. ``above`` is the way that led here."""
        if name in above:
            circle = (*above[above.index(name) :], name)
            raise SettingsError(f"remedy_stands_on goes in a circle: {' stands on '.join(circle)}")
        if name not in self._known_beneath:
            direct = self._stands_on(name)
            deeper = [one for below in direct for one in self._beneath(below, (*above, name))]
            self._known_beneath[name] = tuple(dict.fromkeys([*direct, *deeper]))
        return self._known_beneath[name]

    def _stands_on(self, name: str) -> list[str]:
        below = _or(self._variable(name, "remedy_stands_on"), [])
        if not isinstance(below, list) or not all(isinstance(one, str) for one in below):
            raise SettingsError(f"remedy_stands_on of {name}: expected a list of names of the inventory")
        unknown = sorted(set(below) - self._names)
        if unknown:
            raise SettingsError(f"remedy_stands_on of {name}: {unknown[0]!r} is not a host of the inventory")
        return below

    def _group(self, name: str, value: Any) -> Group | None:
        if not value:
            return None
        where = f"remedy_group of {name}"
        if not isinstance(value, dict) or set(value) != {"name", "at_once"}:
            raise SettingsError(f"{where}: expected a mapping with name and at_once, found {str(value)[:60]}")
        try:
            group = Group(str(value["name"]), amount(value["at_once"]))
        except ValueError as error:
            raise SettingsError(f"{where}.at_once: {error}") from error
        if name not in self.members(group.name):
            raise SettingsError(f"{where}: it is not in the group {group.name} itself")
        return group


def _or(value: Any, default: Any) -> Any:
    return default if value is None or value == "" else value


def _opt_out(value: Any) -> str | None:
    if value is None or value is False:
        return ""
    if value is True:
        return "no reason is given"
    return value if isinstance(value, str) else None


def _recurrence(value: Any) -> Any:
    return {**RECURRENCE, **value} if isinstance(value, dict) else _or(value, dict(RECURRENCE))


def _trusted_since(name: str, value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return date_time(value).timestamp()
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"remedy_trusted_since of {name}: {error}") from error


def _trusted(value: Any) -> Any:
    """Marks a runbook's own texts as templates; the file was read as data."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, list):
        return [_trusted(member) for member in value]
    if isinstance(value, dict):
        return {key: _trusted(member) for key, member in value.items()}
    return value


def plain(value: Any) -> Any:
    """Ordinary Python values without Ansible's tags and lazy containers: they go into JSON and into threads."""
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime.date):  # what YAML makes of an unquoted 2026-11-21 22:00
        return value.isoformat()
    raise SettingsError(f"a variable holds {type(value).__name__}, which is neither text, number, list nor mapping")

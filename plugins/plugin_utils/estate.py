# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory as the engine sees it: which targets there are and what each says of itself.

The one place where Ansible templates: an inventory's variables and a runbook's ``params``, both written by the estate's
owners. Alert text never passes through here.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar, trust_as_template

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import SettingsError

_OF_A_TARGET = (
    "remedy_endpoints",
    "remedy_vantages",
    "remedy_credentials",
    "remedy_mode",
    "remedy_escalation",
)


CONTROLLER = "localhost"


@dataclasses.dataclass(frozen=True)
class Target:
    """One inventory host that alerts are about, with its ``remedy_*`` variables resolved."""

    name: str
    endpoints_by_kind: Json
    vantages: Json
    credentials: Json
    mode: Any
    escalation: str

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
        self._names = frozenset(task_vars.get("groups", {}).get("all", ())) - {CONTROLLER}
        self._own_escalation = task_vars.get("remedy_escalation")
        self._raw: dict[str, Any] = {}
        self._targets: dict[str, Target] = {}

    def __contains__(self, name: object) -> bool:
        """Whether ``name`` is, to the letter, one inventory host. No pattern, group or alias counts."""
        return name in self._names

    def target(self, name: str) -> Target:
        """The target of that name. Raises SettingsError where there is none or a variable of it is unusable."""
        if name not in self._targets:
            self._targets[name] = self._resolve(name)
        return self._targets[name]

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

    def _resolve(self, name: str) -> Target:
        templar = self._templar_of(name)
        found: Json = {}
        for variable in _OF_A_TARGET:
            try:
                found[variable] = plain(templar.template(self._raw[name].get(variable)))
            except AnsibleError as error:
                raise SettingsError(f"{variable} of {name}: {error.message}") from error
        return Target(
            name=name,
            endpoints_by_kind=found["remedy_endpoints"] or {},
            vantages=found["remedy_vantages"] or {},
            credentials=found["remedy_credentials"] or {},
            mode=found["remedy_mode"] or "observe",
            escalation=str(found["remedy_escalation"] or ""),
        )


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
    raise SettingsError(f"a variable holds {type(value).__name__}, which is neither text, number, list nor mapping")

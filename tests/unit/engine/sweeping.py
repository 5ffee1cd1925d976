# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sweeps within the test's own process: the engine's real action plugins over a stand-in estate, in the order of
``playbooks/remediate.yml``. In the place of the remedies' roles stands a function of the test.
"""

from __future__ import annotations

import dataclasses
import importlib
import types
from collections.abc import Callable
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate as Inventory
from tests.support.estate import Estate

Json = dict[str, Any]

ACTIONS = "ansible_collections.oncall.remedy.plugins.action"


class Lost(Exception):
    """A remedy raises it to say that its target has vanished: neither an outcome nor a failure is recorded."""


class Died(Exception):
    """A remedy raises it to say that the whole run dies here: nothing is closed."""


Remedy = Callable[[str, Json], Json]
"""(target, what the permit yields) → the result of the fix; what it raises is the fix's failure."""


@dataclasses.dataclass(frozen=True)
class Swept:
    """What the stages returned."""

    discovered: Json
    assessed: Json
    closed: Json


class Engine:
    """An engine with an estate. ``remedy`` may be changed between sweeps; by default it heals the target.

    ``extra`` are variables as an operator gives them; ``remedies`` is what permits have yielded so far.
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.extra: Json = {}
        self.remedies: list[tuple[str, Json]] = []
        self.remedy: Remedy = self.heal

    def heal(self, target: str, _remedy: Json) -> Json:
        """The default remedy: as if the restart had helped."""
        self.estate[target].heal()
        return {"changed": True, "msg": "done"}

    def sweep(self, only: Json | None = None, check: bool = False) -> Swept:
        """All stages, one after the other."""
        discovered = self.act("discover", {"only": only or {}}, check=check)
        assessed = self.act("assess", {"sweep": discovered}, check=check)
        for target in assessed["mend"]:
            self.mend(target, discovered, check)
        outcomes = assessed["outcomes"]
        return Swept(discovered, assessed, self.act("close", {"sweep": discovered, "outcomes": outcomes}, check=check))

    def mend(self, target: str, discovered: Json, check: bool = False) -> None:
        """What the play ``Mend`` does for one target."""
        sweep = {"sweep": discovered}
        try:
            permit = self.act("permit", sweep, target, check)
            self.remedies.append((target, permit["remedy"]))
            result = self.remedy(target, permit["remedy"])
        except Lost:
            return
        except Died:
            raise
        except Exception as error:  # noqa: BLE001  as a role may fail in any way
            self.act("outcome", {**sweep, "failure": {"msg": str(error)}}, target, check)
        else:
            self.act("outcome", {**sweep, "result": result}, target, check)

    def act(self, name: str, arguments: Json, host: str = "localhost", check: bool = False) -> Json:
        """Runs one action plugin as a task for ``host`` would."""
        loader, variables = self._variables(host)
        task = Task()
        task.args = arguments
        task.check_mode = check
        task.async_val = 0
        plugin = importlib.import_module(f"{ACTIONS}.{name}").ActionModule(
            task=task,
            connection=types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir="none is needed")),
            play_context=PlayContext(),
            loader=loader,
            templar=Templar(loader=loader, variables=variables),
            shared_loader_obj=None,
        )
        result: Json = plugin.run(task_vars=variables)
        return result

    def inventory(self) -> Inventory:
        """The inventory as the stages see it."""
        loader, variables = self._variables("localhost")
        return Inventory(Templar(loader=loader, variables=variables), variables)

    def _variables(self, host: str) -> tuple[DataLoader, Json]:
        loader = DataLoader()
        inventory = InventoryManager(loader=loader, sources=[str(self.estate.inventory())])
        manager = VariableManager(loader=loader, inventory=inventory)
        HostVars(inventory, manager, loader)  # makes itself known to the manager
        return loader, {**manager.get_vars(host=inventory.get_host(host)), **self.extra}

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventories of this repository as the engine sees them.

```
read(*sources) -> Estate                     of one inventory, or of several that follow one another
params(name, target, *sources) -> dict       what they make of a shipped runbook's params for a target
params_apart(name, target, *sources) -> dict  the same, where variables look things up by full names
```
Lookups by their full name need Ansible's own loader of collections, which is global: so that is a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Estate
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import loader

ROOT = Path(__file__).resolve().parents[2]


def read(*sources: Path) -> Estate:
    """The estate of these inventories."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(source) for source in sources])
    manager = VariableManager(loader=loader, inventory=inventory)
    HostVars(inventory, manager, loader)  # makes itself known to the manager
    variables = manager.get_vars(host=inventory.get_host("localhost"))
    return Estate(Templar(loader=loader, variables=variables), variables)


def params(name: str, target: str, *sources: Path) -> dict[str, Any]:
    """The params of the runbook of that name, as a sweep resolves them."""
    book = loader.load(ROOT / "playbooks" / f"{name}.yml")
    return read(*sources).params(target, book.params)


def params_apart(name: str, target: str, *sources: Path) -> dict[str, Any]:
    """As ``params``, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.inventories", name, target, *map(str, sources)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


if __name__ == "__main__":
    init_plugin_loader()
    print(json.dumps(params(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:]))))

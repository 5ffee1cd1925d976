# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate as AWX would run it: ansible-runner's directories, the inventory as a script, credentials as files.

What AWX does is in awx/main/tasks/jobs.py: ``write_inventory_file`` makes a script that prints JSON, ``build_env`` puts
the paths of injected credential files into the environment, and the project's checkout is ``project/``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.estate import LONGEST, Estate, Run

Json = dict[str, Any]

CHECKOUT = Path(__file__).resolve().parents[2]


def private_data(estate: Estate, extra: Json | None = None) -> Path:
    """Lays the directories out; returns the one that ansible-runner is given."""
    root = estate.folder / "runner"
    for name in ("env", "inventory", "artifacts"):
        (root / name).mkdir(parents=True)
    (root / "project").symlink_to(CHECKOUT)
    variables = _injected(estate, root)
    (root / "env" / "envvars").write_text(json.dumps({**estate.environment(), **variables}))
    (root / "env" / "extravars").write_text(json.dumps(extra or {}))
    script = root / "inventory" / "hosts"
    script.write_text(f"#!{sys.executable}\n# -*- coding: utf-8 -*-\nprint({json.dumps(_printed(estate))!r})\n")
    script.chmod(0o700)
    return root


def run(root: Path, playbook: str) -> Run:
    """Runs a playbook of the project with as much output as AWX can be set to."""
    command = [str(Path(sys.executable).parent / "ansible-runner"), "run", str(root), "-p", playbook, "-vvv"]
    environment = json.loads((root / "env" / "envvars").read_text())
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST, cwd=root.parent, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr)


def _injected(estate: Estate, root: Path) -> dict[str, str]:
    """Moves every kubeconfig to where AWX injects files, and lets the inventory find it by the environment."""
    variables = {}
    for name, host in estate.hosts.items():
        probe = host["remedy_endpoints"]["kubernetes"]
        issuers = [one["kubernetes_token"] for one in host["remedy_credentials"].values() if "kubernetes_token" in one]
        for key, who, places in (("kubeconfig", "PROBE", [probe]), ("issuer", "ISSUER", issuers)):
            variable = f"REMEDY_{who}_{name.upper()}"
            file = root / "env" / f"tmp-{who.lower()}-{name}"
            file.write_text(Path(places[0][key]).read_text())
            file.chmod(0o600)
            variables[variable] = str(file)
            for place in places:
                place[key] = f"{{{{ lookup('ansible.builtin.env', '{variable}') }}}}"
    for path in (estate.folder / "identities").iterdir():
        path.unlink()
    return variables


def _printed(estate: Estate) -> Json:
    """The inventory as a script prints it."""
    data = estate.inventory_data()["all"]
    return {"all": {"hosts": list(data["hosts"]), "vars": data["vars"]}, "_meta": {"hostvars": data["hosts"]}}

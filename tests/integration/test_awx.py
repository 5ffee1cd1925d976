# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A job as AWX runs it: a synchronised project, an inventory script, injected credentials, ansible-runner.

The credential types are those of ``awx/``, the inventory's variables those that docs/awx.md shows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.support.estate import Estate

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
TYPES = {one["name"]: one for one in yaml.safe_load((ROOT / "awx" / "credential_types.yml").read_text())}
PAGE = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def synchronised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a project sync leaves: the checkout, and beside it what collections/requirements.yml installs."""
    folder = tmp_path_factory.mktemp("awx")
    project = folder / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    subprocess.run(
        [
            galaxy,
            "collection",
            "install",
            "-r",
            "collections/requirements.yml",
            "-p",
            folder / "requirements_collections",
        ],
        cwd=project,
        check=True,
        capture_output=True,
        env={**os.environ, "ANSIBLE_HOME": str(folder / ".ansible")},
    )
    return folder


class Job:
    """A private data directory as AWX prepares one, and the run over it."""

    def __init__(self, folder: Path, synchronised: Path) -> None:
        self.folder = folder
        self._collections = synchronised / "requirements_collections"
        for name in ("env", "inventory"):
            (folder / name).mkdir(parents=True, mode=0o700)
        (folder / "project").symlink_to(synchronised / "project")
        self._environment: dict[str, str] = {}

    def attach(self, credential_type: str, **fields: str) -> None:
        """Injects a credential: files of mode 0600, then variables of the environment that name them."""
        injectors = TYPES[credential_type]["injectors"]
        render = ImmutableSandboxedEnvironment().from_string
        files = {}
        for number, (name, template) in enumerate(injectors.get("file", {}).items()):
            path = self.folder / "env" / f"tmp{credential_type.replace(' ', '_')}{number}"
            path.touch(mode=0o600)
            path.write_text(render(template).render(fields))
            files[name.removeprefix("template.")] = str(path)
        known = {**fields, "tower": {"filename": files}}
        for name, template in injectors["env"].items():
            self._environment[name] = render(template).render(known)

    def run(self, playbook: str, inventory: Json, extra: dict[str, str] | None = None, cmdline: str = "") -> Any:
        """Starts ansible-runner as AWX does; the answer has ``rc`` and ``stdout``."""
        script = self.folder / "inventory" / "hosts"
        script.write_text(f"#!{sys.executable}\n# -*- coding: utf-8 -*-\nprint({json.dumps(inventory)!r})\n")
        script.chmod(0o700)
        (self.folder / "env" / "extravars").write_text(_extravars(extra or {}))
        return ansible_runner.run(
            private_data_dir=str(self.folder),
            playbook=playbook,
            inventory=str(script),
            cmdline=cmdline,
            quiet=True,
            envvars={
                **self._environment,
                "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
                "ANSIBLE_HOME": str(self.folder / ".ansible"),
                "ANSIBLE_FORCE_COLOR": "True",
                "ANSIBLE_HOST_KEY_CHECKING": "False",
                "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
                "AWX_HOST": "https://awx.example",
                "JOB_ID": "42",
                "HOME": str(self.folder),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
        )


def _output(done: Any) -> str:
    """All that a job printed."""
    with done.stdout as printed:
        return str(printed.read())


def _extravars(extra: dict[str, str]) -> str:
    """AWX marks what was given at launch as unsafe, so that Ansible does not render it."""
    given = [f"{json.dumps(name)}: !unsafe {json.dumps(value)}" for name, value in extra.items()]
    return "\n".join(["awx_job_id: 42", *given]) + "\n"


def _shown(file: str) -> Json:
    """The YAML that the page shows under this file's name."""
    block = re.search(rf"^```yaml\n# {file}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert block, f"docs/awx.md shows no {file}"
    found: Json = yaml.safe_load(block[1])
    return found


def _inventory(estate: Estate) -> Json:
    """The inventory that the page shows, with the addresses of the stand-in estate."""
    hosts = estate.inventory_data()["all"]["hosts"]
    everywhere, target = _shown("group_vars/all.yml"), _shown("host_vars/hetzner.yml")
    for kind, key in (("prometheus", "url"), ("alertmanager", "url")):
        address = hosts["hetzner"]["remedy_endpoints"][kind][key]
        settings = {name: value for name, value in target["remedy_endpoints"][kind].items() if name != "urls"}
        target["remedy_endpoints"][kind] = {**settings, key: address}
    everywhere["remedy_sources"][0]["urls"] = [estate.alertmanager.url]
    hosts["hetzner"] = {**hosts["hetzner"], **target}
    return {
        "all": {"hosts": sorted(hosts), "vars": {**estate.settings, **everywhere}},
        "_meta": {"hostvars": hosts},
    }


def _kubeconfig(estate: Estate, who: str) -> str:
    """One identity's kubeconfig, whose context has the target's name."""
    content = yaml.safe_load((estate.folder / "identities" / f"hetzner-{who}.kubeconfig").read_text())
    content["contexts"][0]["name"] = content["current-context"] = "hetzner"
    return yaml.safe_dump(content)


def _job(estate: Estate, synchronised: Path, *, issuer: bool = True) -> Job:
    job = Job(estate.folder / "job", synchronised)
    job.attach("oncall.remedy probe", kubeconfig=_kubeconfig(estate, "probe"), prometheus_token="a-token")
    if issuer:
        job.attach("oncall.remedy permit issuer", kubeconfig=_kubeconfig(estate, "issuer"))
    job.attach("oncall.remedy ledger", url=f"sqlite:///{estate.ledger_file}")
    return job


def _told(case: Json) -> Json:
    """What a case says, without what differs from run to run."""
    return {
        "outcome": case["outcome"],
        "chosen": case["diagnosis"]["chosen"],
        "findings": [(one["name"], one["truth"]) for one in case["diagnosis"]["findings"]],
        "evidence": [(one["name"], one["state"]) for one in case["evidence"]],
        "gate": [(one["guard"], one["passes"]) for one in case["gate"]],
        "plan": case["mitigation"]["plan"],
    }


def test_a_job_of_awx_and_a_run_by_hand_come_to_the_same_case(tmp_path: Path, synchronised: Path) -> None:
    cases = []
    for way in ("by_hand", "awx"):
        (tmp_path / way).mkdir()
        with Estate(tmp_path / way, "hetzner") as estate:
            estate["hetzner"].hang()
            estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
            if way == "by_hand":
                estate.sweep().ended_well()
            else:
                job = _job(estate, synchronised)
                assert job.run("playbooks/remediate.yml", _inventory(estate)).rc == 0
            cases.append(_told(estate.case()))
    assert cases[0]["outcome"] == "healed"
    assert cases[0] == cases[1]


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """An estate whose edge hangs, and the alert that says so."""
    with Estate(tmp_path, "hetzner") as made:
        made["hetzner"].hang()
        made.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
        yield made


def test_the_survey_names_the_target_and_ansible_does_not_render_it(estate: Estate, synchronised: Path) -> None:
    job = _job(estate, synchronised)
    rendered = job.run("playbooks/traefik_down.yml", _inventory(estate), {"target": "{{ 'hetzner' }}"})
    assert rendered.rc == 2
    assert "is not, to the letter, the name of one target" in _output(rendered)
    assert estate.writes() == []
    assert job.run("playbooks/traefik_down.yml", _inventory(estate), {"target": "hetzner"}).rc == 0
    assert estate.case()["origin"] == "operator"


def test_the_template_that_only_plans_has_no_issuer_and_writes_nothing(estate: Estate, synchronised: Path) -> None:
    job = _job(estate, synchronised, issuer=False)
    planned = job.run("playbooks/remediate.yml", _inventory(estate), cmdline="--check --diff")
    assert planned.rc == 0
    assert "restart of DaemonSet traefik/traefik" in _output(planned)
    assert estate.writes() == []
    assert not estate.ledger_file.exists()


def test_without_the_issuer_a_job_cannot_write_and_says_so(estate: Estate, synchronised: Path) -> None:
    failed = _job(estate, synchronised, issuer=False).run("playbooks/remediate.yml", _inventory(estate))
    assert failed.rc == 2
    assert estate.writes() == []
    assert "issuer is missing" in estate.case()["headline"]


def test_what_a_job_leaves_behind_holds_no_credential(estate: Estate, synchronised: Path) -> None:
    job = _job(estate, synchronised)
    assert job.run("playbooks/remediate.yml", _inventory(estate), cmdline="-vvv").rc == 0
    cluster = estate["hetzner"]
    secrets = [cluster.probe_token, cluster.issuer_token, *cluster.minted, "a-token"]
    assert len(secrets) > 3
    shown = [path for part in ("stdout", "job_events/*.json") for path in job.folder.glob(f"artifacts/*/{part}")]
    shown += [estate.ledger_file, *estate.pages()]
    assert len(shown) > 10
    assert [(str(path), secret) for path in shown for secret in secrets if secret.encode() in path.read_bytes()] == []


def test_a_job_with_the_ledger_and_nothing_else_approves_under_the_name_of_awxs_user(
    estate: Estate, synchronised: Path
) -> None:
    estate.settings["remedy_mode"] = "approve"
    estate.sweep().ended_well()
    (plan,) = estate.ledger.approvals()
    job = Job(estate.folder / "job", synchronised)
    job.attach("oncall.remedy ledger", url=estate.ledger_url)
    survey = {"plan": plan.id, "decision": "approve", "why": "{{ 7 * 7 }}", "awx_user_name": "bob"}
    answered = job.run("playbooks/approve.yml", _inventory(estate), survey)
    assert answered.rc == 0
    assert "Approved by bob: {{ 7 * 7 }}." in _output(answered)
    assert estate.writes() == []
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"
    assert (estate.case()["approval"]["decided_by"], len(estate["hetzner"].patches())) == ("bob", 1)

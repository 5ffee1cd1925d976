# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in estate: targets, Alertmanagers, an inventory for them, and real ``ansible-playbook`` runs over it.

with Estate(tmp_path, "hetzner") as estate:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    run = estate.sweep()
    assert estate.case()["outcome"] == "healed"
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
import yaml

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from tests.support.alertmanager import Alertmanager
from tests.support.target import PROMETHEUS, Cluster

Json = dict[str, Any]

PLAYBOOK = "oncall.remedy.remediate"
INTEGRATION = Path(__file__).resolve().parents[1] / "integration"
RUNBOOKS = INTEGRATION / "runbooks"
LONGEST = 120
"""Seconds after which a run is taken for hung."""
DATED = (
    *(schema.episodes, schema.leases, schema.mitigations, schema.approvals, schema.pauses),
    *(schema.escalations, schema.deliveries, schema.conditions),
)
"""The tables whose times say when something is due or over. What is told of the past stays as it is."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook left behind."""

    code: int
    output: str

    def ended_well(self) -> Run:
        """Itself, or an assertion that shows what was printed."""
        assert self.code == 0, self.output
        return self


class Estate:
    """Targets by name, each with a ``Cluster`` of its own; one Alertmanager, to which a test may add peers.

    ``settings`` are variables of group ``all``, ``hosts`` those of single hosts; both may be changed until a sweep.
    The ledger is a SQLite file in ``folder`` unless ``ledger_url`` names another.
    """

    def __init__(self, folder: Path, *targets: str, ledger_url: str = "") -> None:
        self.folder = folder
        self.ledger_url = ledger_url or f"sqlite:///{self.ledger_file}"
        self.clusters = {name: Cluster(name) for name in targets}
        self.alertmanager = Alertmanager()
        self.peers = [self.alertmanager]
        self._stack = contextlib.ExitStack()
        self._under_way: list[subprocess.Popen[str]] = []
        self.settings: Json = {}
        self.hosts: dict[str, Json] = {}

    def __getitem__(self, name: str) -> Cluster:
        return self.clusters[name]

    def __enter__(self) -> Self:
        for cluster in self.clusters.values():
            self._stack.enter_context(cluster.api)
            self._stack.enter_context(cluster.edge)
        for peer in self.peers:
            self._stack.enter_context(peer.service)
        self.settings = self._settings()
        self.hosts = {name: self._host(cluster) for name, cluster in self.clusters.items()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        for process in self._under_way:
            process.kill()
        self.kill_workers()
        for process in self._under_way:
            process.communicate()
        self._stack.close()

    def add_peer(self) -> Alertmanager:
        """Another Alertmanager; whose it is, a test says in ``settings["remedy_sources"]``."""
        peer = Alertmanager()
        self._stack.enter_context(peer.service)
        self.peers.append(peer)
        return peer

    # Sweeps

    def sweep(self, *arguments: str, playbook: str = PLAYBOOK, **environment: str) -> Run:
        """Runs a playbook to its end."""
        return self.finish(self.begin(*arguments, playbook=playbook, **environment))

    def finish(self, process: subprocess.Popen[str], longest: float = LONGEST) -> Run:
        """Waits for a run that was begun."""
        try:
            output, _ = process.communicate(timeout=longest)
        except subprocess.TimeoutExpired:
            process.kill()
            self.kill_workers()
            output = f"hung for {longest:.0f} s:\n{process.communicate()[0]}"
        self._under_way.remove(process)
        return Run(process.returncode, output)

    def begin(self, *arguments: str, playbook: str = PLAYBOOK, **environment: str) -> subprocess.Popen[str]:
        """Starts a playbook. What still runs at the end is killed."""
        command = [
            str(Path(sys.executable).parent / "ansible-playbook"),
            "-i",
            str(self.inventory()),
            playbook,
            *arguments,
        ]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._under_way.append(process)
        return process

    def kill_workers(self) -> None:
        """SIGKILL for whatever was started for this estate: workers that have outlived their ansible-playbook too."""
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def processes(self) -> list[int]:
        """What was started for this estate and still runs."""
        mine = f"HOME={self.folder}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mine in (process / "environ").read_bytes():
                    found.append(int(process.name))
        return found

    def environment(self) -> dict[str, str]:
        """What a run sees: nothing of the developer's own Ansible, and a home of its own."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ANSIBLE_HOME": str(self.folder / ".ansible"),
            "ANSIBLE_STDOUT_CALLBACK": "oncall.remedy.operator",
            "ANSIBLE_ROLES_PATH": str(INTEGRATION / "roles"),
            "ANSIBLE_CONNECTION_PLUGINS": str(INTEGRATION / "connection_plugins"),
            "NO_COLOR": "1",
        }

    def inventory(self) -> Path:
        """Writes the inventory as it is to be now."""
        path = self.folder / "inventory.yml"
        path.write_text(yaml.safe_dump(self.inventory_data()))
        return path

    def inventory_data(self) -> Json:
        """The inventory as Ansible's YAML has it."""
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {name: {**local, **variables} for name, variables in self.hosts.items()}
        return {"all": {"vars": self.settings, "hosts": {"localhost": local, **hosts}}}

    # What is there afterwards

    @property
    def ledger_file(self) -> Path:
        return self.folder / "state" / "ledger.db"

    @property
    def ledger(self) -> Ledger:
        """The ledger, to look into."""
        return Ledger.open(self.ledger_url)

    def cases(self) -> list[Json]:
        """All cases, the newest first."""
        return self.ledger.cases()

    def case(self, target: str | None = None) -> Json:
        """The one case there is, of that target."""
        (found,) = self.ledger.cases(target=target)
        return found

    def later(self, seconds: float) -> None:
        """Lets time pass: everything that the ledger has dated happened that much earlier. What cases tell stays."""
        engine = sa.create_engine(self.ledger_url, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            for table in DATED:
                dates = [column for column in table.c if column.name.endswith(("_at", "_until"))]
                connection.execute(sa.update(table).values({column: column - seconds for column in dates}))

    def pages(self) -> list[Path]:
        """The pages of the cases."""
        return sorted((self.folder / "cases").glob("*.html"))

    def writes(self) -> list[str]:
        """Every request to any target that is not a mere question."""
        return [write for cluster in self.clusters.values() for write in cluster.writes()]

    # The inventory

    def _settings(self) -> Json:
        return {
            "remedy_sources": [
                {
                    "name": "stand-in",
                    "urls": [peer.url for peer in self.peers],
                    "target_label": "cluster",
                    "default_target": next(iter(self.clusters), ""),
                }
            ],
            "remedy_handles": ['alertname!="Watchdog"'],
            "remedy_ledger": self.ledger_url,
            "remedy_cases": str(self.folder / "cases"),
            "remedy_kill_switch": str(self.folder / "STOP"),
            "remedy_playbooks": [str(RUNBOOKS)],
            "remedy_linger": "10s",
            "remedy_probe_deadline": "5s",
            "remedy_escalation": "platform",
            "remedy_mode": "act",
        }

    def _host(self, cluster: Cluster) -> Json:
        issuer = self._kubeconfig(cluster, "issuer", cluster.issuer_token)

        def token(account: str) -> Json:
            return {"kubernetes_token": {"issuer": issuer, "namespace": "oncall-remedy", "service_account": account}}

        return {
            "remedy_endpoints": {
                "kubernetes": {"kubeconfig": self._kubeconfig(cluster, "probe", cluster.probe_token)},
                "prometheus": {"url": cluster.api.url + PROMETHEUS},
                "alertmanager": {"url": self.alertmanager.url},
            },
            "remedy_credentials": {
                "rollout_restart": token("remedy-rollout-restart"),
                "rollback": token("remedy-rollback"),
                "service_monitor": token("remedy-service-monitor"),
                "silence": {"alertmanager": {"url": self.alertmanager.url}},
            },
            "traefik_edge_url": f"http://edge.example:{cluster.edge.port}/",
            "traefik_edge_addresses": ["127.0.0.1"],
            "traefik_edge_port": cluster.edge.port,
        }

    def _kubeconfig(self, cluster: Cluster, who: str, token: str) -> str:
        path = self.folder / "identities" / f"{cluster.name}-{who}.kubeconfig"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "it", "cluster": {"server": cluster.api.url}}],
                    "users": [{"name": who, "user": {"token": token}}],
                    "contexts": [{"name": "it", "context": {"cluster": "it", "user": who}}],
                    "current-context": "it",
                }
            )
        )
        path.chmod(0o600)
        return str(path)

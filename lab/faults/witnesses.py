"""Faults of those that are asked rather than asked about: Prometheus, Alertmanager, the API server."""

from __future__ import annotations

import shutil

from lab import control_plane, health
from lab import estate as manifests
from lab.console import wait_until
from lab.faults.base import Estate, Fault
from lab.settings import ALERTMANAGER_PORTS
from lab.supervisor import Supervisor


class PrometheusDown(Fault):
    """Prometheus is scaled to nothing: no answer to queries, and no alert from it."""

    name = "prometheus-down"
    what = "Prometheus is scaled to nothing: nobody evaluates rules, nobody answers queries"

    def apply(self, estate: Estate) -> None:
        document = manifests.document("Prometheus", "lab")
        document["spec"]["replicas"] = 0
        estate.cluster.apply(document)
        wait_until("Prometheus is gone", lambda: not self._pods(estate), timeout=90)

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(manifests.document("Prometheus", "lab"))

    def _pods(self, estate: Estate) -> bool:
        return bool(estate.cluster.list("Pod", "monitoring", "app.kubernetes.io/name=prometheus"))


class AlertmanagersEmpty(Fault):
    """Both Alertmanagers lose their data and start again: no alert, no silence, until Prometheus repeats what fires.

    Both at once, or the one that stays would hand its silences over.
    """

    name = "alertmanagers-empty"
    what = "both Alertmanagers restart without their data: what fires comes back within a minute, silences do not"

    def apply(self, estate: Estate) -> None:
        supervisor = Supervisor(estate.paths.supervisor_socket)
        peers = range(len(ALERTMANAGER_PORTS))
        for peer in peers:
            supervisor.stop(f"alertmanager-{peer + 1}")
        for peer in peers:
            shutil.rmtree(control_plane.alertmanager_data(estate.paths, peer), ignore_errors=True)
        for peer in peers:
            supervisor.start(f"alertmanager-{peer + 1}")
        wait_until("the Alertmanagers answer", lambda: health.firing_everywhere() is not None, timeout=30)

    def undo(self, estate: Estate) -> None:
        """Nothing to undo: Prometheus fills them again."""


class AlertmanagerDown(Fault):
    """One peer of the Alertmanager cluster does not answer; the other knows everything."""

    name = "alertmanager-one-peer-down"
    what = "the first Alertmanager is stopped: its peer still answers"

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).stop("alertmanager-1")

    def undo(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).start("alertmanager-1")


class ApiServerDown(Fault):
    """The API server is stopped: the cluster runs on and nobody can ask about it."""

    name = "api-server-down"
    what = "the API server is stopped: pods run on, nobody can ask about them"

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).stop("kube-apiserver")

    def undo(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).start("kube-apiserver")
        wait_until("the API server is ready", estate.cluster.ready, timeout=60)


FAULTS = (PrometheusDown(), AlertmanagersEmpty(), AlertmanagerDown(), ApiServerDown())

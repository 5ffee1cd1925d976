"""Starts and stops the lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab import (
    binaries,
    cgroups,
    cleanup,
    control_plane,
    estate,
    faults,
    health,
    hosts,
    images,
    leftovers,
    network,
    nodes,
    packages,
    pki,
    preflight,
    proxmox,
    rootfs,
    ssh,
    supervisor,
)  # fmt: skip
from lab.console import side_by_side, step, wait_until
from lab.honeydue import estate as honeydue_estate
from lab.honeydue import images as honeydue_images
from lab.honeydue import network as honeydue_network
from lab.honeydue import programs as honeydue
from lab.kube import Cluster, cluster_of
from lab.settings import HOSTS, MONITORING_NODE, NODES, Node, Paths
from lab.standins import keys

_EVERYWHERE = ("pause", "traefik", "busybox", "backend", "node-exporter")
_MONITORING = ("operator", "reloader", "prometheus")


def fetch(paths: Paths, *, from_releases: bool = True) -> Mapping[str, Path]:
    """Installs packages, fetches and builds programs, and makes the images: all that can be done before ``up``."""
    packages.install(packages.missing())
    programs = binaries.acquire(paths, from_releases=from_releases)
    rootfs.acquire(paths)
    for image in (*images.catalogue(programs).values(), honeydue_images.job(programs)):
        images.archive(image, paths.images)
    return programs


def up(paths: Paths, *, from_releases: bool = True) -> None:
    """Starts the lab and waits until it is healthy. A lab that is up already is brought to its state again."""
    running = supervisor.Supervisor(paths.supervisor_socket).alive()
    if not running:
        preflight.require_root()
        cleanup.remove_everything(paths)
        preflight.check(paths)
    programs = fetch(paths, from_releases=from_releases)
    if running:
        for fault in faults.active(paths):
            faults.undo(fault, faults.Estate(cluster_of(paths), paths))
    else:
        leftovers.remember(paths)
        _start(paths, programs)
    cluster = _cluster(paths)
    side_by_side(
        lambda: _prepare(paths, cluster, programs),
        *(lambda node=node: _load_images(paths, node, programs) for node in NODES),
    )
    with step("workloads applied"):
        estate.apply_workloads(cluster)
        honeydue_estate.apply_workloads(cluster)
    with step("healthy"):
        health.wait_healthy(cluster, paths, timeout=180)


def down(paths: Paths) -> None:
    """Stops the lab and removes everything it made but the cache."""
    daemon = supervisor.Supervisor(paths.supervisor_socket)
    if daemon.alive():
        with step("programs stopped"):
            daemon.shut_down()
            wait_until("supervisord ends", lambda: not daemon.alive(), timeout=60)
    with step("removed"):
        cleanup.remove_everything(paths)


def _start(paths: Paths, programs: Mapping[str, Path]) -> None:
    with step("certificates, network and configuration made"):
        paths.run.mkdir(parents=True, exist_ok=True)
        # Ledger, cases and kill switch of the inventory for the lab.
        (paths.run / "remedy").mkdir(mode=0o700, exist_ok=True)
        pki.create(paths)
        keys.create(paths)
        ssh.create_keys(paths)
        proxmox.create_secrets(paths)
        control_plane.write_kubeconfigs(paths)
        network.up()
        honeydue_network.up()
        honeydue.prepare(paths)
        cgroups.create()
        nodes.prepare(paths, programs)
        hosts.prepare(paths)
        configuration = paths.run / "supervisord.conf"
        supervisor.write_configuration(
            configuration,
            [
                *control_plane.programs(paths, programs),
                *honeydue.programs(paths, programs),
                *(nodes.program(paths, node) for node in NODES),
                *(hosts.program(paths, host) for host in HOSTS),
            ],
            socket_path=paths.supervisor_socket,
            logs=paths.logs,
        )
        supervisor.start(configuration, paths)


def _cluster(paths: Paths) -> Cluster:
    cluster = cluster_of(paths)
    with step("API server ready"):
        wait_until("API server ready", cluster.ready, timeout=90)
    daemon = supervisor.Supervisor(paths.supervisor_socket)
    for program in (*control_plane.AFTER_API_SERVER, *honeydue.AFTER_API_SERVER):
        daemon.start(program, wait=False)
    return cluster


def _prepare(paths: Paths, cluster: Cluster, programs: Mapping[str, Path]) -> None:
    with step("definitions, identities and configuration applied"):
        estate.prepare(cluster, paths, programs[binaries.DEFINITIONS])
        honeydue_estate.prepare(cluster, paths)


def _load_images(paths: Paths, node: Node, programs: Mapping[str, Path]) -> None:
    with step(f"images in {node.name}"):
        wait_until(
            f"containerd of {node.name}", lambda: nodes.containerd_answers(paths, node, programs["ctr"]), timeout=60
        )
        catalogue = images.catalogue(programs)
        words = [*_EVERYWHERE, *(_MONITORING if node is MONITORING_NODE else ())]
        wanted = [*(catalogue[word] for word in words), honeydue_images.job(programs)]
        archives = {image.name: images.archive(image, paths.images) for image in wanted}
        nodes.import_images(paths, node, programs["ctr"], archives)

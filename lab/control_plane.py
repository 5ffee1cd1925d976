"""What runs on the machine itself: etcd, API server, controller manager, scheduler, and the Alertmanagers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lab import kubeconfig, settings
from lab.settings import BRIDGE_ADDRESS, SOURCE, Paths
from lab.supervisor import Program

_ETCD = f"https://127.0.0.1:{settings.ETCD_PORT}"
_ETCD_PEER = f"http://127.0.0.1:{settings.ETCD_PEER_PORT}"


# They end themselves while there is no API server, so they are started when there is one.
AFTER_API_SERVER = ("kube-controller-manager", "kube-scheduler", "identities", "network-policies")


def programs(paths: Paths, binaries: Mapping[str, Path]) -> list[Program]:
    """What the machine's supervisord keeps alive besides the nodes."""
    return [
        _etcd(paths, binaries["etcd"]),
        _api_server(paths, binaries["kube-apiserver"]),
        _controller_manager(paths, binaries["kube-controller-manager"]),
        _scheduler(paths, binaries["kube-scheduler"]),
        *(_alertmanager(paths, binaries["alertmanager"], peer) for peer in range(len(settings.ALERTMANAGER_PORTS))),
        _identities(paths),
        _network_policies(paths),
        *(_standin(paths, name) for name in settings.STANDIN_PORTS),
    ]


def write_kubeconfigs(paths: Paths) -> None:
    """The administrator's kubeconfig and those of the components, each with a certificate of its own."""
    kubeconfig.write(paths.admin_kubeconfig, kubeconfig.for_certificate(paths, "admin"))
    for component in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
        kubeconfig.write(paths.pki / f"{component}.kubeconfig", kubeconfig.for_certificate(paths, component))


def _identities(paths: Paths) -> Program:
    command = [sys.executable, "-m", "lab.identities"]
    return Program("identities", command, _of_the_lab(paths), starts_by_itself=False)


def _network_policies(paths: Paths) -> Program:
    command = [sys.executable, "-m", "lab.policies"]
    return Program("network-policies", command, _of_the_lab(paths), starts_by_itself=False)


def _standin(paths: Paths, name: str) -> Program:
    return Program(name, [sys.executable, "-m", "lab.standins", name], _of_the_lab(paths))


def _of_the_lab(paths: Paths) -> dict[str, str]:
    """The environment of a program that is the lab's own Python."""
    return {
        "PYTHONPATH": str(SOURCE.parent),
        "ONCALL_REMEDY_LAB": str(paths.run),
        "ONCALL_REMEDY_CACHE": str(paths.cache),
    }


def _etcd(paths: Paths, program: Path) -> Program:
    pki = paths.pki
    command: list[str | Path] = [
        program, f"--data-dir={paths.run / 'etcd'}",
        f"--listen-client-urls={_ETCD}", f"--advertise-client-urls={_ETCD}", f"--listen-peer-urls={_ETCD_PEER}",
        f"--initial-advertise-peer-urls={_ETCD_PEER}", f"--initial-cluster=default={_ETCD_PEER}",
        f"--cert-file={pki / 'etcd.crt'}", f"--key-file={pki / 'etcd.key'}",
        "--client-cert-auth", f"--trusted-ca-file={pki / 'ca.crt'}",
        "--unsafe-no-fsync",  # the lab's state is thrown away with it; waiting for the disk would only make it slow
    ]  # fmt: skip
    return Program("etcd", command, {"ETCD_UNSUPPORTED_ARCH": "arm64"})


def _api_server(paths: Paths, program: Path) -> Program:
    pki = paths.pki
    command: list[str | Path] = [
        program, f"--etcd-servers={_ETCD}", f"--etcd-cafile={pki / 'ca.crt'}",
        f"--etcd-certfile={pki / 'apiserver-etcd.crt'}", f"--etcd-keyfile={pki / 'apiserver-etcd.key'}",
        f"--secure-port={settings.API_PORT}", f"--advertise-address={BRIDGE_ADDRESS}",
        f"--tls-cert-file={pki / 'kube-apiserver.crt'}", f"--tls-private-key-file={pki / 'kube-apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}", "--anonymous-auth=false",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}", "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'service-accounts.key'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        # No aggregated API stands behind this one; without the headers' authority the others warn all the time.
        f"--requestheader-client-ca-file={pki / 'ca.crt'}", "--requestheader-allowed-names=nobody",
        "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={settings.SERVICE_NETWORK}", "--allow-privileged=true",
    ]  # fmt: skip
    return Program("kube-apiserver", command, stop_seconds=10)


def _controller_manager(paths: Paths, program: Path) -> Program:
    pki = paths.pki
    config = pki / "kube-controller-manager.kubeconfig"
    command: list[str | Path] = [
        program, f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", f"--root-ca-file={pki / 'ca.crt'}",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}", "--use-service-account-credentials",
        "--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={settings.CONTROLLER_MANAGER_PORT}",
        f"--tls-cert-file={pki / 'kube-controller-manager-serving.crt'}",
        f"--tls-private-key-file={pki / 'kube-controller-manager-serving.key'}",
        # A stopped kubelet is NotReady while one watches; see also the kubelet's lease in nodes.py.
        "--node-monitor-grace-period=12s", "--node-monitor-period=2s",
    ]  # fmt: skip
    return Program("kube-controller-manager", command, starts_by_itself=False)


def _scheduler(paths: Paths, program: Path) -> Program:
    pki = paths.pki
    config = pki / "kube-scheduler.kubeconfig"
    command: list[str | Path] = [
        program, f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--leader-elect=false",
        "--bind-address=127.0.0.1", f"--secure-port={settings.SCHEDULER_PORT}",
        f"--tls-cert-file={pki / 'kube-scheduler-serving.crt'}",
        f"--tls-private-key-file={pki / 'kube-scheduler-serving.key'}",
    ]  # fmt: skip
    return Program("kube-scheduler", command, starts_by_itself=False)


def alertmanager_data(paths: Paths, peer: int) -> Path:
    """Where an Alertmanager keeps its silences and its notification log."""
    return paths.run / f"alertmanager-{peer + 1}"


def alertmanager_urls() -> list[str]:
    """Where the Alertmanagers' API answers: a cluster of peers."""
    return [f"http://{BRIDGE_ADDRESS}:{port}" for port in settings.ALERTMANAGER_PORTS]


def _alertmanager(paths: Paths, program: Path, peer: int) -> Program:
    gossip = [f"{BRIDGE_ADDRESS}:{port}" for port in settings.ALERTMANAGER_GOSSIP_PORTS]
    command: list[str | Path] = [
        program, f"--config.file={SOURCE / 'manifests' / 'alertmanager.yml'}",
        f"--storage.path={alertmanager_data(paths, peer)}",
        f"--web.listen-address={BRIDGE_ADDRESS}:{settings.ALERTMANAGER_PORTS[peer]}",
        f"--web.external-url={alertmanager_urls()[peer]}",
        f"--cluster.listen-address={gossip[peer]}", f"--cluster.advertise-address={gossip[peer]}",
        *(f"--cluster.peer={other}" for other in gossip if other != gossip[peer]),
        "--cluster.settle-timeout=5s", "--cluster.pushpull-interval=5s",
    ]  # fmt: skip
    return Program(f"alertmanager-{peer + 1}", command)

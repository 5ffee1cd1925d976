"""Which programs the lab runs and where each can come from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from lab.settings import (
    HELM_CONTROLLER_VERSION,
    HELM_VERSION,
    KUBERNETES_VERSION,
    NODE_EXPORTER_VERSION,
    OPERATOR_VERSION,
    PROMETHEUS_VERSION,
    SOURCE,
    TRAEFIK_VERSION,
)


@dataclass(frozen=True)
class System:
    """A program that Debian packages: the names it may have, and the package."""

    name: str
    package: str
    candidates: Sequence[str] = ()
    static: bool = False

    @property
    def names(self) -> Sequence[str]:
        return self.candidates or (self.name,)


@dataclass(frozen=True)
class Module:
    """Programs that one Go module builds, locked by the go.mod and go.sum in ``go/<name>``.

    ``own``: the sources are there too, and the version is a digest of them.
    """

    name: str
    version: str
    packages: Sequence[str]
    tags: str = ""
    variables: Sequence[str] = ()
    static: bool = False
    own: bool = False

    @property
    def programs(self) -> list[str]:
        return [package.rpartition("/")[2] for package in self.packages]


SYSTEM = (
    System("containerd", "containerd"),
    System("ctr", "containerd"),
    System("runc", "runc"),
    System("etcd", "etcd-server"),
    System("dnsmasq", "dnsmasq-base"),
    System("blackbox-exporter", "prometheus-blackbox-exporter", ("prometheus-blackbox-exporter", "blackbox_exporter")),
    System("alertmanager", "prometheus-alertmanager", ("alertmanager", "prometheus-alertmanager")),
    System("busybox", "busybox-static", static=True),
    System("sshd", "openssh-server"),
    System("ssh", "openssh-client"),
    System("ip", "iproute2"),
    System("nft", "nftables"),
    System("sysctl", "procps"),
    System("mount", "mount"),
    System("nsenter", "util-linux"),
    System("unshare", "util-linux"),
    System("systemd-nspawn", "systemd-container"),
    System("debootstrap", "debootstrap"),
)

_KUBERNETES = "k8s.io/kubernetes/cmd"
_VERSION = "k8s.io/component-base/version"
_OPERATOR = "github.com/prometheus-operator/prometheus-operator/cmd"
_PROMETHEUS = "github.com/prometheus/prometheus/cmd"

KUBERNETES = Module(
    "kubernetes",
    KUBERNETES_VERSION,
    [
        f"{_KUBERNETES}/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
    ],
    variables=[
        f"{_VERSION}.gitVersion=v{KUBERNETES_VERSION}",
        f"{_VERSION}.gitMajor={KUBERNETES_VERSION.split('.')[0]}",
        f"{_VERSION}.gitMinor={KUBERNETES_VERSION.split('.')[1]}",
    ],
)
OPERATOR = Module(
    "operator",
    OPERATOR_VERSION,
    [f"{_OPERATOR}/operator", f"{_OPERATOR}/prometheus-config-reloader"],
    variables=[f"github.com/prometheus/common/version.Version={OPERATOR_VERSION}"],
    static=True,
)
PROMETHEUS = Module(
    "prometheus",
    PROMETHEUS_VERSION,
    # promtool tests the alert rules of monitoring/; beside Prometheus it costs seven packages more.
    [f"{_PROMETHEUS}/prometheus", f"{_PROMETHEUS}/promtool"],
    # Debian's Prometheus has no Kubernetes service discovery; of all the others the lab needs none.
    tags="netgo,remove_all_sd,enable_kubernetes_sd",
    variables=[f"github.com/prometheus/common/version.Version={PROMETHEUS_VERSION}"],
    static=True,
)
# k3s' own: they install charts for HelmCharts. The second works in the first one's jobs, in an image of the lab's own.
HELM_CONTROLLER = Module(
    "helm-controller",
    HELM_CONTROLLER_VERSION,
    ["github.com/k3s-io/helm-controller"],
    variables=[f"github.com/k3s-io/helm-controller/pkg/version.Version=v{HELM_CONTROLLER_VERSION}"],
)
HELM = Module(
    "helm",
    HELM_VERSION,
    ["helm.sh/helm/v3/cmd/helm"],
    variables=[f"helm.sh/helm/v3/internal/version.version=v{HELM_VERSION}"],
    static=True,
)
NODE_EXPORTER = Module(
    "node-exporter",
    NODE_EXPORTER_VERSION,
    ["github.com/prometheus/node_exporter"],
    variables=[f"github.com/prometheus/common/version.Version={NODE_EXPORTER_VERSION}"],
    static=True,
)


def _own(name: str) -> Module:
    """A program of the lab's own. What it is built from is what it is called: a changed source is another version."""
    digest = hashlib.sha256()
    for file in sorted((SOURCE / "binaries" / "go" / name).iterdir()):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return Module(name, digest.hexdigest()[:12], [f"oncall.remedy/lab/{name}"], static=True, own=True)


BACKEND = _own("backend")
MODULES = (KUBERNETES, OPERATOR, PROMETHEUS, HELM_CONTROLLER, HELM, NODE_EXPORTER, BACKEND)
TRAEFIK = ("traefik", TRAEFIK_VERSION)

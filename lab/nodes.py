"""A node: containerd, kubelet, kube-proxy and sshd under a supervisord that is the first process of its namespaces."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab import cgroups, kubeconfig, settings, ssh, supervisor
from lab.settings import NODES, SOURCE, Node, Paths
from lab.shell import run
from lab.supervisor import Program

# Directories of which every node has its own (and, see node_init, /run). Of the latter two the machine may have none.
ONLY_ON_NODES = (Path("/var/lib/cni"), Path("/var/lib/kubelet"))
PRIVATE = (Path("/var/log"), *ONLY_ON_NODES)
_CNI_PLUGINS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")


def prepare(paths: Paths, binaries: Mapping[str, Path]) -> None:
    """Writes what each node's programs read."""
    for node in NODES:
        home = paths.node(node)
        directories = [home / "cni", home / "pod-logs", home / "home", *(private(home, public) for public in PRIVATE)]
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
        _write_json(home / "cni" / "10-lab.conflist", _cni(node, home))
        (home / "containerd.toml").write_text(_containerd(paths, node), encoding="utf-8")
        (home / "kubelet.yaml").write_text(yaml.safe_dump(_kubelet(paths, node)), encoding="utf-8")
        (home / "kube-proxy.yaml").write_text(yaml.safe_dump(_kube_proxy(paths, node)), encoding="utf-8")
        kubeconfig.write(home / "kubelet.kubeconfig", kubeconfig.for_certificate(paths, node.name))
        ssh.write_server_configuration(paths, node)
        supervisor.write_configuration(
            home / "supervisord.conf",
            _programs(paths, node, binaries),
            socket_path=paths.node_supervisor_socket(node),
            logs=paths.logs / node.name,
        )


def private(home: Path, public: Path) -> Path:
    """What a node at ``home`` has in the place of one of the PRIVATE directories."""
    return home / str(public).strip("/").replace("/", "-")


def program(paths: Paths, node: Node) -> Program:
    """The node itself, as the machine's supervisord sees it.

    When it ends, the kernel ends every process in its process namespace, container shims included, and its mounts go
    with its mount namespace: nothing can be left behind.
    """
    command = [
        "nsenter", f"--net=/run/netns/{node.name}",
        "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-m", "lab.node_init", node.name, str(paths.node(node)),
    ]  # fmt: skip
    return Program(f"node-{node.name}", command, {"PYTHONPATH": str(SOURCE.parent)})


def import_images(paths: Paths, node: Node, ctr: Path, archives: Mapping[str, Path]) -> None:
    """Loads image archives, by the images' names, into the node's containerd, unless it has those images."""
    client = _containerd_client(paths, node, ctr)
    present = run([*client, "image", "list", "--quiet"]).stdout.split()
    for name, archive in archives.items():
        if name not in present:
            run([*client, "image", "import", archive])


def containerd_answers(paths: Paths, node: Node, ctr: Path) -> bool:
    """Whether the node's containerd accepts calls."""
    return run([*_containerd_client(paths, node, ctr), "namespace", "list"], check=False).returncode == 0


def _containerd_client(paths: Paths, node: Node, ctr: Path) -> list[str]:
    return [str(ctr), "--address", str(paths.containerd_socket(node)), "--namespace", "k8s.io"]


def _programs(paths: Paths, node: Node, binaries: Mapping[str, Path]) -> list[Program]:
    home = paths.node(node)
    kubelet: list[str | Path] = [
        binaries["kubelet"], f"--config={home / 'kubelet.yaml'}", f"--kubeconfig={home / 'kubelet.kubeconfig'}",
        f"--hostname-override={node.name}", f"--node-ip={node.address}", f"--root-dir={home / 'kubelet'}", "--v=1",
        # How often cAdvisor looks at a container: what an application uses is to be seen within seconds.
        "--housekeeping-interval=2s",
    ]  # fmt: skip
    thief: list[str | Path] = [sys.executable, SOURCE / "faults" / "port_thief.py", "80"]
    return [
        Program("containerd", [binaries["containerd"], "--config", home / "containerd.toml"]),
        Program("kubelet", kubelet),
        Program("kube-proxy", [binaries["kube-proxy"], f"--config={home / 'kube-proxy.yaml'}"]),
        Program("sshd", [binaries["sshd"], "-D", "-e", "-f", home / "sshd_config"]),
        Program("stray-httpd", thief, starts_by_itself=False),
    ]


def _cni(node: Node, home: Path) -> dict[str, object]:
    ipam = {
        "type": "host-local",
        "dataDir": str(home / "ipam"),
        "ranges": [[{"subnet": node.pod_network}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True, "ipam": ipam}
    return {
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}],
    }


def _containerd(paths: Paths, node: Node) -> str:
    home = paths.node(node)
    plugins = next((directory for directory in _CNI_PLUGINS if Path(directory, "bridge").exists()), _CNI_PLUGINS[0])
    return f"""\
version = 2
root = "{home}/containerd"
state = "/run/containerd"
[grpc]
  address = "{paths.containerd_socket(node)}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{home}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/lab/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{home}/cni"
"""


def _kubelet(paths: Paths, node: Node) -> dict[str, object]:
    home = paths.node(node)
    nothing = "0%"
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": True,
        "cgroupRoot": cgroups.of(node),
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": f"unix://{paths.containerd_socket(node)}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(paths.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(paths.pki / f"{node.name}-serving.crt"),
        "tlsPrivateKeyFile": str(paths.pki / f"{node.name}-serving.key"),
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        # The lab lives on whatever disk the machine has: a full one must not evict the estate in the middle of a test.
        "evictionHard": dict.fromkeys(
            ("memory.available", "nodefs.available", "imagefs.available", "nodefs.inodesFree"), nothing
        ),
        "imageGCHighThresholdPercent": 100,
        "address": node.address,
        "port": 10250,
        "healthzPort": 0,
        # Kubelets that share one delete each other's logs as orphans.
        "podLogsDir": str(home / "pod-logs"),
        "resolvConf": "",
        # How soon a pod sees a changed ConfigMap or Secret.
        "syncFrequency": "5s",
        "nodeLeaseDurationSeconds": 8,
        "nodeStatusUpdateFrequency": "4s",
        # No CAP_SYS_RESOURCE is needed then: sysctls and OOM scores that cannot be set are logged and passed over.
        "featureGates": {"KubeletInUserNamespace": True},
    }


def _kube_proxy(paths: Paths, node: Node) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(paths.pki / "kube-proxy.kubeconfig")},
        "clusterCIDR": settings.POD_NETWORK,
        "hostnameOverride": node.name,
        "mode": "nftables",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")

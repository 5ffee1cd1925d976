"""SSH to the nodes and hosts: the operator's key, each node's host key and configuration, and the known hosts."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from lab.pki import write_private
from lab.settings import SYSTEMS, Machine, Node, Paths


def create_keys(paths: Paths) -> None:
    """Makes the keys that are not there yet, ``authorized_keys`` and ``known_hosts``."""
    user = _key(paths.ssh / "id_ed25519")
    (paths.ssh / "authorized_keys").write_text(f"{user} oncall.remedy lab\n", encoding="utf-8")
    known = [f"{machine.name},{machine.address} {_key(host_key(paths, machine))}" for machine in SYSTEMS]
    (paths.ssh / "known_hosts").write_text("\n".join(known) + "\n", encoding="utf-8")


def write_server_configuration(paths: Paths, node: Node) -> None:
    """sshd's configuration: root by the lab's key and nothing else."""
    lines = [
        f"ListenAddress {node.address}:22",
        f"HostKey {host_key(paths, node)}",
        f"AuthorizedKeysFile {paths.ssh / 'authorized_keys'}",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "PidFile none",
        "PrintMotd no",
        "UseDNS no",
        "Subsystem sftp internal-sftp",
    ]
    (paths.node(node) / "sshd_config").write_text("\n".join(lines) + "\n", encoding="utf-8")


def host_key(paths: Paths, machine: Machine) -> Path:
    """Where the private half of a machine's host key is."""
    return paths.ssh / f"{machine.name}_host_ed25519"


def _key(path: Path) -> str:
    """The public half of the key at ``path``, which is made where it is missing."""
    if path.exists():
        key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
        write_private(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    encoded = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return encoded.decode()

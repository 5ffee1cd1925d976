"""Kubeconfig files for certificates and for tokens."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from lab.pki import write_private
from lab.settings import API_PORT, BRIDGE_ADDRESS, Paths

SERVER = f"https://{BRIDGE_ADDRESS}:{API_PORT}"


def for_certificate(paths: Paths, name: str) -> bytes:
    """A kubeconfig for the client certificate ``name`` of the lab's authority."""
    user = {"client-certificate": str(paths.pki / f"{name}.crt"), "client-key": str(paths.pki / f"{name}.key")}
    return _render(paths, name, user)


def for_token(paths: Paths, name: str, token: str) -> bytes:
    """A kubeconfig for a service account's token."""
    return _render(paths, name, {"token": token})


def write(path: Path, content: bytes) -> None:
    """Writes a kubeconfig that only root can read, in one step: a reader never sees half of one."""
    write_private(path, content)


def _render(paths: Paths, name: str, user: dict[str, str]) -> bytes:
    authority = base64.b64encode((paths.pki / "ca.crt").read_bytes()).decode()
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": SERVER, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "hetzner", "context": {"cluster": "lab", "user": name}}],
        "current-context": "hetzner",
    }
    return json.dumps(document, indent=2).encode()

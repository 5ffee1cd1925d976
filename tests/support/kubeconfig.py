"""A kubeconfig for a scripted API server."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire


def kubeconfig(server: str, folder: pathlib.Path, user: dict[str, Any] | None = None, **cluster: Any) -> str:
    """Writes a kubeconfig with one cluster, one user and the context ``lab``; gives its path."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": {"token": "t0ken"} if user is None else user}],
    }
    path.write_text(json.dumps(content))
    return str(path)


def transport(server: Wire, folder: pathlib.Path, read_only: bool = True) -> KubeTransport:
    """The transport to a scripted API server."""
    return KubeTransport(kubeconfig(server.url, folder), read_only=read_only)

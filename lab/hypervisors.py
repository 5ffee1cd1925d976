"""Asks each hypervisor how it is, as the project does: with the reading API token, its certificate checked."""

from __future__ import annotations

import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab import proxmox
from lab.settings import HOSTS, PROXMOX_PORT, Host, Paths

_TIMEOUT = 5.0


def complaints(paths: Paths) -> str:
    """What is wrong with the hypervisors, or nothing."""
    with ThreadPoolExecutor(max_workers=len(HOSTS)) as pool:
        return ", ".join(filter(None, pool.map(lambda host: _complaint(paths, host), HOSTS)))


def ask(paths: Paths, host: Host, path: str) -> Any:
    """The data that a GET of a path under /api2/json gives. Raises OSError, HTTPException or ValueError."""
    context = ssl.create_default_context(cafile=str(paths.pki / "proxmox-ca.crt"))
    secret = proxmox.token_file(paths, host).read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"PVEAPIToken={proxmox.READER}!{proxmox.TOKEN}={secret}"}
    connection = http.client.HTTPSConnection(host.address, PROXMOX_PORT, context=context, timeout=_TIMEOUT)
    try:
        connection.request("GET", f"/api2/json/{path}", headers=headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise ValueError(f"{answer.status} {answer.reason}")
    return json.loads(content)["data"]


def _complaint(paths: Paths, host: Host) -> str:
    try:
        (node,) = ask(paths, host, "nodes")
        ask(paths, host, f"nodes/{host.name}/status")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{host.name}: {error}"
    return "" if node["status"] == "online" else f"{host.name} is {node['status']}"

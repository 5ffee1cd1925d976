"""``python3 -m lab.standins.proxmox NAME``: one of the services of a host, as its systemd unit starts it."""

from __future__ import annotations

import argparse
import os
import ssl
import time
from pathlib import Path

from lab.standins.proxmox import server, system
from lab.standins.proxmox.access import Access
from lab.standins.proxmox.api import Api

_CONFIGURATION = Path("/etc/pve")
_STATE = Path("/run/pve-cluster/node.json")


def main() -> None:
    """Serves, or watches, until it is ended."""
    parser = argparse.ArgumentParser(prog="lab.standins.proxmox", description=__doc__)
    parser.add_argument("name", choices=("pveproxy", "pvedaemon", "pvestatd"))
    name = parser.parse_args().name
    host = system.System(os.uname().nodename, _STATE)
    if name == "pvestatd":
        _watch(host)
    api = Api(Access(_CONFIGURATION), host)
    with _proxy(api) if name == "pveproxy" else _daemon(api) as serving:
        serving.serve_forever()


def _proxy(api: Api) -> server.Server:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(_CONFIGURATION / "local" / "pve-ssl.pem", _CONFIGURATION / "local" / "pve-ssl.key")
    return server.Server(("0.0.0.0", server.PROXY_PORT), server.Proxy(api), tls)  # noqa: S104  a host of its own


def _daemon(api: Api) -> server.Server:
    return server.Server(("127.0.0.1", server.DAEMON_PORT), server.Daemon(api))


def _watch(host: system.System) -> None:
    while True:
        host.observe()
        time.sleep(system.EVERY)


if __name__ == "__main__":
    main()

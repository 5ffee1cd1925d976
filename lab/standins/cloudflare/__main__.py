"""``python -m lab.standins.cloudflare``: Cloudflare as a program of the lab, in a network namespace of its own."""

from __future__ import annotations

import ssl
import threading

from lab.honeydue import settings
from lab.settings import Paths
from lab.standins.cloudflare.proxy import Proxy
from lab.standins.cloudflare.server import MetricsServer, Server
from lab.standins.cloudflare.zone import Origin, Zone


def main() -> None:
    """Serves until it is ended."""
    paths = Paths.from_environment()
    origins = tuple(Origin(node.name, settings.outside_address(node)) for node in settings.NODES)
    proxy = Proxy(Zone(settings.ZONE, settings.SITES, origins, paths.pki / "origin-ca.crt"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(paths.pki / "cloudflare.crt", paths.pki / "cloudflare.key")
    servers = [
        Server((settings.CLOUDFLARE_ADDRESS, 80), proxy),
        Server((settings.CLOUDFLARE_ADDRESS, 443), proxy, tls),
        MetricsServer((settings.CLOUDFLARE.address, settings.CLOUDFLARE_METRICS_PORT), proxy),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    proxy.watch(threading.Event().wait)


if __name__ == "__main__":
    main()

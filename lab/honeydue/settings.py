"""Names, addresses and ports of honeydue."""

from __future__ import annotations

from lab.settings import BRIDGE_ADDRESS, CLOUDFLARE, NODES, Node

__all__ = ["BRIDGE_ADDRESS", "CLOUDFLARE", "NODES", "Node", "outside_address"]

NAMESPACE = "honeydue"
SYSTEM = "kube-system"
CHART = "traefik"
INSTALL_JOB = "helm-install-traefik"
# A node without it is no node of the edge.
EDGE_LABEL = "myhoneydue.com/edge"

ZONE = "myhoneydue.com"
API_HOST = "api.myhoneydue.com"
ADMIN_HOST = "admin.myhoneydue.com"
# How Cloudflare speaks to the origin: the zone is Full (strict), as the seed has it. A configuration rule makes the
# admin's host Flexible, as the whole zone was once: only there does Traefik hear of https from X-Forwarded-Proto alone.
SITES = {API_HOST: "strict", ZONE: "strict", ADMIN_HOST: "flexible"}

# An address of Cloudflare's, which the lab alone routes, besides CLOUDFLARE.address on the bridge.
CLOUDFLARE_ADDRESS = "173.245.48.10"
CLOUDFLARE_METRICS_PORT = 9199
# Where the names pointed before they moved: a web server that still runs, beside Cloudflare in its namespace.
FORMER_ADDRESS = "10.66.0.49"
OUTSIDE_NETWORK = "10.67.0.0/24"

# What Traefik listens on, on the nodes. 80 and 443 are hetzner's, 8080 is the config reloader's of Prometheus.
PORTS = {80: 8180, 443: 8543}
METRICS_PORT = 9102
PING_PORT = 9103

DNS_PORT = 53
BLACKBOX_PORT = 9115


def outside_address(node: Node) -> str:
    """The address under which the world knows a node."""
    return f"10.67.0.1{node.number}"

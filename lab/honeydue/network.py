"""The nodes' outside addresses with their firewall, and the way between them and Cloudflare."""

from __future__ import annotations

from lab.honeydue import firewall, settings
from lab.settings import BRIDGE, CLOUDFLARE, NODES, Machine
from lab.shell import in_network_of, run


def up() -> None:
    """Makes them; the namespaces have to be there. Whatever is there already stays."""
    run(["ip", "route", "replace", settings.OUTSIDE_NETWORK, "dev", BRIDGE])
    run(["ip", "route", "replace", f"{settings.CLOUDFLARE_ADDRESS}/32", "dev", BRIDGE])
    for address in (f"{settings.CLOUDFLARE_ADDRESS}/32", f"{settings.FORMER_ADDRESS}/24"):
        _inside(CLOUDFLARE, "address", "replace", address, "dev", "eth0")
    _inside(CLOUDFLARE, "route", "replace", settings.OUTSIDE_NETWORK, "dev", "eth0", "src", settings.CLOUDFLARE_ADDRESS)
    for node in NODES:
        _inside(node, "address", "replace", f"{settings.outside_address(node)}/24", "dev", "eth0")
        _inside(node, "route", "replace", f"{settings.CLOUDFLARE_ADDRESS}/32", "dev", "eth0")
        run(in_network_of(node, ["nft", "delete", "table", "ip", firewall.TABLE]), check=False)
        run(in_network_of(node, ["nft", "-f", "-"]), stdin=firewall.rules(node))


def _inside(machine: Machine, *command: str) -> None:
    run(["ip", "-netns", machine.name, *command])

"""Each node's firewall on its outside address, in nftables as UFW would have it in iptables: Cloudflare, or nobody."""

from __future__ import annotations

from lab.honeydue import settings
from lab.settings import Node
from lab.standins.cloudflare import ranges

TABLE = "lab_honeydue"


def rules(node: Node) -> str:
    """The table: strangers are dropped before, and ports are changed after, connections are tracked.

    What the node asks of itself passes: it goes out by the output hook and comes in by the loopback interface.
    """
    address = settings.outside_address(node)
    ports = ", ".join(map(str, settings.PORTS))
    mapped = ", ".join(f"{outside} : {inside}" for outside, inside in settings.PORTS.items())
    return f"""\
table ip {TABLE} {{
  chain strangers {{
    type filter hook prerouting priority raw; policy accept;
    iifname "lo" accept
    ip daddr {address} tcp dport {{ {ports} }} ip saddr != {{ {", ".join(ranges.IPV4)} }} drop
  }}
  chain ports {{
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr {address} tcp dport {{ {ports} }} redirect to tcp dport map {{ {mapped} }}
  }}
  chain own {{
    type nat hook output priority -100; policy accept;
    ip daddr {address} tcp dport {{ {ports} }} redirect to tcp dport map {{ {mapped} }}
  }}
}}
"""

"""What the network of the nodes keeps from whom: the API server from all pods."""

from __future__ import annotations

from lab.settings import BACKEND_CONTROL_PORT, BRIDGE_ADDRESS, POD_NETWORK, Node
from lab.shell import in_network_of, run

_TABLE = "lab_api_server"
# What was asked for counts, not what it was translated to: ports of nodes answer the machine as they do everybody.
_RULES = f"""\
table inet {_TABLE}
delete table inet {_TABLE}
table inet {_TABLE} {{
  chain forward {{
    type filter hook forward priority -10; policy accept;
    tcp dport {BACKEND_CONTROL_PORT} accept
    ip saddr {BRIDGE_ADDRESS} ct direction original ct original ip daddr {POD_NETWORK} drop
  }}
}}
"""


def apply(node: Node) -> None:
    """Drops what comes from the API server's machine to pods of this node; may be called twice.

    In the seed's clusters the pod network has no way from the API server to pods of other nodes, and the lab's runs on
    none of the nodes: its proxy ends in a timeout. The control port of the backends stays open to the lab itself.
    """
    run(in_network_of(node, ["nft", "-f", "-"]), stdin=_RULES)
    # Where the kernel can, it shows what goes from pod to pod of one node to the rules of the NetworkPolicies, too.
    run(in_network_of(node, ["sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1"]), check=False)

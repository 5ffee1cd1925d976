"""The bridge that is the lab's outside world, and each machine's network namespace with its cable to it."""

from __future__ import annotations

import json

from lab import isolation
from lab.settings import BRIDGE, BRIDGE_ADDRESS, MACHINES, NODES, Machine, Node
from lab.shell import in_network_of, run

_NAMESPACES = "/run/netns"


def up() -> None:
    """Makes the bridge, the namespaces, the cables and the routes to the pods. Whatever is there already stays."""
    if run(["ip", "link", "show", BRIDGE], check=False).returncode:
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
        run(["ip", "address", "add", f"{BRIDGE_ADDRESS}/24", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    for machine in MACHINES:
        if machine.name not in namespaces():
            _plug_in(machine)
    for node in NODES:
        run(in_network_of(node, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]))
        _routes(node)
        isolation.apply(node)


def down() -> None:
    """Removes what ``up`` made. The cables and the routes inside go with the namespaces."""
    for node in NODES:
        run(["ip", "route", "del", node.pod_network], check=False)
    for machine in MACHINES:
        if machine.name in namespaces() and is_ours(machine):
            run(["ip", "netns", "delete", machine.name])
        run(["ip", "link", "delete", machine.link], check=False)
    run(["ip", "link", "delete", BRIDGE], check=False)
    if not namespaces():
        # `ip netns add` made the place where namespaces are kept a mount of its own.
        run(["umount", _NAMESPACES], check=False)
        run(["rmdir", _NAMESPACES], check=False)


def is_ours(machine: Machine) -> bool:
    """Whether the namespace of that name is the lab's: then its cable leads to it."""
    return run(["ip", "link", "show", machine.link], check=False).returncode == 0


def namespaces() -> set[str]:
    """Names of the network namespaces on this machine."""
    text = run(["ip", "-json", "netns", "list"]).stdout.strip()
    return {entry["name"] for entry in json.loads(text or "[]")}


def _plug_in(machine: Machine) -> None:
    run(["ip", "netns", "add", machine.name])
    run(["ip", "link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", machine.name])
    run(["ip", "link", "set", machine.link, "master", BRIDGE, "up"])
    inside = ["ip", "-netns", machine.name]
    run([*inside, "link", "set", "lo", "up"])
    run([*inside, "address", "add", f"{machine.address}/24", "dev", "eth0"])
    run([*inside, "link", "set", "eth0", "up"])
    run([*inside, "route", "add", "default", "via", BRIDGE_ADDRESS])


def _routes(node: Node) -> None:
    run(["ip", "route", "replace", node.pod_network, "via", node.address])
    for other in NODES:
        if other is not node:
            run(["ip", "-netns", node.name, "route", "replace", other.pod_network, "via", other.address])

"""The host's numbers in Prometheus' text format, under the names that the usual exporter for Proxmox VE gives them."""

from __future__ import annotations

from lab.standins.proxmox.system import RELEASE, System


def page(system: System) -> str:
    """The whole page."""
    status = system.status()
    identifier = f'id="node/{system.node}"'
    rows = (
        ("pve_up", "Node is online", identifier, 1),
        ("pve_node_info", "Node info", f'{identifier},name="{system.node}",level="",nodeid="0"', 1),
        ("pve_version_info", "Version of Proxmox VE", ",".join(f'{key}="{RELEASE[key]}"' for key in RELEASE), 1),
        ("pve_uptime_seconds", "Seconds since the node was started", identifier, status["uptime"]),
        ("pve_cpu_usage_ratio", "Load of the processors", identifier, status["cpu"]),
        ("pve_memory_size_bytes", "Memory of the node", identifier, status["memory"]["total"]),
        ("pve_memory_usage_bytes", "Memory in use", identifier, status["memory"]["used"]),
    )
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} gauge\n{name}{{{labels}}} {value}\n" for name, text, labels, value in rows
    )

"""A stand-in for the services of a Proxmox VE host: pveproxy, pvedaemon and pvestatd.

It is not Proxmox VE: there are no virtual machines and nothing can be changed. What it does have follows the published
API (version 8): tickets, API tokens with their own permissions, permission checks, the shapes of its errors, and the
division of work. pveproxy listens on port 8006 and answers what needs no rights of its own; what does, it hands to
pvedaemon on 127.0.0.1:85; without pvestatd a node's state is unknown after a while. What it says of the host is true:
units from systemd, memory and load from the kernel.

One path is not Proxmox VE's: ``/api2/prometheus``, which the estate's runbook scrapes with a user's password. A Proxmox
VE without an addition answers it with ``501 no such uri``.

Standard library only: it runs with the Python of the host. Sources: https://pve.proxmox.com/pve-docs/api-viewer/ and
https://pve.proxmox.com/wiki/Proxmox_VE_API.
"""

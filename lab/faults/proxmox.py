"""Faults of the hypervisors, and of the way on which Prometheus scrapes them."""

from __future__ import annotations

from abc import abstractmethod

from lab import hosts, proxmox
from lab.faults.base import Estate, Fault
from lab.settings import HOSTS, NODES, POD_NETWORK, PROXMOX_PORT, Host
from lab.shell import in_network_of, run
from lab.supervisor import Supervisor

_RUAPEHU, _CARRICK = HOSTS
_TABLE = "lab_fault_proxmox"
_RULES = f"""\
table inet {_TABLE} {{
  chain input {{
    type filter hook input priority -10; policy accept;
    ip saddr {{ {", ".join(node.address for node in NODES)}, {POD_NETWORK} }} tcp dport {PROXMOX_PORT} drop
  }}
}}
"""


class _OfOneHost(Fault):
    """A fault of one hypervisor; the other stays as it is."""

    fires = "TargetDown"

    def __init__(self, name: str, what: str, host: Host) -> None:
        self.name, self.host = name, host
        self.what = f"{host.name}: {what}"

    @abstractmethod
    def apply(self, estate: Estate) -> None: ...

    @abstractmethod
    def undo(self, estate: Estate) -> None: ...


class PasswordWrong(_OfOneHost):
    """Prometheus scrapes with a password that was the host's once. Whoever asks with the right one is answered."""

    def apply(self, estate: Estate) -> None:
        wrong = {self.host.name: "the-one-of-last-year"}
        estate.cluster.apply(proxmox.scrape_secret(estate.paths, wrong))

    def undo(self, estate: Estate) -> None:
        estate.cluster.apply(proxmox.scrape_secret(estate.paths, {}))


class ServiceStopped(_OfOneHost):
    """One of the host's services is stopped, as ``systemctl stop`` does it."""

    def __init__(self, name: str, what: str, host: Host, service: str) -> None:
        super().__init__(name, what, host)
        self._service = service

    def apply(self, estate: Estate) -> None:
        hosts.on(estate.paths, self.host, "systemctl", "stop", self._service)

    def undo(self, estate: Estate) -> None:
        hosts.on(estate.paths, self.host, "systemctl", "start", self._service)


class Firewalled(_OfOneHost):
    """The host drops what comes from the monitoring cluster for its API; everybody else gets through."""

    def apply(self, estate: Estate) -> None:
        self.undo(estate)
        run(in_network_of(self.host, ["nft", "-f", "-"]), stdin=_RULES)

    def undo(self, estate: Estate) -> None:
        run(in_network_of(self.host, ["nft", "delete", "table", "inet", _TABLE]), check=False)


class Certificate(_OfOneHost):
    """The host shows a certificate that nobody should accept."""

    def __init__(self, name: str, what: str, host: Host, kind: str) -> None:
        super().__init__(name, what, host)
        self._kind = kind

    def apply(self, estate: Estate) -> None:
        self._show(estate, f"{self.host.name}-{self._kind}")

    def undo(self, estate: Estate) -> None:
        self._show(estate, self.host.name)

    def _show(self, estate: Estate, name: str) -> None:
        for file, content in proxmox.certificate(estate.paths, name).items():
            hosts.on(estate.paths, self.host, "tee", f"/etc/pve/{file}", stdin=content)
        hosts.on(estate.paths, self.host, "systemctl", "restart", "pveproxy")


class HostDown(_OfOneHost):
    """The host is switched off and its cable dead: otherwise the kernel would say for it that nothing listens."""

    def apply(self, estate: Estate) -> None:
        Supervisor(estate.paths.supervisor_socket).stop(hosts.program_name(self.host))
        run(["ip", "link", "set", self.host.link, "down"])

    def undo(self, estate: Estate) -> None:
        run(["ip", "link", "set", self.host.link, "up"])
        Supervisor(estate.paths.supervisor_socket).start(hosts.program_name(self.host))


FAULTS = (
    PasswordWrong(
        "proxmox-password-wrong", "the scrape configuration holds an old password, and the API answers 401", _CARRICK
    ),
    Firewalled(
        "proxmox-firewalled", "drops the monitoring cluster's packets to its API; from elsewhere it answers", _CARRICK
    ),
    ServiceStopped("proxmox-api-down", "pveproxy is stopped: nothing listens on 8006", _RUAPEHU, "pveproxy"),
    ServiceStopped(
        "proxmox-daemon-down", "pvedaemon is stopped: pveproxy answers 595 to whatever needs it", _RUAPEHU, "pvedaemon"
    ),
    Certificate("proxmox-certificate", "shows a certificate that has expired", _CARRICK, "expired"),
    Certificate("proxmox-certificate-other", "shows another authority's certificate", _RUAPEHU, "other"),
    HostDown("proxmox-host-down", "is switched off", _RUAPEHU),
)
"""Every fault of this kind."""

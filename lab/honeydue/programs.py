"""What runs beside the cluster for honeydue: helm-controller, Cloudflare, the name server, and a visitor."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab import kubeconfig
from lab.honeydue import settings
from lab.honeydue.images import JOB_IMAGE
from lab.settings import SOURCE, Paths
from lab.shell import in_network_of
from lab.standins.cloudflare.server import API_HOST
from lab.supervisor import Program

# It ends itself while there is no API server.
AFTER_API_SERVER = ("helm-controller",)
NAME_SERVER = "dnsmasq"


def prepare(paths: Paths) -> None:
    """Writes what the programs read."""
    home = _home(paths)
    home.mkdir(parents=True, exist_ok=True)
    kubeconfig.write(paths.pki / "helm-controller.kubeconfig", kubeconfig.for_certificate(paths, "helm-controller"))
    write_names(paths)
    (home / "resolv.conf").write_text(f"nameserver {settings.BRIDGE_ADDRESS}\n", encoding="utf-8")
    (home / "blackbox.yml").write_text(yaml.safe_dump(_blackbox(paths)), encoding="utf-8")


def write_names(paths: Paths, elsewhere: Mapping[str, str] | None = None) -> None:
    """Writes the name server's records, with other addresses for some names; it reads them when it starts."""
    records = dict.fromkeys((*settings.SITES, API_HOST), settings.CLOUDFLARE_ADDRESS) | dict(elsewhere or {})
    lines = [f"{address} {name}\n" for name, address in records.items()]
    (_home(paths) / "names").write_text("".join(lines), encoding="utf-8")


def programs(paths: Paths, binaries: Mapping[str, Path]) -> list[Program]:
    """What the machine's supervisord keeps alive."""
    return [
        _helm_controller(paths, binaries["helm-controller"]),
        _outside(paths, "cloudflare"),
        _outside(paths, "former_host"),
        _name_server(paths, binaries["dnsmasq"]),
        _visitor(paths, binaries["blackbox-exporter"]),
    ]


def _home(paths: Paths) -> Path:
    return paths.run / "honeydue"


def _helm_controller(paths: Paths, program: Path) -> Program:
    """k3s runs it inside of its server, with that one's rights."""
    command: list[str | Path] = [
        program, "--kubeconfig", paths.pki / "helm-controller.kubeconfig", "--default-job-image", JOB_IMAGE
    ]  # fmt: skip
    # A controller that was killed is succeeded by the next within seconds, not after the usual 45.
    lease = {
        "CATTLE_ELECTION_LEASE_DURATION": "6s",
        "CATTLE_ELECTION_RENEW_DEADLINE": "4s",
        "CATTLE_ELECTION_RETRY_PERIOD": "1s",
    }
    return Program("helm-controller", command, lease, starts_by_itself=False)


def _outside(paths: Paths, name: str) -> Program:
    """A stand-in out in the world."""
    command = in_network_of(settings.CLOUDFLARE, [sys.executable, "-m", f"lab.standins.{name}"])
    environment = {
        "PYTHONPATH": str(SOURCE.parent),
        "ONCALL_REMEDY_LAB": str(paths.run),
        "ONCALL_REMEDY_CACHE": str(paths.cache),
    }
    return Program(name.replace("_", "-"), command, environment)


def _name_server(paths: Paths, program: Path) -> Program:
    command: list[str | Path] = [
        program, "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=", "--log-facility=-",
        f"--listen-address={settings.BRIDGE_ADDRESS}", f"--port={settings.DNS_PORT}", "--bind-interfaces",
        "--except-interface=lo", "--no-resolv", "--no-hosts", f"--addn-hosts={_home(paths) / 'names'}",
        # What it has no record of does not exist: nobody else is asked.
        "--address=/#/",
    ]  # fmt: skip
    return Program(NAME_SERVER, command)


def _visitor(paths: Paths, program: Path) -> Program:
    """Prometheus' blackbox exporter, with the lab's name server in the place of the machine's."""
    bind = 'mount --no-mtab --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    command: list[str | Path] = [
        "unshare", "--mount", "sh", "-c", bind, "sh", _home(paths) / "resolv.conf",
        program, f"--config.file={_home(paths) / 'blackbox.yml'}",
        f"--web.listen-address={settings.BRIDGE_ADDRESS}:{settings.BLACKBOX_PORT}",
    ]  # fmt: skip
    return Program("blackbox-exporter", command)


def _blackbox(paths: Paths) -> dict[str, object]:
    page = {
        "preferred_ip_protocol": "ip4",
        "follow_redirects": False,
        "tls_config": {"ca_file": str(paths.pki / "edge-ca.crt")},
        # What a browser calls mixed content: a page that came by https and loads what comes by http.
        "fail_if_body_matches_regexp": ['<(link|script|img)[^>]* (href|src)="http://'],
    }
    return {"modules": {"page": {"prober": "http", "http": page}}}

"""What makes a host a Proxmox VE host: its secrets, its configuration, its services, and how Prometheus gets at it.

The services are stand-ins (standins/proxmox); everything else here has the places and formats of the real thing.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import pki
from lab.host_init import CODE
from lab.kube import Object
from lab.settings import HOSTS, Host, Paths
from lab.standins.proxmox import access

NAMESPACE = "monitoring"
# Whom Prometheus scrapes as, as in the estate's runbook; and who only reads, for the project, by an API token.
SCRAPER = access.SUPERUSER
READER = "remedy@pve"
TOKEN = "probe"  # noqa: S105  the token's name
SERVICES = {
    "pveproxy": "PVE API Proxy Server",
    "pvedaemon": "PVE API Daemon",
    "pvestatd": "PVE Status Daemon",
}


def password_file(paths: Paths, host: Host) -> Path:
    """The password of ``root@pam``: the one that works."""
    return paths.proxmox / f"{host.name}.password"


def token_file(paths: Paths, host: Host) -> Path:
    """The secret of the reading API token."""
    return paths.proxmox / f"{host.name}.token"


def create_secrets(paths: Paths) -> None:
    """Makes those that are not there yet; nobody but their owner may read them."""
    paths.proxmox.mkdir(mode=0o700, parents=True, exist_ok=True)
    for host in HOSTS:
        for file, value in ((password_file, secrets.token_urlsafe(18)), (token_file, str(uuid.uuid4()))):
            if not file(paths, host).exists():
                pki.write_private(file(paths, host), value.encode() + b"\n")


def units() -> Mapping[str, str]:
    """The systemd units of the host's services, by file name."""
    return {f"{name}.service": _unit(name, text) for name, text in SERVICES.items()}


def configuration(paths: Paths, host: Host) -> Mapping[str, str]:
    """The host's /etc/pve: users and their rights, what proves who they are, and the certificate."""
    password = password_file(paths, host).read_text(encoding="utf-8").strip()
    token = token_file(paths, host).read_text(encoding="utf-8").strip()
    name = f"{READER}!{TOKEN}"
    users = (
        f"user:{access.SUPERUSER}:1:0:::::",
        f"user:{READER}:1:0:::::",
        f"token:{name}:0:1::",
        # A token with privileges of its own has what is granted to it and to its user.
        f"acl:1:/:{READER},{name}:PVEAuditor:",
    )
    files = {
        "user.cfg": "\n".join(users) + "\n",
        "priv/shadow.cfg": f"{SCRAPER}:{access.hashed(password)}:\n",
        "priv/token.cfg": f"{name} {token}\n",
        "priv/authkey.key": secrets.token_hex(32) + "\n",
        **certificate(paths, host.name),
    }
    return {f"etc/pve/{file}": content for file, content in files.items()}


def certificate(paths: Paths, name: str) -> Mapping[str, str]:
    """A certificate and key of the lab's ``pki`` in the place of the host's own."""
    suffixes = {"local/pve-ssl.pem": ".crt", "local/pve-ssl.key": ".key"}
    return {
        file: (paths.pki / f"proxmox-{name}{suffix}").read_text(encoding="utf-8") for file, suffix in suffixes.items()
    }


def objects(paths: Paths) -> Sequence[Object]:
    """What Prometheus needs to scrape the hosts: their passwords and the authority of their certificates."""
    passwords = {host.name: password_file(paths, host).read_text(encoding="utf-8").strip() for host in HOSTS}
    authority = (paths.pki / "proxmox-ca.crt").read_text(encoding="utf-8")
    return [
        _secret("proxmox-scrape", {"username": SCRAPER, **passwords}),
        _secret("proxmox-ca", {"ca.crt": authority}),
    ]


def scrape_secret(paths: Paths, wrong: Mapping[str, str]) -> Object:
    """The Secret with the passwords that Prometheus uses, of which some are not what they should be."""
    secret = dict(objects(paths)[0])
    return {**secret, "data": {**secret["data"], **{name: _encoded(value) for name, value in wrong.items()}}}


def _secret(name: str, values: Mapping[str, str]) -> Object:
    """Helm's, as in the estate: whoever changes it by hand has it undone by the next release."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": "kube-prometheus-stack",
                "meta.helm.sh/release-namespace": NAMESPACE,
            },
        },
        "type": "Opaque",
        "data": {key: _encoded(value) for key, value in values.items()},
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _unit(name: str, text: str) -> str:
    # pveproxy and pvestatd work without pvedaemon, each in its own way badly: nothing binds them to it.
    return f"""\
[Unit]
Description={text}
After=network.target

[Service]
Environment=PYTHONPATH={CODE} PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 -m lab.standins.proxmox {name}
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""

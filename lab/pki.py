"""The lab's certificate authority and every certificate it issues.

One authority for the cluster and one for the edge, as in a real estate: who trusts the public face of the edge does not
thereby trust the API server.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import settings
from lab.honeydue import settings as honeydue
from lab.settings import HOSTS, NODES, Paths

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Authority:
    """A certificate authority: its certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, replacing the old one in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.rename(path)


def create(paths: Paths) -> None:
    """Issues everything that is not there yet into the run directory's ``pki``."""
    pki = paths.pki
    if (pki / "complete").exists():
        return
    pki.mkdir(parents=True, exist_ok=True)
    cluster = _authority(pki / "ca", "oncall.remedy lab cluster CA")
    edge = _authority(pki / "edge-ca", "oncall.remedy lab edge CA")
    _write_key(pki / "service-accounts.key", ec.generate_private_key(ec.SECP256R1()))
    _servers(pki, cluster)
    _clients(pki, cluster)
    _issue(
        edge, pki / "edge", "grafana.safetywing.dev", names=[settings.EDGE_HOST, settings.NEIGHBOUR_HOST], server=True
    )
    _hypervisors(pki)
    _honeydue(pki, cluster, edge)
    (pki / "complete").touch()


def _honeydue(pki: Path, cluster: Authority, edge: Authority) -> None:
    """What Cloudflare shows to visitors; what the origin shows to Cloudflare, under the authority for that alone."""
    origin = _authority(pki / "origin-ca", "oncall.remedy lab Cloudflare Origin CA")
    names = [*honeydue.SITES, "api.cloudflare.com", honeydue.CLOUDFLARE_ADDRESS]
    _issue(edge, pki / "cloudflare", honeydue.ZONE, names=names, server=True)
    _issue(origin, pki / "origin", honeydue.ZONE, names=[honeydue.ZONE, f"*.{honeydue.ZONE}"], server=True)
    _issue(cluster, pki / "helm-controller", "helm-controller", groups=["system:masters"], client=True)


def _servers(pki: Path, cluster: Authority) -> None:
    api_names = [
        settings.BRIDGE_ADDRESS, settings.API_SERVICE_ADDRESS, "127.0.0.1", "localhost",
        "kubernetes", "kubernetes.default", "kubernetes.default.svc",
    ]  # fmt: skip
    _issue(cluster, pki / "kube-apiserver", "kube-apiserver", names=api_names, server=True)
    _issue(cluster, pki / "etcd", "etcd", names=["127.0.0.1", "localhost"], server=True, client=True)
    _issue(
        cluster, pki / "kube-controller-manager-serving", "kube-controller-manager", names=["127.0.0.1"], server=True
    )
    _issue(cluster, pki / "kube-scheduler-serving", "kube-scheduler", names=["127.0.0.1"], server=True)
    _issue(cluster, pki / "standins", "standins", names=[settings.BRIDGE_ADDRESS], server=True)
    for node in NODES:
        _issue(cluster, pki / f"{node.name}-serving", node.name, names=[node.name, node.address], server=True)


def _hypervisors(pki: Path) -> None:
    """Proxmox VE has an authority of its own. Besides, what a host must not show: one that ended, and another's."""
    own = _authority(pki / "proxmox-ca", "Proxmox Virtual Environment lab CA")
    other = _authority(pki / "proxmox-other-ca", "Proxmox Virtual Environment, installed anew")
    for host in HOSTS:
        names = [host.name, host.address]
        _issue(own, pki / f"proxmox-{host.name}", host.name, names=names, server=True)
        _issue(own, pki / f"proxmox-{host.name}-expired", host.name, names=names, server=True, ended=True)
        _issue(other, pki / f"proxmox-{host.name}-other", host.name, names=names, server=True)


def _clients(pki: Path, cluster: Authority) -> None:
    _issue(cluster, pki / "admin", "lab-admin", groups=["system:masters"], client=True)
    _issue(cluster, pki / "apiserver-etcd", "kube-apiserver", client=True)
    _issue(
        cluster, pki / "apiserver-kubelet", "kube-apiserver-kubelet", groups=["oncall.remedy:kubelet-api"], client=True
    )
    for component in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
        _issue(cluster, pki / component, f"system:{component}", client=True)
    for node in NODES:
        _issue(cluster, pki / node.name, f"system:node:{node.name}", groups=["system:nodes"], client=True)


def _authority(path: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(path.with_suffix(".key"), key)
    _certificate_file(path).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def _issue(
    authority: Authority,
    path: Path,
    common_name: str,
    *,
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    server: bool = False,
    client: bool = False,
    ended: bool = False,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usages = [*([ExtendedKeyUsageOID.SERVER_AUTH] * server), *([ExtendedKeyUsageOID.CLIENT_AUTH] * client)]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, authority.certificate.subject, key.public_key(), ended=ended)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        )
    certificate = builder.sign(authority.key, hashes.SHA256())
    _write_key(path.with_suffix(".key"), key)
    _certificate_file(path).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, ended: bool = False
) -> x509.CertificateBuilder:
    """One that is valid now, or one whose time ended a minute ago."""
    now = datetime.datetime.now(datetime.UTC)
    end = now - datetime.timedelta(minutes=1) if ended else now + LIFETIME
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(end)
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate_file(path: Path) -> Path:
    return path.with_suffix(".crt")


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form = serialization.PrivateFormat.TraditionalOpenSSL  # Kubernetes reads no service account key in PKCS 8
    write_private(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))

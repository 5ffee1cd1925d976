"""Certificates made for a test: a CA of its own, and servers' certificates of every kind of wrongness."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str

    def context(self, folder: pathlib.Path, client_ca: str = "") -> ssl.SSLContext:
        """The context of a server that shows this certificate; with ``client_ca`` it demands one of its client."""
        file = folder / f"server-{abs(hash(self.key))}.pem"
        file.write_text(self.certificate + self.key)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(file)
        if client_ca:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(cadata=client_ca)
        return made


class Authority:
    """A CA that signs whatever it is asked to."""

    def __init__(self, name: str = "test CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        builder = _builder(self._name, self._name, self._key, now - DAY, now + 10 * DAY)
        made = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        self.certificate = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, *names: str, days: float = 5.0) -> Pair:
        """A certificate for names and addresses that ends in ``days`` (negative: ended)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        end = datetime.datetime.now(datetime.UTC) + days * DAY
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        builder = _builder(subject, self._name, key, end - 30 * DAY, end).add_extension(alternatives, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return Pair(signed.public_bytes(pem).decode(), private.decode())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

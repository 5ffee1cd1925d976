# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says of itself."""

from __future__ import annotations

import datetime
import ssl
from typing import Any, Iterable, NamedTuple

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line

_NAMES = 50
_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
}


class Shown(NamedTuple):
    """The certificate that a server showed: as DER, and, if it was believed, as ``ssl`` has parsed it."""

    der: bytes
    parsed: dict[str, Any]


def describe(shown: Shown, now: float) -> dict[str, Any]:
    """``issuer``, ``subject`` (``CN=…,O=…``), ``names`` (DNS names and addresses), ``not_after`` (unix), ``days_left``.

    Raises ProbeError: missing_library without the Python library cryptography, which only one that is not believed
    needs, and bad_answer for what is no certificate.
    """
    found = _of_parsed(shown.parsed) if shown.parsed else _of_der(shown.der)
    return dict(found, days_left=round((found["not_after"] - now) / 86400, 2))


def _of_parsed(parsed: dict[str, Any]) -> dict[str, Any]:
    return {
        "issuer": _text(_pairs(parsed["issuer"])),
        "subject": _text(_pairs(parsed["subject"])),
        "names": _names(name for _kind, name in parsed.get("subjectAltName", ())),
        "not_after": float(ssl.cert_time_to_seconds(parsed["notAfter"])),
    }


def _pairs(name: Any) -> Iterable[tuple[str, str]]:
    return ((_SHORT.get(key, key), value) for part in name for key, value in part)


def _of_der(der: bytes) -> dict[str, Any]:
    try:
        from cryptography import x509
    except ImportError:
        raise ProbeError("missing_library", "the Python library cryptography is not installed") from None
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "issuer": _text((one.rfc4514_attribute_name, str(one.value)) for one in certificate.issuer),
            "subject": _text((one.rfc4514_attribute_name, str(one.value)) for one in certificate.subject),
            "names": _names(_alternatives(certificate, x509)),
            "not_after": _not_after(certificate),
        }
    except ValueError as error:
        raise ProbeError("bad_answer", f"the certificate cannot be read: {error}") from error


def _alternatives(certificate: Any, x509: Any) -> list[Any]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*found.get_values_for_type(x509.DNSName), *found.get_values_for_type(x509.IPAddress)]


def _not_after(certificate: Any) -> float:
    moment = getattr(certificate, "not_valid_after_utc", None)  # since cryptography 42
    if moment is None:
        moment = certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    return float(moment.timestamp())


def _text(parts: Iterable[tuple[str, str]]) -> str:
    return one_line(",".join(f"{key}={value}" for key, value in parts), 200)


def _names(names: Iterable[Any]) -> list[str]:
    return [one_line(str(name), 253) for name in names][:_NAMES]

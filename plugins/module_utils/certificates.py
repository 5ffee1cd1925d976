# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says of itself."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line

try:
    from cryptography import x509

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

_NAMES = 50


def describe(der: bytes, now: float) -> dict[str, Any]:
    """``issuer``, ``subject`` (RFC 4514), ``names`` (DNS names and addresses), ``not_after`` (unix), ``days_left``.

    Raises ProbeError: missing_library without the Python library cryptography, bad_answer for what is no certificate.
    """
    if not HAS_CRYPTOGRAPHY:
        raise ProbeError("missing_library", "the Python library cryptography is not installed")
    try:
        certificate = x509.load_der_x509_certificate(der)
        ends = _not_after(certificate)
        return {
            "issuer": one_line(certificate.issuer.rfc4514_string(), 200),
            "subject": one_line(certificate.subject.rfc4514_string(), 200),
            "names": _names(certificate),
            "not_after": ends,
            "days_left": round((ends - now) / 86400, 2),
        }
    except ValueError as error:
        raise ProbeError("bad_answer", f"the certificate cannot be read: {error}") from error


def _not_after(certificate: x509.Certificate) -> float:
    moment = getattr(certificate, "not_valid_after_utc", None)  # since cryptography 42
    if moment is None:
        moment = certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    return float(moment.timestamp())


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    names = found.get_values_for_type(x509.DNSName)
    return [one_line(str(name), 253) for name in [*names, *found.get_values_for_type(x509.IPAddress)]][:_NAMES]

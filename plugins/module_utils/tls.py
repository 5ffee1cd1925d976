# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS contexts for the transports, and a look at a certificate that is not believed."""

from __future__ import annotations

import os
import pathlib
import socket
import ssl
import tempfile

from ansible_collections.oncall.remedy.plugins.module_utils.certificates import Shown
from ansible_collections.oncall.remedy.plugins.module_utils.connection import DeadlineTlsSocket, bounded, open_socket
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_exception


def context(
    verify: bool = True,
    ca_path: str | None = None,
    ca_data: str | None = None,
    client_cert: tuple[str, str] | None = None,
) -> ssl.SSLContext:
    """A client's context: verifying against ``ca_path`` or ``ca_data`` (PEM), else against the system's CAs.

    ``client_cert`` is the client's certificate and its private key, both as PEM text. Raises ProbeError where a file or
    text is no certificate.
    """
    try:
        if verify:
            made = ssl.create_default_context(cafile=ca_path or None, cadata=ca_data or None)
            # Python 3.13 refuses CAs that lack an extension of RFC 5280 (EKS' and many home-made ones do), older ones
            # do not: one behaviour on all of them. Chain, dates and name are verified either way.
            made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        else:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
    except (OSError, ValueError) as error:
        raise ProbeError("bad_config", f"CA {ca_path or 'of the kubeconfig'}: {error}") from error
    made.sslsocket_class = DeadlineTlsSocket
    if client_cert:
        _load_client_cert(made, *client_cert)
    return made


def _load_client_cert(target: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads a client's key from a file only: it stands in one that only we can read, and briefly."""
    descriptor, path = tempfile.mkstemp(prefix="remedy-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(certificate.rstrip("\n") + "\n" + key.rstrip("\n") + "\n")
        target.load_cert_chain(path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ProbeError("bad_config", "client certificate and key do not load or do not belong together") from error
    finally:
        pathlib.Path(path).unlink()


def shown_certificate(host: str, port: int, server_name: str, deadline: float) -> Shown:
    """The certificate that a server shows for ``server_name``, believed or not.

    Only the handshake takes place: nothing is sent to a server that has not proved who it is. Raises ProbeError.
    """
    doing = f"read the certificate of {host}:{port}"
    try:
        with bounded(deadline, float("inf")):
            return _handshake(open_socket(host, port), server_name)
    except OSError as error:
        raise from_exception(error, doing) from error


def _handshake(plain: socket.socket, server_name: str) -> Shown:
    with plain, context(verify=False).wrap_socket(plain, server_hostname=server_name) as sock:
        return Shown(sock.getpeercert(binary_form=True) or b"", {})

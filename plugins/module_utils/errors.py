# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception of transports and probes, and the one place where other libraries' errors become it.

A :class:`ProbeError` means: *the witness could not be asked, so the fact is unknown*. The silence of the thing that is
asked about is no error but an answer, and never gets here as an exception of a probe.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from typing import Iterator

KINDS: dict[str, str] = {
    "refused": "the address answered that nothing listens there",
    "timeout": "no answer, or no complete answer, in time",
    "dns": "the name has no address",
    "unreachable": "no route to the address",
    "reset": "the connection was closed in the middle of the exchange",
    "tls": "the TLS handshake or the verification of the certificate failed",
    "unauthorized": "401, or no credential to show",
    "forbidden": "403: the credential does not allow this",
    "not_found": "404",
    "conflict": "409: the object has changed in between, or exists already",
    "gone": "410: what the request refers to has expired",
    "invalid": "400, 405, 406, 415 or 422: the server does not accept the request",
    "too_many": "429: the server asks to come back later",
    "server_error": "5xx",
    "bad_answer": "an answer came that is not what the API promises (cut off, wrong type, an error in a 200)",
    "too_large": "the answer exceeds the limit of its size",
    "bad_config": "a file that the request needs (kubeconfig, CA, token) is missing or unusable",
    "bad_option": "an option of the probe has a value that is not allowed",
    "fenced": "the permit to write is over, so the request was not sent",
    "unsupported": "this transport or server cannot do what was asked",
    "missing_library": "a Python library is not installed",
    "network": "any other error of the operating system's network calls",
}
"""Every kind there is. Nothing else stands in :attr:`ProbeError.kind`."""

_BY_STATUS: dict[int, str] = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "invalid",
    406: "invalid",
    409: "conflict",
    410: "gone",
    415: "invalid",
    422: "invalid",
    429: "too_many",
}

_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ProbeError(Exception):
    """The witness could not be asked. ``kind`` is one of :data:`KINDS`, ``message`` one line for a human."""

    def __init__(self, kind: str, message: str) -> None:
        if kind not in KINDS:
            raise ValueError("no such kind of error: " + kind)
        self.kind = kind
        self.message = one_line(message)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return (type(self), (self.kind, self.message))


def uncoloured(text: str) -> str:
    """The text without what a terminal would take for colours."""
    return _COLOUR.sub("", text)


def one_line(text: str, limit: int = 400) -> str:
    """Foreign text as one printable line of at most ``limit`` characters."""
    line = _CONTROL.sub(" ", uncoloured(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def from_status(status: int, doing: str, detail: str = "") -> ProbeError:
    """The error for an HTTP status that is not the wanted one; ``doing`` says what was asked for."""
    kind = "server_error" if status >= 500 else _BY_STATUS.get(status, "bad_answer")
    word = http.client.responses.get(status, "").lower()
    return ProbeError(kind, f"{status} {word}: {doing}{'; ' + detail if detail else ''}")


def from_exception(error: BaseException, doing: str, otherwise: str = "network") -> ProbeError:
    """The error for whatever a socket, ``ssl``, ``http.client``, urllib3 or websocket-client has raised.

    Those libraries wrap the operating system's error several times; the innermost one that is known decides. What none
    of them explains is of the kind ``otherwise``.
    """
    for cause in _chain(error):
        if isinstance(cause, ProbeError):
            return cause
        kind = _kind_of(cause)
        if kind:
            return ProbeError(kind, f"{doing}: {_words(kind, cause)}")
    return ProbeError(otherwise, f"{doing}: {error or type(error).__name__}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error's causes, the innermost first."""
    found = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        inner = [member for member in current.args if isinstance(member, BaseException)]
        current = current.__cause__ or current.__context__ or (inner[0] if inner else None)
    return reversed(found)


def _kind_of(error: BaseException) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)):  # a name that IDNA refuses has no address either
        return "dns"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "timeout"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "reset"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionError):  # http.client.RemoteDisconnected is one of these
        return "reset"
    if isinstance(error, http.client.HTTPException):
        return "bad_answer"
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "unreachable"
    return ""


def _words(kind: str, error: BaseException) -> str:
    """What a human reads of the innermost error: short, and without addresses of objects in memory."""
    if kind == "timeout":
        return "timed out"
    if kind == "refused":
        return "connection refused"
    if kind == "reset":
        return "connection closed by the other side"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return f"TLS failed: {reason.lower().replace('_', ' ')}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"{type(error).__name__} {error}".strip()

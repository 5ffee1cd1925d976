# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way by which the engine speaks HTTP. Safe to use from many threads at once."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.client
import json
import ssl
import threading
import time
import urllib.parse
from typing import Any, Callable, Dict, Mapping, Sequence, Tuple, Union

from ansible_collections.oncall.remedy.plugins.module_utils import tls
from ansible_collections.oncall.remedy.plugins.module_utils.certificates import Shown
from ansible_collections.oncall.remedy.plugins.module_utils.connection import HAS_URLLIB3, Pool, TlsPool, bounded
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_exception, from_status
from ansible_collections.oncall.remedy.plugins.module_utils.secrets import Authorization

if HAS_URLLIB3:
    import urllib3
    import urllib3.exceptions

    # Not verifying a certificate is decided per endpoint, in the inventory; a warning on stderr adds nothing.
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    FAILURES: tuple[type[Exception], ...] = (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException)

Params = Union[Mapping[str, Any], Sequence[Tuple[str, Any]]]
Json = Dict[str, Any]

READING = ("GET", "HEAD")

Fence = Callable[[], None]
"""Asked before every request that writes; raises ProbeError (fenced) where that may not be done any more."""

WRITE_SECONDS = 10.0
"""How long a request takes at most that a fence let pass. What was sent before the fence came down is over by then."""


@dataclasses.dataclass(frozen=True)
class HttpAnswer:
    """A complete answer. Header names are lower case; ``peer`` is the server's certificate, if it showed one, and
    ``reason`` what stood behind the status, which is for people alone."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    peer: Shown | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds to connect, seconds of silence, seconds in all where the caller sets no deadline, and bytes."""

    connect: float = 5.0
    silence: float = 20.0
    total: float = 30.0
    size: int = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Trust:
    """Whom the client believes and as whom it presents itself (``client_cert``: certificate and key as PEM text)."""

    verify: bool = True
    ca_path: str | None = None
    ca_data: str | None = None
    client_cert: tuple[str, str] | None = dataclasses.field(default=None, repr=False)
    server_name: str | None = None

    @functools.cached_property
    def context(self) -> ssl.SSLContext:
        """Made once: reading the system's CAs takes longer than a request."""
        return tls.context(self.verify, self.ca_path, self.ca_data, self.client_cert)


class HttpTransport:
    """Requests to one server.

    ``url`` is the server with an optional path that goes before every request's. ``address`` connects there instead of
    where the URL's host points to, while Host, SNI and the name in the certificate stay the URL's (as curl's
    --resolve). Nothing is retried, no redirect followed, no proxy taken from the environment. A ``read_only`` transport
    refuses every method but GET and HEAD before anything is sent; one with a ``fence`` asks it each time.

    The constructor does no I/O. All methods raise ProbeError.
    """

    def __init__(
        self,
        url: str,
        address: str | None = None,
        trust: Trust | None = None,
        authorization: Authorization | None = None,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        limits: Limits | None = None,
        read_only: bool = False,
        fence: Fence | None = None,
    ) -> None:
        if not HAS_URLLIB3:
            raise ProbeError("missing_library", "the Python library urllib3 is not installed")
        self.parts = split_url(url)
        self.trust = trust or Trust()
        self.limits = limits or Limits()
        self._address = address
        self._authorization = authorization
        self._headers = dict(headers or {})
        self._proxy = proxy
        self._read_only = read_only
        self._fence = fence
        self._lock = threading.Lock()
        self._manager: Any = None

    @property
    def source(self) -> str:
        """The server as evidence shows it."""
        return self.parts.geturl()

    def request(
        self,
        method: str,
        path: str = "",
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
        limit: int | None = None,
        whole: bool = True,
        first: int = 0,
    ) -> HttpAnswer:
        """Sends one request and reads the whole answer, whatever its status. Unless ``whole`` only its head is read
        and the ``first`` bytes of its body as they come: not decoded, and fewer where it breaks off.

        ``path`` is appended to the URL's and must be percent-encoded already; ``params`` are encoded here. ``deadline``
        is monotonic time.
        """
        doing = f"{method} {self.source}{path}"
        if self._read_only and method not in READING:
            raise ProbeError("unsupported", doing + ": this transport only reads")
        began = time.monotonic()
        until = began + self.limits.total if deadline is None else deadline
        if self._fence and method not in READING:
            self._fence()
            until = min(until, began + WRITE_SECONDS)
        with bounded(until, self.limits.silence):
            try:
                if until <= began:
                    raise TimeoutError("timed out")
                response = self._send(method, path, params, headers, body, until - began)
                read = functools.partial(_whole, limit=limit or self.limits.size, doing=doing)
                return _read(response, began, read if whole else functools.partial(_beginning, size=first))
            except FAILURES as error:
                raise from_exception(error, doing) from error

    def json(self, path: str, params: Params = (), deadline: float | None = None, limit: int | None = None) -> Json:
        """GETs an object. Any status but 200, any other type and any half an answer is a ProbeError."""
        answer = self.request("GET", path, params, {"Accept": "application/json"}, deadline=deadline, limit=limit)
        doing = f"GET {self.source}{path}"
        if answer.status != 200:
            raise from_status(answer.status, doing, error_text(answer))
        return json_object(answer, doing)

    def _send(
        self, method: str, path: str, params: Params, headers: Mapping[str, str] | None, body: Any, left: float
    ) -> Any:
        query = urllib.parse.urlencode(params, doseq=True)
        sent = dict(self._headers)
        sent.update(headers or {})
        if self._authorization is not None:
            value = self._authorization()
            if value:
                sent["Authorization"] = value
        if self._address:
            sent["Host"] = self.parts.netloc
        target = self._origin() + self.parts.path.rstrip("/") + path + ("?" + query if query else "")
        return self._pools().request(
            method,
            target,
            body=body,
            headers=sent,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(
                connect=min(self.limits.connect, left), read=max(0.001, min(self.limits.silence, left))
            ),
        )

    def _origin(self) -> str:
        if not self._address:
            return f"{self.parts.scheme}://{self.parts.netloc}"
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"{self.parts.scheme}://{host}:{self.port}"

    @property
    def port(self) -> int:
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)

    def _pools(self) -> Any:
        with self._lock:
            if self._manager is None:
                self._manager = self._make_pools()
            return self._manager

    def _make_pools(self) -> Any:
        options: dict[str, Any] = {"maxsize": 64}
        if self.parts.scheme == "https":
            options["ssl_context"] = self.trust.context
            options["server_hostname"] = self.trust.server_name or (self.parts.hostname if self._address else None)
        manager = urllib3.ProxyManager(self._proxy, **options) if self._proxy else urllib3.PoolManager(**options)
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        return manager


def _read(response: Any, began: float, body: Callable[[Any], bytes]) -> HttpAnswer:
    peer = getattr(response.connection, "peer", None)
    try:
        found = body(response)
    finally:
        response.close()  # a connection whose answer was read to its end is back in its pool by now
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status, headers, found, time.monotonic() - began, peer, response.reason or "")


def _whole(response: Any, limit: int, doing: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = response.read(65536)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > limit:
            raise ProbeError("too_large", f"{doing}: the answer has more than {limit} bytes")
        chunks.append(chunk)


def _beginning(response: Any, size: int) -> bytes:
    """What came of the first bytes. The head has come already, so a body that breaks off or dawdles is no failure."""
    found = b""
    with contextlib.suppress(*FAILURES):
        while len(found) < size:
            chunk = response.read1(size - len(found), decode_content=False)
            if not chunk:
                break
            found += chunk
    return found


def split_url(url: str) -> urllib.parse.SplitResult:
    """The parts of an http or https URL; refuses one with credentials or control characters in it."""
    shown = url[:200]
    if not url.isprintable() or " " in url:
        raise ProbeError("bad_option", f"not a URL: {shown!r}")
    try:
        parts = urllib.parse.urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise ProbeError("bad_option", f"not a URL: {error}") from error
    if "@" in parts.netloc:
        raise ProbeError("bad_option", "a URL may not hold credentials; name a file that holds them")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProbeError("bad_option", f"not an http or https URL: {shown}")
    return parts


def error_text(answer: HttpAnswer) -> str:
    """What a JSON answer says about its failure (``message`` of Kubernetes, ``error`` of Prometheus), or nothing."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or "")
    return body if isinstance(body, str) else ""


def json_value(answer: HttpAnswer, doing: str) -> Any:
    """The JSON that an answer holds; ProbeError when its type is another or the text is not JSON."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise ProbeError("bad_answer", f"{doing}: the answer is {kind or 'of no type'}, not JSON")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProbeError("bad_answer", f"{doing}: the answer is not valid JSON ({error})") from error


def json_object(answer: HttpAnswer, doing: str) -> Json:
    """The JSON object that an answer holds."""
    value = json_value(answer, doing)
    if not isinstance(value, dict):
        raise ProbeError("bad_answer", f"{doing}: the answer is JSON but no object")
    return value

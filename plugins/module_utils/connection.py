# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that keep a deadline, and urllib3's connections made of them.

A socket's timeout bounds one receive, so a peer that drips a byte a second holds a thread for hours. These sockets look
at the deadline of the request that the thread is making before every receive: no request outlasts it, whatever the peer
does. Only the resolver is out of reach; it has limits of its own (``resolv.conf``).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import Any, Iterator

from ansible_collections.oncall.remedy.plugins.module_utils.certificates import Shown
from ansible_collections.oncall.remedy.plugins.module_utils.errors import from_exception

try:
    import urllib3.connection
    import urllib3.connectionpool

    HAS_URLLIB3 = True
    HTTPConnection: Any = urllib3.connection.HTTPConnection
    HTTPSConnection: Any = urllib3.connection.HTTPSConnection
    HTTPConnectionPool: Any = urllib3.connectionpool.HTTPConnectionPool
    HTTPSConnectionPool: Any = urllib3.connectionpool.HTTPSConnectionPool
except ImportError:
    HAS_URLLIB3 = False
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object

_request = threading.local()


@contextlib.contextmanager
def bounded(deadline: float, patience: float) -> Iterator[None]:
    """Binds this thread's sockets to a monotonic ``deadline`` and to ``patience`` seconds of silence.

    One within another: the inner one counts, and afterwards the outer one again.
    """
    outer = dict(_request.__dict__)
    _request.deadline, _request.patience = deadline, patience
    try:
        yield
    finally:
        del _request.deadline, _request.patience
        _request.__dict__.update(outer)


def time_left() -> float:
    """Seconds that the next step of this thread's request may take. Raises TimeoutError when there are none."""
    left: float = min(_request.deadline - time.monotonic(), _request.patience)
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class DeadlineSocket(socket.socket):
    """A TCP socket whose receives keep to the deadline of the request under way."""

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        self.settimeout(time_left())
        return super().recv(*args, **kwargs)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(time_left())
        return super().recv_into(*args, **kwargs)


class DeadlineTlsSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS. (The handshake's timeout bounds the whole handshake already.)"""

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        """As ever. Before the handshake it is ``ssl`` that receives, to see whether the peer is still there; where the
        peer has reset the connection, it leaves the new socket open, which nobody knows yet."""
        try:
            return super().recv(*args, **kwargs)
        except ConnectionResetError:
            if self.version() is None:
                self.close()
            raise


def open_socket(host: str, port: int, timeout: float | None = None) -> DeadlineSocket:
    """Connects to the first address of ``host`` that answers. Call it within :func:`bounded`.

    ``timeout`` is the most that one address may take. Raises ProbeError, which names the host and port.
    """
    doing = f"connect to [{host}]:{port}" if ":" in host else f"connect to {host}:{port}"
    failure: Exception = OSError("the name has no address")
    try:
        for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
            try:
                return _connected(DeadlineSocket(family, kind, protocol), address, timeout)
            except OSError as error:
                failure = error
    except (OSError, UnicodeError) as error:
        failure = error
    raise from_exception(failure, doing) from failure


def _connected(sock: DeadlineSocket, address: Any, timeout: float | None) -> DeadlineSocket:
    try:
        left = time_left()
        sock.settimeout(left if timeout is None else min(left, timeout))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
        sock.settimeout(time_left())
    except BaseException:
        sock.close()
        raise
    return sock


class Connection(HTTPConnection):  # type: ignore[misc]
    """urllib3's HTTP connection over a :class:`DeadlineSocket`."""

    def _new_conn(self) -> socket.socket:
        return open_socket(self._dns_host, self.port, self.timeout)


class TlsConnection(HTTPSConnection):  # type: ignore[misc]
    """urllib3's HTTPS connection; ``peer`` is the certificate that the other side showed."""

    peer: Shown | None = None

    def _new_conn(self) -> socket.socket:
        return open_socket(self._dns_host, self.port, self.timeout)

    def connect(self) -> None:
        super().connect()
        self.peer = Shown(self.sock.getpeercert(binary_form=True) or b"", self.sock.getpeercert() or {})


class Pool(HTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = Connection


class TlsPool(HTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = TlsConnection

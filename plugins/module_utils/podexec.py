# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exec in a container over a websocket (kubernetes.io: "v4.channel.k8s.io": each message starts with its channel)."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.parse
from typing import Any, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.connection import bounded, open_socket, time_left
from ansible_collections.oncall.remedy.plugins.module_utils.errors import (
    ProbeError,
    from_exception,
    from_status,
    one_line,
)
from ansible_collections.oncall.remedy.plugins.module_utils.kubeconfig import Access

try:
    import websocket

    HAS_WEBSOCKET = True
except ImportError:
    HAS_WEBSOCKET = False

PROTOCOL = "v4.channel.k8s.io"
STDOUT, STDERR, STATUS = 1, 2, 3
LIMIT = 1024 * 1024


def run(
    access: Access, path: str, command: Sequence[str], container: str | None, deadline: float, doing: str
) -> tuple[int, str, str]:
    """Runs ``command`` and waits for its end: exit code, standard output, standard error. Raises ProbeError."""
    if not HAS_WEBSOCKET:
        raise ProbeError("missing_library", "the Python library websocket-client is not installed")
    if access.proxy:
        raise ProbeError("unsupported", doing + ": not through the kubeconfig's proxy-url")
    query = [("command", word) for word in command] + [("stdout", "true"), ("stderr", "true")]
    if container:
        query.append(("container", container))
    server = urllib.parse.urlsplit(access.server)
    scheme = "wss" if server.scheme == "https" else "ws"
    target = f"{scheme}://{server.netloc}{server.path.rstrip('/')}{path}?{urllib.parse.urlencode(query)}"
    with bounded(deadline, float("inf")):
        try:
            with _socket(access, server) as sock:
                return _outcome(_talk(sock, target, access), doing)
        except websocket.WebSocketBadStatusException as error:
            raise from_status(error.status_code, doing, one_line(_said(error.resp_body), 300)) from error
        except websocket.WebSocketException as error:
            lost = isinstance(error, websocket.WebSocketConnectionClosedException)
            raise from_exception(error, doing, "reset" if lost else "bad_answer") from error
        except OSError as error:
            raise from_exception(error, doing) from error


def _socket(access: Access, server: urllib.parse.SplitResult) -> socket.socket:
    host = server.hostname or ""
    plain = open_socket(host, server.port or (443 if server.scheme == "https" else 80))
    if server.scheme != "https":
        return plain
    try:
        return access.trust.context.wrap_socket(plain, server_hostname=access.trust.server_name or host)
    except (OSError, ssl.SSLError):
        plain.close()
        raise


def _talk(sock: socket.socket, target: str, access: Access) -> dict[int, bytes]:
    """What the channels carried until the server closed the connection."""
    client = websocket.WebSocket(enable_multithread=False)
    client.settimeout(time_left())
    value = access.authorization() if access.authorization else None
    client.connect(
        target,
        socket=sock,
        subprotocols=[PROTOCOL],
        header=["Authorization: " + value] if value else [],
        suppress_origin=True,
        redirect_limit=0,
    )
    channels: dict[int, bytes] = {STDOUT: b"", STDERR: b"", STATUS: b""}
    while True:
        client.settimeout(time_left())
        kind, frame = client.recv_data()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return channels
        if frame and frame[0] in channels:
            channels[frame[0]] += frame[1:]
            if sum(map(len, channels.values())) > LIMIT:
                raise ProbeError("too_large", f"the command's output has more than {LIMIT} bytes")
        if frame and frame[0] == STATUS:
            return channels


def _outcome(channels: dict[int, bytes], doing: str) -> tuple[int, str, str]:
    """The last message is a ``Status``: Success, or NonZeroExitCode with the code among its causes."""
    try:
        status: dict[str, Any] = json.loads(channels[STATUS])
        if status["status"] == "Success":
            code = 0
        elif status.get("reason") == "NonZeroExitCode":
            causes = status["details"]["causes"]
            code = int(next(cause["message"] for cause in causes if cause["reason"] == "ExitCode"))
        else:
            raise ProbeError("server_error", f"{doing}: {status.get('message', 'failed')}")
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise ProbeError("bad_answer", doing + ": the connection ended without the command's status") from error
    return code, channels[STDOUT].decode("utf-8", "replace"), channels[STDERR].decode("utf-8", "replace")


def _said(body: Any) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""

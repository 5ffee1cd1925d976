"""Takes a port and answers nothing useful on it: ``python port_thief.py PORT``. Standard library only; runs on a node.

It asks for the port again and again, faster than the kubelet restarts a container, until whoever has it lets go. In the
process list it is ``stray-httpd``, like the forgotten web server that it plays.
"""

from __future__ import annotations

import ctypes
import socket
import sys
import time

NAME = b"stray-httpd"
_SET_NAME = 15
_ANSWER = b"HTTP/1.0 404 Not Found\r\nServer: stray-httpd\r\nContent-Length: 0\r\n\r\n"


def main(port: int) -> None:
    """Serves for ever."""
    ctypes.CDLL(None).prctl(_SET_NAME, NAME, 0, 0, 0)
    listener = _take(port)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(2)
            try:
                connection.recv(4096)
                connection.sendall(_ANSWER)
            except OSError:
                continue


def _take(port: int) -> socket.socket:
    while True:
        listener = socket.socket(socket.AF_INET6)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            listener.bind(("::", port))
            listener.listen()
        except OSError:
            listener.close()
            time.sleep(0.01)
        else:
            return listener


if __name__ == "__main__":
    main(int(sys.argv[1]))

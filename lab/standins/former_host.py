"""The server to which honeydue's names pointed before they moved: a web server that has no page for them any more.

``python -m lab.standins.former_host``: it answers 404 with nginx's page, under a certificate that is still valid.
"""

from __future__ import annotations

import contextlib
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.honeydue import settings
from lab.settings import Paths

_PAGE = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "nginx", ""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Nobody reads its log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext) -> None:
        super().__init__(address, _Handler)
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake takes place in the connection's own thread: one that never ends holds nobody else."""
        with contextlib.suppress(OSError):
            request.settimeout(30)
            with self._tls.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)


def main() -> None:
    """Serves until it is ended."""
    pki = Paths.from_environment().pki
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki / "cloudflare.crt", pki / "cloudflare.key")
    _Server((settings.FORMER_ADDRESS, 443), tls).serve_forever()


if __name__ == "__main__":
    main()

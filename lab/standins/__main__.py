"""``python -m lab.standins NAME``: one stand-in as a program of the lab, on the lab's address, under the lab's TLS."""

from __future__ import annotations

import argparse
import socketserver
import ssl
from pathlib import Path

from lab.settings import BRIDGE_ADDRESS, STANDIN_PORTS, Paths
from lab.standins import smtp, web
from lab.standins.pagerduty import PagerDuty
from lab.standins.slack import Slack
from lab.standins.webhook import Webhook


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(prog="lab.standins", description=__doc__)
    parser.add_argument("name", choices=sorted(STANDIN_PORTS))
    name = parser.parse_args().name
    paths = Paths.from_environment()
    paths.standins.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _server(name, paths) as server:
        server.serve_forever()


def _server(name: str, paths: Paths) -> socketserver.TCPServer:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(paths.pki / "standins.crt", paths.pki / "standins.key")
    arrived = paths.standins / f"{name}.jsonl"
    port = STANDIN_PORTS[name]
    if name == "smtp":
        return smtp.server(smtp.MailServer(arrived), BRIDGE_ADDRESS, port, tls)
    return web.server(_service(name, paths, arrived), BRIDGE_ADDRESS, port, tls)


def _service(name: str, paths: Paths, arrived: Path) -> web.Service:
    def secret(file: str) -> str:
        return (paths.standins / file).read_text(encoding="utf-8").strip()

    if name == "pagerduty":
        return PagerDuty(arrived, (secret("routing-key"),))
    if name == "slack":
        return Slack(arrived, "/" + secret("slack-url").split("/", 3)[3])
    return Webhook(arrived, secret("webhook-token"))


if __name__ == "__main__":
    main()

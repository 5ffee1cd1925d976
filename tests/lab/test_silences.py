"""What a remedy silenced does not mute the fault after it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lab import control_plane, silences


class Alertmanager(BaseHTTPRequestHandler):
    """One with a silence in force, one to come, and one that has ended."""

    ended: list[str]

    def do_GET(self) -> None:
        states = {"one": "active", "two": "pending", "three": "expired"}
        body = json.dumps([{"id": name, "status": {"state": state}} for name, state in states.items()]).encode()
        self._answer(body)

    def do_DELETE(self) -> None:
        self.ended.append(self.path)
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    Alertmanager.ended = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Alertmanager)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_every_silence_that_lives_is_ended_even_where_a_peer_is_down(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "alertmanager_urls", lambda: ["http://127.0.0.1:9", url])
    assert silences.end_all() == 2
    assert Alertmanager.ended == ["/api/v2/silence/one", "/api/v2/silence/two"]

"""TCP: open, refused, silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import Tcp, place
from tests.support.wire import Wire


@pytest.fixture
def closed() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that answers no more: the queue of its listener is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"
        for one in waiting:
            one.close()


def ask(*addresses: str, **options: Any) -> Any:
    return Tcp(None, {"addresses": list(addresses), "timeout": 0.3, **options}).ask(time.monotonic() + 10)


def test_every_address_has_its_state(closed: str, silent: str) -> None:
    with Wire() as server:
        opened = f"127.0.0.1:{server.port}"
        found = ask(opened, closed, silent, "nowhere.invalid:80")
        assert server.requests == []
    assert [one["state"] for one in found["answers"]] == ["open", "refused", "timeout", "dns"]
    assert [found[key] for key in ("total", "open", "refused", "timed_out")] == [4, 1, 1, 1]
    assert (found["open_at"], found["closed_at"]) == ([opened], [closed, silent, "nowhere.invalid:80"])


def test_no_addresses_are_an_answer() -> None:
    assert ask()["total"] == 0


def test_silence_everywhere_with_a_silent_control_says_nothing(silent: str) -> None:
    with pytest.raises(ProbeError, match=f"nothing answers, nor does the control {silent}") as caught:
        ask(silent, control=silent)
    assert caught.value.kind == "timeout"


def test_silence_with_a_control_that_answers_is_an_answer(silent: str, closed: str) -> None:
    assert ask(silent, control=closed)["timed_out"] == 1


def test_a_refusal_shows_that_the_asker_can_ask(silent: str, closed: str) -> None:
    assert ask(closed, control=silent)["refused"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.b:80", ("a.b", 80)), ("10.0.0.1:443", ("10.0.0.1", 443)), ("[::1]:22", ("::1", 22))],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert place(text) == expected


@pytest.mark.parametrize(
    "text", ["a", "a:", ":80", "a:http", "a:99999", "::1:22", "u@a:80", "a:80/x", "a:80?x", "[a", ""]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ProbeError) as caught:
        Tcp(None, {"addresses": [text]})
    assert caught.value.kind == "bad_option"


def test_more_addresses_than_are_sensible_are_refused() -> None:
    with pytest.raises(ProbeError, match="100 addresses at most"):
        Tcp(None, {"addresses": ["a:1"] * 101})

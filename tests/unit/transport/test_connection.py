"""Sockets that keep a deadline: what becomes of one whose peer is gone."""

from __future__ import annotations

import gc
import select
import socket
import struct
import time
import warnings

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.connection import bounded, open_socket
from ansible_collections.oncall.remedy.plugins.module_utils.tls import context


def test_a_connection_that_is_reset_before_the_handshake_is_closed_and_not_left_to_the_collector() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, bounded(time.monotonic() + 10, 10):
        ours = open_socket("127.0.0.1", listener.getsockname()[1])
        theirs, _address = listener.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets
        theirs.close()
        gone = select.poll()
        gone.register(ours, select.POLLHUP)
        assert gone.poll(10_000)
        with warnings.catch_warnings(record=True) as left_open:
            warnings.simplefilter("always")
            with pytest.raises(ConnectionResetError):
                context(verify=False).wrap_socket(ours)
            gc.collect()
    assert [str(one.message) for one in left_open] == []

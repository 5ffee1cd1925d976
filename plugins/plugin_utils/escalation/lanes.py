# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several channels side by side under one deadline: a slow one holds only what goes by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.pool import Pool

Item = TypeVar("Item")

PATIENCE = 10.0
"""Seconds for one message. An on-call service that needs longer is down."""
LEAST = 0.5
"""Seconds that have to be left for a message to be begun."""

Carry = Callable[[str, Item, float], bool]
"""Sends one item by a channel within so many seconds; says whether the channel's next one should be tried as well."""


def carry(queues: Mapping[str, Sequence[Item]], work: Carry[Item], workers: int, seconds: float) -> list[str]:
    """Sends each channel's items one after the other, the channels side by side; returns the channels that hang.

    What ``work`` raises is raised here, when all others have ended: it is a fault of the engine, not of a channel.
    """
    until = time.monotonic() + seconds
    pool: Pool[str] = Pool(workers, until + LEAST)
    for channel, items in queues.items():
        pool.submit(channel, lambda channel=channel, items=items: _lane(channel, items, work, until))  # type: ignore[misc]
    fault: BaseException | None = None
    while (ended := pool.next_result()) is not None:
        fault = fault or ended[2]
    hanging = pool.give_up()
    pool.close()
    if fault is not None:
        raise fault
    return hanging


def _lane(channel: str, items: Sequence[Item], work: Carry[Item], until: float) -> None:
    for item in items:
        left = until - time.monotonic()
        if left < LEAST or not work(channel, item, min(PATIENCE, left)):
            return

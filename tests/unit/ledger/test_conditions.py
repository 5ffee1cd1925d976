# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine knows of the estate as a whole."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from tests.unit.ledger.helpers import at_once


def test_a_condition_is_none_until_it_is_set_and_then_what_was_set_last(ledger: Ledger) -> None:
    assert ledger.condition("storm") is None
    ledger.set_condition("storm", {"on": False}, 100.0)
    ledger.set_condition("storm", {"on": True, "since": 200.5}, 200.5)
    ledger.set_condition("other", ["a"], 200.5)
    assert ledger.condition("storm") == {"on": True, "since": 200.5}


def put(url: str, value: int) -> int:
    Ledger.open(url).set_condition("storm", value, 100.0)
    return value


def test_sweeps_that_set_it_at_once_leave_one_of_their_values(url: str, ledger: Ledger) -> None:
    values = at_once(put, [(url, number) for number in range(5)])
    assert ledger.condition("storm") in values

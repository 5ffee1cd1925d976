# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole runs that call humans: what cannot be sent is sent by the next sweep, and the engine's own failure is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.estate import Estate
from tests.unit.escalation.desk import Desk


@pytest.fixture
def desk(estate: Estate) -> Iterator[Desk]:
    """Stand-ins for those who call humans, named by the estate's inventory."""
    folder = estate.folder / "desk"
    folder.mkdir()
    with Desk(folder) as made:
        estate.settings["remedy_channels"] = made.channels
        estate.settings["remedy_escalations"] = {"platform": [{"to": ["chat", "pager"]}]}
        estate.settings["remedy_engine_escalation"] = "platform"
        estate.settings["remedy_state"] = str(estate.folder / "engine")
        yield made


def told(desk: Desk) -> tuple[int, int]:
    """How many messages the chat and the pager have taken."""
    return len(desk.chat.arrivals.accepted), len(desk.pager.arrivals.accepted)


def test_what_could_not_be_sent_is_sent_by_the_next_sweep_and_nothing_is_sent_twice(estate: Estate, desk: Desk) -> None:
    estate.alertmanager.fire("NobodyKnows", {"cluster": "hetzner"})
    desk.pager.hanging.set()
    run = estate.sweep().ended_well()
    assert "! not told yet: pager: " in run.output
    assert told(desk) == (1, 0)
    text = desk.chat.arrivals.accepted[0]["message"]["blocks"][1]["text"]["text"]
    assert "*state*  escalated" in text
    assert "*done*  Nothing was changed." in text

    desk.pager.hanging.clear()
    estate.later(120)
    assert "not told yet" not in estate.sweep().ended_well().output
    assert told(desk) == (1, 1)
    estate.later(120)
    estate.sweep().ended_well()
    assert told(desk) == (1, 1)
    assert [one.state for one in estate.ledger.escalations(estate.case()["id"])] == ["sent"]


def test_when_the_alert_is_gone_those_who_were_called_hear_of_it(estate: Estate, desk: Desk) -> None:
    estate.alertmanager.fire("NobodyKnows", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert len(desk.pager.open) == 1
    estate.alertmanager.alerts.clear()
    estate.later(600)
    estate.sweep().ended_well()
    assert (estate.case()["outcome"], desk.pager.open) == ("resolved", set())


def test_a_preview_calls_nobody(estate: Estate, desk: Desk) -> None:
    estate.alertmanager.fire("NobodyKnows", {"cluster": "hetzner"})
    estate.sweep("--check").ended_well()
    assert told(desk) == (0, 0)


def test_a_sweep_that_cannot_open_its_ledger_calls_once_and_says_when_it_is_over(estate: Estate, desk: Desk) -> None:
    usual = estate.settings["remedy_ledger"]
    estate.settings["remedy_ledger"] = f"sqlite:///{estate.folder}/desk/ca.crt/ledger.db"  # below a file
    for _minute in range(2):
        assert estate.sweep().code != 0
    assert told(desk) == (1, 1)
    assert desk.pager.arrivals.accepted[0]["event"]["payload"]["severity"] == "critical"

    estate.settings["remedy_ledger"] = usual
    estate.sweep().ended_well()
    assert desk.pager.open == set()
    assert desk.chat.arrivals.accepted[-1]["message"]["text"].startswith("Over: oncall.remedy: ")

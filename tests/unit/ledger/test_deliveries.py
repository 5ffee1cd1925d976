# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deliveries: a call is on its way by each of its channels until it has arrived, and nobody sends it twice."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Delivery
from tests.unit.ledger.helpers import at_once, events, opened


def called(ledger: Ledger, *channels: str, target: str = "hetzner") -> tuple[str, int]:
    """An episode with a call that goes by these channels; its id and the call's."""
    episode = opened(ledger, "s1", target)
    ledger.escalate(episode, 1, "platform", "why", 100.0)
    (one,) = ledger.escalations(episode)
    ledger.open_deliveries({one.id: channels}, 100.0)
    return episode, one.id


def due(ledger: Ledger, now: float) -> list[str]:
    return [delivery.channel for delivery, _escalation in ledger.due_deliveries(now)]


def delivery(ledger: Ledger, channel: str) -> Delivery:
    (found,) = [one for one, _escalation in ledger.due_deliveries(1e9) if one.channel == channel]
    return found


def test_a_call_is_undelivered_until_it_has_arrived_by_every_channel(ledger: Ledger) -> None:
    episode, call = called(ledger, "chat", "pager")
    assert due(ledger, 100.0) == ["chat", "pager"]
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    assert [one.id for one in ledger.undelivered(1e9)] == [call]
    ledger.delivery_sent(delivery(ledger, "pager"), 120.0)
    assert ledger.undelivered(1e9) == []
    assert [(one.state, one.sent_at) for one in ledger.escalations(episode)] == [("sent", 120.0)]
    assert events(ledger, episode)[-2:] == ["platform was told by chat", "platform was told by pager"]


def test_a_failure_is_kept_with_its_reason_and_tried_again_when_its_time_has_come(ledger: Ledger) -> None:
    episode, _call = called(ledger, "chat", "pager")
    pager = delivery(ledger, "pager")
    assert ledger.attempt_delivery(pager, retry_at=160.0, now=100.0)
    ledger.delivery_failed(pager, "503", retry_at=200.0, now=105.0)
    assert due(ledger, 199.0) == ["chat"]
    assert due(ledger, 200.0) == ["chat", "pager"]
    (failed,) = ledger.undelivered(1e9)
    assert (failed.state, failed.error, failed.attempts, failed.due_at) == ("failed", "pager: 503", 1, 100.0)
    assert events(ledger, episode)[-1] == "platform could not be reached by pager: 503"


def test_the_timeline_tells_of_the_first_failure_alone(ledger: Ledger) -> None:
    episode, _call = called(ledger, "pager")
    for now in (100.0, 200.0, 300.0):
        pager = delivery(ledger, "pager")
        assert ledger.attempt_delivery(pager, now + 60, now)
        ledger.delivery_failed(pager, "503", now + 100, now)
    assert [event for event in events(ledger, episode) if "pager" in event] == [
        "platform could not be reached by pager: 503"
    ]


def test_an_attempt_that_was_never_heard_of_again_is_repeated(ledger: Ledger) -> None:
    called(ledger, "pager")
    assert ledger.attempt_delivery(delivery(ledger, "pager"), retry_at=160.0, now=100.0)
    assert due(ledger, 159.0) == []
    assert due(ledger, 160.0) == ["pager"]
    assert delivery(ledger, "pager").attempts == 1


def test_what_has_arrived_is_not_undone_by_a_late_failure(ledger: Ledger) -> None:
    episode, _call = called(ledger, "pager")
    pager = delivery(ledger, "pager")
    ledger.delivery_sent(pager, 110.0)
    ledger.delivery_failed(pager, "late", 200.0, 120.0)
    ledger.delivery_sent(pager, 130.0)
    assert due(ledger, 1e9) == []
    assert events(ledger, episode).count("platform was told by pager") == 1


def attempt(url: str, escalation: int) -> bool:
    return Ledger.open(url).attempt_delivery(Delivery(escalation, "pager", "due", 0, 100.0, None, ""), 160.0, 100.0)


def test_of_sweeps_that_would_send_it_at_once_one_does(url: str, ledger: Ledger) -> None:
    _episode, call = called(ledger, "pager")
    assert sorted(at_once(attempt, [(url, call)] * 5)) == [False, False, False, False, True]


def arrive(url: str, channel: str) -> int:
    ledger = Ledger.open(url)
    mine = [found for found, _escalation in ledger.due_deliveries(1e9) if found.channel == channel]
    for found in mine:
        ledger.delivery_sent(found, 110.0)
    return len(mine)


def test_of_channels_that_end_at_the_same_moment_the_last_one_concludes(url: str, ledger: Ledger) -> None:
    for number in range(20):
        called(ledger, "chat", "pager", target=f"node{number}")
    assert at_once(arrive, [(url, "chat"), (url, "pager")]) == [20, 20]
    assert ledger.undelivered(1e9) == []


def test_opening_twice_is_opening_once(ledger: Ledger) -> None:
    _episode, call = called(ledger, "chat", "pager")
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    assert ledger.open_deliveries({call: ["chat", "pager"]}, 120.0) == 0
    assert due(ledger, 1e9) == ["pager"]


def test_when_the_inventory_names_other_channels_the_call_goes_by_those(ledger: Ledger) -> None:
    _episode, call = called(ledger, "chat", "old-pager")
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    assert ledger.open_deliveries({call: ["new-pager"]}, 120.0) == 1
    assert due(ledger, 1e9) == ["new-pager"]


def test_a_channel_that_is_withdrawn_last_leaves_a_call_that_has_arrived(ledger: Ledger) -> None:
    _episode, call = called(ledger, "chat", "old-pager")
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    ledger.open_deliveries({call: ["chat"]}, 120.0)
    assert ledger.undelivered(1e9) == []


def close(ledger: Ledger, episode: str, outcome: str) -> None:
    ledger.close_episode(episode, outcome, "s1", 200.0, None, "")


def test_those_who_were_called_hear_once_that_it_is_over(ledger: Ledger) -> None:
    episode, _call = called(ledger, "chat", "pager")
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    assert ledger.open_clears(150.0) == 0
    close(ledger, episode, "healed")
    assert ledger.open_clears(210.0) == 1
    assert ledger.open_clears(220.0) == 0
    assert [(one.channel, one.kind) for one, _of in ledger.due_deliveries(1e9)] == [
        ("pager", "call"),
        ("chat", "clear"),
    ]
    (clear,) = [one for one, _of in ledger.due_deliveries(1e9) if one.kind == "clear"]
    ledger.delivery_sent(clear, 230.0)
    assert events(ledger, episode)[-1] == "platform was told that it is over by chat"


def test_nobody_hears_that_all_is_well_when_it_is_not(ledger: Ledger) -> None:
    episode, _call = called(ledger, "chat")
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    close(ledger, episode, "not_healed")
    assert ledger.open_clears(210.0) == 0


def test_a_call_that_was_made_at_the_end_itself_is_not_taken_back(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.escalate(episode, 1, "platform", "it healed, the cause is still to be seen to", 200.0)
    (call,) = ledger.escalations(episode)
    ledger.open_deliveries({call.id: ["chat"]}, 200.0)
    close(ledger, episode, "healed")
    ledger.delivery_sent(delivery(ledger, "chat"), 210.0)
    assert ledger.open_clears(220.0) == 0


def test_an_outage_is_over_when_the_last_of_its_incidents_is(ledger: Ledger) -> None:
    first, call = called(ledger, "chat", target="a")
    second = opened(ledger, "s1", "b")
    ledger.escalate_many([Call(second, 1, "platform", "y", told_by=first)], 100.0)
    ledger.delivery_sent(delivery(ledger, "chat"), 110.0)
    close(ledger, first, "healed")
    assert ledger.open_clears(210.0) == 0
    close(ledger, second, "resolved")
    assert ledger.open_clears(220.0) == 1
    assert [one.escalation for one, _of in ledger.due_deliveries(1e9)] == [call]

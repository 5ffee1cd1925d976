# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The courier between a real ledger and real sockets: nothing is lost, nothing is sent twice, nobody holds another."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import courier as couriers
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.courier import Courier, Sent
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Channel, Policy, policy_from
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import deliver
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Call
from lab.standins import slack
from lab.standins.web import Reply
from tests.unit.escalation.desk import SECRETS, Desk
from tests.unit.ledger.helpers import at_once, events, opened


def called(ledger: Ledger, target: str = "hetzner", now: float = 100.0, **more: Any) -> str:
    """An incident about which the platform team is to be called."""
    episode = opened(ledger, "s1", target, now=now)
    ledger.escalate(episode, 1, more.get("to", "platform"), "restart failed", now)
    return episode


def close(ledger: Ledger, episode: str, outcome: str, now: float) -> None:
    ledger.close_episode(episode, outcome, "s1", now, None, "")


def triggers(desk: Desk) -> list[str]:
    return [
        one["event"]["dedup_key"] for one in desk.pager.arrivals.accepted if one["event"]["event_action"] == "trigger"
    ]


def attempts(ledger: Ledger) -> dict[str, int]:
    """How often each channel has tried what has not arrived by it."""
    return {one.channel: one.attempts for one, _of in ledger.due_deliveries(1e12)}


def test_a_recorded_call_arrives_by_every_channel_of_its_owner_once(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    courier = Courier(ledger, desk.policy())
    assert courier.run(101.0) == Sent(sent=2)
    assert courier.run(102.0) == Sent()
    assert triggers(desk) == [f"oncall-remedy/{episode}/1"]
    assert len(desk.chat.arrivals.accepted) == 1
    assert [one.state for one in ledger.escalations(episode)] == ["sent"]
    assert sorted(events(ledger, episode)[-2:]) == ["platform was told by chat", "platform was told by pager"]


def test_what_is_told_comes_from_the_case_and_the_plan_that_waits(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    ledger.save_case(
        {"id": episode, "target": "hetzner", "runbook": "traefik_down", "outcome": "asked", "opened_at": 100.0,
         "alertname": "TraefikDown", "next": "Carried out once it is approved."}, 100.0
    )  # fmt: skip
    (asked,) = ledger.ask(
        [Approval("4f2a91c0", "approval", episode, "hetzner", "r", "f", "b", {}, "p", "e", "waiting", 100.0, 3700.0)],
        100.0,
    )
    Courier(ledger, desk.policy()).run(101.0)
    details = desk.pager.arrivals.accepted[0]["event"]["payload"]["custom_details"]
    assert details["next"] == "Carried out once it is approved."
    assert f"plan={asked.id}" in details["approve"]


def test_a_channel_that_fails_is_tried_again_and_the_other_one_is_not(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    desk.pager.unwell = [Reply(503, b"")]
    courier = Courier(ledger, desk.policy())
    first = courier.run(100.0)
    assert (first.sent, first.failed) == (1, ("pager: 503 service unavailable: send to PagerDuty",))
    assert first.lines == ["! not told yet: pager: 503 service unavailable: send to PagerDuty"]
    assert [(one.state, one.error) for one in ledger.escalations(episode)] == [
        ("failed", "pager: 503 service unavailable: send to PagerDuty")
    ]
    assert courier.run(150.0) == Sent()
    assert courier.run(170.0) == Sent(sent=1)
    assert (len(desk.chat.arrivals.all), len(triggers(desk))) == (1, 1)
    assert ledger.undelivered(1e9) == []


def test_the_pauses_double_to_half_an_hour_and_never_end_also_after_the_incident(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    desk.pager.unwell = [Reply(503, b"")] * 12
    policy = desk.policy([{"to": "pager"}])
    at, pauses = 100.0, []
    for number in range(12):
        if number == 3:
            close(ledger, episode, "not_healed", at)
        Courier(ledger, policy).run(at)
        ((one, _of),) = ledger.due_deliveries(1e12)
        assert one.due_at is not None
        pauses.append(round(one.due_at - at, -1))
        at = one.due_at
    assert pauses == [60, 120, 240, 480, 960, *[1800] * 7]
    assert Courier(ledger, policy).run(at) == Sent(sent=1)
    details = desk.pager.arrivals.accepted[0]["event"]["payload"]["custom_details"]
    assert details["why"] == "restart failed"


def test_a_service_that_asks_to_wait_is_left_alone_for_so_long(desk: Desk, ledger: Ledger) -> None:
    called(ledger)
    desk.chat.unwell = [slack.rate_limited(600)]
    courier = Courier(ledger, desk.policy([{"to": "chat"}]))
    courier.run(100.0)
    assert courier.run(690.0) == Sent()
    assert courier.run(710.0).sent == 1


def test_of_a_service_that_is_down_only_the_first_message_is_tried(desk: Desk, ledger: Ledger) -> None:
    for target in "abc":
        called(ledger, target)
    desk.pager.unwell = [Reply(503, b"")]
    courier = Courier(ledger, desk.policy([{"to": "pager"}]))
    courier.run(100.0)
    assert len(desk.pager.arrivals.all) == 1
    assert courier.run(110.0).sent == 2
    assert courier.run(170.0).sent == 1


def test_a_message_that_a_service_cannot_take_holds_no_other(desk: Desk, ledger: Ledger) -> None:
    for target in "ab":
        called(ledger, target)
    desk.chat.unwell = [Reply.text(400, "invalid_payload")]
    run = Courier(ledger, desk.policy([{"to": "chat"}])).run(100.0)
    assert (run.sent, run.failed) == (1, ("chat: 400 bad request: post to Slack; invalid_payload",))


def test_a_channel_that_hangs_holds_no_other_and_is_tried_again(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    desk.chat.hanging.set()
    run = Courier(ledger, desk.policy(), seconds=2.0).run(100.0)
    assert run.sent == 1
    assert [failure.partition(":")[0] for failure in run.failed] == ["chat"]
    assert ledger.escalations(episode)[0].state == "failed"
    desk.chat.hanging.clear()
    assert Courier(ledger, desk.policy()).run(200.0).sent == 1
    assert ledger.undelivered(1e9) == []


def test_a_thread_that_never_comes_back_is_left_and_what_it_carried_is_tried_again(
    desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(channel: Channel, message: Message, seconds: float) -> str:
        if channel.name == "pager":
            desk.pager.closing.wait()
        return deliver(channel, message, seconds)

    called(ledger)
    monkeypatch.setattr(couriers, "deliver", hang)
    run = Courier(ledger, desk.policy(), seconds=1.0).run(100.0)
    assert (run.sent, run.failed) == (1, ("pager: no answer within 1 s",))
    assert attempts(ledger) == {"pager": 1}


@pytest.mark.parametrize("call", ["somebody", ""])
def test_a_call_for_somebody_without_channels_stays_visible_until_there_are_some(
    desk: Desk, ledger: Ledger, call: str
) -> None:
    called(ledger, to=call)
    assert Courier(ledger, desk.policy()).run(100.0) == Sent(
        nowhere=(f"1 call for {call}: remedy_escalations names no channel for them",)
    )
    assert [one.to for one in ledger.undelivered(1e9)] == [call]
    assert Courier(ledger, desk.policy()).run(100.0).lines == [
        f"! not told yet: 1 call for {call}: remedy_escalations names no channel for them"
    ]
    later = policy_from({call: [{"to": "pager"}]}, desk.channels)
    assert Courier(ledger, later).run(200.0) == Sent(sent=1)


def test_a_channel_that_the_inventory_lost_is_replaced_by_what_it_names_now(desk: Desk, ledger: Ledger) -> None:
    called(ledger)
    desk.pager.unwell = [Reply(503, b"")]
    Courier(ledger, desk.policy([{"to": "pager"}])).run(100.0)
    without_pager = policy_from({"platform": [{"to": "mail"}]}, {"mail": desk.channels["mail"]})
    assert Courier(ledger, without_pager).run(110.0) == Sent(sent=1)
    assert ledger.undelivered(1e9) == []


def test_nobody_is_told_an_end_by_a_channel_that_is_gone_and_the_others_are(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    Courier(ledger, desk.policy()).run(100.0)
    close(ledger, episode, "healed", 200.0)
    without_pager = policy_from({"platform": [{"to": "chat"}]}, {"chat": desk.channels["chat"]})
    run = Courier(ledger, without_pager).run(210.0)
    assert (run.sent, run.failed) == (1, ("pager: remedy_channels has no pager any more",))


def test_when_the_incident_goes_on_the_next_level_is_called_by_its_own_channels(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    courier = Courier(ledger, desk.policy())
    courier.run(100.0)
    assert courier.run(999.0) == Sent()
    assert courier.run(1000.0) == Sent(sent=2)
    assert triggers(desk) == [f"oncall-remedy/{episode}/{level}" for level in (1, 2)]
    assert desk.mail.arrivals.accepted[0]["headers"]["Message-ID"] == f"<oncall-remedy.{episode}.2@example.org>"
    assert courier.run(1e6) == Sent()


def test_when_the_incident_is_over_no_further_level_is_called(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    courier = Courier(ledger, desk.policy())
    courier.run(100.0)
    close(ledger, episode, "not_healed", 500.0)
    assert courier.run(1e6) == Sent()


def test_when_all_is_well_pagerdutys_alerts_are_resolved_and_the_others_hear_of_it(desk: Desk, ledger: Ledger) -> None:
    episode = called(ledger)
    courier = Courier(ledger, desk.policy())
    courier.run(100.0)
    courier.run(1000.0)
    close(ledger, episode, "healed", 1100.0)
    assert courier.run(1110.0) == Sent(sent=4)
    assert desk.pager.open == set()
    assert desk.chat.arrivals.accepted[-1]["message"]["text"].startswith("Over: ")
    assert desk.mail.arrivals.accepted[-1]["headers"]["In-Reply-To"] == f"<oncall-remedy.{episode}.2@example.org>"
    assert courier.run(1e6) == Sent()


def test_a_storm_of_one_cause_is_one_call_and_one_end(desk: Desk, ledger: Ledger) -> None:
    episodes = [opened(ledger, "s1", f"node{number}") for number in range(40)]
    others = [Call(episode, 1, "platform", "down", told_by=episodes[0]) for episode in episodes[1:]]
    ledger.escalate_many([Call(episodes[0], 1, "platform", "down"), *others], 100.0)
    courier = Courier(ledger, desk.policy())
    assert courier.run(100.0) == Sent(sent=2)
    for episode in episodes[:-1]:
        close(ledger, episode, "resolved", 200.0)
    assert courier.run(210.0) == Sent()
    close(ledger, episodes[-1], "resolved", 300.0)
    assert courier.run(310.0) == Sent(sent=2)
    assert (len(desk.chat.arrivals.accepted), len(desk.pager.arrivals.accepted)) == (2, 2)


# ---- dying, and several at once


def run_and_die(url: str, policy: Policy, after: bool) -> None:
    """A courier that is killed while it sends: before the message has left, or after it has arrived."""

    def die(channel: Channel, message: Message, seconds: float) -> str:
        if after:
            deliver(channel, message, seconds)
        os._exit(9)

    couriers.deliver = die  # type: ignore[attr-defined]
    Courier(Ledger.open(url), policy).run(100.0)


@pytest.mark.parametrize("after", [False, True], ids=["before it left", "after it arrived"])
def test_a_death_between_attempt_and_record_repeats_the_call_and_pagerduty_has_one_alert(
    desk: Desk, url: str, ledger: Ledger, after: bool
) -> None:
    episode = called(ledger)
    policy = desk.policy([{"to": "pager"}])
    process = multiprocessing.get_context("forkserver").Process(target=run_and_die, args=(url, policy, after))
    process.start()
    process.join()
    assert process.exitcode == 9
    key = f"oncall-remedy/{episode}/1"
    assert desk.pager.triggers == ({key: 1} if after else {})
    assert Courier(ledger, policy).run(110.0) == Sent()  # the dead one may still be at it
    assert Courier(ledger, policy).run(161.0) == Sent(sent=1)
    assert desk.pager.triggers == {key: 2 if after else 1}
    assert desk.pager.open == {key}
    assert ledger.undelivered(1e9) == []


def carry(url: str, policy: Policy) -> int:
    return Courier(Ledger.open(url), policy).run(100.0).sent


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_of_several_couriers_at_once_each_call_is_sent_by_one(desk: Desk, url: str, ledger: Ledger) -> None:
    for number in range(12):
        called(ledger, f"node{number}")
    sent = at_once(carry, [(url, desk.policy())] * 4)
    assert sum(sent) == 24
    assert sorted(desk.pager.triggers.values()) == [1] * 12
    assert len(desk.chat.arrivals.accepted) == 12
    assert ledger.undelivered(1e9) == []


# ---- secrets


def test_no_secret_of_a_channel_is_in_the_ledger_or_in_what_the_courier_says(
    desk: Desk, url: str, ledger: Ledger
) -> None:
    called(ledger)
    own = {"pager": SECRETS[0], "chat": SECRETS[1], "hook": SECRETS[3], "mail": SECRETS[4]}
    desk.pager.unwell = [Reply.json(400, {"message": f"no {own['pager']}"})]
    desk.chat.unwell = [Reply.text(500, f"no {own['chat']}")]
    desk.hook.unwell = [Reply.text(500, f"no {own['hook']}")]
    desk.mail.unwell = [f"451 4.3.0 no {own['mail']}"]
    run = Courier(ledger, desk.policy([{"to": list(own)}])).run(100.0)
    assert len(run.failed) == 4
    database = Path(url.removeprefix("sqlite:///"))
    written = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"451 4.3.0 no (redacted)" in written
    assert [secret for secret in own.values() if secret.encode() in written or secret in str(run)] == []


def test_an_unforeseen_fault_of_a_channel_is_a_failure_of_that_channel(
    desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.channels import slack as channel

    def broken(_envelope: Any) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr(channel, "send", broken)
    called(ledger)
    run = Courier(ledger, desk.policy()).run(100.0)
    assert (run.sent, run.failed) == (1, ("chat: slack: a bug",))

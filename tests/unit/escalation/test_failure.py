# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's own failure: told without a ledger, kept until it was, once an hour and not once a minute."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation import failure
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.failure import (
    engine_failed,
    engine_recovered,
    retry_spooled,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.message import Message
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Channel, Policy
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.sender import deliver
from lab.standins.web import Reply
from tests.unit.escalation.desk import SECRETS, Desk
from tests.unit.ledger.helpers import at_once

WHAT, WHY = "the sweep", "the ledger at postgresql://db cannot be opened"
MINUTE = 60.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def policy(desk: Desk) -> Policy:
    return desk.policy([{"to": ["pager", "chat"]}], engine="platform")


def files(state: Path) -> list[Path]:
    return sorted((state / "failures").glob("*.json"))


def refuse(desk: Desk, times: int = 1) -> None:
    desk.pager.unwell = [Reply(503, b"") for _time in range(times)]
    desk.chat.unwell = [Reply(500, b"") for _time in range(times)]


def test_a_failure_is_told_by_every_channel_of_the_engines_owner_without_a_ledger(desk: Desk, state: Path) -> None:
    told = engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    assert told == "platform was told that the engine failed, by chat, pager"
    payload = desk.pager.arrivals.accepted[0]["event"]["payload"]
    assert (payload["summary"], payload["severity"]) == ("oncall.remedy: the sweep failed", "critical")
    assert payload["custom_details"]["why"] == WHY
    assert len(desk.chat.arrivals.accepted) == 1


def test_a_sweep_that_fails_every_minute_calls_once_an_hour_and_counts(desk: Desk, state: Path) -> None:
    lines = [engine_failed(policy(desk), state, WHAT, WHY, 1000.0 + minute * MINUTE) for minute in range(121)]
    assert len(desk.chat.arrivals.all) == 3
    assert len(desk.pager.open) == 1
    assert lines[59] == "the sweep has failed 60 times in 59 min; called about 59 min ago, and again after 1 h"
    details = desk.pager.arrivals.accepted[-1]["event"]["payload"]["custom_details"]
    assert details["since"].endswith("2 h ago; seen 121 times")


def test_another_kind_of_failure_is_a_call_of_its_own(desk: Desk, state: Path) -> None:
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    engine_failed(policy(desk), state, "the inventory", "no such file", 1001.0)
    assert len(desk.pager.open) == 2


def test_a_failure_with_many_words_fits_pagerdutys_key(desk: Desk, state: Path) -> None:
    assert "by chat, pager" in engine_failed(policy(desk), state, "a word and another " * 50, WHY * 500, 1000.0)
    assert "again after 1 h" in engine_failed(policy(desk), state, "a word and another " * 50, WHY, 1060.0)


def test_what_could_not_be_sent_is_kept_and_sent_by_a_later_run(desk: Desk, state: Path) -> None:
    refuse(desk)
    told = engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    assert told.startswith("platform could not be told that the engine failed: chat: 500 ")
    assert told.endswith("; tried again in 1 min")
    assert retry_spooled(policy(desk), state, 1030.0) == []
    assert retry_spooled(policy(desk), state, 1070.0) == ["platform was told that the engine failed, by chat, pager"]
    assert retry_spooled(policy(desk), state, 9000.0) == []
    assert (len(desk.pager.arrivals.accepted), len(desk.chat.arrivals.accepted)) == (1, 1)


def test_only_the_channel_that_failed_is_tried_again(desk: Desk, state: Path) -> None:
    desk.pager.unwell = [Reply(503, b"")]
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    retry_spooled(policy(desk), state, 1070.0)
    assert (len(desk.pager.arrivals.accepted), len(desk.chat.arrivals.accepted)) == (1, 1)


def test_a_sweep_that_always_fails_before_it_could_retry_still_retries(desk: Desk, state: Path) -> None:
    refuse(desk)
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    quiet = engine_failed(policy(desk), state, WHAT, WHY, 1030.0)
    assert quiet.endswith("not told yet by pager, chat, tried again in 30 s")
    engine_failed(policy(desk), state, WHAT, WHY, 1070.0)
    assert (len(desk.pager.arrivals.accepted), len(desk.chat.arrivals.accepted)) == (1, 1)


def test_the_retries_are_ever_further_apart_up_to_half_an_hour(desk: Desk, state: Path) -> None:
    refuse(desk, 9)
    engine_failed(policy(desk), state, WHAT, WHY, 0.0)
    tried: list[float] = []
    now = 0.0
    while len(tried) < 8:
        now += MINUTE
        if retry_spooled(policy(desk), state, now):
            tried.append(now / MINUTE)
    assert tried == [1, 3, 7, 15, 31, 61, 91, 121]


def test_when_a_sweep_has_come_through_those_who_were_called_hear_of_it_once(desk: Desk, state: Path) -> None:
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    assert engine_recovered(policy(desk), state, 1600.0) == ["the sweep works again; chat, pager was told"]
    assert desk.pager.open == set()
    assert engine_recovered(policy(desk), state, 1660.0) == []
    assert files(state) == []


def test_who_never_heard_of_a_failure_does_not_hear_of_its_end(desk: Desk, state: Path) -> None:
    refuse(desk)
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    assert engine_recovered(policy(desk), state, 1600.0) == ["the sweep works again"]
    assert (desk.pager.arrivals.accepted, desk.chat.arrivals.accepted) == ([], [])


def test_an_end_that_could_not_be_told_is_told_later_and_the_alert_is_resolved(desk: Desk, state: Path) -> None:
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    desk.pager.unwell = [Reply(503, b"")]
    (line,) = engine_recovered(policy(desk), state, 1600.0)
    assert line.startswith("the sweep works again; not told yet: pager: 503")
    assert engine_recovered(policy(desk), state, 1610.0) == []
    assert retry_spooled(policy(desk), state, 1670.0) == ["the sweep works again; pager was told"]
    assert (desk.pager.open, files(state)) == (set(), [])
    assert len(desk.chat.arrivals.accepted) == 2


def test_a_failure_after_a_good_sweep_calls_again_at_once(desk: Desk, state: Path) -> None:
    engine_failed(policy(desk), state, WHAT, WHY, 1000.0)
    desk.pager.unwell = [Reply(503, b"")]
    engine_recovered(policy(desk), state, 1060.0)
    engine_failed(policy(desk), state, WHAT, WHY, 1120.0)
    assert len(desk.pager.open) == 1
    details = desk.pager.arrivals.accepted[-1]["event"]["payload"]["custom_details"]
    assert details["since"] == "1970-01-01T00:18:40Z"
    assert engine_recovered(policy(desk), state, 1180.0) == ["the sweep works again; chat, pager was told"]


def test_without_anybody_to_tell_it_is_kept_until_the_inventory_names_somebody(desk: Desk, state: Path) -> None:
    for now in (1000.0, 1060.0):
        told = engine_failed(Policy(), state, WHAT, WHY, now)
        assert told.startswith("nobody can be told that the engine failed: remedy_engine_escalation names nobody")
    assert retry_spooled(Policy(), state, 1100.0) == []
    assert retry_spooled(policy(desk), state, 1200.0) == ["platform was told that the engine failed, by chat, pager"]


def test_its_files_are_for_their_owner_alone_and_hold_no_secret(desk: Desk, state: Path) -> None:
    desk.chat.unwell = [Reply.text(500, f"no {SECRETS[1]}")]
    engine_failed(policy(desk), state, WHAT, "password=pl4ntedS3cret", 1000.0)
    folder = state / "failures"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = files(state)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = file.read_text(encoding="utf-8")
    assert [secret for secret in (*SECRETS, "pl4ntedS3cret") if secret in kept] == []
    assert json.loads(kept)["missing"] == ["chat"]


def test_where_nothing_can_be_kept_the_failure_is_told_all_the_same(desk: Desk, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("no folder")
    told = engine_failed(policy(desk), occupied, WHAT, WHY, 1000.0)
    assert told.startswith("platform was told that the engine failed, by chat, pager (")
    assert "it will be told again every time" in told
    assert len(desk.pager.open) == 1
    assert retry_spooled(policy(desk), occupied, 1000.0) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}', '{"missing": 3, "reached": [], "errors": []}'])
def test_a_file_that_is_none_of_ours_or_half_a_one_holds_nothing_up(desk: Desk, state: Path, content: str) -> None:
    folder = state / "failures"
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text(content)
    assert retry_spooled(policy(desk), state, 1000.0) == []
    assert "was told" in engine_failed(policy(desk), state, WHAT, WHY, 1000.0)


def fail(state: str, names: Policy) -> str:
    return engine_failed(names, state, WHAT, WHY, 1000.0)


def test_of_several_sweeps_that_fail_at_once_one_calls(desk: Desk, state: Path) -> None:
    lines = at_once(fail, [(str(state), policy(desk))] * 4)
    assert sum("was told" in line for line in lines) == 1
    assert list(desk.pager.triggers.values()) == [1]
    assert len(desk.chat.arrivals.all) == 1


def fail_and_die(state: str, names: Policy) -> None:
    def die(channel: Channel, message: Message, seconds: float) -> str:
        if channel.name == "pager":
            deliver(channel, message, seconds)
        os._exit(9)

    failure.deliver = die  # type: ignore[attr-defined]
    engine_failed(names, state, WHAT, WHY, 1000.0)


def test_who_dies_while_calling_leaves_the_call_to_the_next_run(desk: Desk, state: Path) -> None:
    names = policy(desk)
    process = multiprocessing.get_context("forkserver").Process(target=fail_and_die, args=(str(state), names))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert retry_spooled(names, state, 1070.0) == ["platform was told that the engine failed, by chat, pager"]
    assert len(desk.pager.open) == 1
    assert len(desk.chat.arrivals.accepted) == 1

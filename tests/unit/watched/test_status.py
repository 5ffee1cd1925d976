# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the status says, and that it fits a terminal of 80 columns whatever names and texts there are."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, get_args

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import EpisodeState, Why
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Watched
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.status import SHOWN, WIDTH, text
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.status import WAITS_FOR, status
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns
from tests.unit.watched import things
from tests.unit.watched.things import NOW

Json = dict[str, Any]

ESCAPE = re.compile(r"\x1b\[[0-9]+m")
LONG = "a-name-that-goes-on-and-on-" * 5
HOSTILE = "\x1b[2J\x1b]0;title\x07\u202edrow\r\n▲ healed\x00 " + "界" * 60 + " {{ 7 * 7 }} "


def shown(watched: Watched, **more: Any) -> str:
    return text(status(watched, things.cases(watched), NOW, sources=["lab"], **more))


def section(words: str, name: str) -> str:
    """The lines of one section, joined."""
    found = re.search(rf"^{name} \(\d+\)\n((?:  .*\n?)+)", words, re.MULTILINE)
    assert found, words
    return " ".join(found[1].split())


def replaced(value: Any, words: str) -> Any:
    """A value of the ledger with every free text in it set to ``words``."""
    if isinstance(value, str):
        return words
    if isinstance(value, dict):
        return {key: replaced(member, words) for key, member in value.items()}
    return [replaced(member, words) for member in value] if isinstance(value, list) else value


def with_texts(watched: Watched, words: str) -> tuple[Watched, dict[str, Json]]:
    """The same moment and its cases with that text wherever somebody else chooses the words."""
    free = ("target", "alertname", "runbook", "to", "error", "reason", "owner", "because", "remedy", "plan", "channel")

    def changed(one: Any) -> Any:
        fields = {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
        return dataclasses.replace(one, **{name: replaced(fields[name], words) for name in free if name in fields})

    groups = ("episodes", "over", "leases", "unfinished", "approvals", "pauses", "undelivered", "deliveries")
    all_changed: dict[str, Any] = {name: tuple(changed(one) for one in getattr(watched, name)) for name in groups}
    cases = {}
    for id_, case in things.cases(watched).items():
        gate = [{**one, "reason": words} for one in case["gate"]]
        cases[id_] = {**case, "headline": words, "gate": gate, "diagnosis": replaced(case["diagnosis"], words)}
    return dataclasses.replace(watched, **all_changed), cases


def test_with_nothing_open_it_says_that_nothing_waits() -> None:
    assert "Nothing waits: nothing is open" in shown(Watched(last_success=things.sweep(), last_sweep=things.sweep()))
    assert "swept     never so far" in shown(Watched())


def test_what_is_held_names_every_guard_with_its_reason_and_the_next_look() -> None:
    held = section(shown(things.everything()), "Held")
    assert "TraefikDown · hetzner open 10 min · a1b2a1b2" in held
    assert "held by evidence: healthy is unknown: Prometheus did not answer in 20 s" in held
    assert "plan restart of DaemonSet traefik/traefik (medium risk, mode act)" in held
    assert "next looked at in 30 s" in held
    assert "mode: act" not in held, "a guard that passes does not hold"


def test_two_guards_that_hold_are_both_named() -> None:
    watched = things.everything()
    cases = things.cases(watched)
    cases[watched.episodes[0].id]["gate"].append({"guard": "cooldown", "passes": False, "reason": "done 5 min ago"})
    held = section(text(status(watched, cases, NOW)), "Held")
    assert "held by evidence: healthy is unknown" in held
    assert "cooldown: done 5 min ago" in held


def test_what_waits_for_a_human_names_whom_and_what_for() -> None:
    watched = things.everything()
    cases = things.cases(watched)
    cases[watched.episodes[2].id]["escalations"] = [{"to": "platform", "state": "sent"}]
    waits = section(text(status(watched, cases, NOW)), "Waits")
    assert "TargetDown · hetzner open 10 min · e5f6e5f6" in waits
    assert "for a human, who was called (platform)" in waits


def test_a_human_whom_no_call_has_reached_was_not_told() -> None:
    watched = things.everything()
    called = things.escalation(watched.episodes[2])
    waits = section(shown(dataclasses.replace(watched, undelivered=(called,), over=())), "Waits")
    assert "for a human, whom no call has reached yet" in waits


def test_what_is_proposed_says_what_and_which_guard_keeps_the_engine_from_it() -> None:
    proposed = things.episode(why="human", outcome="proposed")
    gate = [{"guard": "opt out", "passes": False, "reason": "the racks are moved"}]
    words = text(status(Watched(episodes=(proposed,)), {proposed.id: things.case(proposed, gate=gate)}, NOW))
    assert "plan restart of DaemonSet traefik/traefik (medium risk, mode act)" in section(words, "Waits")
    assert "held by opt out: the racks are moved" in section(words, "Waits")


def test_a_plan_that_needs_a_yes_shows_its_hash_risk_expiry_and_the_command_to_copy() -> None:
    words = shown(things.everything())
    asked = section(words, r"Needs a yes or a no")
    assert "TraefikDown · edge-fra1 3f2a91c4" in asked
    assert "plan restart of DaemonSet traefik/traefik (medium risk)" in asked
    assert "because 3 of 3 nodes do not serve the page" in asked
    assert "asked 5 min ago, 55 min left" in asked
    joined = words.replace("\\\n", " ")
    assert re.search(
        r"ansible-playbook -i INVENTORY oncall.remedy.approve +-e plan=3f2a91c4 -e decision=approve", joined
    )
    assert "edge-fra1" not in section(words, "Waits"), "it is told once, where something can be done about it"


def test_what_was_approved_says_by_whom_and_for_how_long_it_is_good() -> None:
    watched = things.everything()
    yes = dataclasses.replace(watched.approvals[0], state="approved", decided_by="ada")
    words = shown(dataclasses.replace(watched, approvals=(yes,)))
    assert "approved by ada; good for 55 min more" in section(words, "Approved, not carried out yet")
    assert "edge-fra1" not in section(words, "Waits")


def test_an_alert_that_has_not_fired_for_long_enough_is_held_by_patience() -> None:
    young = things.episode(why="patience", outcome="waiting")
    gate = [{"guard": "patience", "passes": False, "reason": "fires for 30 s of 2 min"}]
    words = text(status(Watched(episodes=(young,)), {young.id: things.case(young, gate=gate)}, NOW))
    assert "held by patience: fires for 30 s of 2 min" in section(words, "Held")


def test_a_call_that_has_not_arrived_names_the_channel_and_its_error_also_when_the_incident_is_over() -> None:
    words = section(shown(things.everything()), "Nobody was told")
    assert "TraefikDown · hetzner 0a0b0a0b" in words
    assert "for platform: restart did not heal it" in words
    assert "since 7 min ago; 2 attempts, next in 1 min" in words
    assert "pager HTTP 503" in words


def test_a_call_for_which_the_inventory_names_no_channel_says_so() -> None:
    watched = things.everything(deliveries=())
    assert "by no channel: remedy_escalations names none" in section(shown(watched), "Nobody was told")


def test_pauses_locks_and_what_was_begun_are_told() -> None:
    words = shown(things.everything())
    assert "everything 1 h left · 9c1d by ada: move of the racks" in section(words, "Paused")
    assert "until 4 min left" in section(words, "Locked")
    assert "until ran out 5 min ago, not given back" in section(words, "Locked")
    assert "begun 1 min ago, no outcome" in section(words, "Begun, outcome unknown")


def test_what_a_remedy_has_earned_is_told_where_something_follows_from_it() -> None:
    remedy = "oncall.remedy.traefik.restart DaemonSet traefik/traefik"
    trust = [
        {"target": "hetzner", "remedy": remedy, "suggestion": "could be act: the last 5 approved heals have held"},
        {"target": "berlin", "remedy": remedy, "suggestion": ""},
    ]
    words = shown(Watched(), trust=trust)
    assert "trust could be act: the last 5 approved heals have held" in section(words, "Trust")
    assert "berlin" not in words


def test_storm_kill_switch_and_a_failed_sweep_stand_at_the_top() -> None:
    failed = things.sweep(summary={"fault": "no space left on device"})
    watched = things.everything(last_sweep=failed)
    head = " ".join(shown(watched, kill_switch="present").partition("\n\n")[0].split())
    assert "! The kill switch is pulled: nothing acts." in head
    assert "! A storm since 04:15:07 UTC: 12 unrelated targets down." in head
    assert "! The last sweep failed: no space left on device" in head
    assert "cannot be told" in shown(watched, kill_switch="unreadable")


def test_a_failure_of_the_engine_itself_says_who_was_not_told() -> None:
    failure = {
        "key": "k",
        "what": "sweep",
        "why": "no space left on device",
        "since": NOW - 120,
        "times": 2,
        "due_at": NOW,
        "missing": ("pager",),
        "errors": ("pager: HTTP 503",),
    }
    head = " ".join(shown(Watched(), failures=[failure]).split())
    assert "! The engine itself failed (sweep), 2 times since 04:15:07 UTC: no space left on device" in head
    assert "not told yet by pager" in head


def test_a_source_that_was_never_heard_is_named() -> None:
    words = text(status(Watched(), {}, NOW, sources=["lab", "berlin"]))
    assert "heard     lab never, berlin never" in words


def test_a_target_narrows_every_section_and_a_pause_of_everything_stays() -> None:
    found = status(things.everything(), {}, NOW, target="edge-fra1")
    named = {
        key: [one["target"] for one in found[key]] for key in ("approvals", "held", "waits", "leases", "unfinished")
    }
    assert named == {"approvals": ["edge-fra1"], "held": [], "waits": [], "leases": [], "unfinished": []}
    assert found["undelivered"] == []
    assert [one["target"] for one in found["pauses"]] == [""]
    assert "Nothing waits on berlin" in text(status(Watched(), {}, NOW, target="berlin"))


@pytest.mark.parametrize("words", [LONG, HOSTILE, "", "界" * 200], ids=["long", "hostile", "empty", "wide"])
def test_no_line_is_wider_than_80_columns_and_no_text_can_move_the_cursor(words: str) -> None:
    watched, cases = with_texts(things.everything(), words)
    for line in text(status(watched, cases, NOW, sources=[words, "lab"])).split("\n"):
        assert line.isprintable(), line
        assert columns(line) <= WIDTH, line


def test_an_entry_of_a_hostile_text_begins_no_line_of_its_own() -> None:
    watched, cases = with_texts(things.everything(), HOSTILE)
    lines = text(status(watched, cases, NOW)).split("\n")
    assert [line for line in lines if line.startswith("▲")] == []
    assert "{{ 7 * 7 }}" in " ".join(" ".join(lines).split()), "shown as it came, and never rendered"


def test_a_storm_is_cut_after_some_entries_and_says_how_many_more_there_are() -> None:
    many = tuple(things.episode(f"{number:04x}", target=f"host{number}") for number in range(300))
    words = shown(Watched(episodes=many))
    assert "Held (300)" in words
    assert words.count("held by") == SHOWN
    assert f"and {300 - SHOWN} more; -e target=NAME narrows" in words


def test_colour_adds_nothing_but_colour() -> None:
    found = status(things.everything(), things.cases(things.everything()), NOW, kill_switch="present")
    assert "\x1b" not in text(found)
    assert "\x1b[1m" in text(found, colour=True)
    assert ESCAPE.sub("", text(found, colour=True)) == text(found)


def test_there_are_words_for_whatever_an_open_incident_waits_for() -> None:
    states = set(get_args(EpisodeState)) - {"closed", "waiting"}
    assert set(WAITS_FOR) == {*states, *get_args(Why), "unheard"}


def test_an_incident_that_a_sweep_works_on_says_so_instead_of_a_time() -> None:
    busy = things.episode(state="mending", why="", claimed_by="s1", claimed_until=NOW + 60)
    words = section(shown(Watched(episodes=(busy,))), "Waits")
    assert "for its mitigation, which is under way next a sweep is at it now" in words


def test_the_status_is_plain_json() -> None:
    found = status(things.everything(), things.cases(things.everything()), NOW, sources=["lab"])
    assert json.loads(json.dumps(found)) == found
    assert found["held"][0]["held_by"] == [
        {"guard": "evidence", "reason": "healthy is unknown: Prometheus did not answer in 20 s"}
    ]
    assert found["next_due"] == NOW + 30

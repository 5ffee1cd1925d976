# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is shown of a plan before somebody answers for it: everything that would be done, and nothing that is not so."""

from __future__ import annotations

import dataclasses
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Pause
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Plan, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import decisions
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns

NOW = 1795222282.0

UNDO = Plan("restore", "oncall.remedy.traefik", "restore", "low", {}, "DaemonSet traefik/traefik", "rollback", 60, 60)
PLAN = Plan(
    mitigation="rollback",
    role="oncall.remedy.traefik",
    action="rollback",
    risk="high",
    arguments={"namespace": "traefik", "revision": 7},
    touches="DaemonSet traefik/traefik",
    credential="rollback",
    timeout=300.0,
    cooldown=1800.0,
    owner="helm",
    undo=as_json(UNDO),
    disturbs=1,
    among=3,
    rung=2,
    rungs=2,
)
CASE = {"alertname": "TraefikDown", "runbook": "traefik_down"}


def approval(plan: Plan = PLAN, **more: Any) -> Approval:
    fields: dict[str, Any] = {
        "id": "3f9a12c4e07b",
        "kind": "approval",
        "episode": "4f1c2a",
        "target": "hetzner",
        "remedy": "x",
        "finding": "bad_release",
        "because": "0 of 3 pods are ready since revision 8",
        "plan": as_json(plan),
        "plan_hash": "a" * 64,
        "evidence_hash": "b" * 64,
        "state": "waiting",
        "asked_at": NOW - 900,
        "expires_at": NOW + 2700,
    }
    return Approval(**{**fields, **more})


def rows(text: str) -> str:
    """The text with its blanks and line breaks made one blank each."""
    return " ".join(text.split())


def test_a_plan_shows_what_is_done_to_what_and_why_and_until_when_an_answer_counts() -> None:
    text = decisions.plan(approval(), CASE, NOW)
    told = rows(text)
    assert told.startswith("TraefikDown · hetzner: rollback of DaemonSet traefik/traefik (high risk)")
    assert "45 min left · 3f9a12c4e07b" in told
    for part in (
        "because 0 of 3 pods are ready since revision 8 finding bad_release",
        "does rollback (role oncall.remedy.traefik), in at most 5 min with namespace: traefik revision: 7",
        "disturbs 1 of 3 healthy identity rollback owned by helm",
        "undo restore of DaemonSet traefik/traefik, if it does not heal",
        "step 2 of 2",
        "asked 00:36:22 UTC, 15 min ago; an answer counts until 01:36:22 UTC",
        f"plan {'a' * 16}, evidence {'b' * 16}",
    ):
        assert part in told, part
    assert max(columns(line) for line in text.splitlines()) <= 100


def test_the_preview_is_a_command_on_a_line_of_its_own() -> None:
    lines = decisions.plan(approval(), CASE, NOW, "oncall.remedy.traefik_down").splitlines()
    command = "ansible-playbook oncall.remedy.traefik_down -e target=hetzner -e remedy_mode=act --check --diff"
    assert lines[-1] == f"    {command}"
    assert "preview" not in decisions.plan(approval(), CASE, NOW)
    assert "preview" not in decisions.plan(approval(state="used"), CASE, NOW, "oncall.remedy.traefik_down")


def test_what_is_not_declared_is_said_to_be_so() -> None:
    bare = dataclasses.replace(PLAN, undo=None, disturbs=0, owner="", cures=False, rung=1, rungs=1)
    told = rows(decisions.plan(approval(bare), CASE, NOW))
    assert "undo none declared" in told
    assert "disturbs nothing that is healthy" in told
    assert "cures no: it eases, and the incident stays open" in told
    assert "owned by" not in told
    assert "disturbs" not in rows(decisions.plan(approval(dataclasses.replace(PLAN, disturbs=None)), CASE, NOW))


def test_a_decided_plan_says_by_whom_and_why() -> None:
    decided = approval(state="rejected", decided_by="ada", decided_why="a deploy is running", decided_at=NOW)
    assert "rejected by ada: a deploy is running" in rows(decisions.plan(decided, CASE, NOW))
    wordless = approval(state="approved", decided_by="ada", decided_at=NOW)
    assert "approved by ada, no reason given" in rows(decisions.plan(wordless, CASE, NOW))


def test_hostile_text_is_written_out_and_begins_no_line() -> None:
    hostile = approval(
        because="x\x1b[2Jy\n  does      nothing", target="a\u202eb", decided_by="\x07ada", state="approved"
    )
    text = decisions.plan(hostile, {"alertname": "\x1b]0;x", "runbook": ""}, NOW)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert [line for line in text.splitlines() if line.startswith("  does")] == [
        "  does      rollback (role oncall.remedy.traefik), in at most 5 min"
    ]


def test_what_waits_is_a_line_each() -> None:
    assert decisions.waiting([], NOW) == "Nothing waits for an approval."
    text = decisions.waiting([approval(), approval(id="ffffffffffff", expires_at=NOW + 30)], NOW)
    assert len(text.splitlines()) == 3
    assert text.splitlines()[2].endswith("30 s left · ffffffffffff")


def test_a_pause_says_whose_it_is_why_and_how_long() -> None:
    one = Pause("9b1de0c4a2f7", "", "a game day", "ada", NOW - 60, NOW + 7200)
    told = rows(decisions.pause(one, NOW))
    assert told.startswith("Pause of everything 2 h left, until 02:51:22 UTC · 9b1de0c4a2f7")
    assert "owner ada reason a game day" in told
    lifted = dataclasses.replace(one, target="hetzner", lifted_at=NOW, lifted_by="bob")
    assert rows(decisions.pause(lifted, NOW)).startswith("Pause of hetzner lifted by bob · 9b1de0c4a2f7")

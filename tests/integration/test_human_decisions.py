# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What people decide: plans wait for a yes, pauses hold everything, and recorded cases are diagnosed anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval
from tests.support.estate import RUNBOOKS, Estate, Run

APPROVE, PAUSE, RESUME, REPLAY = (f"oncall.remedy.{name}" for name in ("approve", "pause", "resume", "replay"))


@pytest.fixture
def waiting(estate: Estate) -> Estate:
    """An edge that hangs, and a sweep in mode approve that has asked for its restart."""
    estate.settings["remedy_mode"] = "approve"
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    return estate


def asked(estate: Estate) -> Approval:
    """What stands for the one open incident."""
    (episode,) = estate.ledger.episodes()
    found = estate.ledger.approval_of(episode.id)
    assert found is not None
    return found


def answer(estate: Estate, decision: str, *more: str, why: str = "seen on the dashboard") -> Run:
    extra = json.dumps({"plan": asked(estate).id, "decision": decision, "why": why, "who": "ada"})
    return estate.sweep("-e", extra, *more, playbook=APPROVE)


def events(estate: Estate) -> list[str]:
    return [line["event"] for line in estate.case()["timeline"]]


def test_a_plan_waits_untouched_until_it_is_approved_and_is_then_carried_out_once(waiting: Estate) -> None:
    one = asked(waiting)
    assert (one.state, waiting.case()["outcome"], waiting["hetzner"].patches()) == ("waiting", "asked", [])

    run = answer(waiting, "approve").ended_well()
    assert "restart of DaemonSet traefik/traefik (medium risk)" in run.output
    assert "Approved by ada: seen on the dashboard." in run.output
    assert waiting["hetzner"].patches() == []

    waiting.sweep().ended_well()
    assert waiting.case()["outcome"] == "healed"
    assert len(waiting["hetzner"].patches()) == 1
    assert f"approved by ada ({one.id}): seen on the dashboard" in events(waiting)
    assert [(each.id, each.state) for each in waiting.ledger.approvals()] == [(one.id, "used")]


def test_a_rejection_holds_the_plan_and_nobody_is_asked_again(waiting: Estate) -> None:
    answer(waiting, "reject", why="a deploy is running").ended_well()
    for _sweep in range(2):
        waiting.sweep().ended_well()
        waiting.later(600)
    assert waiting["hetzner"].patches() == []
    assert [each.state for each in waiting.ledger.approvals()] == ["rejected"]
    holds = [one["reason"] for one in waiting.case()["gate"] if not one["passes"]]
    assert any("ada" in reason and "a deploy is running" in reason for reason in holds)


def test_an_approval_of_what_is_no_longer_so_is_void_and_asked_anew(waiting: Estate) -> None:
    first = asked(waiting)
    answer(waiting, "approve").ended_well()
    waiting.settings["remedy_playbooks"] = [str(_with_other_arguments(waiting))]
    waiting.sweep().ended_well()
    assert waiting["hetzner"].patches() == []
    assert asked(waiting).id != first.id
    assert {each.id: each.state for each in waiting.ledger.approvals()}[first.id] == "void"
    assert waiting.case()["outcome"] == "asked"


def _with_other_arguments(estate: Estate) -> Path:
    """The runbooks with a longer time for the restart: another plan."""
    folder = estate.folder / "others"
    folder.mkdir()
    for path in RUNBOOKS.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_text(text.replace("timeout: 30s", "timeout: 31s"), encoding="utf-8")
    return folder


def test_a_check_run_of_an_answer_writes_nothing(waiting: Estate) -> None:
    run = answer(waiting, "approve", "--check").ended_well()
    assert "Check mode: it would be approved by ada" in run.output
    assert asked(waiting).state == "waiting"
    waiting.later(600)
    waiting.sweep().ended_well()
    assert waiting["hetzner"].patches() == []


def test_what_a_human_says_is_text_and_never_a_template(waiting: Estate) -> None:
    planted = waiting.folder / "planted"
    hostile = "{{ lookup('ansible.builtin.pipe', 'touch " + str(planted) + "') }}"
    run = answer(waiting, "approve", why=hostile).ended_well()
    assert asked(waiting).decided_why == hostile
    assert "lookup('ansible.builtin.pipe'" in run.output
    assert not planted.exists()


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"plan": "zzzz", "decision": "approve"}, "no plan zzzz was ever put before anybody"),
        ({"plan": "PLAN", "decision": "yes"}, "decision: 'yes' is neither approve nor reject"),
        ({"plan": "PLAN", "decision": "reject"}, "a rejection needs a reason"),
        ({"plan": {"a": 1}, "decision": "approve"}, "plan: expected text"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_refused_in_words(waiting: Estate, extra: object, words: str) -> None:
    text = json.dumps(extra).replace("PLAN", asked(waiting).id)
    run = waiting.sweep("-e", text, playbook=APPROVE)
    assert run.code == 2
    assert words in " ".join(run.output.split())
    assert asked(waiting).state == "waiting"


def test_without_a_decision_a_plan_is_shown_and_without_a_plan_what_waits_is_listed(waiting: Estate) -> None:
    one = asked(waiting)
    assert one.id in waiting.sweep(playbook=APPROVE).ended_well().output
    shown = waiting.sweep("-e", f"plan={one.id[:6]}", playbook=APPROVE).ended_well().output
    assert "Nothing was decided" in shown
    assert one.because in " ".join(shown.split())
    assert f"    ansible-playbook {RUNBOOKS / 'edge_down.yml'} -e target=hetzner" in shown
    assert asked(waiting) == one


def test_the_user_of_awx_is_who_has_decided_whatever_else_is_said(waiting: Estate) -> None:
    extra = json.dumps({"plan": asked(waiting).id, "decision": "approve", "who": "root", "awx_user_name": "bob"})
    waiting.sweep("-e", extra, playbook=APPROVE).ended_well()
    assert asked(waiting).decided_by == "root (AWX user bob)"


def test_a_pause_holds_until_it_is_lifted(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    extra = json.dumps({"reason": "a disk is being changed", "for": "2h", "target": "hetzner", "owner": "ada"})
    assert "Pause of hetzner" in estate.sweep("-e", extra, playbook=PAUSE).ended_well().output
    estate.sweep().ended_well()
    assert estate["hetzner"].patches() == []
    (held,) = [one for one in estate.case()["gate"] if not one["passes"]]
    assert held["guard"] == "pause"
    assert "a disk is being changed" in held["reason"]

    assert "lifted by" in estate.sweep("-e", "target=hetzner", playbook=RESUME).ended_well().output
    estate.sweep().ended_well()  # at once: lifting a pause makes what was held due
    assert estate.case()["outcome"] == "healed"


def test_lifting_a_pause_that_is_not_there_says_which_ones_are(estate: Estate) -> None:
    estate.sweep("-e", '{"reason": "a game day", "for": "1h"}', playbook=PAUSE).ended_well()
    run = estate.sweep("-e", "target=hetzner", playbook=RESUME)
    assert run.code == 2
    assert "there is no pause of hetzner in force; in force: " in " ".join(run.output.split())
    assert "(everything)" in run.output


def test_what_a_sweep_has_just_decided_is_decided_the_same_when_it_is_replayed(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    run = estate.sweep("-e", "strict=true", playbook=REPLAY).ended_well()
    assert run.output.startswith("1 case · 1 decides as it did · 0 flip\n")

    estate.settings["remedy_playbooks"] = []
    run = estate.sweep("-e", "strict=true", playbook=REPLAY)
    assert run.code == 2
    assert "no runbook handles EdgeDown" in run.output
    assert "1 decision of recorded cases flip, and nobody accepted that" in " ".join(run.output.split())

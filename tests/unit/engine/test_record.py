# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carrying an ending out: the order of its steps, and what is left to whoever took the incident over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Episode, Incident
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.calls import Ended
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import SHOWN, Recorder, page_name
from tests.unit.engine.made import diagnosis

NOW = 1_000.0


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def recorder(ledger: Ledger, tmp_path: Path, said: list[str]) -> Recorder:
    return recorder_for(ledger, tmp_path, said)


def recorder_for(ledger: Ledger, tmp_path: Path, said: list[str], check: bool = False) -> Recorder:
    return Recorder(ledger, "this sweep", str(tmp_path / "cases"), 300.0, 3, said.append, lambda: None, check)


def opened(ledger: Ledger, by: str = "this sweep") -> Episode:
    episode = ledger.open_episode(Incident("lab", "hetzner", "x", alertname="X"), NOW)
    ledger.claim(episode.id, by, NOW + 600, NOW)
    return episode


def test_escalation_case_page_and_state_all_tell_the_same(
    recorder: Recorder, ledger: Ledger, said: list[str], tmp_path: Path
) -> None:
    episode = opened(ledger)
    recorder.record([Ended(episode, cases.new_case(episode, None), ending.told(diagnosis()), "platform")], NOW)
    case = ledger.case(episode.id)
    assert case is not None
    assert (case["outcome"], case["due_at"], case["escalations"][0]["to"]) == (
        "escalated",
        NOW + ending.LATER,
        "platform",
    )
    assert [line["event"] for line in case["timeline"]][-1] == case["headline"]
    assert ledger.episode(episode.id).state == "waiting"
    page = tmp_path / "cases" / page_name(case)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert str(page) in said[0]
    assert recorder.outcomes == {"escalated": 1}


def test_when_a_call_goes_out_the_case_says_how_the_incident_ended(
    ledger: Ledger, tmp_path: Path, said: list[str]
) -> None:
    """The call tells of the case; one of an earlier moment would tell of what is not so any more."""
    episode, seen = opened(ledger), []
    recorder = Recorder(
        ledger, "this sweep", str(tmp_path), 300.0, 3, said.append, lambda: seen.append(ledger.case(episode.id))
    )
    begun = cases.new_case(episode, None)
    recorder.begin(begun, NOW)
    recorder.record([Ended(episode, begun, ending.told(diagnosis()), "platform")], NOW)
    assert [case and (case["outcome"], case["next"]) for case in seen] == [("escalated", "A human has to act.")]


@pytest.mark.parametrize(
    ("to", "own", "called"), [("network", "platform", "network"), ("", "platform", "platform"), ("", "", "on-call")]
)
def test_the_runbooks_choice_comes_before_the_targets_own(
    recorder: Recorder, ledger: Ledger, to: str, own: str, called: str
) -> None:
    episode = opened(ledger)
    recorder.record([Ended(episode, cases.new_case(episode, None), ending.told(diagnosis(escalate=to)), own)], NOW)
    assert [one.to for one in ledger.escalations(episode.id)] == [called]


def test_an_incident_that_another_sweep_has_taken_over_is_left_to_it(
    recorder: Recorder, ledger: Ledger, said: list[str], tmp_path: Path
) -> None:
    episode = opened(ledger, by="another sweep")
    recorder.record([Ended(episode, cases.new_case(episode, None), ending.told(diagnosis()), "")], NOW)
    assert (ledger.case(episode.id), ledger.escalations(episode.id)) == (None, [])
    assert "left to another sweep" in said[0]
    assert not (tmp_path / "cases").exists()
    assert recorder.outcomes == {}


def test_a_death_right_after_the_closing_leaves_the_whole_case(
    recorder: Recorder, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    def die(*_arguments: object) -> None:
        raise Killed

    episode = opened(ledger)
    monkeypatch.setattr(recorder, "_show", die)
    with pytest.raises(Killed):
        recorder.record([Ended(episode, cases.new_case(episode, None), ending.resolved(), "")], NOW)
    case = ledger.case(episode.id)
    assert case is not None
    assert (ledger.episode(episode.id).state, case["outcome"], case["closed_at"]) == ("closed", "resolved", NOW)


def test_a_preview_writes_no_page_and_its_case_says_what_it_is(ledger: Ledger, tmp_path: Path, said: list[str]) -> None:
    recorder = recorder_for(ledger, tmp_path, said, check=True)
    episode = opened(ledger)
    recorder.record([Ended(episode, cases.new_case(episode, None), ending.told(diagnosis()), "")], NOW)
    case = ledger.case(episode.id)
    assert case is not None
    assert case["check"]
    assert not (tmp_path / "cases").exists()


def test_a_page_that_cannot_be_written_is_said_and_the_case_is_kept(
    recorder: Recorder, ledger: Ledger, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "cases").write_text("a file stands in the way")
    episode = opened(ledger)
    recorder.record([Ended(episode, cases.new_case(episode, None), ending.told(diagnosis()), "")], NOW)
    assert ledger.case(episode.id)
    assert "page cannot be written" in " ".join(said[0].split())


def test_of_many_that_are_alike_some_are_shown_in_full_and_all_are_kept(
    recorder: Recorder, ledger: Ledger, said: list[str]
) -> None:
    incidents = [Incident("lab", f"edge{number}", "x", alertname="X") for number in range(40)]
    episodes = ledger.open_episodes(incidents, NOW)
    ledger.claim_many([one.id for one in episodes], "this sweep", NOW + 600, NOW)
    told = ending.told(diagnosis())
    recorder.record([Ended(one, cases.new_case(one, None), told, "platform") for one in episodes], NOW)
    assert [text.count("\n") > 1 for text in said] == [True] * SHOWN + [False] * (40 - SHOWN)
    assert len(ledger.cases_of([one.id for one in episodes])) == 40
    states = [ledger.escalations(one.id)[0].state for one in episodes]
    assert states == ["recorded"] + ["told"] * 39


def test_nothing_from_an_alert_is_in_the_name_of_a_page() -> None:
    case = {"runbook": "", "target": "", "id": "0123456789abcdef", "alertname": "../../etc/passwd"}
    assert page_name(case) == "unhandled.nowhere.01234567.html"
    assert page_name({**case, "runbook": "x", "target": "../a b"}) == "x.---a-b.01234567.html"

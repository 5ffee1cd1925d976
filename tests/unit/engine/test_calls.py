# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is called: each incident by itself, and an outage by one of them."""

from __future__ import annotations

import dataclasses

from ansible_collections.oncall.remedy.plugins.plugin_utils import case as cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Escalation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.calls import Ended, calls
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from tests.unit.engine.made import diagnosis, episode

OUTAGE = 3


def ended(number: int, chosen: str = "edge_outage", how: Ending | None = None, to: str = "platform") -> Ended:
    one = episode(id=f"e{number}", target=f"edge{number}")
    found = diagnosis(chosen=chosen)
    case = {**cases.new_case(one, None), "diagnosis": as_json(found)}
    return Ended(one, case, how or ending.told(found), to)


def recorded(one: Ended, state: str = "sent") -> dict[str, list[Escalation]]:
    row = Escalation(1, one.episode.id, 1, "platform", "x", state, 1, 0.0, None, 0.0, "")  # type: ignore[arg-type]
    return {one.episode.id: [row]}


def speakers(asked: list[Call]) -> list[str]:
    return [call.episode for call in asked if not call.told_by]


def test_few_incidents_have_a_call_each() -> None:
    assert speakers(calls([ended(1), ended(2)], {}, OUTAGE)) == ["e1", "e2"]


def test_an_outage_is_one_call_that_names_the_others() -> None:
    asked = calls([ended(number) for number in range(200)], {}, OUTAGE)
    assert speakers(asked) == ["e0"]
    assert {call.told_by for call in asked[1:]} == {"e0"}
    assert len(asked) == 200
    assert "the same of 199 more: edge1, edge10, edge100" in asked[0].why
    assert len(asked[0].why) < 400


def test_other_findings_other_outcomes_and_other_people_are_other_calls() -> None:
    alike = [ended(1), ended(2), ended(3)]
    others = [
        ended(4, chosen="port_conflict"),
        ended(5, how=ending.undecided(diagnosis(undecided=("x",)))),
        ended(6, to="network"),
    ]
    assert speakers(calls([*alike, *others], {}, OUTAGE)) == ["e1", "e4", "e5", "e6"]


def test_who_was_called_about_in_an_earlier_sweep_goes_on_speaking_for_the_others() -> None:
    group = [ended(1), ended(2), ended(3)]
    assert speakers(calls(group, recorded(group[2]), OUTAGE)) == ["e3"]


def test_one_that_was_told_of_by_another_does_not_begin_to_speak() -> None:
    group = [ended(1), ended(2), ended(3)]
    assert speakers(calls(group, recorded(group[1], "told"), OUTAGE)) == ["e1"]


def test_what_a_storm_holds_back_is_one_call_whatever_the_findings() -> None:
    how = Ending("held", "x", "y", escalate="storm", alike="storm")
    asked = calls([ended(number, chosen=f"finding{number}", how=how) for number in range(5)], {}, OUTAGE)
    assert speakers(asked) == ["e0"]


def test_an_ending_that_calls_nobody_is_not_counted() -> None:
    assert calls([ended(number, how=ending.waiting(diagnosis())) for number in range(5)], {}, OUTAGE) == []


def test_an_outage_within_one_target_names_what_differs_and_says_what_all_share() -> None:
    group = []
    for number in range(200):
        one = ended(number)
        labels = {"alertname": "TargetDown", "cluster": "prod", "job": f"job{number}"}
        about = dataclasses.replace(one.episode, target="prod", inputs={"job": f"job{number}"})
        group.append(dataclasses.replace(one, episode=about, case={**one.case, "alert": {"labels": labels}}))
    why = calls(group, {}, OUTAGE)[0].why
    assert "the same of 199 more: job1, job10, job100" in why
    assert why.endswith("All share cluster=prod")

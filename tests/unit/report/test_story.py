"""What page and terminal say alike: is it well, what was done, who knows, which steps there were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import judgements, story

Json = dict[str, Any]
Example = Callable[[str], Json]


def condition(text: str, truth: str, reason: str = "", **seen: Any) -> Json:
    return {"text": text, "truth": truth, "seen": seen, "reason": reason}


def finding(name: str, truth: str, *conditions: Json, **more: Any) -> Json:
    return {"name": name, "truth": truth, "conditions": list(conditions), "because": "", "instance": {}, **more}


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"outcome": "resolved"}, "Yes: the alert resolved without the engine."),
        ({"outcome": "healed", "verification": None}, "Yes."),
        ({"outcome": "observed"}, "No. Nothing was changed."),
        ({"outcome": "observed", "diagnosis": {}}, "No finding of the runbook holds. Nothing was changed."),
        ({"outcome": "waiting"}, "Not known yet."),
        ({"outcome": "failed"}, "Unknown: the engine failed before it could change anything."),
        (
            {"outcome": "held", "gate": [{"guard": "lease", "passes": False, "reason": "busy"}]},
            "No. Nothing was changed, because the gate holds: lease: busy",
        ),
        (
            {"outcome": "undecided", "diagnosis": {"undecided": ["a", "b"]}},
            "Unknown: the evidence does not decide about a, b. Nothing was changed.",
        ),
        (
            {"outcome": "cannot_tell", "verification": {"reason": "Prometheus was silent"}},
            "Unknown, as it could not be verified: Prometheus was silent",
        ),
        (
            {"outcome": "failed", "mitigation": {"result": {"message": "403"}}},
            "Unknown, the change failed: 403",
        ),
        (
            {"outcome": "escalated", "mitigation": {"began_at": 1.0, "ended_at": 2.0, "result": {"changed": True}}},
            "Unknown: something was or may have been changed, see below.",
        ),
    ],
)
def test_whether_it_is_well_is_answered_for_every_way_to_end(example: Example, changes: Json, answer: str) -> None:
    case = {**example("port_conflict_escalated"), **changes}
    assert story.well(story.whole(case)) == answer


def test_healed_says_for_how_long_and_until_when(example: Example) -> None:
    case = story.whole(example("edge_outage_healed"))
    assert story.well(case) == "Yes. Both conditions have held for 30 s, last seen at 02:52:13 UTC."


@pytest.mark.parametrize(
    ("mitigation", "check", "sentence"),
    [
        (None, False, "Nothing was changed."),
        ({"permit": "x"}, False, "A permit was issued, and no outcome is recorded: it may have been changed or not."),
        ({"permit": "x"}, True, "Nothing was changed: a check run only shows what would be."),
        ({"began_at": 5.0, "ended_at": 8.0, "result": {"changed": True}}, False, "Changed in 3 s."),
        ({"began_at": 5.0, "ended_at": 8.0, "result": {"changed": False}}, False, "Nothing had to be changed."),
    ],
)
def test_what_was_done_is_never_said_to_be_nothing_unless_that_is_certain(
    mitigation: Json | None, check: bool, sentence: str
) -> None:
    case = story.whole({"mitigation": mitigation, "check": check})
    assert story.done(case) == sentence
    assert story.untouched(case) == sentence.startswith("Nothing")


def test_who_knows_tells_messages_sent_from_messages_that_were_only_recorded() -> None:
    escalations = [{"to": "platform", "at": 60.0, "state": state} for state in ("sent", "recorded", "failed")]
    told = story.told(story.whole({"opened_at": 1.0, "escalations": escalations}))
    assert told == [
        ("platform was told at 00:01:00 UTC.", "calm"),
        ("For platform, recorded at 00:01:00 UTC; no message was sent.", "unsure"),
        ("platform could not be told: the escalation failed at 00:01:00 UTC.", "bad"),
    ]


def test_the_steps_stand_in_order_of_time_with_what_lay_between(example: Example) -> None:
    steps = story.moments(story.whole(example("edge_outage_healed")))
    assert [(step.label, step.after) for step in steps] == [
        ("fired", ""),
        ("opened", "+12 s"),
        ("mended", "+19 s"),
        ("verified", "+32 s"),
        ("closed", "+1 s"),
    ]


def test_what_comes_next_has_its_time_with_the_day_if_that_is_another() -> None:
    case = story.whole({"next": "Looked at again.", "opened_at": 1.0, "due_at": 86400.0 + 60})
    assert story.coming(case) == "Looked at again. Due 1970-01-02 00:01:00 UTC."
    assert story.coming(story.whole({})) == "Nothing."


def test_a_condition_on_evidence_that_was_not_asked_for_is_neither_true_nor_false() -> None:
    one = judgements.judged(condition("crash.lines > 0", "false", "crash was not asked: pods.crashing is empty"))
    assert (one.verdict, one.short) == ("not asked", "crash was not asked: pods.crashing is empty")
    plain = judgements.judged(condition("crash.lines > 0", "false", lines=0))
    assert (plain.verdict, plain.short) == ("false", "crash.lines > 0, saw 0")


def test_a_finding_is_told_by_the_condition_that_decided_it() -> None:
    told = judgements.findings(
        {
            "chosen": "second",
            "findings": [
                finding("first", "false", condition("a", "true", x=1), condition("b", "false", x=1, y=2)),
                finding("second", "true", condition("c", "true", z=3), instance={"target": {"instance": "n1:9100"}}),
                finding("third", "unknown", condition("d", "true", x=1), condition("e", "unknown", "probe failed")),
            ],
        }
    )
    assert [one.place for one in told] == ["before", "chosen", "after"]
    assert [one.title for one in told] == ["first", "second (n1:9100)", "third"]
    deciding = [one.decisive for one in told]
    assert [one.short for one in deciding if one] == ["b, saw x = 1, y = 2", "c, saw 3", "probe failed"]


def test_a_diff_is_told_by_lines_and_a_whole_object_as_data(example: Example) -> None:
    case = story.whole(example("edge_outage_healed"))
    case["mitigation"]["result"]["diff"] = {"before": {"a": 1}, "after": {"a": 2}, "after_header": "object"}
    assert list(story.diffs(case)) == [("object", ["@@ -1,3 +1,3 @@", " {", '-  "a": 1', '+  "a": 2', " }"])]
    case["mitigation"]["result"]["diff"] = [{"before": "", "after": "new\n"}, {"prepared": "as it is"}]
    assert list(story.diffs(case)) == [("", ["@@ -0,0 +1 @@", "+new"]), ("", ["as it is"])]
    case["mitigation"]["result"]["diff"] = [{"before": "", "after": "line\n" * 1000}]
    ((_, lines),) = story.diffs(case)
    assert lines[-1] == "@@ 601 more lines"

"""What an operator reads in the terminal: the whole text of telling cases, and a layout that no data can break."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import empty_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import report, story
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import Tally
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import columns, visible
from tests.unit.report.conftest import CASES
from tests.unit.report.hostile import CORPUS, poisoned

Json = dict[str, Any]
Example = Callable[[str], Json]

EXPECTED = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "expected").glob("*.txt"))}
LABELS = (
    "facts",
    "handed",
    "found",
    "not",
    "also",
    "unknown",
    "plan",
    "gate",
    "held",
    "did",
    "proposed",
    "verified",
    "well",
    "told",
    "next",
    "case",
)
ROW = re.compile(rf" {{2}}({'|'.join(LABELS)}) +\S.*| {{12}}\S.*")


@pytest.mark.parametrize("name", EXPECTED)
def test_an_incident_reads_as_expected(name: str) -> None:
    assert report.incident(CASES[name], path=f"cases/{name}.html") + "\n" == EXPECTED[name]


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS.keys())
def test_hostile_text_moves_no_cursor_and_makes_no_line_of_its_own(telling: Json, text: str) -> None:
    kept = frozenset({"outcome", "state", "truth"})
    lines = report.incident(poisoned(telling, text, kept), path="cases/x.html").split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(columns(line) for line in lines) <= report.WIDTH
    first_row = next(index for index, line in enumerate(lines) if line.startswith(("  handed", "  found", "  not")))
    assert all(line.startswith("  ") for line in lines[1:first_row])
    assert [line for line in lines[first_row:] if not ROW.fullmatch(line)] == []
    begun = [line.split()[0] for line in lines[first_row:] if not line.startswith(" " * 12)]
    harmless = report.incident(poisoned(telling, "x" * len(text), kept), path="cases/x.html").split("\n")
    assert begun == [line.split()[0] for line in harmless if ROW.fullmatch(line) and not line.startswith(" " * 12)]


@pytest.mark.parametrize("outcome", [*story.OUTCOMES, "something_new", ""])
def test_every_outcome_has_a_block_that_ends_with_what_comes_next(case: Json, outcome: str) -> None:
    lines = report.incident({**case, "outcome": outcome}).split("\n")
    assert (story.OUTCOMES.get(outcome, ("",))[0] or "o") in lines[0]
    assert any(line.startswith("  next      ") for line in lines)
    assert max(columns(line) for line in lines) <= report.WIDTH


def test_a_case_with_nothing_in_it_can_be_told() -> None:
    assert report.incident({}) == f"{'incident':<96}open\n  next      Nothing."


def test_a_very_long_name_leaves_room_for_the_outcome(example: Example) -> None:
    case = example("edge_outage_healed")
    case["alert"]["name"] = "幅" * 300
    first = report.incident(case).split("\n")[0]
    assert first.endswith("…  healed · 3f2a91c0")
    assert columns(first) in (report.WIDTH, report.WIDTH - 1)


def test_colour_is_an_addition_and_nothing_is_lost_without_it(case: Json) -> None:
    plain, coloured = report.incident(case), report.incident(case, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


@pytest.mark.parametrize(
    ("environment", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"ANSIBLE_NOCOLOR": "true"}, True, False),
        ({"ANSIBLE_FORCE_COLOR": "1"}, False, True),
        ({"ANSIBLE_FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"ANSIBLE_FORCE_COLOR": "0"}, False, False),
    ],
)
def test_colour_is_for_terminals_and_the_usual_variables_decide(
    environment: dict[str, str], terminal: bool, colour: bool
) -> None:
    assert report.wants_colour(environment, terminal) is colour


def test_the_opening_says_what_was_seen_and_what_is_worked_on() -> None:
    assert report.opening(Tally(firing=3, suppressed=1), 2) == "3 alerts firing · 1 silenced or inhibited · 2 incidents"
    assert report.opening(Tally(firing=1), 1, check=True) == (
        "1 alert firing · 1 incident · check mode: nothing will be written"
    )


def test_the_opening_says_what_is_not_worked_on_and_why() -> None:
    tally = Tally(firing=9, unhandled=4, settling=1, waiting=2, elsewhere=1)
    assert report.opening(tally, 1) == (
        "9 alerts firing · 4 not the engine's · 1 dealt with already · 2 not due yet · 1 with another sweep ·\n"
        "  1 incident"
    )


def test_an_alertmanager_that_could_not_be_asked_is_not_read_as_no_alerts() -> None:
    tally = Tally(silent=("lab: connection refused",), rejected=("lab: alert 3: \x1b[2Jlabels is no object",))
    assert report.opening(tally, 0).split("\n") == [
        "0 alerts firing · 0 incidents",
        "! could not be asked: lab: connection refused",
        "! an alert cannot be used: lab: alert 3: \\x1b[2Jlabels is no object",
    ]


def test_the_closing_counts_outcomes_in_a_fixed_order() -> None:
    assert report.closing({"escalated": 1, "healed": 2, "waiting": 0}, 14.2) == "2 healed · 1 escalated · 14 s"
    assert report.closing({}, 0.8, check=True) == "nothing to do · 0.8 s · check mode: nothing was written"
    assert report.closing({"something_new": 1}, 3) == "1 something_new · 3 s"


def test_progress_says_who_is_waited_for() -> None:
    assert report.asking(14, 9, ["edge", "targets"], 5.0) == "  … 9 of 14 questions answered, 5 s left: edge, targets"
    assert report.asking(14, 14, [], 5.0) == "  … 14 of 14 questions answered"


def test_progress_of_a_remedy_names_it(example: Example) -> None:
    assert report.mending(example("edge_outage_healed")) == (
        "  … TraefikDown · hetzner: restart of DaemonSet/traefik/traefik (medium risk, mode act) begins"
    )


def test_progress_of_a_verification_says_what_holds_and_for_how_long(example: Example) -> None:
    case = example("edge_outage_healed")
    held_since = case["verification"]["held_since"]
    assert report.verifying(case, 30.0, held_since + 12) == (
        "  … TraefikDown · hetzner: 2 of 2 conditions hold, stable for 12 s of 30 s"
    )
    case["verification"].update(held_since=0.0)
    case["verification"]["conditions"][0].update(truth="false", seen={"edge.silent": 2})
    assert report.verifying(case, 30.0, held_since) == (
        "  … TraefikDown · hetzner: 1 of 2 conditions hold; edge.silent == 0, saw 2"
    )
    case["alert"]["name"] = "x\n" * 300
    assert columns(report.verifying(case, 30.0, held_since)) <= report.WIDTH


@given(st.text(max_size=300), st.integers(min_value=20, max_value=100), st.integers(min_value=0, max_value=12))
def test_wrapped_lines_fit_and_hold_every_character(text: str, width: int, hang: int) -> None:
    shown = visible(text)
    lines = report.wrapped(shown, width, hang)
    assert all(columns(line) <= width for line in lines)
    assert all(line.startswith(" " * hang) for line in lines[1:])
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


def test_of_fifty_findings_that_do_not_hold_the_nearest_are_told_and_the_others_counted() -> None:
    def finding(number: int, holding: int) -> Json:
        truths = ["true"] * holding + ["false"]
        conditions = [{"text": f"a{number} == {at}", "truth": truth, "seen": {}} for at, truth in enumerate(truths)]
        return {"name": f"finding{number}", "truth": "false", "conditions": conditions}

    many = [finding(number, holding=3 if number in (7, 30) else 0) for number in range(50)]
    told = report.incident({**empty_case(), "diagnosis": {"findings": many}})
    assert re.findall(r"finding\d+", told) == ["finding7", "finding30"]
    assert "nor 48 other findings" in told
    few = report.incident({**empty_case(), "diagnosis": {"findings": many[:8]}})
    assert len(re.findall(r"finding\d+", few)) == 8
    assert "other finding" not in few

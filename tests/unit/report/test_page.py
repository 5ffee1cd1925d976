"""The case file: everything the case holds, nothing from outside, and well-formed whatever the texts are."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.case import empty_case
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert, Condition, Evidence, Finding, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import page, story
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import visible
from tests.unit.report.conftest import CASES
from tests.unit.report.hostile import CORPUS, poisoned
from tests.unit.report.reading import HIDDEN, Page, squeezed

Json = dict[str, Any]
Example = Callable[[str], Json]

CODES = frozenset({"outcome", "state", "truth", "origin", "version", "check"})
"""Members that hold a word of the engine's own, which the page says in its own way."""

ELEMENTS = frozenset(
    (
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "main",
            "footer",
            "section",
            "h1",
            "h2",
            "h3",
            "p",
        ),
        *("span", "b", "code", "pre", "time", "div", "dl", "dt", "dd", "ol", "ul", "li", "details", "summary"),
        *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
        *("svg", "desc", "g", "line", "polyline", "circle", "rect", "text"),
    )
)
"""Every element that the templates write."""


def rendered(case: Json) -> Page:
    return Page(page.render(case))


def strings(value: Any, name: str = "") -> Iterator[str]:
    """Every text of a case that a reader must find on its page: all but codes, and what stands for it in a diff."""
    if name in CODES or name == "diff":
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from strings(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member, name)


def test_the_examples_have_the_shape_that_the_engine_stores() -> None:
    for case in CASES.values():
        assert case["outcome"] in story.OUTCOMES
        for evidence in case["evidence"]:
            Evidence(**evidence)
        for finding in case["diagnosis"]["findings"]:
            Finding(**{**finding, "conditions": tuple(Condition(**one) for one in finding["conditions"])})
        if case["alert"]:
            Alert(**case["alert"])
        if case["mitigation"]:
            Plan(**case["mitigation"]["plan"])


def test_the_page_is_well_formed_and_its_references_lead_somewhere(case: Json) -> None:
    read = rendered(case)
    assert read.source.startswith('<!doctype html>\n<html lang="en">')
    ids = [one.attributes["id"] for one in read.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    wanted = [name for one in read.elements for name in one.attributes.get("aria-labelledby", "").split()]
    assert set(wanted) <= set(ids)
    levels = [int(one.tag[1]) for one in read.elements if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(one.text.strip() for one in read.elements if one.tag in ("h1", "h2", "h3", "th", "dt", "summary"))


def test_the_page_needs_nothing_from_outside_and_runs_nothing(case: Json) -> None:
    read = rendered(case)
    assert {one.tag for one in read.elements} <= ELEMENTS
    given = {name for one in read.elements for name in one.attributes}
    assert given.isdisjoint({"src", "href", "srcset", "style", "action", "formaction", "data", "background"})
    assert not any(name.startswith("on") for name in given)
    assert not re.search(r"url\(|@import|expression\(", read.one("style").text)


def test_the_policy_lets_in_the_page_s_own_style_and_nothing_else(case: Json) -> None:
    read = rendered(case)
    (policy,) = [
        one.attributes["content"]
        for one in read.all("meta")
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = base64.b64encode(hashlib.sha256(read.one("style").text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_text_of_the_case_is_on_its_page(case: Json) -> None:
    text = rendered(case).text
    missing = [
        one
        for one in strings(case)
        if squeezed(visible(one)) not in text
        and squeezed(visible(json.dumps(one, ensure_ascii=False)[1:-1])) not in text
    ]
    lines = [line for one in missing for line in one.split("\n")]  # a proposed change keeps its lines
    assert [line for line in lines if squeezed(visible(line)) not in text] == []


def test_the_same_case_gives_the_same_page(case: Json) -> None:
    assert page.render(case) == page.render(json.loads(json.dumps(case)))


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS.keys())
def test_hostile_text_is_text_wherever_it_stands(telling: Json, text: str) -> None:
    """It is read as it is; there are the same elements in the same order as with harmless text, and no others."""
    read = rendered(poisoned(telling, text, CODES))
    assert {one.tag for one in read.elements} <= ELEMENTS
    given = {name for one in read.elements for name in one.attributes}
    assert given.isdisjoint({"src", "href", "style"})
    assert not any(name.startswith("on") for name in given)
    assert all(char.isprintable() or char == "\n" for char in read.source)
    assert squeezed(visible(text[:150])) in read.text
    assert skeleton(read) == skeleton(rendered(poisoned(telling, "\n".join("x" * (text.count("\n") + 1)), CODES)))


def skeleton(read: Page) -> list[str]:
    """The elements in order, without those that mark what was written out or cut, and without what a chart draws."""
    return [one.tag for one in read.elements if one.tag not in ("span", "b") and "svg" not in one.within]


def test_hostile_names_are_text_as_well(example: Example) -> None:
    case = example("operator_check")
    hostile = "".join(CORPUS.values())[:900]
    for names in (case["params"], case["inputs"], case["evidence"][0]["value"], case["timeline"][0]["detail"]):
        names[hostile] = hostile
    read = rendered(case)
    assert {one.tag for one in read.elements} <= ELEMENTS
    assert all(char.isprintable() or char == "\n" for char in read.source)


def test_a_text_that_is_too_long_is_cut_and_says_how_long_it_was(example: Example) -> None:
    case = example("edge_outage_healed")
    case["alert"]["annotations"]["description"] = "x" * 123_456
    case["evidence"][0]["value"]["names"] = ["y" * 543_210]
    source = page.render(case)
    assert "(cut, 123,456 characters in all)" in Page(source).section("given")
    assert "characters in all)" in Page(source).section("evidence")
    assert len(source) < 300_000


@pytest.mark.parametrize("outcome", [*story.OUTCOMES, "something_new", ""])
def test_every_outcome_says_whether_it_is_well_and_what_comes_next(telling: Json, outcome: str) -> None:
    read = rendered({**telling, "outcome": outcome})
    answers = [squeezed(one.text) for one in read.all("dd")[:2]]
    assert answers[0].startswith("Yes") == (outcome in ("healed", "resolved"))
    assert all(answers)
    assert squeezed(read.one("span", "outcome").text) == (
        story.OUTCOMES.get(outcome, (outcome.replace("_", " "),))[0] or "open"
    )


@pytest.mark.parametrize("name", empty_case())
def test_a_case_that_broke_off_early_still_has_a_page(example: Example, name: str) -> None:
    case = example("edge_outage_healed")
    rendered({key: value for key, value in case.items() if key != name})
    rendered({**case, name: None})
    rendered(dict(itertools.takewhile(lambda pair: pair[0] != name, case.items())))


def test_a_case_with_nothing_in_it_has_a_page() -> None:
    assert "Nothing was asked." in rendered({}).text


def test_an_operator_s_run_without_alert_and_chart_makes_sense(example: Example) -> None:
    read = rendered(example("operator_check"))
    assert squeezed(read.one("h1").text) == "traefik_down · hetzner observed"
    assert read.section("given").startswith("What was asked by an operator, without an alert")
    assert not read.all("svg")
    assert "a check run only shows what would be" in read.section("did")


def test_the_head_says_first_what_was_wrong_then_whether_it_is_well_then_what_comes(example: Example) -> None:
    case = example("port_conflict_escalated")
    header = squeezed(rendered(case).one("header").text)
    positions = [
        header.index(text)
        for text in (
            "TraefikDown · hetzner",
            case["headline"],
            "Well now? No. Nothing was changed.",
            "What next platform stops nginx",
            "Who knows platform was told at 11:20:44 UTC.",
            "fired 11:20:38 opened 11:20:41 +3 s",
        )
    ]
    assert positions == sorted(positions)


def test_an_escalation_that_failed_stands_in_the_head(example: Example) -> None:
    header = rendered(example("target_down_undecided")).one("header").text
    assert "homelab could not be told: the escalation failed at 03:07:16 UTC." in header


def test_findings_stand_in_order_with_conditions_values_and_verdicts(example: Example) -> None:
    read = rendered(example("edge_outage_healed"))
    names = ["port_conflict", "bad_static_config", "cert_resolver", "node_not_ready", "edge_outage"]
    assert [squeezed(one.text).split()[0] for one in read.all("div", "name")] == names
    told = [squeezed(one.text) for one in read.all("li") if one.classes and one.classes[0] in ("before", "chosen")]
    assert told[0] == (
        "port_conflict crash.port_conflict.lines > 0 "
        "crash was not asked: pods.crashing | length > 0 is false – not asked"
    )
    assert told[3] == "node_not_ready nodes.not_ready | length > 0 nodes.not_ready = [] ○ false"
    assert told[4] == (
        "edge_outage the diagnosis 3 of 3 nodes do not serve grafana.lab.example (refused), "
        "no pod of DaemonSet traefik is ready "
        "edge.silent == edge.total edge.silent = 3 edge.total = 3 ● true "
        "pods.ready == 0 pods.ready = 0 ● true"
    )


def test_an_undecided_diagnosis_names_what_stands_in_the_way(example: Example) -> None:
    why = rendered(example("target_down_undecided")).section("why")
    assert "While these are unknown nothing may be chosen after them: wrong_credentials." in why
    assert "login is unknown: timed out after 5 s, and so did the control ? unknown" in why
    assert "ruapehu:9221" in why


def test_the_gate_lists_every_guard_also_when_all_pass(example: Example) -> None:
    healed = rendered(example("edge_outage_healed")).section("gate")
    assert healed.startswith("Gate 10 of 10 guards pass ✓ pass kill switch not pulled")
    assert healed.count("✓ pass") == 10
    held = rendered(example("prometheus_silent_held")).section("gate")
    assert "✗ hold evidence healthy is unknown: Prometheus did not answer: connection refused" in held


def test_what_was_done_shows_who_did_it_and_the_difference_line_by_line(example: Example) -> None:
    read = rendered(example("scrape_only_repaired"))
    did = read.section("did")
    assert did.startswith("What was done Changed in 1 s. mitigation repair_monitor of ServiceMonitor/traefik/traefik")
    assert "permit e19b04aa" in did
    assert "undo mitigation restore_monitor" in did
    assert [one.text.strip() for one in read.all("span", "take")] == ["-      app.kubernetes.io/name: traeffik"]
    assert [one.text.strip() for one in read.all("span", "add")][-1] == "+      app.kubernetes.io/name: traefik"


def test_a_permit_without_an_outcome_is_not_called_unchanged(example: Example) -> None:
    case = {**example("edge_outage_healed"), "outcome": "interrupted", "verification": None}
    case["mitigation"].update(began_at=0.0, ended_at=0.0, result={})
    read = rendered(case)
    assert "it may have been changed or not" in read.section("did")
    assert "Nothing was changed" not in read.text


def test_evidence_tells_answers_from_failures_and_from_what_was_not_asked(example: Example) -> None:
    told = rendered(example("prometheus_silent_held")).section("evidence")
    assert told.startswith("Evidence 6 answered, 2 unknown, 2 not asked")
    assert "3 of 3 nodes ready" in told
    assert "unknown: Prometheus did not answer: connection refused" in told
    assert "not asked: pods.crashing | length > 0 is false" in told
    assert '"silent_at": [ "10.77.0.11", "10.77.0.12", "10.77.0.13" ]' in told


def test_the_chart_shows_a_gap_as_a_gap_with_axes_and_marks(example: Example) -> None:
    read = rendered(example("scrape_only_repaired"))
    assert len(read.all("svg", "chart")) == 2  # one for wide screens and paper, one for narrow screens
    assert len(read.all("rect", "gap")) == 2
    assert "07:45" in read.one("div", "wide").text
    assert "selector repaired" in read.one("div", "narrow").text
    assert all(one.attributes["role"] == "img" for one in read.all("svg", "chart"))
    assert "No data in 1 stretches" in read.all("desc")[0].text
    drawn = [len(one.attributes["points"].split()) for one in read.all("polyline")]
    assert sum(drawn) == 2 * len(example("scrape_only_repaired")["chart"]["series"][0]["points"])


def test_a_chart_without_data_says_so(example: Example) -> None:
    case = example("edge_outage_healed")
    case["chart"]["series"] = []
    assert "no data" in rendered(case).section("chart")
    case["chart"].update(marks=[])
    case.update(alert=None, opened_at=0.0, closed_at=0.0, mitigation=None, verification=None)
    assert "No data: Prometheus has no series for sum(up" in rendered(case).section("chart")


def test_a_chart_without_marks_gets_the_incident_s_moments(example: Example) -> None:
    case = example("edge_outage_healed")
    case["chart"]["marks"] = []
    labels = {squeezed(one.text) for one in rendered(case).all("text", "label")}
    assert labels == {"fired", "opened", "mended", "verified"}


def test_the_foot_names_the_case_and_the_engine(example: Example) -> None:
    foot = squeezed(rendered(example("edge_outage_healed")).one("footer").text)
    assert "3f2a91c0" in foot
    assert "engine 0.1.0" in foot


def test_only_style_title_and_description_are_not_read_as_the_body(case: Json) -> None:
    read = rendered(case)
    assert {one.tag for one in read.elements if one.tag in HIDDEN} <= {"style", "title", "desc"}
    assert "{{" not in read.text
    assert "{%" not in read.text


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_all_text_has_enough_contrast_in_light_and_in_dark() -> None:
    """At least 4.5 : 1, as WCAG asks for at level AA."""
    style = (page.TEMPLATES / "case.css").read_text()
    palettes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    light, dark = palettes[0], palettes[1]
    for palette in (light, dark):
        for ink in ("ink", "dim", "good", "bad", "unsure", "calm"):
            for back in ("back", "soft", f"{ink}-soft"):
                if back in palette:
                    assert contrast(palette[ink], palette[back]) >= 4.5, (ink, back)


def test_compiled_templates_are_kept_in_a_folder_of_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert page._bytecode_cache() is not None
    folder = tmp_path / "oncall-remedy" / "templates"
    assert folder.stat().st_mode & 0o077 == 0
    folder.chmod(0o777)
    assert page._bytecode_cache() is None

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hostile alert texts through a whole sweep: data everywhere, code nowhere, and no other incident pays for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.template import trust_as_template

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import storable_text
from tests.hostile.alerts import fire_everywhere, nonsense
from tests.hostile.corpus import FILES, Sample, everything, samples
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine

PATHS = re.compile(r"/prometheus/api/v1/(query|query_range|targets|scrape_pools)|/api/v1/nodes|/apis?/[a-z0-9/.-]*")
QUERY = re.compile(r'count\(up\{job="((?:[^"\\]|\\.)*)"\} == 1\) or vector\(0\)', re.DOTALL)
PLACES = ("note", "label", "print", "since", "prose", "silence")
"""What alerts are about that carry the hostile text elsewhere, see alerts.py."""
ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """Two targets of which one is down for good reason; every path of a file that a hostile text makes is in it."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    with Estate(tmp_path, "hetzner", "other") as made:
        made.settings["remedy_linger"] = "3s"
        made.settings["remedy_sources"][0]["default_target"] = ""
        made["other"].hang()
        made["hetzner"].scraped = False
        yield made


def asked_jobs(estate: Estate) -> set[str]:
    """The values of the label job for which Prometheus was really asked, read as PromQL reads them."""
    queries = [request.query["query"][0] for request in estate["hetzner"].api.requests if "query" in request.query]
    jobs = [match[1] for query in queries if (match := QUERY.fullmatch(query))]
    return {ESCAPE.sub(lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), job) for job in jobs}


class Harmful(HTMLParser):
    """Collects what in a page could run or fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "object", "embed", "link", "base", "form"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in ("href", "src") and not (value or "").startswith("#")):
                self.found.append(f"{tag} {name}={value}")


def assert_harmless(page: str) -> None:
    harmful = Harmful()
    harmful.feed(page)
    assert harmful.found == []


def is_label(text: str) -> bool:
    """Whether a label of an alert may have this value and a query may hold it."""
    odd = {char for char in text if unicodedata.category(char) in ("Cc", "Cs")} - {"\t", "\n", "\r"}
    return 0 < len(text) <= 4096 and not odd


def assert_can_be_shown(output: str) -> None:
    """Nothing in it moves a cursor, changes a colour or turns the writing direction."""
    odd = {char for char in output if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")} - {"\n"}
    assert odd <= {"\u200d"}, odd


@pytest.mark.parametrize("file", FILES)
def test_hostile_texts_in_every_place_of_an_alert_stay_data(
    estate: Estate, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = estate.folder / "canary"
    engine = Engine(estate)
    texts = [sample.text(canary) for sample in samples(file)]
    estate.alertmanager.alerts += nonsense()
    for number, text in enumerate(texts):
        fire_everywhere(estate.alertmanager, number, text)
    estate.alertmanager.fire("EdgeDown", {"cluster": "other"})

    swept = engine.sweep()

    assert swept.assessed["mend"] == ["other"]
    assert estate.case("other")["outcome"] == "healed"
    assert not canary.exists()
    assert {target for target, _remedy in engine.remedies} == {"other"}
    assert {case["target"] for case in estate.ledger.cases(limit=10_000)} == {"hetzner", "other", ""}
    assert estate["hetzner"].writes() == []
    paths = {request.path for request in estate["hetzner"].api.requests}
    assert [path for path in paths if not PATHS.fullmatch(path)] == []
    asked = asked_jobs(estate)
    assert {storable_text(text) for text in texts if is_label(text)} <= asked
    assert asked <= {storable_text(text) for text in texts} | {f"{place}{n}" for place in PLACES for n in range(999)}
    pages = list((estate.folder / "cases").iterdir())
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+\.html", page.name) for page in pages)
    assert [path.name for path in estate.folder.glob("**/*.html") if path not in pages] == []
    for page in pages:
        assert_harmless(page.read_text(encoding="utf-8"))
    assert_can_be_shown(capsys.readouterr().out)

    estate.later(3600)
    engine.sweep()
    assert not canary.exists()


def given(engine: Engine, **extra: object) -> dict[str, object] | str:
    """What a sweep is narrowed to by what an operator gives, or why it is refused."""
    engine.extra = extra
    try:
        only: dict[str, object] = engine.act("runbook", {"alerts": ["JobDown"]})["only"]
    except AnsibleActionFail as refusal:
        return str(refusal)
    return only


@pytest.mark.parametrize("sample", everything(), ids=lambda sample: sample.name)
def test_an_operators_target_and_inputs_are_data_whatever_ansible_thinks_of_them(
    estate: Estate, sample: Sample
) -> None:
    canary = estate.folder / "canary"
    engine = Engine(estate)
    text = trust_as_template(sample.text(canary))
    as_target = given(engine, target=text)
    as_input = given(engine, target="hetzner", inputs={"job": text, "note": text})
    if sample.raw:
        assert "not, to the letter" in as_target
    if isinstance(as_input, str):
        assert "input" in as_input
    else:
        assert as_input["inputs"] == {"job": sample.text(canary), "note": sample.text(canary)}
    assert not canary.exists()

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gathering evidence: each distinct question once, in the order that follows from what it needs, and not one more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_nodes import Nodes
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gathered, Gatherer, Inquiry
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.loader import load
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from tests.support.estate import Estate

Json = dict[str, Any]

PODS = {"kubernetes_pods": {"namespace": "traefik"}}
NODES: Json = {"kubernetes_nodes": {}}


def book(folder: Path, evidence: Json) -> Runbook:
    """A runbook that asks for this."""
    written: Json = {
        "alerts": ["X"],
        "summary": "x",
        "params": {"who": "x"},
        "evidence": evidence,
        "findings": [{"name": "x", "when": ["true"], "because": "x", "escalate": "x"}],
    }
    path = folder / "x.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "vars": {"runbook": written}}]))
    return load(path)


class Asker:
    """Gathers from the one target of an estate."""

    def __init__(self, estate: Estate, seconds: float = 10.0) -> None:
        self.estate = estate
        self.gatherer = Gatherer(8, seconds)

    def endpoint(self, kind: str, vantage: str) -> Json:
        if vantage:
            raise ProbeError("bad_option", f"no vantage {vantage}")
        found: Json = self.estate.hosts["hetzner"]["remedy_endpoints"][kind]
        return found

    def inquiry(self, key: str, evidence: Json, **given: Any) -> Inquiry:
        made = book(self.estate.folder, evidence)
        return Inquiry(key, made.evidence, {"who": key}, self.endpoint, frozenset(made.evidence), given)

    def gather(self, evidence: Json) -> Gathered:
        return self.gatherer.gather([self.inquiry("a", evidence)])["a"]


@pytest.fixture
def asker(estate: Estate) -> Asker:
    return Asker(estate)


def states(gathered: Gathered) -> dict[str, str]:
    return {name: one.state for name, one in gathered.evidence.items()}


def test_the_same_question_of_many_incidents_is_asked_once(asker: Asker, estate: Estate) -> None:
    inquiries = [asker.inquiry(key, {"nodes": NODES, "again": NODES}) for key in "abc"]
    answers = asker.gatherer.gather(inquiries)
    assert estate["hetzner"].api.asked() == ["GET /api/v1/nodes"]
    assert {one.value["total"] for gathered in answers.values() for one in gathered.evidence.values()} == {2}
    assert sorted(answers["b"].evidence) == ["again", "nodes"]


def test_a_question_that_is_under_way_is_not_prepared_again(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[Nodes] = []

    def check(probe: Nodes) -> None:
        prepared.append(probe)

    monkeypatch.setattr(Nodes, "check", check)
    answers = asker.gatherer.gather([asker.inquiry(key, {"nodes": NODES, "again": NODES}) for key in "abc"])
    assert len(prepared) == 1
    assert {state for gathered in answers.values() for state in states(gathered).values()} == {"ok"}


def test_every_incident_that_asks_with_a_wrong_option_hears_of_it(asker: Asker, estate: Estate) -> None:
    wrong = {"pods": {"kubernetes_pods": {"namespace": "../secrets"}}, "again": PODS}
    answers = asker.gatherer.gather([asker.inquiry(key, wrong) for key in "abc"])
    assert [states(gathered) for gathered in answers.values()] == [{"pods": "failed", "again": "ok"}] * 3
    assert {"namespace" in gathered.evidence["pods"].reason for gathered in answers.values()} == {True}
    assert len(estate["hetzner"].api.requests) == 1


def test_the_same_question_is_asked_anew_in_another_round(asker: Asker, estate: Estate) -> None:
    asker.gather({"nodes": NODES})
    asker.gather({"nodes": NODES})
    assert estate["hetzner"].api.asked() == ["GET /api/v1/nodes"] * 2


def test_a_question_waits_for_what_it_needs(asker: Asker, estate: Estate) -> None:
    logs = {"pod_logs": {"namespace": "traefik", "pods": "{{ pods.names }}", "match": {"any": "."}}}
    gathered = asker.gather({"logs": logs, "pods": PODS})
    assert states(gathered) == {"pods": "ok", "logs": "ok"}
    asked = estate["hetzner"].api.asked()
    assert asked[0].endswith("/pods")
    assert Counter(path.rsplit("/", 1)[-1] for path in asked) == {"pods": 1, "log": 2}


def test_what_a_false_condition_excludes_is_not_asked(asker: Asker, estate: Estate) -> None:
    crash = {
        "pod_logs": {"namespace": "traefik", "pods": "{{ pods.crashing }}"},
        "when": ["pods.crashing | length > 0"],
    }
    gathered = asker.gather({"crash": crash, "pods": PODS})
    assert states(gathered) == {"pods": "ok", "crash": "skipped"}
    assert "pods.crashing | length > 0 is false" in gathered.evidence["crash"].reason
    assert not [path for path in estate["hetzner"].api.asked() if path.endswith("/log")]


def test_what_needs_a_silent_witness_is_unknown_with_its_reason(asker: Asker, estate: Estate) -> None:
    estate["hetzner"].prometheus = "ill"
    computed = {"value": "{{ up.count + 1 }}"}
    gathered = asker.gather({"up": {"promql": {"query": "up"}}, "more": computed, "nodes": NODES})
    assert states(gathered) == {"nodes": "ok", "up": "failed", "more": "failed"}
    assert "503" in gathered.evidence["up"].reason
    assert "up is unknown" in gathered.evidence["more"].reason


def test_a_computed_value_asks_nobody(asker: Asker, estate: Estate) -> None:
    gathered = asker.gather({"sum": {"value": "{{ who }}"}})
    assert (gathered.evidence["sum"].value, estate["hetzner"].api.requests) == ("a", [])


def test_a_witness_that_is_too_late_is_silent(estate: Estate) -> None:
    estate["hetzner"].hangs_at = "GET"
    gathered = Asker(estate, seconds=0.5).gather({"nodes": NODES, "up": {"promql": {"query": "up"}}})
    assert states(gathered) == {"nodes": "failed", "up": "ok"}
    assert gathered.evidence["nodes"].took < 5


def test_an_option_that_makes_no_sense_is_unknown_and_not_asked(asker: Asker, estate: Estate) -> None:
    gathered = asker.gather({"pods": {"kubernetes_pods": {"namespace": "../secrets"}}})
    assert states(gathered) == {"pods": "failed"}
    assert "namespace" in gathered.evidence["pods"].reason
    assert estate["hetzner"].api.requests == []


def test_a_vantage_that_the_inventory_lacks_is_unknown(asker: Asker) -> None:
    gathered = asker.gather({"nodes": {**NODES, "vantage": "inside"}})
    assert gathered.evidence["nodes"].reason == "no vantage inside"


def test_a_fault_of_the_runbook_is_told_apart_from_a_silent_witness(asker: Asker) -> None:
    gathered = asker.gather({"nodes": NODES, "bad": {"value": "{{ nodes.nonsense + 1 }}"}})
    assert "nonsense" in gathered.fault
    assert gathered.evidence["bad"].state == "failed"


def test_evidence_that_is_given_is_not_asked_for(asker: Asker, estate: Estate) -> None:
    first = asker.gather({"nodes": NODES}).evidence["nodes"]
    estate["hetzner"].api.requests.clear()
    inquiry = asker.inquiry("a", {"nodes": NODES, "total": {"value": "{{ nodes.total }}"}}, nodes=first)
    gathered = asker.gatherer.gather([inquiry])["a"]
    assert gathered.evidence["total"].value == 2
    assert estate["hetzner"].api.requests == []


def test_only_what_is_wanted_and_what_that_needs_is_asked(asker: Asker, estate: Estate) -> None:
    evidence = {"nodes": NODES, "pods": PODS, "many": {"value": "{{ nodes.total }}"}}
    inquiry = asker.inquiry("a", evidence)
    wanted = Inquiry("a", inquiry.questions, inquiry.scope, inquiry.endpoints, frozenset({"many"}), {})
    assert sorted(asker.gatherer.gather([wanted])["a"].evidence) == ["many", "nodes"]
    assert estate["hetzner"].api.asked() == ["GET /api/v1/nodes"]


def test_every_answer_says_what_was_asked_where_and_when(asker: Asker, estate: Estate) -> None:
    evidence = asker.gather({"nodes": NODES}).evidence["nodes"]
    assert (evidence.name, evidence.question, evidence.source) == ("nodes", "nodes", estate["hetzner"].api.url)
    assert evidence.asked_at > 1_700_000_000
    assert estate["hetzner"].probe_token not in repr(evidence)

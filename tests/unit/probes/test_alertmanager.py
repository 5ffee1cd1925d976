"""Alerts of a cluster of peers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.alertmanager import AlertmanagerAlerts
from ansible_collections.oncall.remedy.plugins.module_utils.probes.endpoints import transport_for
from tests.support import wire

PATH = "/api/v2/alerts"


def alert(fingerprint: str, state: str = "active", starts: str = "2026-11-18T11:05:40.000Z", **status: Any) -> Any:
    return {
        "fingerprint": fingerprint,
        "labels": {"alertname": "TraefikDown", "severity": "page"},
        "annotations": {"summary": "{{ 7*7 }}"},
        "startsAt": starts,
        "generatorURL": "http://prometheus/graph",
        "status": {"state": state, "silencedBy": [], "inhibitedBy": [], **status},
    }


def ask(*peers: wire.Wire, **options: Any) -> Any:
    transport = transport_for("alertmanager", {"urls": [peer.url for peer in peers]})
    return AlertmanagerAlerts(transport, options).ask(time.monotonic() + 10)


def holding(*alerts: Any) -> wire.Wire:
    return wire.Wire().on("GET", PATH, wire.answer_json(list(alerts)))


def test_an_alert_is_told_as_it_is() -> None:
    with holding(alert("f1", "suppressed", silencedBy=["s"], inhibitedBy=["i"])) as server:
        found = ask(server)
    assert found == {
        "total": 1,
        "truncated": False,
        "unreachable": [],
        "alerts": [
            {
                "name": "TraefikDown",
                "fingerprint": "f1",
                "labels": {"alertname": "TraefikDown", "severity": "page"},
                "annotations": {"summary": "{{ 7*7 }}"},
                "state": "suppressed",
                "starts_at": 1794999940.0,
                "silenced_by": ["s"],
                "inhibited_by": ["i"],
                "generator_url": "http://prometheus/graph",
            }
        ],
    }


def test_what_is_asked_on_the_wire() -> None:
    with holding() as server:
        ask(server, matchers=['severity="page"', 'cluster=~"eu.*"'], silenced=False)
        (request,) = server.requests
    assert request.query == {
        "filter": ['severity="page"', 'cluster=~"eu.*"'],
        "active": ["true"],
        "silenced": ["false"],
        "inhibited": ["true"],
        "unprocessed": ["true"],
    }


def test_the_alerts_of_all_peers_are_united_by_their_time() -> None:
    with holding(alert("b", starts="2026-11-18T11:05:41Z"), alert("c")) as one, holding(alert("a"), alert("c")) as two:
        found = ask(one, two)
    assert [one["fingerprint"] for one in found["alerts"]] == ["a", "c", "b"]


def test_where_peers_differ_the_one_that_suppresses_wins() -> None:
    with holding(alert("a")) as one, holding(alert("a", "suppressed", silencedBy=["s"])) as two:
        for peers in [(one, two), (two, one)]:
            (found,) = ask(*peers)["alerts"]
            assert (found["state"], found["silenced_by"]) == ("suppressed", ["s"])


def test_a_peer_that_is_away_is_named_while_another_answers() -> None:
    with holding(alert("a")) as one, wire.Wire() as two:
        two.on("GET", PATH, wire.answer_text("starting", 503))
        found = ask(one, two)
        (unreachable,) = found["unreachable"]
        assert (found["total"], unreachable["url"]) == (1, two.url)
    assert unreachable["reason"].startswith("503 service unavailable")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wire.answer_text("x", 503), "server_error"),
        (wire.answer_json("bad matcher", 400), "invalid"),
        (wire.answer_json({"alerts": []}), "bad_answer"),
        (wire.answer_json([alert("a", "resolved")]), "bad_answer"),
        (wire.answer_json([{"labels": {}}]), "bad_answer"),
        (wire.answer_text("[]"), "bad_answer"),
        (wire.truncated(b"[", 10), "bad_answer"),
        (wire.reset, "reset"),
    ],
)
def test_when_no_peer_answers_well_nothing_is_known(answer: wire.Answer, kind: str) -> None:
    with wire.Wire() as server:
        server.on("GET", PATH, answer)
        with pytest.raises(ProbeError) as caught:
            ask(server)
    assert caught.value.kind == kind


def test_the_question_in_words() -> None:
    assert AlertmanagerAlerts([], {}).question() == "alerts"
    assert AlertmanagerAlerts([], {"matchers": ['a="b"']}).question() == 'alerts with a="b"'

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Silences on the wire: one for each incident and set of matchers, through whichever peer answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.alertmanager import Matcher, Peers
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.silence import Order, SilenceFix
from tests.support.wire import Exchange, Wire, answer_json, answer_text, reset
from tests.unit.fixes.cluster import Hands
from tests.unit.fixes.helpers import Json

SILENCES = "/api/v2/silences"
MATCHERS = (Matcher("alertname", "TraefikDown"), Matcher("instance", "hetzner[12]:.*", "=~"))
ORDER = Order("3f2a", MATCHERS, comment="platform is on it", duration=3600, timeout=10)
SENT: Json = {
    "matchers": [
        {"name": "alertname", "value": "TraefikDown", "isRegex": False, "isEqual": True},
        {"name": "instance", "value": "hetzner[12]:.*", "isRegex": True, "isEqual": True},
    ],
    "startsAt": "2026-11-21T03:00:00Z",
    "endsAt": "2026-11-21T04:00:00Z",
    "createdBy": "oncall.remedy/3f2a",
    "comment": "platform is on it",
}


class Alertmanagers:
    """Two peers over one set of silences, which they know from each other at once."""

    def __init__(self, *peers: Wire) -> None:
        self.wires = peers
        self.silences: list[Json] = []
        self.lost: list[str] = []
        """For the next changes: "answer" loses the answer after it took effect, "request" before."""
        for wire in peers:
            wire.on("GET", SILENCES, self._list)
            wire.on("POST", SILENCES, self._create)

    def hold(self, silence: Json, state: str = "active") -> str:
        silence_id = f"id-{len(self.silences) + 1}"
        updated = {"id": silence_id, "status": {"state": state}, "updatedAt": "2026-11-21T03:00:00.000Z"}
        self.silences.append({**silence, **updated})
        for wire in self.wires:
            wire.on("DELETE", f"/api/v2/silence/{silence_id}", self._end)
        return silence_id

    def _list(self, exchange: Exchange) -> bool:
        return answer_json(self.silences)(exchange)

    def _create(self, exchange: Exchange) -> bool:
        loss = self.lost.pop(0) if self.lost else ""
        if loss == "request":
            return reset(exchange)
        silence_id = self.hold(exchange.request.json())
        return reset(exchange) if loss else answer_json({"silenceID": silence_id})(exchange)

    def _end(self, exchange: Exchange) -> bool:
        loss = self.lost.pop(0) if self.lost else ""
        if loss == "request":
            return reset(exchange)
        for silence in self.silences:
            if exchange.request.path.endswith(silence["id"]):
                silence["status"] = {"state": "expired"}
        return reset(exchange) if loss else answer_text("")(exchange)

    def writes(self) -> list[str]:
        asked = [request for wire in self.wires for request in wire.asked()]
        return [request for request in asked if not request.startswith("GET")]


@pytest.fixture
def cluster(wire: Wire) -> Iterator[Alertmanagers]:
    """Two peers."""
    with Wire() as second:
        yield Alertmanagers(wire, second)


def run(cluster: Alertmanagers, check: bool = False, urls: list[str] | None = None, **order: Any) -> dict[str, Any]:
    peers = Peers.of({"urls": urls or [wire.url for wire in cluster.wires]})
    return SilenceFix(peers, dataclasses.replace(ORDER, **order), Hands()).run(check)


def test_one_post_to_one_peer_says_what_for_how_long_and_for_whom(cluster: Alertmanagers) -> None:
    result = run(cluster)
    (sent,) = [request for request in cluster.wires[0].requests if request.method == "POST"]
    assert sent.path == SILENCES
    assert sent.headers["content-type"] == "application/json"
    assert sent.json() == SENT
    assert cluster.writes() == [f"POST {SILENCES}"]
    assert (result["changed"], result["silence_id"], result["ends_at"]) == (True, "id-1", "2026-11-21T04:00:00Z")
    assert result["msg"] == (
        '{alertname="TraefikDown", instance=~"hetzner[12]:.*"} is silenced until 2026-11-21T04:00:00Z'
    )


def test_one_that_the_incident_has_already_is_not_made_again(cluster: Alertmanagers) -> None:
    run(cluster)
    again = run(cluster)
    assert cluster.writes() == [f"POST {SILENCES}"]
    assert (again["changed"], again["already_done"], again["silence_id"]) == (False, True, "id-1")


def test_the_order_of_matchers_does_not_matter(cluster: Alertmanagers) -> None:
    cluster.hold({**SENT, "matchers": list(reversed(SENT["matchers"]))})
    assert not run(cluster)["changed"]


@pytest.mark.parametrize(
    "other",
    [
        {"createdBy": "oncall.remedy/b81e"},
        {"createdBy": "someone"},
        {"matchers": SENT["matchers"][:1]},
        {"matchers": [SENT["matchers"][0], {**SENT["matchers"][1], "isEqual": False}]},
    ],
    ids=["another incident's", "a human's", "wider", "the opposite"],
)
def test_another_silence_does_not_count(cluster: Alertmanagers, other: Json) -> None:
    cluster.hold({**SENT, **other})
    assert run(cluster)["changed"]


def test_an_expired_one_does_not_count(cluster: Alertmanagers) -> None:
    cluster.hold(SENT, state="expired")
    assert run(cluster)["changed"]


@pytest.mark.parametrize("present", [True, False])
def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(cluster: Alertmanagers, present: bool) -> None:
    if not present:
        cluster.hold(SENT)
    preview = run(cluster, check=True, present=present)
    assert cluster.writes() == []
    assert preview["changed"]
    assert preview["diff"] == run(cluster, present=present)["diff"]
    assert 'instance=~"hetzner[12]:.*"' in preview["diff"]["after" if present else "before"]


class TestLost:
    """A change whose answer does not come."""

    def test_a_silence_that_was_made_is_found_and_not_made_again(self, cluster: Alertmanagers) -> None:
        cluster.lost = ["answer"]
        result = run(cluster)
        assert cluster.writes() == [f"POST {SILENCES}"]
        assert (result["changed"], result["silence_id"]) == (True, "id-1")

    def test_one_that_was_not_made_is_made_by_the_next_peer(self, cluster: Alertmanagers) -> None:
        cluster.lost = ["request"]
        assert run(cluster)["changed"]
        assert [len([1 for line in wire.asked() if "POST" in line]) for wire in cluster.wires] == [1, 1]
        assert len(cluster.silences) == 1

    def test_an_end_that_took_effect_is_found(self, cluster: Alertmanagers) -> None:
        silence_id = cluster.hold(SENT)
        cluster.lost = ["answer"]
        assert run(cluster, present=False)["changed"]
        assert cluster.writes() == [f"DELETE /api/v2/silence/{silence_id}"]

    def test_when_nobody_confirms_it_the_outcome_is_unknown(self, cluster: Alertmanagers) -> None:
        cluster.lost = ["request"] * 9
        with pytest.raises(FixFailed, match="no Alertmanager has confirmed it") as failure:
            run(cluster)
        assert failure.value.unknown


def test_a_peer_that_is_away_does_not_matter(cluster: Alertmanagers) -> None:
    cluster.hold(SENT)
    assert not run(cluster, urls=["http://127.0.0.1:1", cluster.wires[1].url])["changed"]


def test_all_peers_away_is_no_answer(cluster: Alertmanagers) -> None:
    with pytest.raises(ProbeError) as error:
        run(cluster, urls=["http://127.0.0.1:1"])
    assert error.value.kind == "refused"


def test_what_alertmanager_does_not_accept_is_not_sent_to_the_next_peer(cluster: Alertmanagers) -> None:
    cluster.wires[0].on("POST", SILENCES, answer_json("invalid silence: bad label name", 400))
    with pytest.raises(ProbeError, match="invalid silence: bad label name"):
        run(cluster)
    assert cluster.writes() == [f"POST {SILENCES}"]


def test_a_silence_is_ended_and_ending_it_twice_is_quiet(cluster: Alertmanagers) -> None:
    silence_id = cluster.hold(SENT)
    cluster.hold({**SENT, "createdBy": "someone"})
    assert run(cluster, present=False)["changed"]
    assert not run(cluster, present=False)["changed"]
    assert cluster.writes() == [f"DELETE /api/v2/silence/{silence_id}"]


@pytest.mark.parametrize(
    "matchers", [(), (Matcher("alertname", ".+", "=~"),), (Matcher("alertname", "A", "!="),), (Matcher("job", ""),)]
)
def test_a_silence_that_names_nothing_exactly_is_refused(cluster: Alertmanagers, matchers: tuple[Matcher, ...]) -> None:
    with pytest.raises(FixFailed, match="no matcher is an exact one"):
        run(cluster, matchers=matchers)
    assert cluster.wires[0].requests == []


def test_a_hostile_label_value_stays_a_value(cluster: Alertmanagers) -> None:
    hostile = 'x",alertname=~".+\n{{ lookup("pipe", "id") }}'
    run(cluster, matchers=(Matcher("instance", hostile),))
    (sent,) = [request for request in cluster.wires[0].requests if request.method == "POST"]
    assert sent.json()["matchers"] == [{"name": "instance", "value": hostile, "isRegex": False, "isEqual": True}]
    assert not run(cluster, matchers=(Matcher("instance", hostile),))["changed"]


def test_where_peers_differ_the_newer_word_counts(cluster: Alertmanagers) -> None:
    silence_id = cluster.hold(SENT)
    ended = {**cluster.silences[0], "status": {"state": "expired"}, "updatedAt": "2026-11-21T03:00:05.000Z"}
    cluster.wires[1].on("GET", SILENCES, answer_json([ended]))
    assert run(cluster)["changed"]
    assert silence_id == "id-1"

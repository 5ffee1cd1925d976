# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pulling alerts from Alertmanagers: peers, silences, and sources that say nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import Pulled, pull
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Source
from tests.support.alertmanager import Alertmanager
from tests.support.service import bearer


@pytest.fixture
def peers() -> Iterator[tuple[Alertmanager, Alertmanager]]:
    first, second = Alertmanager(), Alertmanager()
    with contextlib.ExitStack() as stack:
        stack.enter_context(first.service)
        stack.enter_context(second.service)
        yield first, second


def asked(*peers: Alertmanager, within: float = 10.0, **auth: Any) -> Pulled:
    """What a cluster of these peers answers."""
    source = Source("lab", tuple(peer.url for peer in peers), "", "", auth)
    (pulled,) = pull([source], 4, time.monotonic() + within)
    return pulled


def test_the_first_peer_speaks_for_the_cluster(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, second = peers
    first.fire("A")
    second.fire("B")
    pulled = asked(*peers)
    assert ([alert.name for alert in pulled.alerts], pulled.peer, pulled.error) == (["A"], first.url, "")
    assert second.service.requests == []


@pytest.mark.parametrize("condition", ["resets", "ill", "hangs"])
def test_where_the_first_peer_does_not_answer_the_second_does(
    peers: tuple[Alertmanager, Alertmanager], condition: str
) -> None:
    first, second = peers
    first.condition = condition
    second.fire("B")
    pulled = asked(*peers, within=3.0)
    assert ([alert.name for alert in pulled.alerts], pulled.peer) == (["B"], second.url)


def test_where_no_peer_answers_the_source_is_silent_and_each_is_named(peers: tuple[Alertmanager, Alertmanager]) -> None:
    for peer in peers:
        peer.condition = "resets"
    pulled = asked(*peers)
    assert pulled.alerts == ()
    assert all(peer.url in pulled.error for peer in peers)


def test_a_peer_that_lists_too_much_to_be_read_is_as_good_as_silent(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, second = peers
    first.alerts = [{}] * 10_001
    second.fire("B")
    assert [alert.name for alert in asked(*peers).alerts] == ["B"]


def test_one_source_that_hangs_holds_up_no_other(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, second = peers
    first.condition = "hangs"
    second.fire("B")
    sources = [Source("a", (first.url,), "", "", {}), Source("b", (second.url,), "", "", {})]
    silent, answered = pull(sources, 1 + 1, time.monotonic() + 1.0)
    assert silent.error
    assert [alert.name for alert in answered.alerts] == ["B"]


def test_an_alert_that_cannot_be_used_spoils_no_other(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, _ = peers
    first.fire("A")
    first.alerts.append("nonsense")
    pulled = asked(first)
    assert [alert.name for alert in pulled.alerts] == ["A"]
    assert len(pulled.rejected) == 1


def test_the_engines_own_silence_does_not_count_and_another_one_does(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, _ = peers
    own, others = first.fire("Own"), first.fire("Others")
    first.silence(own, created_by="oncall.remedy/4711")
    number = first.silence(others, created_by="alice")
    state = {alert.name: (alert.state, alert.silenced_by) for alert in asked(first).alerts}
    assert state == {"Own": ("active", ()), "Others": ("suppressed", (number,))}


def test_an_inhibited_alert_stays_hidden_behind_the_engines_own_silence(
    peers: tuple[Alertmanager, Alertmanager],
) -> None:
    first, _ = peers
    alert = first.fire("A")
    first.silence(alert, created_by="oncall.remedy/4711")
    alert["status"]["inhibitedBy"] = ["another"]
    (pulled,) = asked(first).alerts
    assert (pulled.state, pulled.silenced_by) == ("suppressed", ())


def test_each_request_shows_the_sources_credential(peers: tuple[Alertmanager, Alertmanager], tmp_path: Path) -> None:
    first, _ = peers
    (tmp_path / "token").write_text("s3cret\n")
    asked(first, token_file=str(tmp_path / "token"))
    assert {bearer(request) for request in first.service.requests} == {"s3cret"}


def test_pulling_only_reads(peers: tuple[Alertmanager, Alertmanager]) -> None:
    first, _ = peers
    first.silence(first.fire("A"), created_by="alice")
    asked(first)
    assert first.service.asked() == ["GET /api/v2/alerts", "GET /api/v2/silences"]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof on the wire: before a permit nothing but questions leaves, and only by the identity that may do no more."""

from __future__ import annotations

import hashlib

from tests.integration.conftest import Build
from tests.support.estate import Estate
from tests.support.shipped import quick_copy
from tests.support.target import DAEMONSET, TOKENS, Cluster

READING = {"GET", "HEAD"}


def shipped(estate: Estate) -> None:
    """The shipped runbook, with all its questions, in the place of the small ones."""
    quick_copy("traefik_down", "TraefikOut", estate.folder / "runbooks")
    estate.settings["remedy_playbooks"] = [str(estate.folder / "runbooks")]


def broken(estate: Estate, target: str) -> Cluster:
    estate[target].hang()
    estate.alertmanager.fire("TraefikOut", {"cluster": target})
    return estate[target]


def assert_only_asked(cluster: Cluster) -> None:
    """Something was asked, by the reading identity alone, and nothing else was sent."""
    api = [request for request in cluster.api.requests if not request.path.startswith("/prometheus")]
    assert {cluster.who(request) for request in api} == {"probe"}
    assert {request.method for request in cluster.api.requests + cluster.edge.requests} <= READING


def test_up_to_the_permit_there_are_only_questions_and_then_each_write_has_its_own_identity(estate: Estate) -> None:
    shipped(estate)
    hetzner = broken(estate, "hetzner")
    estate.sweep().ended_well()

    sent = [(hetzner.who(request), request.method, request.path) for request in hetzner.api.requests]
    first_write = next(index for index, (_who, method, _path) in enumerate(sent) if method not in READING)
    before = [request for request in sent[:first_write] if not request[2].startswith("/prometheus")]
    assert len(before) > 5
    assert {who for who, _method, _path in before} == {"probe"}
    assert sent[first_write] == ("issuer", "POST", f"{TOKENS}remedy-rollout-restart/token")
    assert [request for request in sent if request[0] == "issuer"] == [sent[first_write]]
    writes = [request for request in sent if request[1] not in READING]
    assert writes[1:] == [("remedy-rollout-restart", "PATCH", DAEMONSET)]
    assert estate.alertmanager.service.methods() == {"GET"}
    assert {request.method for request in hetzner.edge.requests} <= READING


def test_where_nothing_may_be_done_nothing_but_questions_is_sent(build: Build) -> None:
    estate = build("proposing", "observing", "blind", "owned", "stopped")
    shipped(estate)
    for target in estate.clusters:
        broken(estate, target)
    estate.hosts["proposing"]["remedy_mode"] = "propose"
    estate.hosts["observing"]["remedy_mode"] = {"low": "act", "medium": "observe", "high": "act"}
    estate["blind"].prometheus = "ill"
    estate["owned"].heal()
    estate["owned"].mislabel_the_monitor()
    helm = {"annotations": {"meta.helm.sh/release-name": "x"}, "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    estate["owned"].monitor["metadata"].update(helm)
    still = [alert for alert in estate.alertmanager.alerts if alert["labels"]["cluster"] != "stopped"]
    estate.alertmanager.from_the_second_time(still)

    estate.sweep().ended_well()

    outcomes = {case["target"]: case["outcome"] for case in estate.cases()}
    assert outcomes == {
        "proposing": "proposed",
        "observing": "observed",
        "blind": "undecided",
        "owned": "proposed",
        "stopped": "held",
    }
    for cluster in estate.clusters.values():
        assert_only_asked(cluster)
    assert estate.alertmanager.service.methods() == {"GET"}


def test_a_preview_sends_no_write_leaves_nothing_behind_and_shows_plan_and_diff(estate: Estate) -> None:
    shipped(estate)
    hetzner = broken(estate, "hetzner")
    run = estate.sweep("--check", "--diff").ended_well()
    assert_only_asked(hetzner)
    assert estate.alertmanager.service.methods() == {"GET"}
    assert not estate.ledger_file.exists()
    assert not (estate.folder / "cases").exists()
    shown = " ".join(run.output.split())
    assert "Without --check, restart of DaemonSet traefik/traefik would follow" in shown
    assert "+ oncall.remedy/incident:" in shown
    assert "kubectl.kubernetes.io/restartedAt" in shown


def test_a_preview_leaves_a_ledger_that_is_there_as_it_is(estate: Estate) -> None:
    shipped(estate)
    hetzner = broken(estate, "hetzner")
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    estate.sweep().ended_well()
    estate.later(3600)
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    pages = {page: page.stat().st_mtime_ns for page in estate.pages()}
    before = hashlib.sha256(estate.ledger_file.read_bytes()).hexdigest()
    run = estate.sweep("--check").ended_well()
    assert "would follow" in run.output
    assert hashlib.sha256(estate.ledger_file.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in estate.ledger_file.parent.iterdir()) == ["ledger.db"]
    assert {page: page.stat().st_mtime_ns for page in estate.pages()} == pages
    assert_only_asked(hetzner)

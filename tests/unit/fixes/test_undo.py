# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rollback on the wire: the template exactly as it was, once, and only from where the diagnosis saw it stand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.undo import Undo
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, kube_status
from tests.unit.fixes.cluster import APPS, PODS, STRATEGIC, Cluster, Hands
from tests.unit.fixes.helpers import (
    Json,
    controller_revision,
    crash_looping,
    pod,
    replica_set,
    rolled_out,
    template,
    workload,
)

PATH = APPS + "daemonsets/traefik"
ORDER = Order(Workload("DaemonSet", "traefik", "traefik"), "3f2a", timeout=60)
GOOD, BAD = template("--metrics"), template("--metrisc")
HASH = "controller-revision-hash"
UNDONE = {
    "oncall.remedy/incident": "3f2a",
    "oncall.remedy/action": "rollout_undo",
    "oncall.remedy/former": '{"revision": 7, "restored": 6, "hash": "good"}',
}


@pytest.fixture
def revisions(cluster: Cluster) -> list[Json]:
    """What the cluster keeps: the newest revision is the bad one. Another workload's revision is there as well."""
    kept = [
        controller_revision(7, "bad", BAD),
        controller_revision(6, "good", GOOD),
        controller_revision(9, "else", template("--else"), owner="other"),
    ]
    cluster.lists("controllerrevisions", kept)
    return kept


@pytest.fixture
def cluster(wire: Wire) -> Cluster:
    """A DaemonSet rolled half-way into a bad flag: one pod crashes, two of the old revision serve."""
    pods = [
        crash_looping("traefik-bad1", node="hetzner1", labels={HASH: "bad"}),
        pod("traefik-good2", "hetzner2", labels={HASH: "good"}),
        pod("traefik-good3", "hetzner3", labels={HASH: "good"}),
    ]
    return Cluster(wire, PATH, workload(pod_template=BAD), pods)


@pytest.fixture
def undo(cluster: Cluster, kube: KubeTransport, revisions: list[Json]) -> Callable[..., dict[str, Any]]:
    """Runs the fix against a controller that knows the good revision again and replaces the one bad pod."""

    def renumber(_controller: Cluster) -> None:
        revisions[1]["revision"] = 8

    def replace(controller: Cluster) -> None:
        controller.pods[0] = pod("traefik-new1", "hetzner1", labels={HASH: "good"})
        controller.thing = rolled_out(controller.thing)

    cluster.steps = [renumber, replace]

    def run(check: bool = False, to: int = 0, expected: int = 0, **order: Any) -> dict[str, Any]:
        return Undo(kube, dataclasses.replace(ORDER, **order), to, expected, Hands(cluster)).run(check)

    return run


def test_one_patch_puts_the_template_back_exactly_as_it_was_and_marks_the_workload_alone(
    cluster: Cluster, undo: Any, wire: Wire
) -> None:
    undo(expected=7)
    (sent,) = [request for request in wire.requests if request.method == "PATCH"]
    assert sent.path == PATH
    assert sent.headers["content-type"] == STRATEGIC
    assert sent.json() == {
        "metadata": {"resourceVersion": "812", "annotations": UNDONE},
        "spec": {"template": {"$patch": "replace", **GOOD}},
    }
    assert cluster.thing["spec"]["template"] == GOOD
    assert cluster.thing["metadata"]["annotations"]["meta.helm.sh/release-name"] == "edge"


def test_only_the_pod_of_the_bad_revision_is_replaced_and_all_are_reported(undo: Any) -> None:
    result = undo()
    assert result["report"] == [
        "traefik-bad1 → traefik-new1 on hetzner1, ready after 3 s",
        "traefik-good2 stays on hetzner2, ready",
        "traefik-good3 stays on hetzner3, ready",
    ]
    assert result["msg"] == (
        "DaemonSet traefik/traefik was rolled back from revision 7 to revision 6: 3 of 3 pods are ready"
    )
    assert (result["undo"], result["restored_revision"]) == ({"to_revision": 7}, 6)


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(cluster: Cluster, undo: Any, wire: Wire) -> None:
    preview = undo(check=True)
    assert wire.methods() == {"GET"}
    assert preview["changed"]
    assert "- --metrisc" in preview["diff"]["before"]
    assert "- --metrics" in preview["diff"]["after"]
    assert preview["undo"] == {"to_revision": 7}
    assert undo()["diff"] == preview["diff"]
    assert len(cluster.writes) == 1


def test_another_newest_revision_than_was_diagnosed_is_left_alone(undo: Any, wire: Wire) -> None:
    with pytest.raises(FixFailed, match="revision 7 stands, not revision 5 that was diagnosed"):
        undo(expected=5)
    assert wire.methods() == {"GET"}


def test_the_revision_that_stands_needs_no_write(cluster: Cluster, undo: Any, wire: Wire) -> None:
    cluster.thing = rolled_out(cluster.thing)
    cluster.pods = [pod("traefik-a", labels={HASH: "bad"})]
    result = undo(to=7)
    assert wire.methods() == {"GET"}
    assert (result["changed"], result["undo"]) == (False, {})
    assert result["msg"] == "DaemonSet traefik/traefik stands at revision 7 already: 3 of 3 pods are ready"


def test_a_template_that_the_controller_has_not_seen_is_not_judged(cluster: Cluster, undo: Any, wire: Wire) -> None:
    cluster.thing["metadata"]["generation"] = 4
    with pytest.raises(FixFailed, match="has not taken notice of its newest template"):
        undo()
    assert wire.methods() == {"GET"}


def test_without_the_right_to_see_revisions_nothing_is_changed(undo: Any, wire: Wire) -> None:
    wire.on("GET", APPS + "controllerrevisions", kube_status(403, "Forbidden", 'User "probe" cannot list'))
    with pytest.raises(ProbeError, match="list controllerrevisions in traefik as probe"):
        undo()
    assert wire.methods() == {"GET"}


class TestOnce:
    """One rollback in the cluster, whatever dies in between."""

    def test_a_run_that_was_killed_after_its_patch_finds_it_and_does_not_go_one_further_back(
        self, cluster: Cluster, undo: Any, revisions: list[Json]
    ) -> None:
        cluster.thing = workload(pod_template=GOOD, desiredNumberScheduled=3, updatedNumberScheduled=2)
        cluster.thing["metadata"]["annotations"].update(UNDONE)
        revisions[1]["revision"] = 8  # now the revision before the newest is the bad one
        result = undo()
        assert cluster.writes == []
        assert (result["changed"], result["already_done"]) == (False, True)
        assert result["undo"] == {"to_revision": 7}
        assert "was rolled back from revision 7 to revision 6 for this incident already" in result["msg"]
        assert "traefik-good2 on hetzner2, ready after 3 s" in result["report"]

    def test_an_answer_lost_after_the_change_is_looked_after_and_found(self, cluster: Cluster, undo: Any) -> None:
        cluster.lost = ["answer"]
        result = undo(expected=7)
        assert len(cluster.writes) == 1
        assert result["changed"]

    def test_a_new_rollout_since_the_killed_run_is_not_gone_over(
        self, cluster: Cluster, undo: Any, revisions: list[Json]
    ) -> None:
        cluster.thing = workload(pod_template=template("--newer"))
        cluster.thing["metadata"]["annotations"].update(UNDONE)
        revisions.append(controller_revision(10, "newer", template("--newer")))
        with pytest.raises(FixFailed, match="since then somebody else has changed its template"):
            undo()
        assert cluster.writes == []

    def test_a_conflict_is_judged_anew_and_a_new_revision_then_refused(
        self, cluster: Cluster, undo: Any, revisions: list[Json]
    ) -> None:
        def somebody_rolls_out(busy: Cluster) -> None:
            busy.change({"spec": {"template": {"spec": {"hostNetwork": True}}}})
            busy.touch(observedGeneration=4)
            revisions.append(controller_revision(10, "newer", busy.thing["spec"]["template"]))

        cluster.before_patch = [somebody_rolls_out]
        with pytest.raises(FixFailed, match="revision 10 stands, not revision 7 that was diagnosed"):
            undo(expected=7)
        assert cluster.writes == []


class TestTakenBack:
    """The revision that stood before the rollback is put back, for the same incident."""

    @pytest.fixture
    def undone(self, cluster: Cluster, revisions: list[Json]) -> Cluster:
        """The cluster as the rollback of this incident left it."""
        cluster.thing = workload(pod_template=GOOD)
        cluster.thing["metadata"]["annotations"].update(UNDONE)
        revisions[1]["revision"] = 8
        cluster.steps = []
        return cluster

    def test_by_the_revision_that_the_diagnosis_saw(self, undone: Cluster, undo: Any) -> None:
        result = undo(to=7, wait=False)
        assert undone.thing["spec"]["template"] == BAD
        assert result["changed"]
        assert "was rolled back from revision 8 to revision 7" in result["msg"]

    def test_only_once_and_the_rollback_is_not_made_anew(
        self, undone: Cluster, undo: Any, revisions: list[Json]
    ) -> None:
        undo(to=7, wait=False)
        next(one for one in revisions if one["revision"] == 7)["revision"] = 9
        undone.touch(observedGeneration=undone.thing["metadata"]["generation"])
        for again in (7, 6, 0):
            assert not undo(to=again, wait=False)["changed"]
        assert len(undone.writes) == 1

    def test_what_somebody_else_rolled_out_since_is_not_gone_over(
        self, undone: Cluster, undo: Any, revisions: list[Json]
    ) -> None:
        undone.thing["spec"]["template"] = template("--newer")
        revisions.append(controller_revision(10, "newer", template("--newer")))
        with pytest.raises(FixFailed, match="What they did is not gone over"):
            undo(to=7, wait=False)
        assert undone.writes == []


def test_the_restored_revision_crashing_too_ends_the_wait(cluster: Cluster, undo: Any) -> None:
    def crashes(controller: Cluster) -> None:
        controller.pods[0] = crash_looping("traefik-new1", labels={HASH: "good"})
        controller.touch(observedGeneration=4, desiredNumberScheduled=3, updatedNumberScheduled=3)

    cluster.steps[1] = crashes
    with pytest.raises(FixFailed, match="pod traefik-new1 on hetzner1") as failure:
        undo()
    assert failure.value.changed
    assert failure.value.result["undo"] == {"to_revision": 7}


def test_a_deployment_goes_back_to_its_replica_sets_template(wire: Wire, kube: KubeTransport) -> None:
    thing = workload("Deployment", BAD)
    thing["metadata"]["annotations"]["kubernetes.io/change-cause"] = "the bad flag"
    cluster = Cluster(wire, APPS + "deployments/traefik", thing, [pod("web-old", labels={"pod-template-hash": "bad"})])
    cluster.lists("replicasets", [replica_set(2, "bad", BAD, "the bad flag"), replica_set(1, "good", GOOD, "first")])
    kept = [replica_set(2, "bad", BAD, "the bad flag"), replica_set(3, "good", GOOD, "first")]

    def roll(controller: Cluster) -> None:
        controller.lists("replicasets", kept)
        controller.pods = [pod("web-new", labels={"pod-template-hash": "good"}, owner="replica-set-2")]
        controller.thing = rolled_out(controller.thing)

    cluster.steps = [roll]
    order = dataclasses.replace(ORDER, workload=Workload("Deployment", "traefik", "traefik"))
    result = Undo(kube, order, clock=Hands(cluster)).run(check=False)
    (body,) = cluster.writes
    assert body["spec"]["template"] == {"$patch": "replace", **GOOD}
    assert body["metadata"]["annotations"]["kubernetes.io/change-cause"] == "first"
    assert json.loads(body["metadata"]["annotations"]["oncall.remedy/former"])["hash"] == "good"
    assert result["report"] == ["web-new on hetzner1, ready after 3 s"]


def test_pods_and_revisions_are_asked_for_in_the_namespace_by_the_selector(undo: Any, wire: Wire) -> None:
    undo()
    listed = [request for request in wire.requests if request.path in (PODS, APPS + "controllerrevisions")]
    assert {request.one("labelSelector") for request in listed} == {"app.kubernetes.io/name=traefik"}

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rolling restart on the wire: what it sends, how it waits, and that it happens once whatever dies in between."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.restart import Restart
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, kube_status
from tests.unit.fixes.cluster import APPS, PODS, STRATEGIC, Cluster, Hands
from tests.unit.fixes.helpers import Json, crash_looping, pod, rolled_out, workload

PATH = APPS + "daemonsets/traefik"
ORDER = Order(Workload("DaemonSet", "traefik", "traefik"), "3f2a", timeout=60)
NODES = ("hetzner1", "hetzner2", "hetzner3")
STAMP = "2026-11-21T03:00:00Z"


def stamp_of(cluster: Cluster) -> dict[str, str]:
    stamp: dict[str, str] = cluster.thing["spec"]["template"]["metadata"].get("annotations", {})
    return stamp


def replaced(index: int) -> Callable[[Cluster], None]:
    """The controller replaces the pod of one node and says so."""

    def step(cluster: Cluster) -> None:
        cluster.pods[index] = pod(f"traefik-new{index + 1}", NODES[index], stamp_of(cluster))
        done = len([one for one in cluster.pods if "new" in one["metadata"]["name"]])
        counts = dict.fromkeys(("updatedNumberScheduled", "numberAvailable", "numberReady"), done)
        cluster.touch(observedGeneration=cluster.thing["metadata"]["generation"], desiredNumberScheduled=3, **counts)

    return step


@pytest.fixture
def cluster(wire: Wire) -> Cluster:
    """A DaemonSet with three pods that hang, and a controller that replaces one with each look."""
    made = Cluster(wire, PATH, workload(), [pod(f"traefik-old{i}", n, ready=False) for i, n in enumerate(NODES, 1)])
    made.steps = [replaced(0), replaced(1), replaced(2)]
    return made


@pytest.fixture
def restart(cluster: Cluster, kube: KubeTransport) -> Callable[..., dict[str, Any]]:
    """Runs the fix; ``order`` fields may be given."""

    def run(check: bool = False, **order: Any) -> dict[str, Any]:
        return Restart(kube, dataclasses.replace(ORDER, **order), Hands(cluster)).run(check)

    return run


def marked(thing: Json) -> Json:
    """The workload as this incident's restart leaves it."""
    thing["metadata"]["annotations"].update(
        {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "rollout_restart"}
    )
    thing["spec"]["template"]["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/restartedAt": "2026-11-21T02:59:00Z",
        "oncall.remedy/incident": "3f2a",
    }
    return thing


def test_one_patch_restarts_marks_and_names_the_version_it_is_for(cluster: Cluster, restart: Any, wire: Wire) -> None:
    restart()
    (sent,) = [request for request in wire.requests if request.method == "PATCH"]
    assert sent.path == PATH
    assert sent.headers["content-type"] == STRATEGIC
    assert sent.headers["authorization"] == "Bearer t0ken"
    assert sent.json() == {
        "metadata": {
            "resourceVersion": "812",
            "annotations": {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "rollout_restart"},
        },
        "spec": {
            "template": {
                "metadata": {
                    "annotations": {"kubectl.kubernetes.io/restartedAt": STAMP, "oncall.remedy/incident": "3f2a"}
                }
            }
        },
    }
    assert wire.asked()[:4] == [f"GET {PATH}", f"GET {PODS}", f"PATCH {PATH}", f"GET {PATH}"]


def test_pods_are_asked_for_by_the_workloads_own_selector(restart: Any, wire: Wire) -> None:
    restart()
    listed = [request for request in wire.requests if request.path == PODS]
    assert {request.one("labelSelector") for request in listed} == {"app.kubernetes.io/name=traefik"}


def test_it_waits_for_every_pod_and_reports_what_came_up_where(cluster: Cluster, restart: Any) -> None:
    cluster.pods.append(pod("traefik-of-somebody-else", "hetzner1", owner="other"))
    result = restart()
    assert result["changed"]
    assert not result["already_done"]
    assert result["report"] == [
        "traefik-old1 → traefik-new1 on hetzner1, ready after 3 s",
        "traefik-old2 → traefik-new2 on hetzner2, ready after 3 s",
        "traefik-old3 → traefik-new3 on hetzner3, ready after 3 s",
    ]
    assert result["pods"][0] == {
        "node": "hetzner1",
        "old": "traefik-old1",
        "new": "traefik-new1",
        "stayed": False,
        "ready": True,
        "ready_after": 3,
    }
    assert result["msg"] == "restarted DaemonSet traefik/traefik: 3 of 3 pods are ready"
    assert (result["before"]["resource_version"], result["before"]["generation"]) == ("812", 3)
    assert (result["after"]["generation"], result["after"]["ready"]) == (4, 3)
    assert result["seconds"] == 1.5


def test_without_waiting_it_returns_after_the_patch(cluster: Cluster, restart: Any, wire: Wire) -> None:
    assert restart(wait=False)["changed"]
    assert wire.asked()[-1] == f"PATCH {PATH}"


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(
    cluster: Cluster, restart: Any, wire: Wire
) -> None:
    preview = restart(check=True)
    assert wire.methods() == {"GET"}
    assert cluster.writes == []
    assert preview["changed"]
    assert yaml.safe_load(preview["diff"]["after"]) == {
        "metadata": {"annotations": {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "rollout_restart"}},
        "spec": {
            "template": {
                "metadata": {
                    "annotations": {"kubectl.kubernetes.io/restartedAt": STAMP, "oncall.remedy/incident": "3f2a"}
                }
            }
        },
    }
    assert restart()["diff"] == preview["diff"]


class TestOnce:
    """One restart in the cluster, whatever dies in between."""

    def test_a_run_that_was_killed_after_its_patch_finds_it_and_only_waits(
        self, cluster: Cluster, restart: Any
    ) -> None:
        cluster.thing = marked(workload(desiredNumberScheduled=3, updatedNumberScheduled=1))
        cluster.pods[0] = pod("traefik-new1", "hetzner1", stamp_of(cluster))
        result = restart()
        assert cluster.writes == []
        assert (result["changed"], result["already_done"]) == (False, True)
        assert result["msg"] == (
            "DaemonSet traefik/traefik was restarted for this incident already (2026-11-21T02:59:00Z): "
            "3 of 3 pods are ready"
        )
        assert result["report"] == [
            "traefik-new1 on hetzner1, ready after 3 s",
            "traefik-old2 → traefik-new2 on hetzner2, ready after 3 s",
            "traefik-old3 → traefik-new3 on hetzner3, ready after 3 s",
        ]
        assert result["diff"]["after"] == ""

    def test_check_mode_after_a_killed_run_foresees_no_change(self, cluster: Cluster, restart: Any) -> None:
        cluster.thing = rolled_out(marked(workload()))
        assert not restart(check=True)["changed"]

    def test_a_restart_of_another_incident_or_another_remedy_of_this_one_does_not_count(
        self, cluster: Cluster, restart: Any
    ) -> None:
        cluster.thing = marked(workload())
        cluster.thing["metadata"]["annotations"]["oncall.remedy/action"] = "rollout_undo"
        assert restart()["changed"]
        assert restart(incident="b81e", wait=False)["changed"]
        assert len(cluster.writes) == 2

    def test_an_answer_lost_after_the_change_is_looked_after_and_found(self, cluster: Cluster, restart: Any) -> None:
        cluster.lost = ["answer"]
        result = restart()
        assert len(cluster.writes) == 1
        assert (result["changed"], result["already_done"]) == (True, False)
        assert result["before"]["resource_version"] == "812"
        assert "restartedAt" in result["diff"]["after"]

    def test_a_request_lost_before_the_change_is_sent_again(self, cluster: Cluster, restart: Any) -> None:
        cluster.lost = ["request"]
        assert restart()["changed"]
        assert len(cluster.writes) == 1

    def test_a_lost_request_that_arrives_late_and_the_new_one_exclude_each_other(
        self, cluster: Cluster, restart: Any
    ) -> None:
        def the_first_arrives(late: Cluster) -> None:
            late.change(late.wire.requests[2].json())

        cluster.lost = ["request"]
        cluster.before_patch = [lambda _cluster: None, the_first_arrives]
        result = restart()
        assert cluster.writes == []  # the second one met a conflict
        assert (result["changed"], result["already_done"]) == (True, False)

    def test_the_server_going_away_with_the_request_leaves_the_outcome_unknown(
        self, cluster: Cluster, restart: Any
    ) -> None:
        cluster.before_patch = [lambda late: setattr(late, "down", True)]
        with pytest.raises(FixFailed, match="since then the object cannot be read") as failure:
            restart()
        assert failure.value.unknown
        assert "is not made twice" in failure.value.next_step

    def test_being_declined_after_a_lost_request_leaves_the_outcome_unknown(
        self, cluster: Cluster, restart: Any, wire: Wire
    ) -> None:
        cluster.lost = ["request"]

        def decline_the_next(_busy: Cluster) -> None:
            wire.on("PATCH", PATH, kube_status(403, "Forbidden", 'User "remedy" cannot patch'))

        cluster.before_patch = [decline_the_next]
        with pytest.raises(FixFailed, match="a second one is declined") as failure:
            restart()
        assert failure.value.unknown

    def test_the_server_coming_back_in_time_is_waited_for(self, cluster: Cluster, restart: Any) -> None:
        cluster.before_patch = [lambda late: setattr(late, "down", True)]
        cluster.steps = [lambda _c: None, lambda back: setattr(back, "down", False), *cluster.steps]
        assert restart()["changed"]
        assert len(cluster.writes) == 1


class TestConflict:
    """Somebody else writes at the same moment."""

    def test_a_new_status_is_read_and_judged_again(self, cluster: Cluster, restart: Any) -> None:
        cluster.before_patch = [lambda busy: busy.touch(numberReady=0)]
        assert restart()["changed"]
        assert [body["metadata"]["resourceVersion"] for body in cluster.writes] == ["813"]

    def test_another_run_of_the_same_incident_was_faster(self, cluster: Cluster, restart: Any) -> None:
        def other_run(faster: Cluster) -> None:
            faster.change(faster.wire.requests[2].json())

        cluster.before_patch = [other_run]
        result = restart()
        assert cluster.writes == []
        assert (result["changed"], result["already_done"]) == (False, True)

    def test_under_a_precondition_the_changed_object_is_refused(self, cluster: Cluster, restart: Any) -> None:
        cluster.before_patch = [lambda busy: busy.touch(numberReady=0)]
        with pytest.raises(FixFailed, match=r"resourceVersion was 812, is 813") as failure:
            restart(precondition=Precondition(resource_version="812"))
        assert cluster.writes == []
        assert not failure.value.changed

    def test_a_diagnosis_of_an_older_specification_is_refused(self, cluster: Cluster, restart: Any, wire: Wire) -> None:
        with pytest.raises(FixFailed, match=r"generation was 2, is 3"):
            restart(precondition=Precondition(generation=2))
        assert wire.methods() == {"GET"}

    def test_an_object_of_another_owner_than_diagnosed_is_refused(
        self, cluster: Cluster, restart: Any, wire: Wire
    ) -> None:
        """Whoever said that it was nobody's was wrong: its owner would put it back."""
        cluster.thing["metadata"].setdefault("annotations", {})["argocd.argoproj.io/tracking-id"] = (
            "edge:apps/DaemonSet"
        )
        with pytest.raises(FixFailed, match=r"its owner was nobody, is Argo CD application edge"):
            restart(precondition=Precondition(owner=""))
        assert wire.methods() == {"GET"}

    def test_one_who_is_always_faster_is_given_up_on(self, cluster: Cluster, restart: Any) -> None:
        cluster.before_patch = [lambda busy: busy.touch(numberReady=0)] * 9
        with pytest.raises(FixFailed, match="5 times in a row") as failure:
            restart()
        assert (failure.value.changed, failure.value.unknown) == (False, False)


class TestWaiting:
    """From the patch until every pod serves, or until it is clear that it will not."""

    def test_a_new_pod_that_crashes_ends_the_wait_at_once(self, cluster: Cluster, restart: Any) -> None:
        def crashed(controller: Cluster) -> None:
            controller.touch(observedGeneration=4, desiredNumberScheduled=3, updatedNumberScheduled=2)
            controller.pods[1] = crash_looping("traefik-new2", node="hetzner2", annotations=stamp_of(controller))

        cluster.steps = [replaced(0), crashed]
        with pytest.raises(
            FixFailed, match=r"pod traefik-new2 on hetzner2: .*CrashLoopBackOff, it exits with 1"
        ) as failure:
            restart()
        result = failure.value.as_result()
        assert result["changed"]
        assert result["seconds"] == 1.0
        assert result["stalled"]["pod"] == "traefik-new2"
        assert result["report"] == [
            "traefik-old1 → traefik-new1 on hetzner1, ready after 3 s",
            "traefik-old2 → traefik-new2 on hetzner2, not ready",
        ]

    def test_old_pods_that_crash_do_not_end_it(self, cluster: Cluster, restart: Any) -> None:
        cluster.pods = [crash_looping(f"traefik-old{i}", node=node) for i, node in enumerate(NODES, 1)]
        assert restart()["changed"]

    def test_what_is_missing_is_named_when_time_is_up(self, cluster: Cluster, restart: Any) -> None:
        def leaving(controller: Cluster) -> None:
            controller.pods[1] = pod("traefik-old2", "hetzner2", deleting=True)

        cluster.steps = [replaced(0), leaving]
        with pytest.raises(FixFailed, match="not done after 60 s: 1 of 3 pods are replaced; ") as failure:
            restart()
        assert "traefik-old2 on hetzner2 is still terminating" in failure.value.why
        assert "traefik-old3 on hetzner3 is not replaced yet" in failure.value.why
        assert failure.value.changed

    def test_a_controller_that_takes_no_notice_is_named(self, cluster: Cluster, restart: Any) -> None:
        cluster.steps = []
        with pytest.raises(FixFailed, match="its controller has not taken notice of the change yet"):
            restart()

    def test_the_server_may_be_away_in_between(self, cluster: Cluster, restart: Any) -> None:
        away = [lambda gone: setattr(gone, "down", True), lambda back: setattr(back, "down", False)]
        cluster.steps = [replaced(0), *away, replaced(1), replaced(2)]
        assert len(restart()["report"]) == 3

    def test_a_server_that_just_starts_and_knows_nobody_is_asked_again(self, cluster: Cluster, restart: Any) -> None:
        starting = [lambda up: setattr(up, "starting", True), lambda up: setattr(up, "starting", False)]
        cluster.steps = [replaced(0), *starting, replaced(1), replaced(2)]
        assert len(restart()["report"]) == 3

    def test_the_server_staying_away_is_no_success(self, cluster: Cluster, restart: Any) -> None:
        cluster.steps = [replaced(0), lambda gone: setattr(gone, "down", True)]
        with pytest.raises(FixFailed, match="its pods could not be watched to the end") as failure:
            restart()
        assert failure.value.changed
        assert failure.value.result["report"] == ["traefik-old1 → traefik-new1 on hetzner1, ready after 3 s"]

    def test_somebody_elses_new_template_ends_it(self, cluster: Cluster, restart: Any) -> None:
        cluster.steps = [lambda other: other.change({"spec": {"template": {"spec": {"x": 1}}}})]
        with pytest.raises(FixFailed, match="somebody else changed its template while") as failure:
            restart()
        assert failure.value.changed

    def test_a_rollback_since_the_killed_run_is_not_restarted_over(self, cluster: Cluster, restart: Any) -> None:
        cluster.thing = marked(workload())
        cluster.thing["spec"]["template"] = workload()["spec"]["template"]
        with pytest.raises(FixFailed, match="since then somebody else has changed its template"):
            restart()
        assert cluster.writes == []

    def test_a_workload_deleted_in_between_is_a_failure(self, cluster: Cluster, restart: Any, wire: Wire) -> None:
        gone = kube_status(404, "NotFound", 'daemonsets.apps "traefik" not found', "traefik")

        def delete(_controller: Cluster) -> None:
            wire.on("GET", PATH, gone)

        cluster.steps = [delete]
        with pytest.raises(FixFailed, match="its pods cannot be watched: 404") as failure:
            restart()
        assert failure.value.changed


class TestRefusal:
    """Where a restart would do nothing or may not be made."""

    def test_without_the_right_to_patch_identity_and_verb_are_named(
        self, cluster: Cluster, restart: Any, wire: Wire
    ) -> None:
        said = (
            'daemonsets.apps "traefik" is forbidden: User "system:serviceaccount:oncall-remedy:probe" cannot patch '
            'resource "daemonsets" in API group "apps" in the namespace "traefik"'
        )
        wire.on("PATCH", PATH, kube_status(403, "Forbidden", said))
        with pytest.raises(ProbeError) as error:
            restart()
        assert error.value.kind == "forbidden"
        assert "patch daemonsets/traefik in traefik as system:serviceaccount:oncall-remedy:probe" in error.value.message

    def test_without_the_right_to_see_pods_nothing_is_restarted(
        self, cluster: Cluster, restart: Any, wire: Wire
    ) -> None:
        wire.on("GET", PODS, kube_status(403, "Forbidden", 'User "probe" cannot list'))
        with pytest.raises(ProbeError):
            restart()
        assert wire.methods() == {"GET"}

    @pytest.mark.parametrize(
        ("spec", "why"),
        [({"paused": True}, "its rollout is paused"), ({"updateStrategy": {"type": "OnDelete"}}, "OnDelete")],
    )
    def test_a_template_that_would_replace_no_pod_is_not_touched(
        self, cluster: Cluster, restart: Any, spec: Json, why: str
    ) -> None:
        cluster.thing["spec"].update(spec)
        with pytest.raises(FixFailed, match=why):
            restart()
        assert cluster.writes == []


def test_a_deployments_pods_are_reported_without_pairs(wire: Wire, kube: KubeTransport) -> None:
    cluster = Cluster(
        wire, APPS + "deployments/traefik", workload("Deployment"), [pod("web-old", owner="replica-set-1")]
    )

    def roll(controller: Cluster) -> None:
        controller.pods = [pod("web-new", annotations=stamp_of(controller), owner="replica-set-2")]
        controller.thing = rolled_out(controller.thing)

    cluster.steps = [roll]
    order = dataclasses.replace(ORDER, workload=Workload("Deployment", "traefik", "traefik"))
    result = Restart(kube, order, Hands(cluster)).run(check=False)
    assert result["report"] == ["web-new on hetzner1, ready after 3 s"]

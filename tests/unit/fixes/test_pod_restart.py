# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The restart of one node's pod: it dies once, by its uid, and the next one is waited for on that node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pod_restart import Order, Pod, PodRestart, ordered
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, kube_status
from tests.unit.fixes import helpers
from tests.unit.fixes.cluster import Hands
from tests.unit.fixes.helpers import Json
from tests.unit.fixes.store import Killed, Mortal, Store

PODS = "/api/v1/namespaces/monitoring/pods"
OLD, NEW = "node-exporter-x7k2p", "node-exporter-9fqzt"
PATH = f"{PODS}/{OLD}"
MEANT = Pod(OLD, "uid-old", "worker-2")

Run = Callable[..., dict[str, Any]]


def exporter(name: str, node: str = "worker-2", uid: str = "", **kwargs: Any) -> Json:
    """A pod of the DaemonSet node-exporter."""
    made = helpers.pod(name, node, **kwargs)
    made["metadata"]["ownerReferences"] = [
        {"uid": "ds", "kind": "DaemonSet", "name": "node-exporter", "controller": True}
    ]
    if uid:
        made["metadata"]["uid"] = uid
    return made


@pytest.fixture
def store(wire: Wire) -> Store:
    """The exporter of worker-2 does not serve; a new one comes up half a second after it is gone."""
    made = Store(wire).knows(PODS)
    made.put(PODS, exporter(OLD, uid="uid-old", ready=False))
    made.put(PODS, exporter("node-exporter-aaaaa", "worker-1"))
    made.steps = [lambda one: one.put(PODS, exporter(NEW))]
    return made


@pytest.fixture
def run(store: Store, kube: KubeTransport) -> Run:
    def restart(*pods: Pod, check: bool = False) -> dict[str, Any]:
        return PodRestart(kube, Order("monitoring", pods or (MEANT,), 60), Hands(store)).run(check)

    return restart


def test_exactly_this_pod_is_deleted_and_the_next_one_on_its_node_awaited(store: Store, run: Run, wire: Wire) -> None:
    result = run()
    assert wire.asked() == [f"GET {PODS}", f"DELETE {PATH}", f"GET {PODS}", f"GET {PODS}"]
    assert store.bodies == [{"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "uid-old"}}]
    assert result["changed"]
    assert result["report"] == [f"{OLD} → {NEW} on worker-2, ready after 3 s"]
    assert result["seconds"] == 0.5


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(store: Store, run: Run, wire: Wire) -> None:
    del store
    preview = run(check=True)
    assert wire.methods() == {"GET"}
    assert (preview["changed"], preview["msg"]) == (True, f"would restart Pod monitoring/{OLD}")
    assert OLD in preview["diff"]["before"]
    assert run()["diff"] == preview["diff"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("request_number", range(1, 5))
def test_killed_at_any_request_it_dies_once(
    store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
) -> None:
    mortal = Mortal(kubeconfig, request_number, after)
    with pytest.raises(Killed):
        PodRestart(mortal, Order("monitoring", (MEANT,), 60), Hands(store)).run(check=False)
    result = run()
    assert store.writes == [f"DELETE {PATH}"]
    assert [row["new"] for row in result["pods"]] == [NEW]
    assert result["pods"][0]["ready"]


@pytest.mark.parametrize("loss", ["answer", "request"])
def test_a_lost_answer_or_request_ends_in_one_deletion(store: Store, run: Run, loss: str) -> None:
    store.lost = [loss]
    assert run()["changed"]
    assert store.writes == [f"DELETE {PATH}"]


def test_by_its_name_alone_it_is_restarted_too(store: Store, run: Run) -> None:
    assert run(Pod(OLD))["report"] == [f"{OLD} → {NEW} on worker-2, ready after 3 s"]
    assert run(Pod(OLD))["already_done"]
    assert store.writes == [f"DELETE {PATH}"]


def test_one_that_somebody_else_deletes_at_the_same_moment_is_just_waited_for(store: Store, run: Run) -> None:
    store.before_write = [lambda other: other.remove(PATH)]
    result = run()
    assert store.writes == []
    assert (result["changed"], result["pods"][0]["new"]) == (False, NEW)


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        (Pod(OLD, "uid-other"), "its uid was uid-other, is uid-old"),
        (Pod(OLD, "uid-old", "worker-1"), "its node was worker-1, is worker-2"),
    ],
)
def test_another_pod_than_was_diagnosed_is_left_alone(store: Store, run: Run, meant: Pod, said: str) -> None:
    with pytest.raises(FixFailed, match=said):
        run(meant)
    assert store.writes == []


def test_a_pod_that_no_daemon_set_makes_again_is_left_alone(store: Store, run: Run) -> None:
    store.put(PODS, helpers.pod("web-0"))
    with pytest.raises(FixFailed, match="is of no DaemonSet"):
        run(Pod("web-0"))
    assert store.writes == []


def test_several_go_one_after_the_other_and_a_stuck_one_ends_it(store: Store, run: Run) -> None:
    stuck = helpers.crash_looping(NEW, node="worker-2")
    stuck["metadata"]["ownerReferences"] = exporter(NEW)["metadata"]["ownerReferences"]
    store.steps = [lambda one: one.put(PODS, stuck)]
    with pytest.raises(
        FixFailed, match=rf"the next one does not come up: pod {NEW} on worker-2: .*CrashLoop"
    ) as failure:
        run(MEANT, Pod("node-exporter-aaaaa"))
    assert store.writes == [f"DELETE {PATH}"]
    assert failure.value.changed
    assert failure.value.result["stalled"]["pod"] == NEW


def test_a_pod_of_a_dead_node_that_does_not_go_away_is_said(store: Store, run: Run) -> None:
    store.objects[PATH]["metadata"]["finalizers"] = ["the kubelet's word"]
    with pytest.raises(FixFailed, match=f"{OLD} on worker-2 is still terminating") as failure:
        run()
    assert "whether the node is up" in failure.value.next_step
    assert store.writes == [f"DELETE {PATH}"]


def test_a_successor_that_is_missing_is_said(store: Store, run: Run) -> None:
    store.steps = []
    with pytest.raises(FixFailed, match="there is none of node-exporter on worker-2"):
        run()


def test_without_the_right_to_delete_nothing_is_done(store: Store, run: Run) -> None:
    store.refusals[f"DELETE {PATH}"] = kube_status(403, "Forbidden", 'User "remedy" cannot delete resource "pods"')
    with pytest.raises(ProbeError, match="delete pods"):
        run()


@pytest.mark.parametrize("given", [[], [""], [{"uid": "x"}], [7]])
def test_what_names_no_pod_is_refused(given: list[Any]) -> None:
    with pytest.raises(FixFailed, match="read option pods"):
        ordered(given)

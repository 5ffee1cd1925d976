"""Pods: every way of not being ready, told apart."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_pods import Pods, row, summary
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import AGO_1H, AGO_1M, NOW, container, pod

WAITING = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
ENDED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": AGO_1M}}
CRASHED_LATELY = {"terminated": {"exitCode": 1, "finishedAt": AGO_1M}}
LOST_WITH_ITS_NODE = {"terminated": {"exitCode": 255, "reason": "Unknown", "finishedAt": AGO_1M}}
CRASHED_LONG_AGO = {"terminated": {"exitCode": 1, "finishedAt": AGO_1H}}


def lists(*pods: dict[str, Any]) -> dict[str, Any]:
    found = summary(list(pods), NOW)
    return {key: found[key] for key in ("crashing", "pending", "image_errors", "failed")}


def test_ready_pods_and_their_nodes() -> None:
    found = summary([pod("b", ready=True, node="n2"), pod("a", node="n1"), pod("c", ready=True, node="n2")], NOW)
    assert (found["total"], found["ready"], found["not_ready"]) == (3, 2, 1)
    assert (found["names"], found["nodes"], found["ready_nodes"]) == (["a", "b", "c"], ["n1", "n2"], ["n2"])


def test_no_pods() -> None:
    found = summary([], NOW)
    assert (found["total"], found["ready"], found["not_ready"], found["nodes"]) == (0, 0, 0, [])


@pytest.mark.parametrize(
    "status",
    [
        container(state=WAITING, restartCount=3, lastState=CRASHED_LATELY),
        container(state={"waiting": {"reason": "RunContainerError"}}),
        container(state=ENDED, restartCount=1),
        container(restartCount=2, lastState=CRASHED_LATELY),
    ],
    ids=["backing off", "cannot start", "ended", "running between two crashes"],
)
def test_a_pod_that_crashes(status: dict[str, Any]) -> None:
    assert lists(pod("p", status))["crashing"] == ["p"]
    beginning = pod("p")
    beginning["status"]["initContainerStatuses"] = [status]
    assert lists(beginning)["crashing"] == ["p"]


@pytest.mark.parametrize(
    "thing",
    [
        pod("p", container(restartCount=2, lastState=CRASHED_LATELY), ready=True),
        pod("p", container(restartCount=2, lastState=CRASHED_LONG_AGO)),
        pod("p", container(state={"terminated": {"exitCode": 0}}, restartCount=2)),
        pod("p", container(state=ENDED, restartCount=0)),
        pod("p", container(restartCount=1, lastState=LOST_WITH_ITS_NODE)),
        pod("p", container(state={"waiting": {"reason": "ContainerCreating"}}), phase="Pending"),
    ],
    ids=[
        "ready again",
        "crashed long ago",
        "ended well",
        "never restarted",
        "went down with its node",
        "not started yet",
    ],
)
def test_a_pod_that_does_not_crash(thing: dict[str, Any]) -> None:
    assert lists(thing)["crashing"] == []


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_a_pod_without_its_image_is_not_called_pending(reason: str) -> None:
    thing = pod("p", container(state={"waiting": {"reason": reason}}), phase="Pending")
    assert lists(thing) == {"crashing": [], "pending": [], "image_errors": ["p"], "failed": []}


def test_a_pod_that_no_node_takes_is_pending_and_says_why() -> None:
    thing = pod("p", phase="Pending", node="")
    why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes\nare available"}
    thing["status"]["conditions"].append(why)
    assert lists(thing)["pending"] == ["p"]
    assert (row(thing)["reason"], row(thing)["message"]) == ("Unschedulable", "0/3 nodes are available")
    assert summary([thing], NOW)["nodes"] == []


def test_what_has_run_to_its_end_is_not_counted() -> None:
    evicted = pod("gone", phase="Failed")
    found = summary([pod("p", ready=True), evicted, pod("job", phase="Succeeded")], NOW)
    assert (found["total"], found["not_ready"], found["failed"]) == (1, 0, ["gone"])


def test_a_pod_on_its_way_out_serves_nobody() -> None:
    found = summary([pod("p", ready=True, deletionTimestamp=AGO_1M)], NOW)
    assert (found["ready"], found["pods"][0]["deleting"]) == (0, True)


def test_a_pod_in_one_row() -> None:
    status = container(state=WAITING, restartCount=3, lastState={"terminated": {"exitCode": 137, "message": "x"}})
    thing = pod("p", status, node="n2", labels={"controller-revision-hash": "5d4f"})
    thing["status"]["startTime"] = AGO_1H
    assert row(thing) == {
        "name": "p",
        "uid": "uid-p",
        "node": "n2",
        "phase": "Running",
        "ready": False,
        "restarts": 3,
        "reason": "CrashLoopBackOff",
        "message": "back-off 10s",
        "exit_code": 137,
        "revision": "5d4f",
        "started_at": NOW - 3600,
        "deleting": False,
    }


def test_rows_have_a_limit_and_counts_have_none() -> None:
    found = summary([pod(f"p{number:03}") for number in range(201)], NOW)
    assert (found["total"], len(found["names"]), len(found["pods"]), found["truncated"]) == (201, 201, 200, True)


def test_the_question_on_the_wire(tmp_path: pathlib.Path) -> None:
    path = "/api/v1/namespaces/traefik/pods"
    with wire.Wire() as server:
        server.on("GET", path, wire.answer_json({"items": [pod("p", ready=True)]}))
        probe = Pods(transport(server, tmp_path), {"namespace": "traefik", "selector": "app in (traefik)"})
        assert probe.question() == "pods in traefik, app in (traefik)"
        assert probe.ask(time.monotonic() + 10)["ready"] == 1
        assert server.requests[0].one("labelSelector") == "app in (traefik)"


def test_pods_that_may_not_be_listed_are_unknown_and_not_missing(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server:
        server.on("GET", "/api/v1/namespaces/traefik/pods", wire.kube_status(403, "Forbidden", 'User "probe" cannot'))
        with pytest.raises(ProbeError, match="403 forbidden: list pods in traefik as probe"):
            Pods(transport(server, tmp_path), {"namespace": "traefik"}).ask(time.monotonic() + 10)

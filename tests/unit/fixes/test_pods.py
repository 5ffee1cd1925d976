# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which pods are new, which came up, which never will."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import pods
from tests.unit.fixes.helpers import Json, crash_looping, pod

NEW = {"kubectl.kubernetes.io/restartedAt": "now"}


def is_new(one: Json) -> bool:
    return bool(one["metadata"]["annotations"] == NEW)


def test_a_new_pod_in_crash_loop_stalls_with_node_exit_code_and_restarts() -> None:
    found = pods.stall([pod("old"), crash_looping("bad", node="hetzner2", annotations=NEW)], is_new)
    assert str(found) == ("pod bad on hetzner2: container traefik is in CrashLoopBackOff, it exits with 1 (2 restarts)")


def test_an_old_pod_in_crash_loop_is_what_the_restart_is_for() -> None:
    assert pods.stall([crash_looping("old")], is_new) is None


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImageNeverPull", "CreateContainerConfigError", "RunContainerError"]
)
def test_a_container_that_cannot_start_stalls_with_the_kubelets_words(reason: str) -> None:
    state = {"waiting": {"reason": reason, "message": "first line\nwhat matters"}}
    found = pods.stall([pod("bad", annotations=NEW, ready=False, state=state)], is_new)
    assert found is not None
    assert found.reason == f"container traefik is in {reason}: what matters"


@pytest.mark.parametrize(
    "still_hopeful",
    [
        {"state": {"waiting": {"reason": "ContainerCreating"}}},
        {"state": {"waiting": {"reason": "ErrImagePull"}}},
        {"state": {"terminated": {"exitCode": 1, "reason": "Error"}}},
        {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}, "restarts": 1},
    ],
    ids=["creating", "first pull", "first exit", "clean exit"],
)
def test_a_first_failure_is_not_a_stall_yet(still_hopeful: dict[str, Any]) -> None:
    assert pods.stall([pod("new", annotations=NEW, ready=False, **still_hopeful)], is_new) is None


def test_the_second_exit_with_an_error_is_a_stall() -> None:
    state = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "used 2 GB"}}
    found = pods.stall([pod("bad", annotations=NEW, ready=False, state=state, restarts=1)], is_new)
    assert found is not None
    assert found.reason == "container traefik ends in OOMKilled, it exits with 137 (1 restarts): used 2 GB"


def test_a_failed_pod_stalls_with_its_reason() -> None:
    refused = pod("bad", annotations=NEW, ready=False)
    refused["status"].update(phase="Failed", reason="NodeAffinity", message="does not fit")
    assert str(pods.stall([refused], is_new)) == "pod bad on hetzner1: NodeAffinity does not fit"


def test_an_init_container_stalls_too() -> None:
    bad = pod("bad", annotations=NEW, ready=False)
    bad["status"]["initContainerStatuses"] = [{"name": "wait", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    found = pods.stall([bad], is_new)
    assert found is not None
    assert found.reason == "container wait is in CrashLoopBackOff"


def test_a_pod_that_is_being_deleted_does_not_stall() -> None:
    assert pods.stall([crash_looping("bad", annotations=NEW, deleting=True)], is_new) is None


def test_a_daemon_sets_pods_are_paired_by_node() -> None:
    old = [pod("traefik-a", "hetzner1"), pod("traefik-b", "hetzner2")]
    now = [
        pod("traefik-y", "hetzner2", NEW),
        pod("traefik-x", "hetzner1", NEW),
        pod("gone", "hetzner3", NEW, deleting=True),
    ]
    rows = pods.replacements("DaemonSet", old, now, is_new)
    assert [(row["node"], row["old"], row["new"]) for row in rows] == [
        ("hetzner1", "traefik-a", "traefik-x"),
        ("hetzner2", "traefik-b", "traefik-y"),
    ]
    assert pods.report(rows)[0] == "traefik-a → traefik-x on hetzner1, ready after 3 s"


def test_a_stateful_sets_pods_keep_their_names() -> None:
    rows = pods.replacements("StatefulSet", [pod("db-0")], [pod("db-0", "hetzner2", NEW)], is_new)
    assert pods.report(rows) == ["db-0 on hetzner2, ready after 3 s"]


def test_a_deployments_pods_replace_no_particular_one() -> None:
    rows = pods.replacements("Deployment", [pod("web-1-a")], [pod("web-2-b", "hetzner1", NEW)], is_new)
    assert rows[0]["old"] == ""
    assert pods.report(rows) == ["web-2-b on hetzner1, ready after 3 s"]


def test_a_pod_that_is_not_ready_has_no_time_to_ready() -> None:
    rows = pods.replacements("DaemonSet", [], [pod("new", annotations=NEW, ready=False)], is_new)
    assert (rows[0]["ready"], rows[0]["ready_after"]) == (False, None)
    assert pods.report(rows) == ["new on hetzner1, not ready"]


def test_what_a_wait_is_still_about_is_named_pod_by_pod() -> None:
    unschedulable = pod("stuck", node="", annotations=NEW, ready=False)
    unschedulable["status"].update(
        phase="Pending",
        containerStatuses=[],
        conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}],
    )
    lines = pods.pending(
        [
            pod("up", annotations=NEW),
            pod("leaving", deleting=True),
            pod("waiting"),
            pod("slow", annotations=NEW, ready=False, state={"waiting": {"reason": "ContainerCreating"}}),
            unschedulable,
        ],
        is_new,
    )
    assert lines == [
        "leaving on hetzner1 is still terminating",
        "waiting on hetzner1 is not replaced yet",
        "slow on hetzner1 is not ready: ContainerCreating",
        "stuck is not ready: Unschedulable 0/3 nodes",
    ]

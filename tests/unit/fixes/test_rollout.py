# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a rollout is over, as kubectl rollout status judges it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rollout import progress, summary
from tests.unit.fixes.helpers import rolled_out, workload

KINDS = ["DaemonSet", "Deployment", "StatefulSet"]


@pytest.mark.parametrize("kind", KINDS)
def test_done_when_all_are_updated_and_serve(kind: str) -> None:
    assert progress(rolled_out(workload(kind))).done


@pytest.mark.parametrize("kind", KINDS)
def test_counts_of_an_older_generation_say_nothing(kind: str) -> None:
    stale = rolled_out(workload(kind))
    stale["metadata"]["generation"] += 1
    assert not progress(stale).done


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("DaemonSet", {"updatedNumberScheduled": 2}, "2 of 3 pods are replaced"),
        ("DaemonSet", {"numberAvailable": 1}, "all pods are replaced, 1 of 3 are available"),
        ("Deployment", {"updatedReplicas": 1}, "1 of 3 pods are replaced"),
        ("Deployment", {"replicas": 4}, "1 old pods are still there"),
        ("Deployment", {"availableReplicas": 0}, "all pods are replaced, 0 of 3 are available"),
        ("StatefulSet", {"updatedReplicas": 0}, "0 of 3 pods are replaced"),
        ("StatefulSet", {"readyReplicas": 2}, "all pods are replaced, 2 of 3 are ready"),
        ("StatefulSet", {"updateRevision": "b"}, "the new revision is not the current one yet"),
    ],
)
def test_not_done_while_something_is_missing(kind: str, change: dict[str, Any], says: str) -> None:
    thing = rolled_out(workload(kind))
    thing["status"].update(change)
    assert progress(thing).done is False
    assert progress(thing).says == says


def test_a_daemon_set_without_an_eligible_node_is_done_with_no_pod() -> None:
    thing = workload(desiredNumberScheduled=0)
    assert progress(thing).done
    assert progress(thing).says == "no node is eligible for a pod of it"


def test_a_deployment_that_exceeded_its_deadline_gave_up() -> None:
    thing = workload("Deployment", updatedReplicas=1)
    thing["status"]["conditions"] = [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    ]
    assert progress(thing).gave_up
    assert progress(thing).says == "timed out"


def test_a_partitioned_stateful_set_is_done_with_its_part() -> None:
    thing = rolled_out(workload("StatefulSet"))
    thing["spec"]["updateStrategy"] = {"rollingUpdate": {"partition": 2}}
    thing["status"].update(updatedReplicas=1, currentRevision="a", updateRevision="b")
    assert progress(thing).done


@pytest.mark.parametrize("kind", KINDS)
def test_the_summary_is_numbers_alike_for_each_kind(kind: str) -> None:
    assert summary(rolled_out(workload(kind))) == {
        "resource_version": "812",
        "generation": 3,
        "desired": 3,
        "updated": 3,
        "ready": 3,
        "restarted_at": "",
    }

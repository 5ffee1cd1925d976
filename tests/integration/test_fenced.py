# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A worker that outlives its ansible-playbook: it was about to write, and writes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import threading
import time
from collections.abc import Callable

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import WRITE_SECONDS
from tests.support.estate import LONGEST, Estate
from tests.support.target import Cluster
from tests.support.wire import Request


def await_workers(estate: Estate) -> None:
    """Waits until everything that was started for the estate has ended by itself."""
    for pid in estate.processes():
        with contextlib.suppress(ProcessLookupError):
            watched = os.pidfd_open(pid)
            try:
                assert select.select([watched], [], [], LONGEST)[0], f"process {pid} does not end"
            finally:
                os.close(watched)


def reads_of_the_remedy(cluster: Cluster) -> list[Request]:
    return [request for request in cluster.api.requests if cluster.who(request) == "remedy-rollout-restart"]


@pytest.fixture
def killed_before_the_write(estate: Estate) -> Callable[[], Cluster]:
    """Kills the run at the first question that the restart's module asks, and lets the module go on."""

    def sweep() -> Cluster:
        cluster, begun, killed = estate["hetzner"], threading.Event(), threading.Event()
        cluster.hang()
        estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})

        def kill(request: Request) -> None:
            if cluster.who(request) == "remedy-rollout-restart" and not killed.is_set() and begun.wait(LONGEST):
                run.kill()
                os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)  # it is dead by now, and nobody has noticed
                killed.set()

        cluster.api.notice = kill
        run = estate.begin()
        begun.set()
        assert killed.wait(LONGEST)
        await_workers(estate)
        return cluster

    return sweep


def test_a_worker_whose_controller_was_killed_right_before_its_write_writes_nothing(
    estate: Estate, killed_before_the_write: Callable[[], Cluster]
) -> None:
    cluster = killed_before_the_write()
    assert len(reads_of_the_remedy(cluster)) > 1, "the module has to have gone on after the kill"
    assert cluster.patches() == []
    (begun,) = estate.ledger.unfinished(target="hetzner")
    assert begun.state == "begun"


def test_a_permit_names_its_run_and_its_writes_are_over_before_its_lease_is(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    run = estate.begin("-v", ANSIBLE_STDOUT_CALLBACK="default", ANSIBLE_CALLBACK_RESULT_FORMAT="json")
    printed = estate.finish(run).ended_well().output
    fence = next(json.loads(found) for found in re.findall(r'"fence": (\{[^}]*\})', printed))
    (mitigation,) = estate.ledger.mitigations(estate.case()["id"])
    assert (fence["host"], fence["pid"]) == (process.here(), run.pid)
    assert mitigation.began_at is not None
    lease_ends = mitigation.began_at + mitigation.hold_for  # by the ledger's clock, here the machine's but for a blink
    assert fence["not_after"] + WRITE_SECONDS == pytest.approx(lease_ends, abs=1.0)
    assert fence["not_after"] > mitigation.began_at + mitigation.plan["timeout"]
    assert fence["steady"] - time.monotonic() == pytest.approx(fence["not_after"] - time.time(), abs=1.0)

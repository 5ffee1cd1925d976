# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fence before every write: a worker that outlived its permit or its controller reads, and writes nothing."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils import http_transport, process
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import copies, running
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.alertmanager import Matcher, Peers
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.fence import Bounds, Fence
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.kubernetes_object import Order as ObjectOrder
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.kubernetes_object import Remove
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import Name
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order as MonitorOrder
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.restart import Restart
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.service_monitor import Repair, ServiceMonitorFix
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.silence import Order as SilenceOrder
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.silence import SilenceFix
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.undo import Undo
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, answer_json, hang, kube_status
from tests.unit.fixes.cluster import APPS, Cluster, Hands
from tests.unit.fixes.helpers import controller_revision, pod, service_monitor, template, workload
from tests.unit.fixes.store import Store

ROLES = Path(__file__).resolve().parents[3] / "roles"
FIXES = (
    "alertmanager_silence",
    "helm_chart_config",
    "kubernetes_object",
    "pod_restart",
    "rollout_restart",
    "rollout_undo",
    "scrape_config",
    "service_monitor",
)
NOW = Hands().unix()
DAEMON_SET = APPS + "daemonsets/traefik"
MONITOR = "/apis/monitoring.coreos.com/v1/namespaces/traefik/servicemonitors/traefik"
ROLLING = Order(Workload("DaemonSet", "traefik", "traefik"), "3f2a", wait=False, timeout=60)
MATCHERS = (Matcher("alertname", "TraefikDown"),)


class Script:
    """A fence that lets pass as often as it is told, and then says why not."""

    def __init__(self, passes: int) -> None:
        self.passes = passes

    def __call__(self) -> None:
        self.passes -= 1
        if self.passes < 0:
            raise ProbeError("fenced", "the run that gave the permit is gone (process 7), so nothing is written")


@pytest.fixture
def cluster(wire: Wire) -> Cluster:
    """A DaemonSet with two revisions, the newer of which stands."""
    made = Cluster(wire, DAEMON_SET, workload(pod_template=template("--bad")), [pod("traefik-1")])
    revisions = [controller_revision(1, "a", template("--good")), controller_revision(2, "b", template("--bad"))]
    made.lists("controllerrevisions", revisions)
    return made


@pytest.fixture
def fenced(kubeconfig: str) -> Callable[[int], KubeTransport]:
    """A transport whose fence comes down after so many writes."""
    return lambda passes: KubeTransport(kubeconfig, fence=Script(passes))


@pytest.fixture
def controller() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started
        started.kill()


def bounds_of(controller: subprocess.Popen[bytes], host: str = "", not_after: float = NOW + 60) -> Bounds:
    started = process.start_of(controller.pid)
    assert started is not None
    return Bounds(not_after, host or process.here(), pid=controller.pid, started=started)


class TestTime:
    def test_it_lets_pass_until_the_permits_time_is_over(self) -> None:
        hands = Hands()
        fence = Fence(Bounds(NOW + 60), hands)
        hands.sleep(60)
        fence()
        hands.sleep(5)
        with pytest.raises(
            ProbeError, match="the time of its permit was over 5 s ago, so nothing is written"
        ) as caught:
            fence()
        assert caught.value.kind == "fenced"

    @pytest.mark.parametrize("step", [-3600.0, 3600.0])
    def test_a_wall_clock_that_is_set_lengthens_nothing(self, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
        hands = Hands()
        fence = Fence(Bounds(NOW + 60), hands)
        hands.sleep(61 if step < 0 else 1)
        true_time = hands.unix()
        monkeypatch.setattr(hands, "unix", lambda: true_time + step)
        with pytest.raises(ProbeError):
            fence()

    def test_a_wall_clock_set_back_before_the_module_began_lengthens_nothing_on_the_permits_machine(
        self, controller: subprocess.Popen[bytes]
    ) -> None:
        hands = Hands()
        fence = Fence(
            dataclasses.replace(bounds_of(controller, not_after=NOW + 3600), steady=hands.monotonic() + 60), hands
        )
        hands.sleep(60)
        fence()
        hands.sleep(1)
        with pytest.raises(ProbeError, match="over 1 s ago"):
            fence()


class TestController:
    def test_while_it_runs_writes_pass(self, controller: subprocess.Popen[bytes]) -> None:
        Fence(bounds_of(controller), Hands())()

    @pytest.mark.parametrize("reaped", [False, True])
    def test_once_it_is_killed_none_does_whether_or_not_its_parent_has_noticed(
        self, controller: subprocess.Popen[bytes], reaped: bool
    ) -> None:
        fence = Fence(bounds_of(controller), Hands())
        controller.kill()
        # Without WNOWAIT the child would be reaped; with it, it stays what it is until somebody asks: a zombie.
        os.waitid(os.P_PID, controller.pid, os.WEXITED | os.WNOWAIT)
        if reaped:
            controller.wait()
        with pytest.raises(ProbeError, match=rf"permit is gone \(process {controller.pid}\)") as caught:
            fence()
        assert caught.value.kind == "fenced"

    def test_another_process_of_its_number_is_another_process(self, controller: subprocess.Popen[bytes]) -> None:
        bounds = bounds_of(controller)
        with pytest.raises(ProbeError, match="is gone"):
            Fence(dataclasses.replace(bounds, started=bounds.started - 1), Hands())()

    @pytest.mark.parametrize("host", ["another boot pid:[1]", ""])
    def test_elsewhere_the_time_alone_bounds(self, controller: subprocess.Popen[bytes], host: str) -> None:
        fence = Fence(Bounds(NOW + 60, host, steady=-1.0, pid=controller.pid, started=1), Hands())
        fence()

    def test_a_process_that_is_hidden_from_this_user_still_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def of_somebody_else(_pid: int, _signal: int) -> None:
            raise PermissionError

        assert not process.still_runs(2**22 + 1, 1)
        monkeypatch.setattr(os, "kill", of_somebody_else)
        assert process.still_runs(2**22 + 1, 1)


def everything(kube: KubeTransport, wire: Wire, fence: Any) -> dict[str, Callable[[bool], Any]]:
    """Every fix there is, as a module would run it."""
    peers = Peers.of({"url": wire.url}, fence)
    repair = Repair(selector={"matchLabels": {"app": "traefik"}})
    return {
        "restart": Restart(kube, ROLLING, Hands()).run,
        "undo": Undo(kube, ROLLING, 1, clock=Hands()).run,
        "repair": ServiceMonitorFix(kube, MonitorOrder("traefik", "traefik", "3f2a", repair), Hands()).run,
        "silence": SilenceFix(peers, SilenceOrder("3f2a", MATCHERS), Hands()).run,
        "end": SilenceFix(peers, SilenceOrder("3f2a", MATCHERS, present=False), Hands()).run,
    }


STANDING = {
    "id": "id-1",
    "createdBy": "oncall.remedy/3f2a",
    "comment": "",
    "endsAt": "2026-11-21T04:00:00Z",
    "updatedAt": "2026-11-21T03:00:00Z",
    "status": {"state": "active"},
    "matchers": [MATCHERS[0].as_json()],
}


@pytest.mark.parametrize("fix", ["restart", "undo", "repair", "silence", "end"])
def test_no_fix_sends_a_write_behind_the_fence(
    wire: Wire, cluster: Cluster, fenced: Callable[[int], KubeTransport], fix: str
) -> None:
    del cluster
    Cluster(wire, MONITOR, service_monitor())
    wire.on("GET", "/api/v2/silences", answer_json([STANDING] if fix == "end" else []))
    with pytest.raises(ProbeError, match="so nothing is written") as caught:
        everything(fenced(0), wire, Script(0))[fix](False)
    assert caught.value.kind == "fenced"
    assert wire.methods() == {"GET"}


def test_a_lost_write_is_not_sent_again_behind_the_fence_and_stays_unknown(
    wire: Wire, cluster: Cluster, fenced: Callable[[int], KubeTransport]
) -> None:
    cluster.lost = ["request"]
    with pytest.raises(FixFailed, match=r"a second one is declined \(the run that gave the permit is gone") as caught:
        Restart(fenced(1), ROLLING, Hands(cluster)).run(check=False)
    assert caught.value.unknown
    assert [request.method for request in wire.requests].count("PATCH") == 1
    assert cluster.writes == []


def test_a_conflict_is_not_written_over_behind_the_fence(
    wire: Wire, cluster: Cluster, fenced: Callable[[int], KubeTransport]
) -> None:
    cluster.before_patch = [lambda one: one.touch(numberReady=1)]
    with pytest.raises(ProbeError) as caught:
        Restart(fenced(1), ROLLING, Hands(cluster)).run(check=False)
    assert caught.value.kind == "fenced"
    assert [request.method for request in wire.requests].count("PATCH") == 1
    assert cluster.writes == []


def test_a_fix_of_several_requests_stops_where_the_fence_comes_down_and_says_what_it_did(
    wire: Wire, fenced: Callable[[int], KubeTransport]
) -> None:
    monitors = MONITOR.rpartition("/")[0]
    maps = "/api/v1/namespaces/traefik/configmaps"
    order = ObjectOrder(Name("ServiceMonitor", "traefik", "traefik"), "3f2a")
    store = Store(wire).knows(monitors, maps).expect(copies.path("3f2a", order.name))
    store.put(monitors, service_monitor())
    with pytest.raises(FixFailed, match="permit is gone") as caught:
        Remove(fenced(1), order, Hands(store)).run(check=False)
    assert store.writes == [f"POST {maps}"]
    assert (caught.value.changed, caught.value.unknown) == (True, False)
    assert caught.value.result["report"][0].startswith("copy kept in ConfigMap")
    Remove(fenced(1), order, Hands(store)).run(check=False)
    assert store.writes == [f"POST {maps}", f"DELETE {MONITOR}"]


def test_a_silence_whose_answer_was_lost_is_not_made_again_behind_the_fence(wire: Wire) -> None:
    wire.on("GET", "/api/v2/silences", answer_json([]))
    wire.on("POST", "/api/v2/silences", kube_status(503, "Starting", "not yet"))
    peers = Peers.of({"url": wire.url}, Script(1))
    with pytest.raises(FixFailed) as caught:
        SilenceFix(peers, SilenceOrder("3f2a", MATCHERS), Hands()).run(check=False)
    assert caught.value.unknown
    assert [request.method for request in wire.requests].count("POST") == 1


def test_a_renewed_credential_does_not_carry_a_write_past_the_fence(
    wire: Wire, cluster: Cluster, kubeconfig: str
) -> None:
    del cluster

    def renewed(exchange: Any) -> bool:
        config = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
        config["users"][0]["user"]["token"] = "another"
        Path(kubeconfig).write_text(yaml.safe_dump(config), encoding="utf-8")
        return kube_status(401, "Unauthorized", "expired")(exchange)

    wire.on("PATCH", DAEMON_SET, renewed)
    with pytest.raises(ProbeError) as caught:
        Restart(KubeTransport(kubeconfig, fence=Script(1)), ROLLING, Hands()).run(check=False)
    assert caught.value.kind == "fenced"
    assert [request.method for request in wire.requests].count("PATCH") == 1


def test_a_write_is_over_in_time_whatever_it_is_given_and_the_server_is_told(
    wire: Wire, fenced: Callable[[int], KubeTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_transport, "WRITE_SECONDS", 0.2)
    wire.on("PATCH", DAEMON_SET, hang)
    with pytest.raises(ProbeError) as caught:
        fenced(1).patch(DAEMON_SET, {}, deadline=float("inf"))
    assert caught.value.kind == "timeout"
    assert wire.requests[0].one("timeout") == "10s"


def test_reading_asks_no_fence(wire: Wire, cluster: Cluster, fenced: Callable[[int], KubeTransport]) -> None:
    del cluster
    assert fenced(0).get(DAEMON_SET)["kind"] == "DaemonSet"
    assert "timeout" not in wire.requests[0].query


def test_every_fix_of_a_role_is_given_the_permits_fence() -> None:
    tasks = [task for path in ROLES.glob("*/tasks/*.yml") for task in yaml.safe_load(path.read_text(encoding="utf-8"))]
    given = [
        (name, task[f"oncall.remedy.{name}"].get("fence"))
        for task in tasks
        for name in FIXES
        if f"oncall.remedy.{name}" in task
    ]
    assert {name for name, _fence in given} == set(FIXES)
    assert {fence for _name, fence in given} == {"{{ remedy.fence | default(omit) }}"}
    assert "fence" in running.FIX_ARGUMENTS

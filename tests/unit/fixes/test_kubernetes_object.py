# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objects that are created, removed with a copy kept, and taken back: on the wire, whatever dies in between."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import copies
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.kubernetes_object import (
    Create,
    ObjectFix,
    Order,
    Remove,
    Restore,
    covers,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import Name
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order as RepairOrder
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.service_monitor import Repair, ServiceMonitorFix
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, kube_status
from tests.unit.fixes.cluster import Hands
from tests.unit.fixes.helpers import Json
from tests.unit.fixes.store import WRITES, Killed, Mortal, Store

MONITORS = "/apis/monitoring.coreos.com/v1/namespaces/monitoring/servicemonitors"
MONITOR = MONITORS + "/kube-proxy"
MAPS = "/api/v1/namespaces/monitoring/configmaps"
SERVICES = "/api/v1/namespaces/argocd/services"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/argocd/networkpolicies"
PODS = "/api/v1/namespaces/argocd/pods"

PROXY = Name("ServiceMonitor", "monitoring", "kube-proxy")
REMOVAL = Order(PROXY, "3f2a")
COPY = copies.path("3f2a", PROXY)
SPEC = {"selector": {"matchLabels": {"k8s-app": "kube-proxy"}}, "endpoints": [{"port": "metrics", "path": "/metrics"}]}
NODE_PORT = Order(Name("Service", "argocd", "argocd-metrics-nodeport"), "3f2a")
NODE_PORT_PATH = SERVICES + "/argocd-metrics-nodeport"
NODE_PORT_SPEC = {
    "type": "NodePort",
    "selector": {"app.kubernetes.io/name": "argocd-application-controller"},
    "ports": [{"name": "metrics", "protocol": "TCP", "port": 8082, "targetPort": 8082, "nodePort": 30082}],
}
POLICY = Order(Name("NetworkPolicy", "argocd", "controller-metrics-external"), "3f2a")
POLICY_SPEC = {
    "podSelector": {"matchLabels": {"app": "controller"}},
    "policyTypes": ["Ingress"],
    "ingress": [{"ports": [{"protocol": "TCP", "port": 8082}]}],
}

Run = Callable[..., dict[str, Any]]
Make = Callable[[KubeTransport], ObjectFix]


def monitor(**meta: Any) -> Json:
    """A ServiceMonitor that nobody owns."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "kube-proxy", "namespace": "monitoring", "labels": {"release": "stack"}, **meta},
        "spec": copy.deepcopy(SPEC),
    }


@pytest.fixture
def store(wire: Wire) -> Store:
    """An empty cluster."""
    made = Store(wire).knows(MONITORS, MAPS, SERVICES, POLICIES, PODS)
    argocd = copies.path("3f2a", NODE_PORT.name), copies.path("3f2a", POLICY.name)
    return made.expect(MONITOR, COPY, NODE_PORT_PATH, *argocd, POLICIES + "/controller-metrics-external")


@pytest.fixture
def run(store: Store, kube: KubeTransport) -> Run:
    """Runs a fix made of a transport."""

    def carry_out(make: Make, check: bool = False) -> dict[str, Any]:
        fix = make(kube)
        fix.clock = Hands(store)
        return fix.run(check)

    return carry_out


def removing(order: Order = REMOVAL) -> Make:
    return lambda kube: Remove(kube, order)


def restoring(order: Order = REMOVAL) -> Make:
    return lambda kube: Restore(kube, order)


def creating(order: Order = NODE_PORT, spec: Json | None = None, **labels: str) -> Make:
    return lambda kube: Create(kube, order, labels, NODE_PORT_SPEC if spec is None else spec)


def writes_of(wire: Wire) -> list[str]:
    return [f"{one.method} {one.path}" for one in wire.requests if one.method in WRITES]


class TestRemove:
    """A ServiceMonitor of a target that is not expected."""

    def test_a_copy_is_kept_first_and_then_exactly_this_object_deleted(
        self, store: Store, run: Run, wire: Wire
    ) -> None:
        thing = store.put(MONITORS, monitor())
        result = run(removing())
        assert wire.asked() == [
            f"GET {MONITOR}",
            f"GET {COPY}",
            f"POST {MAPS}",
            f"GET {MONITOR}",
            f"GET {COPY}",
            f"DELETE {MONITOR}",
            f"GET {MONITOR}",
            f"GET {COPY}",
        ]
        assert store.bodies[1]["preconditions"] == {"uid": thing["metadata"]["uid"], "resourceVersion": "100"}
        assert MONITOR not in store.objects
        kept = store.objects[COPY]
        assert kept["metadata"]["labels"]["oncall.remedy/incident"] == "3f2a"
        assert json.loads(kept["data"]["object.json"]) == monitor()
        assert result["changed"]
        assert result["report"] == [
            f"copy kept in ConfigMap monitoring/{kept['metadata']['name']}",
            "ServiceMonitor monitoring/kube-proxy removed",
        ]
        assert (result["before"]["resource_version"], result["after"]) == ("100", {})
        assert "k8s-app: kube-proxy" in result["diff"]["before"]
        assert result["diff"]["after"] == ""

    def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(
        self, store: Store, run: Run, wire: Wire
    ) -> None:
        store.put(MONITORS, monitor())
        preview = run(removing(), check=True)
        assert wire.methods() == {"GET"}
        assert (preview["changed"], preview["msg"]) == (True, "would remove ServiceMonitor monitoring/kube-proxy")
        assert run(removing())["diff"] == preview["diff"]

    def test_a_second_run_finds_it_removed(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        result = run(removing())
        assert (result["changed"], result["already_done"]) == (False, True)
        assert "was removed for this incident already; a copy is in ConfigMap" in result["msg"]
        assert result["diff"]["before"] == ""

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("request_number", range(1, 9))
    def test_killed_at_any_request_it_is_continued_and_not_repeated(
        self, store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
    ) -> None:
        store.put(MONITORS, monitor())
        dying = Remove(Mortal(kubeconfig, request_number, after), REMOVAL, Hands(store))
        with pytest.raises(Killed):
            dying.run(check=False)
        run(removing())
        assert store.writes == [f"POST {MAPS}", f"DELETE {MONITOR}"]
        assert json.loads(store.objects[COPY]["data"]["object.json"]) == monitor()

    @pytest.mark.parametrize("lost", [["answer"], ["request"], ["", "answer"], ["", "request"], ["answer", "answer"]])
    def test_whatever_answer_is_lost_it_is_copied_and_deleted_once(
        self, store: Store, run: Run, lost: list[str]
    ) -> None:
        store.put(MONITORS, monitor())
        store.lost = list(lost)
        result = run(removing())
        assert store.writes == [f"POST {MAPS}", f"DELETE {MONITOR}"]
        assert result["changed"]
        assert len(result["report"]) == 2

    def test_another_version_or_owner_than_diagnosed_is_left_alone_without_a_copy(
        self, store: Store, run: Run, wire: Wire
    ) -> None:
        store.put(MONITORS, monitor(annotations={"argocd.argoproj.io/tracking-id": "stack:x"}))
        with pytest.raises(FixFailed, match="resourceVersion was 99, is 100"):
            run(removing(Order(PROXY, "3f2a", Precondition(resource_version="99", owner=""))))
        with pytest.raises(FixFailed, match="its owner was nobody, is Argo CD application stack"):
            run(removing(Order(PROXY, "3f2a", Precondition(owner=""))))
        assert wire.methods() == {"GET"}

    def test_an_owner_that_takes_it_over_between_copy_and_deletion_stops_it(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())

        def adopted(busy: Store) -> None:
            labels = {"app.kubernetes.io/managed-by": "Helm"}
            busy.change(MONITOR, {"metadata": {"labels": labels, "annotations": {"meta.helm.sh/release-name": "kps"}}})

        store.before_write = [lambda _store: None, adopted]
        with pytest.raises(FixFailed, match="its owner was nobody, is Helm release kps") as failure:
            run(removing(Order(PROXY, "3f2a", Precondition(owner=""))))
        assert MONITOR in store.objects
        assert (failure.value.changed, failure.value.unknown) == (True, False)
        assert failure.value.result["report"][0].startswith("copy kept in ConfigMap")

    def test_one_that_changes_between_copy_and_deletion_is_copied_anew(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        changed = {"spec": {"jobLabel": "job"}}
        store.before_write = [lambda _store: None, lambda busy: busy.change(MONITOR, changed)]
        run(removing())
        assert store.writes == [f"POST {MAPS}", f"PUT {COPY}", f"DELETE {MONITOR}"]
        assert json.loads(store.objects[COPY]["data"]["object.json"])["spec"]["jobLabel"] == "job"

    def test_one_that_its_owner_creates_again_is_not_removed_a_second_time(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        store.put(MONITORS, monitor(annotations={"argocd.argoproj.io/tracking-id": "stack:x"}))
        with pytest.raises(FixFailed, match=r"somebody has created it again \(Argo CD application stack\)"):
            run(removing())
        assert MONITOR in store.objects

    def test_what_is_not_there_needs_no_removal(self, store: Store, run: Run, wire: Wire) -> None:
        result = run(removing())
        assert result["already_done"]
        assert "there is nothing to remove" in result["msg"]
        assert wire.methods() == {"GET"}

    def test_a_finalizer_that_holds_it_is_named(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor(finalizers=["example.org/hold"]))
        with pytest.raises(FixFailed, match=r"still there, held by example\.org/hold") as failure:
            run(removing())
        assert failure.value.changed

    def test_a_finalizer_that_goes_in_time_is_waited_for(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor(finalizers=["example.org/hold"]))
        store.steps = [lambda _store: None, lambda done: done.remove(MONITOR)]
        assert run(removing())["changed"]

    def test_without_the_right_to_keep_a_copy_nothing_is_deleted(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        store.refusals[f"POST {MAPS}"] = kube_status(403, "Forbidden", 'User "remedy" cannot create configmaps')
        with pytest.raises(ProbeError) as error:
            run(removing())
        assert error.value.kind == "forbidden"
        assert store.writes == []

    def test_without_the_right_to_delete_the_copy_is_reported(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        store.refusals[f"DELETE {MONITOR}"] = kube_status(403, "Forbidden", 'User "remedy" cannot delete')
        with pytest.raises(FixFailed, match="kube-proxy removed: 403 forbidden: delete servicemonitors") as failure:
            run(removing())
        assert failure.value.changed
        assert len(failure.value.result["report"]) == 1

    def test_a_foreign_config_map_of_that_name_is_not_gone_over(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        store.put(MAPS, {"metadata": {"name": copies.name_of("3f2a", PROXY), "namespace": "monitoring"}})
        with pytest.raises(FixFailed, match="is no copy of this incident"):
            run(removing())
        assert store.writes == []

    def test_the_server_going_away_with_the_request_leaves_the_outcome_unknown(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        store.before_write = [lambda gone: setattr(gone, "down", True)]
        with pytest.raises(FixFailed, match="what is there cannot be read") as failure:
            run(removing())
        assert failure.value.unknown

    def test_being_declined_after_a_lost_request_leaves_the_outcome_unknown(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        store.lost = ["request"]
        declined = kube_status(403, "Forbidden", 'User "remedy" cannot create configmaps')
        store.before_write = [lambda busy: busy.refusals.update({f"POST {MAPS}": declined})]
        with pytest.raises(FixFailed, match="a second one is declined") as failure:
            run(removing())
        assert (failure.value.changed, failure.value.unknown) == (False, True)


class TestTakingARemovalBack:
    def test_it_comes_back_as_it_was_and_its_copy_goes(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        result = run(restoring())
        thing = store.objects[MONITOR]
        assert (thing["spec"], thing["metadata"]["labels"]) == (SPEC, {"release": "stack"})
        assert thing["metadata"]["annotations"] == {
            "oncall.remedy/incident": "3f2a",
            "oncall.remedy/action": "object_restored",
        }
        assert COPY not in store.objects
        assert result["changed"]
        assert "k8s-app: kube-proxy" in result["diff"]["after"]
        assert run(restoring())["already_done"]

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("request_number", range(1, 10))
    def test_killed_at_any_request_it_is_continued_and_not_repeated(
        self, store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
    ) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        store.writes.clear()
        with pytest.raises(Killed):
            Restore(Mortal(kubeconfig, request_number, after), REMOVAL, Hands(store)).run(check=False)
        run(restoring())
        assert store.writes == [f"POST {MONITORS}", f"DELETE {COPY}"]

    @pytest.mark.parametrize("lost", [["answer"], ["request"], ["", "answer"], ["", "request"]])
    def test_whatever_answer_is_lost_it_comes_back_once(self, store: Store, run: Run, lost: list[str]) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        store.writes.clear()
        store.lost = list(lost)
        assert len(run(restoring())["report"]) == 2
        assert store.writes == [f"POST {MONITORS}", f"DELETE {COPY}"]

    def test_check_mode_only_reads(self, store: Store, run: Run, wire: Wire) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        wire.requests.clear()
        preview = run(restoring(), check=True)
        assert preview["changed"]
        assert wire.methods() == {"GET"}
        assert run(restoring())["diff"] == preview["diff"]

    def test_it_does_not_go_over_what_somebody_else_has_created_since(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        store.put(MONITORS, monitor(labels={"made-by": "hand"}))
        with pytest.raises(FixFailed, match="somebody else has created it since it was removed"):
            run(restoring())
        assert store.objects[MONITOR]["metadata"]["labels"] == {"made-by": "hand"}
        assert COPY in store.objects

    def test_a_removal_that_died_after_its_copy_leaves_the_object_and_loses_the_copy(
        self, store: Store, run: Run
    ) -> None:
        thing = store.put(MONITORS, monitor())
        store.refusals[f"DELETE {MONITOR}"] = kube_status(403, "Forbidden", "no")
        with pytest.raises(FixFailed):
            run(removing())
        run(restoring())
        assert store.objects[MONITOR] == thing
        assert COPY not in store.objects

    def test_what_was_taken_back_is_not_removed_again_for_the_same_incident(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        run(restoring())
        with pytest.raises(FixFailed, match="was removed for this incident already, and taken back"):
            run(removing())

    @pytest.mark.parametrize("forged", ["{cut off", json.dumps({"kind": "Secret", "metadata": {"name": "kube-proxy"}})])
    def test_a_copy_that_holds_something_else_is_not_created(self, store: Store, run: Run, forged: str) -> None:
        store.put(MONITORS, monitor())
        run(removing())
        store.change(COPY, {"data": {"object.json": forged}})
        with pytest.raises(FixFailed, match="cannot be read, or is of another object"):
            run(restoring())
        assert MONITOR not in store.objects

    def test_an_object_that_the_incident_has_nothing_to_do_with_is_left_alone(self, store: Store, run: Run) -> None:
        store.put(MONITORS, monitor(annotations={"oncall.remedy/incident": "b81e"}))
        result = run(restoring())
        assert result["already_done"]
        assert result["msg"].endswith("is there, and nothing that incident 3f2a did to it is left")
        assert store.writes == []

    def test_what_another_incident_created_stays(self, store: Store, run: Run) -> None:
        run(creating(Order(NODE_PORT.name, "b81e")))
        assert run(restoring(NODE_PORT))["already_done"]
        assert NODE_PORT_PATH in store.objects

    def test_a_repair_of_a_service_monitor_is_taken_back_by_the_same_action_without_asking_for_copies(
        self, store: Store, run: Run, kube: KubeTransport, wire: Wire
    ) -> None:
        store.put(MONITORS, monitor())
        repair = RepairOrder("monitoring", "kube-proxy", "3f2a", Repair(port="web"))
        ServiceMonitorFix(kube, repair, Hands(store)).run(check=False)
        wire.requests.clear()
        result = run(restoring())
        assert store.objects[MONITOR]["spec"] == SPEC
        assert result["msg"] == "ServiceMonitor monitoring/kube-proxy is as it was before the repair"
        assert not any("configmaps" in asked for asked in wire.asked())
        assert run(restoring())["already_done"]


class TestCreate:
    def test_one_post_carries_the_mark_and_what_it_was_created_as(self, store: Store, run: Run, wire: Wire) -> None:
        result = run(creating(team="platform"))
        assert wire.asked() == [f"GET {NODE_PORT_PATH}", f"POST {SERVICES}", f"GET {NODE_PORT_PATH}"]
        (sent,) = [request for request in wire.requests if request.method == "POST"]
        assert sent.one("fieldManager") == "oncall-remedy"
        left = {"labels": {"team": "platform"}, "spec": NODE_PORT_SPEC}
        assert sent.json() == {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "namespace": "argocd",
                "name": "argocd-metrics-nodeport",
                "labels": {"team": "platform"},
                "annotations": {
                    "oncall.remedy/incident": "3f2a",
                    "oncall.remedy/action": "object_created",
                    "oncall.remedy/former": json.dumps({"left": left}, sort_keys=True),
                },
            },
            "spec": NODE_PORT_SPEC,
        }
        assert result["changed"]
        assert "nodePort: 30082" in result["diff"]["after"]
        assert result["diff"]["before"] == ""

    def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(
        self, store: Store, run: Run, wire: Wire
    ) -> None:
        preview = run(creating(), check=True)
        assert wire.methods() == {"GET"}
        assert run(creating())["diff"] == preview["diff"]

    def test_a_second_run_finds_it_created(self, store: Store, run: Run) -> None:
        run(creating())
        result = run(creating())
        assert (result["changed"], result["diff"]["after"]) == (False, "")
        assert len(store.writes) == 1

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("request_number", [1, 2, 3])
    def test_killed_at_any_request_it_is_created_once(
        self, store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
    ) -> None:
        mortal = Mortal(kubeconfig, request_number, after)
        with pytest.raises(Killed):
            Create(mortal, NODE_PORT, {}, NODE_PORT_SPEC, Hands(store)).run(check=False)
        run(creating())
        assert store.writes == [f"POST {SERVICES}"]

    @pytest.mark.parametrize("loss", ["answer", "request"])
    def test_a_lost_answer_or_request_ends_in_one_object(self, store: Store, run: Run, loss: str) -> None:
        store.lost = [loss]
        result = run(creating())
        assert result["changed"]
        assert result["report"] == ["Service argocd/argocd-metrics-nodeport created"]
        assert store.writes == [f"POST {SERVICES}"]

    def test_one_of_that_name_that_somebody_else_made_is_not_gone_over(self, store: Store, run: Run) -> None:
        other = {"metadata": {"name": "argocd-metrics-nodeport", "namespace": "argocd"}, "spec": {}}
        store.before_write = [lambda busy: busy.put(SERVICES, other)]
        with pytest.raises(FixFailed, match="there is one of that name already, made by nobody who says so"):
            run(creating())
        assert store.objects[NODE_PORT_PATH]["spec"] == {}
        assert store.writes == []

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ("provided port is already allocated", "another Service has its node port already"),
            (
                "provided port is not in the valid range. The range of valid ports is 30000-32767",
                "provided port is not in the valid range. The range of valid ports is 30000-32767",
            ),
        ],
    )
    def test_a_node_port_that_cannot_be_had_is_said_clearly(self, store: Store, run: Run, said: str, why: str) -> None:
        message = f'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30082: {said}'
        store.refusals[f"POST {SERVICES}"] = kube_status(422, "Invalid", message)
        with pytest.raises(FixFailed) as failure:
            run(creating())
        assert failure.value.why.startswith(why)
        assert "choose another port" in failure.value.next_step
        assert (failure.value.changed, failure.value.unknown) == (False, False)

    @pytest.mark.parametrize(
        ("name", "spec", "why"),
        [
            (NODE_PORT, {**NODE_PORT_SPEC, "selector": {}}, "its selector is empty"),
            (NODE_PORT, {**NODE_PORT_SPEC, "type": "LoadBalancer"}, "type LoadBalancer"),
            (NODE_PORT, {**NODE_PORT_SPEC, "externalIPs": ["192.0.2.1"]}, "externalIPs"),
            (REMOVAL, {**SPEC, "selector": {"matchLabels": {}}}, "take every Service"),
            (POLICY, {**POLICY_SPEC, "podSelector": {}}, "shut in every pod"),
            (POLICY, {**POLICY_SPEC, "policyTypes": ["Ingress", "Egress"]}, "not about what comes in alone"),
            (POLICY, {**POLICY_SPEC, "ingress": [{}]}, "it names no port"),
        ],
    )
    def test_what_is_wider_than_one_port_of_named_pods_is_refused_unasked(
        self, store: Store, run: Run, wire: Wire, name: Order, spec: Json, why: str
    ) -> None:
        with pytest.raises(FixFailed, match=why):
            run(creating(name, spec))
        assert wire.requests == []


class TestNetworkPolicy:
    """One that opens a port must not shut out what passes today."""

    @pytest.fixture
    def pods(self, store: Store) -> Store:
        for name, app in (("controller-0", "controller"), ("controller-1", "controller"), ("server-0", "server")):
            store.put(PODS, {"metadata": {"name": name, "labels": {"app": app}}})
        return store

    def test_pods_that_are_shut_in_already_get_a_port_more(self, pods: Store, run: Run, wire: Wire) -> None:
        pods.put(
            POLICIES, {"metadata": {"name": "old"}, "spec": {"podSelector": {"matchLabels": {"app": "controller"}}}}
        )
        assert run(creating(POLICY, POLICY_SPEC))["changed"]
        assert pods.writes == [f"POST {POLICIES}"]

    @pytest.mark.parametrize(
        "policies",
        [
            [],
            [{"podSelector": {"matchLabels": {"app": "server"}}}],
            [{"podSelector": {}, "policyTypes": ["Egress"]}],
        ],
        ids=["no policy", "another's", "only about what goes out"],
    )
    def test_a_pod_that_takes_everything_in_is_not_shut_in(self, pods: Store, run: Run, policies: list[Json]) -> None:
        for number, spec in enumerate(policies):
            pods.put(POLICIES, {"metadata": {"name": f"old-{number}"}, "spec": spec})
        with pytest.raises(FixFailed, match="pod controller-0 is shut in by no policy yet"):
            run(creating(POLICY, POLICY_SPEC))
        assert pods.writes == []

    def test_labels_that_no_pod_has_are_refused(self, store: Store, run: Run) -> None:
        with pytest.raises(FixFailed, match="no pod has the labels"):
            run(creating(POLICY, POLICY_SPEC))
        assert store.writes == []


class TestTakingACreationBack:
    def test_it_goes_if_nobody_has_changed_it(self, store: Store, run: Run) -> None:
        run(creating())
        given = {"clusterIP": "10.43.0.9", "ipFamilies": ["IPv4"], "sessionAffinity": "None"}
        store.change(NODE_PORT_PATH, {"spec": given})  # what the API server adds of its own
        result = run(restoring(NODE_PORT))
        assert NODE_PORT_PATH not in store.objects
        assert result["report"] == ["Service argocd/argocd-metrics-nodeport removed again"]
        assert run(restoring(NODE_PORT))["already_done"]

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("request_number", range(1, 6))
    def test_killed_at_any_request_it_goes_once(
        self, store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
    ) -> None:
        run(creating())
        with pytest.raises(Killed):
            Restore(Mortal(kubeconfig, request_number, after), NODE_PORT, Hands(store)).run(check=False)
        run(restoring(NODE_PORT))
        assert store.writes == [f"POST {SERVICES}", f"DELETE {NODE_PORT_PATH}"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"spec": {"ports": [{"port": 9}]}}, "somebody has changed it since it was created"),
            ({"metadata": {"labels": {"keep": "me"}}}, "somebody has changed it since it was created"),
            (
                {"metadata": {"managedFields": [{"manager": "oncall-remedy"}, {"manager": "kubectl-edit"}]}},
                "somebody has written to it since it was created: kubectl-edit",
            ),
            ({"metadata": {"annotations": {"oncall.remedy/former": None}}}, "gone or unreadable"),
        ],
    )
    def test_what_somebody_else_has_changed_stays(self, store: Store, run: Run, change: Json, said: str) -> None:
        run(creating())
        store.change(NODE_PORT_PATH, change)
        with pytest.raises(FixFailed, match=said):
            run(restoring(NODE_PORT))
        assert NODE_PORT_PATH in store.objects

    def test_a_status_that_a_controller_writes_is_no_change(self, store: Store, run: Run) -> None:
        run(creating())
        noted = [{"manager": "oncall-remedy"}, {"manager": "kube-controller-manager", "subresource": "status"}]
        store.change(NODE_PORT_PATH, {"metadata": {"managedFields": noted}})
        assert run(restoring(NODE_PORT))["changed"]

    def test_a_change_at_the_same_moment_is_judged_anew(self, store: Store, run: Run) -> None:
        run(creating())
        changed = {"spec": {"selector": {"app": "other"}}}
        store.before_write = [lambda busy: busy.change(NODE_PORT_PATH, changed)]
        with pytest.raises(FixFailed, match="somebody has changed it"):
            run(restoring(NODE_PORT))
        assert NODE_PORT_PATH in store.objects


@pytest.mark.parametrize(
    ("sent", "live", "verdict"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": {"b": [1]}}, {"a": {"b": [1], "c": 3}}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": 1}, {}, False),
        ({"a": 1}, None, False),
        ([{"p": 1}], [{"p": 1, "d": 0}], True),
    ],
)
def test_defaults_of_the_server_do_not_count_as_changes(sent: Any, live: Any, verdict: bool) -> None:
    assert covers(sent, live) is verdict

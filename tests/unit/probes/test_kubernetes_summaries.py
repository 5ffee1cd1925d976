"""Nodes, workloads, endpoints, ServiceMonitors, events: from the API's JSON to the value."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.probes import (
    kubernetes_endpoints,
    kubernetes_events,
    kubernetes_nodes,
    kubernetes_pods,
    kubernetes_service_monitors,
    kubernetes_workload,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import owner, selector_text, selects
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import (
    AGO_1H,
    AGO_1M,
    NOW,
    Json,
    controller_revision,
    daemonset,
    meta,
    monitor,
    service,
    template,
)

RECORDED = pathlib.Path(__file__).parent / "recorded"


def recorded(name: str) -> Any:
    """What a real API server (1.35, with the Prometheus operator) answered."""
    return json.loads((RECORDED / f"{name}.json").read_text())


class TestOwner:
    @pytest.mark.parametrize(
        ("metadata", "expected"),
        [
            ({}, ""),
            ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, ""),
            ({"annotations": {"meta.helm.sh/release-name": "t"}}, ""),
            (
                {
                    "labels": {"app.kubernetes.io/managed-by": "Helm"},
                    "annotations": {"meta.helm.sh/release-name": "t"},
                },
                "Helm release t",
            ),
            (
                {"annotations": {"argocd.argoproj.io/tracking-id": "edge:apps/DaemonSet:traefik/traefik"}},
                "Argo CD application edge",
            ),
            ({"labels": {"argocd.argoproj.io/instance": "edge"}}, "Argo CD application edge"),
            ({"labels": {"kustomize.toolkit.fluxcd.io/name": "infra"}}, "Flux Kustomization infra"),
            ({"labels": {"helm.toolkit.fluxcd.io/name": "t"}}, "Flux HelmRelease t"),
            ({"managedFields": [{"manager": "kubectl"}, {"manager": "Terraform"}]}, "Terraform"),
            ({"managedFields": [{"manager": "HashiCorp"}]}, "Terraform"),
            ({"managedFields": [{"manager": "kubectl"}]}, ""),
            ({"ownerReferences": [{"controller": True, "kind": "Edge", "name": "main"}]}, "Edge main"),
            ({"ownerReferences": [{"kind": "Edge", "name": "main"}]}, ""),
            (
                {
                    "annotations": {
                        "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
                        "objectset.rio.cattle.io/owner-name": "traefik",
                    }
                },
                "k3s manifest traefik",
            ),
        ],
    )
    def test_who_would_put_an_object_back(self, metadata: Json, expected: str) -> None:
        assert owner({"metadata": metadata}) == expected

    def test_argo_cd_comes_before_the_helm_chart_that_it_deploys(self) -> None:
        labels = {"app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "edge"}
        annotations = {"meta.helm.sh/release-name": "t"}
        assert owner({"metadata": {"labels": labels, "annotations": annotations}}) == "Argo CD application edge"


class TestSelectors:
    EXPRESSIONS = {  # noqa: RUF012
        "matchLabels": {"app": "t"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["edge", "web"]},
            {"key": "env", "operator": "NotIn", "values": ["dev"]},
            {"key": "team", "operator": "Exists"},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }

    def test_a_selector_as_kubectl_takes_it(self) -> None:
        assert selector_text(self.EXPRESSIONS) == "app=t,tier in (edge,web),env notin (dev),team,!old"
        assert selector_text(None) == ""

    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            ({"app": "t", "tier": "edge", "team": "x"}, True),
            ({"app": "u", "tier": "edge", "team": "x"}, False),
            ({"app": "t", "tier": "db", "team": "x"}, False),
            ({"app": "t", "tier": "edge", "team": "x", "env": "dev"}, False),
            ({"app": "t", "tier": "edge"}, False),
            ({"app": "t", "tier": "edge", "team": "x", "old": ""}, False),
        ],
    )
    def test_every_part_of_a_selector_has_to_match(self, labels: dict[str, str], expected: bool) -> None:
        assert selects(self.EXPRESSIONS, labels) is expected

    def test_an_empty_selector_matches_all_a_missing_one_nothing_and_an_unknown_operator_nothing(self) -> None:
        assert selects({}, {"a": "b"})
        assert not selects(None, {"a": "b"})
        assert not selects({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}, {"a": "2"})


class TestNodes:
    @staticmethod
    def node(name: str, status: str = "True", **spec: Any) -> Json:
        condition = {"type": "Ready", "status": status, "reason": "R", "message": "m"}
        addresses = [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": "10.0.0.1"}]
        return {
            "metadata": meta(name),
            "spec": spec,
            "status": {"conditions": [condition], "addresses": addresses},
        }

    def test_ready_cordoned_and_tainted_nodes(self) -> None:
        taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        soft = {"key": "a", "value": "b", "effect": "PreferNoSchedule"}
        found = kubernetes_nodes.summary(
            [
                self.node("d", taints=[soft]),
                self.node("c", unschedulable=True, taints=[taint]),
                self.node("b", "Unknown"),
                self.node("a", "False"),
            ]
        )
        assert (found["total"], found["ready"], found["not_ready"]) == (4, 2, ["a", "b"])
        assert (found["cordoned"], found["tainted"], found["names"]) == (["c"], ["c"], ["a", "b", "c", "d"])
        assert found["nodes"][3]["taints"] == [soft]
        assert found["nodes"][0]["address"] == "10.0.0.1"

    def test_a_node_that_never_reported_is_not_ready(self) -> None:
        found = kubernetes_nodes.summary([{"metadata": {"name": "n"}, "status": {}}])
        assert (found["not_ready"], found["nodes"][0]["reason"]) == (["n"], "never reported")

    def test_a_real_answer(self) -> None:
        found = kubernetes_nodes.summary(recorded("nodes")["items"])
        assert (found["total"], found["not_ready"], found["nodes"][0]["reason"]) == (3, [], "KubeletReady")


class TestWorkload:
    def summary(self, workload: Json, *records: Json, kind: str = "DaemonSet") -> Json:
        return kubernetes_workload.summary(kind, workload, list(records))

    def test_a_daemonset_half_way_into_a_new_revision(self) -> None:
        records = [controller_revision(4, "--bad"), controller_revision(2, "--good"), controller_revision(3)]
        found = self.summary(daemonset("--bad"), *records)
        assert (found["desired"], found["ready"], found["updated"], found["rolled_out"]) == (3, 2, 1, False)
        assert (found["revision"], found["revision_hash"], found["previous_revision"]) == (4, "hash4", 3)
        assert [one["revision"] for one in found["revisions"]] == [2, 3, 4]
        assert (found["args"], found["revisions"][0]["args"]) == (["--bad"], ["--good"])
        assert (found["images"], found["selector"], found["revision_created"]) == (
            ["traefik:3"],
            "app=traefik",
            NOW - 3600,
        )

    def test_revisions_of_a_namesake_that_was_deleted_are_not_its_own(self) -> None:
        found = self.summary(daemonset(), controller_revision(1), controller_revision(9, of="uid-another"))
        assert ([one["revision"] for one in found["revisions"]], found["previous_revision"]) == ([1], 0)

    def test_a_restart_makes_a_revision_but_nothing_to_go_back_to(self) -> None:
        good, bad, restarted = (controller_revision(*one) for one in ((1, "--good"), (2, "--bad"), (3, "--bad")))
        stamps = {"kubectl.kubernetes.io/restartedAt": "2026-11-21T03:00:00Z", "oncall.remedy/incident": "3f2a91c0"}
        restarted["data"]["spec"]["template"]["metadata"]["annotations"] = stamps
        bad["metadata"]["creationTimestamp"] = "2026-11-21T02:00:00Z"
        found = self.summary(daemonset("--bad"), good, bad, restarted)
        assert (found["revision"], found["previous_revision"]) == (3, 1)
        assert found["revision_created"] == unix("2026-11-21T02:00:00Z")

    def test_revisions_are_ordered_as_numbers(self) -> None:
        found = self.summary(daemonset(), *[controller_revision(number, f"--v={number}") for number in (10, 9, 11)])
        assert (found["revision"], found["previous_revision"]) == (11, 10)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ({"updatedNumberScheduled": 3}, True),
            ({"updatedNumberScheduled": 3, "observedGeneration": 3}, False),
            ({"updatedNumberScheduled": 0, "desiredNumberScheduled": 0}, True),
        ],
    )
    def test_rolled_out_means_seen_by_the_controller_and_updated_everywhere(self, status: Json, expected: bool) -> None:
        assert self.summary(daemonset(**status))["rolled_out"] is expected

    @pytest.mark.parametrize(
        ("kind", "spec", "expected"),
        [
            ("DaemonSet", {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}}, 2),
            ("DaemonSet", {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}}, 1),
            ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}, 0),
            ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 9}}}, 5),
            ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, 0),
            ("DaemonSet", {}, 1),
            ("Deployment", {}, 1),
            ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "50%", "maxSurge": "50%"}}}, 2),
            ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": "10%"}}}, 0),
            ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 0}}}, 1),
            ("Deployment", {"strategy": {"type": "Recreate"}}, 5),
            ("StatefulSet", {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}, 1),
            ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, 0),
        ],
    )
    def test_how_many_pods_a_rollout_takes_away_at_once(self, kind: str, spec: Json, expected: int) -> None:
        assert kubernetes_workload.max_unavailable(kind, spec, 5) == expected

    def test_a_rollout_of_nothing_takes_nothing_away(self) -> None:
        assert kubernetes_workload.max_unavailable("DaemonSet", {}, 0) == 0

    def test_a_workload_without_history_or_status(self) -> None:
        thing = daemonset()
        del thing["status"]
        found = self.summary(thing)
        assert (found["desired"], found["revision"], found["revision_created"], found["rolled_out"]) == (
            0,
            0,
            None,
            False,
        )

    def test_the_marks_that_remedies_and_people_leave(self) -> None:
        thing = daemonset()
        thing["metadata"]["annotations"] = {"oncall.remedy/incident": "3f2a"}
        thing["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": AGO_1M}
        spec = thing["spec"]["template"]["spec"]
        spec["nodeSelector"] = {"edge": "yes"}
        spec["tolerations"] = [
            {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "b", "value": "c"},
            {"operator": "Exists"},
        ]
        found = self.summary(thing)
        assert (found["incident"], found["restarted_at"], found["node_selector"]) == ("3f2a", NOW - 60, {"edge": "yes"})
        assert found["tolerations"] == ["a:NoSchedule op=Exists", "b=c", "op=Exists"]

    def test_a_deployment_takes_its_revisions_from_replica_sets(self) -> None:
        thing = {
            "metadata": meta("web", generation=2),
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template()},
            "status": {"observedGeneration": 2, "replicas": 3, "readyReplicas": 2, "updatedReplicas": 1},
        }
        sets = [
            {
                "metadata": meta(
                    f"web-{number}",
                    annotations={"deployment.kubernetes.io/revision": str(number)},
                    labels={"pod-template-hash": f"h{number}"},
                    ownerReferences=[{"uid": "uid-web"}],
                ),
                "spec": {"template": template(image=f"web:{number}")},
            }
            for number in (10, 9)
        ]
        found = self.summary(thing, *sets, kind="Deployment")
        assert (found["desired"], found["scheduled"], found["updated"], found["rolled_out"]) == (2, 3, 1, False)
        assert (found["revision"], found["revision_hash"], found["previous_revision"]) == (10, "h10", 9)
        assert found["revisions"][0]["images"] == ["web:9"]

    def test_real_answers(self) -> None:
        found = self.summary(recorded("daemonset"), *recorded("controllerrevisions")["items"])
        assert found["revision_hash"] == found["revisions"][-1]["hash"] != ""
        assert found["args"] == found["revisions"][-1]["args"] != []
        deployments, sets = recorded("deployments")["items"], recorded("replicasets")["items"]
        assert self.summary(deployments[0], *sets, kind="Deployment")["revision"] == 1

    def test_the_questions_on_the_wire(self, tmp_path: pathlib.Path) -> None:
        folder = "/apis/apps/v1/namespaces/traefik"
        options = {"kind": "DaemonSet", "namespace": "traefik", "name": "traefik"}
        with wire.Wire() as server:
            server.on("GET", f"{folder}/daemonsets/traefik", wire.answer_json(daemonset()))
            server.on("GET", f"{folder}/controllerrevisions", wire.answer_json({"items": [controller_revision(1)]}))
            probe = kubernetes_workload.Workload(transport(server, tmp_path), options)
            found = probe.ask(time.monotonic() + 10)
            assert server.requests[1].one("labelSelector") == "app=traefik"
        assert (found["exists"], found["kind"], found["name"], found["revision"]) == (True, "DaemonSet", "traefik", 1)
        assert probe.question() == "DaemonSet traefik/traefik"

    def test_a_workload_that_does_not_exist_is_an_answer(self, tmp_path: pathlib.Path) -> None:
        options = {"kind": "StatefulSet", "namespace": "a", "name": "b"}
        with wire.Wire() as server:
            path = "/apis/apps/v1/namespaces/a/statefulsets/b"
            server.on("GET", path, wire.kube_status(404, "NotFound", "not found", "b"))
            found = kubernetes_workload.Workload(transport(server, tmp_path), options).ask(time.monotonic() + 10)
        assert found == {**options, "exists": False}


class TestEndpoints:
    @staticmethod
    def piece(*endpoints: Json) -> Json:
        return {"metadata": meta("x"), "endpoints": list(endpoints)}

    def test_sockets_have_the_number_behind_a_port_whatever_the_service_calls_it(self) -> None:
        one = {"addresses": ["10.1.0.1"], "conditions": {"ready": True}}
        six = {"addresses": ["fd00::1"], "conditions": {}}
        gone = {"addresses": ["10.1.0.9"], "conditions": {"ready": False}}
        slices = [{**self.piece(one, six, gone), "ports": [{"name": "web", "port": 8000}, {"name": "x", "port": 1}]}]
        found = kubernetes_endpoints.summary(service(), slices)
        assert found["sockets"] == [
            {"name": "web", "port": 80, "socket": "10.1.0.1:8000"},
            {"name": "web", "port": 80, "socket": "[fd00::1]:8000"},
            {"name": "x", "port": None, "socket": "10.1.0.1:1"},
            {"name": "x", "port": None, "socket": "[fd00::1]:1"},
        ]

    def test_addresses_are_counted_once_whatever_slices_they_stand_in(self) -> None:
        one = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}, "nodeName": "n1"}
        two = {"addresses": ["10.0.0.2"], "conditions": {"ready": False}, "nodeName": "n2"}
        three = {"addresses": ["10.0.0.3"], "conditions": {}, "nodeName": "n3"}
        found = kubernetes_endpoints.summary(service(), [self.piece(one, two), self.piece(one, three)])
        assert (found["ready"], found["not_ready"]) == (2, 1)
        assert (found["addresses"], found["nodes"]) == (["10.0.0.1", "10.0.0.3"], ["n1", "n3"])

    def test_a_service_with_nobody_behind_it(self) -> None:
        found = kubernetes_endpoints.summary(service(), [{"metadata": meta("x"), "endpoints": None}])
        assert (found["ready"], found["not_ready"], found["selector"]) == (0, 0, "app=traefik")
        assert found["ports"] == [
            {"name": "web", "port": 80, "target_port": "web"},
            {"name": "metrics", "port": 9101, "target_port": 9101},
        ]
        assert found["port_names"] == ["web", "metrics"]

    def test_real_answers(self) -> None:
        found = kubernetes_endpoints.summary(recorded("services")["items"][0], recorded("endpointslices")["items"])
        assert (found["ready"], found["nodes"]) == (3, ["hetzner1", "hetzner2", "hetzner3"])

    def test_a_service_that_does_not_exist_is_an_answer_and_asks_no_more(self, tmp_path: pathlib.Path) -> None:
        options = {"namespace": "traefik", "service": "nope"}
        with wire.Wire() as server:
            path = "/api/v1/namespaces/traefik/services/nope"
            server.on("GET", path, wire.kube_status(404, "NotFound", "not found", "nope"))
            found = kubernetes_endpoints.Endpoints(transport(server, tmp_path), options).ask(time.monotonic() + 10)
            assert server.asked() == [f"GET {path}"]
        assert found == {**options, "exists": False}


class TestServiceMonitors:
    @pytest.mark.parametrize(
        ("thing", "selecting", "fitting"),
        [
            (monitor(), True, True),
            (monitor(selector={"matchLabels": {"app": "other"}}), False, True),
            (monitor(endpoints=[{"port": "metricz"}]), True, False),
            (monitor(endpoints=[{"port": "metricz"}, {"port": "metrics"}]), True, True),
            (monitor(endpoints=[{"targetPort": 9101}]), True, True),
            (monitor(endpoints=[{"targetPort": "web"}]), True, True),
            (monitor(endpoints=[{"targetPort": 1}]), True, False),
            (monitor(endpoints=[]), True, False),
            (monitor(namespace="monitoring"), False, True),
            (monitor(namespace="monitoring", namespaceSelector={"any": True}), True, True),
            (monitor(namespace="monitoring", namespaceSelector={"matchNames": ["traefik"]}), True, True),
            (monitor(namespaceSelector={"matchNames": ["elsewhere"]}), False, True),
        ],
    )
    def test_whether_a_monitor_fits_the_service(self, thing: Json, selecting: bool, fitting: bool) -> None:
        (row,) = kubernetes_service_monitors.summary([thing], service())["monitors"]
        assert (row["selects"], row["port_exists"]) == (selecting, fitting)

    def test_names_of_those_that_select_and_of_those_that_would_scrape(self) -> None:
        monitors = [
            monitor("c"),
            monitor("b", endpoints=[{"port": "x"}]),
            monitor("a", selector={"matchLabels": {"q": "r"}}),
        ]
        found = kubernetes_service_monitors.summary(monitors, service())
        assert (found["total"], found["names"]) == (3, ["a", "b", "c"])
        assert (found["selecting"], found["with_port"]) == (["b", "c"], ["c"])

    def test_without_the_service_none_fits(self) -> None:
        found = kubernetes_service_monitors.summary([monitor()], None)
        assert (found["service_exists"], found["selecting"], found["with_port"]) == (False, [], [])

    def test_real_answers(self) -> None:
        monitors, services = recorded("servicemonitors")["items"], recorded("services")["items"]
        assert kubernetes_service_monitors.summary(monitors, services[0])["with_port"] == ["traefik"]

    @pytest.mark.parametrize(
        ("where", "path"),
        [
            (None, "/apis/monitoring.coreos.com/v1/namespaces/traefik/servicemonitors"),
            ("monitoring", "/apis/monitoring.coreos.com/v1/namespaces/monitoring/servicemonitors"),
            ("*", "/apis/monitoring.coreos.com/v1/servicemonitors"),
        ],
    )
    def test_where_monitors_are_looked_for(self, tmp_path: pathlib.Path, where: str | None, path: str) -> None:
        options = {"namespace": "traefik", "service": "traefik", "monitor_namespace": where, "name": "traefik"}
        with wire.Wire() as server:
            server.on("GET", path, wire.answer_json({"items": [monitor()]}))
            server.on("GET", "/api/v1/namespaces/traefik/services/traefik", wire.answer_json(service()))
            probe = kubernetes_service_monitors.ServiceMonitors(transport(server, tmp_path), options)
            assert probe.ask(time.monotonic() + 10)["with_port"] == ["traefik"]
            assert server.requests[0].one("fieldSelector") == "metadata.name=traefik"


class TestEvents:
    @staticmethod
    def event(name: str = "p", reason: str = "BackOff", **more: Any) -> Json:
        about = {"kind": "Pod", "name": name}
        return {"metadata": meta("e"), "involvedObject": about, "reason": reason, "type": "Warning", **more}

    def test_occurrences_are_counted_and_the_latest_come_first(self) -> None:
        events = [
            self.event(count=7, lastTimestamp=AGO_1M, message="back-off\nrestarting"),
            self.event("q", "Pulled", type="Normal", eventTime="2026-11-18T11:06:30.000000Z"),
            self.event(series={"count": 3, "lastObservedTime": "2026-11-18T11:06:39.000000Z"}),
        ]
        found = kubernetes_events.summary(events, "", NOW - 900, NOW)
        assert (found["total"], found["warnings"], found["reasons"]) == (11, 10, {"BackOff": 10, "Pulled": 1})
        assert [one["age"] for one in found["latest"]] == [1.0, 10.0, 60.0]
        assert found["latest"][2] == {
            "reason": "BackOff",
            "message": "back-off restarting",
            "kind": "Pod",
            "name": "p",
            "warning": True,
            "count": 7,
            "age": 60.0,
        }

    def test_older_events_and_those_of_others_are_left_out(self) -> None:
        events = [self.event(lastTimestamp=AGO_1H), self.event("x", lastTimestamp=AGO_1M)]
        assert kubernetes_events.summary(events, "p", NOW - 900, NOW)["total"] == 0

    def test_at_most_twenty_are_told(self) -> None:
        events = [self.event(lastTimestamp=AGO_1M)] * 30
        found = kubernetes_events.summary(events, "", NOW - 900, NOW)
        assert (found["total"], len(found["latest"])) == (30, 20)

    def test_the_question_on_the_wire(self, tmp_path: pathlib.Path) -> None:
        options = {"namespace": "traefik", "kind": "Pod", "name": "traefik-", "since": "15m"}
        with wire.Wire() as server:
            server.on("GET", "/api/v1/namespaces/traefik/events", wire.answer_json({"items": []}))
            probe = kubernetes_events.Events(transport(server, tmp_path), options)
            assert probe.ask(time.monotonic() + 10)["total"] == 0
            assert server.requests[0].one("fieldSelector") == "involvedObject.kind=Pod"
        assert probe.question() == "events in traefik about Pod traefik-*, 900 s"


def test_a_pod_of_a_real_cluster() -> None:
    (pod, *_rest) = recorded("pods")["items"]
    found = kubernetes_pods.row(pod)
    assert (found["phase"], found["ready"], found["exit_code"], found["reason"]) == ("Running", True, None, "")

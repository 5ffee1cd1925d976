# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a repair of a ServiceMonitor touches, and when it can be taken back."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import plan as plan_for
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.service_monitor import KIND, Repair, report
from tests.unit.fixes.helpers import Json, service_monitor

SELECTOR = {"matchLabels": {"app.kubernetes.io/name": "traefik"}}
REPAIR = Order("traefik", "traefik", "3f2a", Repair(selector=SELECTOR, port="metrics"))
RESTORE = dataclasses.replace(REPAIR, repair=None)


def plan(what: str, monitor: Json, order: Order) -> Json | None:
    return plan_for(what, monitor, order, KIND)


def planned(monitor: Json, order: Order = REPAIR) -> Json:
    after = plan("mend", monitor, order)
    assert after is not None
    return after


def test_selector_and_port_are_corrected_and_nothing_else_of_the_specification() -> None:
    before = service_monitor()
    after = planned(before)
    assert after["spec"] == {
        **before["spec"],
        "selector": SELECTOR,
        "endpoints": [{"port": "metrics", "interval": "30s", "path": "/metrics"}],
    }
    assert report(before, after) == [
        "selector app=typo,tier=edge → app.kubernetes.io/name=traefik",
        "port metricz → metrics",
    ]


def test_labels_are_added_to_those_that_are_there() -> None:
    before = service_monitor()
    before["metadata"]["labels"] = {"team": "edge", "release": "old"}
    after = planned(before, dataclasses.replace(REPAIR, repair=Repair(labels={"release": "kube-prometheus"})))
    assert after["metadata"]["labels"] == {"team": "edge", "release": "kube-prometheus"}
    assert after["spec"] == before["spec"]


def test_the_namespace_selector_is_corrected() -> None:
    before = service_monitor(namespaceSelector={"matchNames": ["default"]})
    wanted = {"matchNames": ["traefik"]}
    after = planned(before, dataclasses.replace(REPAIR, repair=Repair(namespace_selector=wanted)))
    assert after["spec"]["namespaceSelector"] == wanted


def test_what_is_right_already_needs_nothing() -> None:
    right = service_monitor(selector=SELECTOR, endpoints=[{"port": "metrics"}])
    assert plan("mend", right, REPAIR) is None


def test_the_former_state_travels_with_the_repair() -> None:
    before = service_monitor()
    noted = planned(before)["metadata"]["annotations"]
    assert noted["oncall.remedy/incident"] == "3f2a"
    assert json.loads(noted["oncall.remedy/former"])["former"] == {"labels": {}, "spec": before["spec"]}


def test_a_repair_and_its_way_back_are_the_identity() -> None:
    before = service_monitor()
    back = planned(planned(before), RESTORE)
    assert (back["spec"], back["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert "oncall.remedy/former" not in back["metadata"]["annotations"]


def test_after_two_repairs_for_one_incident_the_way_back_leads_to_the_beginning() -> None:
    before = service_monitor()
    once = planned(before, dataclasses.replace(REPAIR, repair=Repair(port="metrics")))
    twice = planned(once, dataclasses.replace(REPAIR, repair=Repair(selector=SELECTOR)))
    assert planned(twice, RESTORE)["spec"] == before["spec"]


def test_taking_it_back_twice_changes_nothing_more() -> None:
    assert plan("mend", planned(planned(service_monitor()), RESTORE), RESTORE) is None


def test_it_is_not_taken_back_once_somebody_else_has_changed_it() -> None:
    repaired = planned(service_monitor())
    repaired["spec"]["endpoints"][0]["interval"] = "10s"
    with pytest.raises(FixFailed, match=r'somebody has changed it since the repair: .*"30s".* became .*"10s"'):
        plan("mend", repaired, RESTORE)


def test_a_second_repair_does_not_go_over_somebody_elses_change() -> None:
    repaired = planned(service_monitor())
    repaired["spec"]["endpoints"][0]["port"] = "web"
    with pytest.raises(FixFailed, match="somebody has changed it since the repair"):
        plan("mend", repaired, REPAIR)


def test_another_incidents_repair_is_not_taken_back() -> None:
    with pytest.raises(FixFailed, match=r"incident b81e has not repaired it \(incident 3f2a has\)"):
        plan("mend", planned(service_monitor()), dataclasses.replace(RESTORE, incident="b81e"))


def test_without_the_kept_state_it_is_not_taken_back() -> None:
    repaired = planned(service_monitor())
    repaired["metadata"]["annotations"]["oncall.remedy/former"] = "{cut off"
    with pytest.raises(FixFailed, match="gone or unreadable"):
        plan("mend", repaired, RESTORE)


@pytest.mark.parametrize("demand", [Precondition(resource_version="54"), Precondition(generation=2)])
def test_another_object_than_was_diagnosed_is_not_touched(demand: Precondition) -> None:
    with pytest.raises(FixFailed, match="has changed since it was diagnosed"):
        plan("mend", service_monitor(), dataclasses.replace(REPAIR, precondition=demand))


TWO = [{"port": "metricz"}, {"port": "web"}]


@pytest.mark.parametrize(
    ("endpoints", "repair", "ports"),
    [
        (TWO, Repair(port="metrics", endpoint="metricz"), ["metrics", "web"]),
        (
            [*TWO, {"port": "metricz", "path": "/b"}],
            Repair(port="metrics", endpoint="metricz"),
            ["metrics", "web", "metrics"],
        ),
        ([{"targetPort": 9100}], Repair(port="metrics"), ["metrics"]),
    ],
    ids=["the named one", "all of that port", "the only one"],
)
def test_the_endpoint_that_is_meant_gets_the_port(endpoints: list[Json], repair: Repair, ports: list[str]) -> None:
    after = planned(service_monitor(endpoints=copy.deepcopy(endpoints)), dataclasses.replace(REPAIR, repair=repair))
    assert [one["port"] for one in after["spec"]["endpoints"]] == ports


@pytest.mark.parametrize("repair", [Repair(port="metrics"), Repair(port="metrics", endpoint="other")])
def test_an_endpoint_that_is_not_clear_is_refused_with_the_ports_there(repair: Repair) -> None:
    with pytest.raises(FixFailed, match=r"not clear which of its endpoints is meant \(their ports: metricz, web\)"):
        plan("mend", service_monitor(endpoints=TWO), dataclasses.replace(REPAIR, repair=repair))


@pytest.mark.parametrize("endpoint", ["", "metricz"])
def test_an_endpoint_that_was_repaired_before_needs_nothing(endpoint: str) -> None:
    right = service_monitor(endpoints=[{"port": "metrics"}, {"port": "web"}])
    assert plan("mend", right, dataclasses.replace(REPAIR, repair=Repair(port="metrics", endpoint=endpoint))) is None


def test_a_selector_that_takes_everything_is_refused() -> None:
    options = dict.fromkeys(("namespace_selector", "port", "endpoint", "labels"))
    with pytest.raises(FixFailed, match="an empty selector takes every Service"):
        Repair.of({**options, "selector": {"matchLabels": {}, "matchExpressions": None}})

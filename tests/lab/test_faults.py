"""Faults, against a cluster that only remembers: what each changes, and that its undo takes all of it back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import estate, faults
from lab.console import LabError
from lab.faults import addresses, edge, objects, scraping
from lab.kube import Object
from lab.settings import NODES, SOURCE, Paths


class Remembering:
    """Stands for the cluster: keeps what is applied, patched and deleted."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.taints: dict[str, Any] = {}

    def apply(self, document: Object) -> None:
        self.objects[document["kind"], document["metadata"]["name"]] = document

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        self.objects.pop((kind.rpartition("/")[2], name), None)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        return {"spec": {"taints": self.taints.get(name)}}

    def patch(self, kind: str, name: str, body: Any, namespace: str | None = None) -> None:
        self.taints[name] = body["spec"]["taints"]

    def list(self, kind: str, namespace: str | None = None, selector: str = "") -> list[Object]:
        word = kind.rpartition("/")[2]
        return [
            thing
            for (found, _), thing in self.objects.items()
            if found == word and thing["metadata"].get("namespace") == namespace
        ]


@pytest.fixture
def broken(tmp_path: Path) -> faults.Estate:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    paths.run.mkdir()
    return faults.Estate(Remembering(), paths)  # type: ignore[arg-type]


def arguments(document: Object) -> list[str]:
    return list(document["spec"]["template"]["spec"]["containers"][0]["args"])


def test_every_fault_has_a_name_of_its_own_and_says_what_it_does() -> None:
    everything = [
        fault
        for module in vars(faults).values()
        if isinstance(getattr(module, "FAULTS", None), tuple)
        for fault in module.FAULTS
    ]
    assert len(everything) == len(faults.CATALOGUE)
    for fault in everything:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
        assert fault.what


def test_the_readme_has_every_fault_with_what_it_does_and_the_alert_that_it_fires() -> None:
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    rows = {row[1]: row for row in re.finditer(r"(?m)^\| `([a-z0-9-]+)` \| (.*) \| .* \| (\w+).* \| .* \|$", text)}
    for fault in faults.CATALOGUE.values():
        assert fault.name in rows
        assert (rows[fault.name][2], rows[fault.name][3]) == (fault.what, fault.fires or "none")


def test_a_fault_fires_an_alert_that_the_estate_has() -> None:
    files = (SOURCE / "manifests").glob("*.yaml")
    documents = [entry for file in files for entry in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    groups = [group for entry in documents if entry["kind"] == "PrometheusRule" for group in entry["spec"]["groups"]]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    assert {fault.fires for fault in faults.CATALOGUE.values()} <= {*alerts, None}
    assert {"TraefikDown", "TargetDown", "PrometheusTargetMissing", "PrometheusScrapeFailed"} <= alerts


def test_the_rule_is_the_seeds_rule() -> None:
    (rule,) = estate.document("PrometheusRule", "traefik")["spec"]["groups"][0]["rules"]
    assert rule["expr"] == 'absent(up{job=~".*traefik.*"} == 1)'
    assert rule["labels"] == {"severity": "page", "tier": "platform"}


def test_a_changed_copy_of_a_manifest_leaves_the_manifest_alone() -> None:
    estate.document("DaemonSet", "traefik")["spec"]["template"]["spec"]["containers"][0]["args"].clear()
    assert "--metrics.prometheus=true" in arguments(estate.document("DaemonSet", "traefik"))


def test_without_its_metrics_flags_traefik_still_has_its_metrics_entry_point() -> None:
    fault = faults.CATALOGUE["metrics-flag-removed"]
    assert isinstance(fault, edge.Arguments)
    cluster = Remembering()
    fault._change(cluster)  # type: ignore[arg-type]
    left = arguments(cluster.objects["DaemonSet", "traefik"])
    assert not [argument for argument in left if argument.startswith("--metrics.prometheus")]
    assert "--entrypoints.metrics.address=:9101" in left


@pytest.mark.parametrize("fault", scraping.FAULTS, ids=lambda fault: str(fault.name))
def test_undo_gives_the_scraping_its_manifests_back(fault: faults.Fault, broken: faults.Estate) -> None:
    kind, name = ("ServiceMonitor", "traefik") if "monitor" in fault.name else ("Service", "traefik-metrics")
    cluster: Any = broken.cluster
    cluster.apply(estate.document(kind, name))
    fault.apply(broken)
    assert cluster.objects.get((kind, name)) != estate.document(kind, name)
    fault.undo(broken)
    assert cluster.objects[kind, name] == estate.document(kind, name)


OF_OBJECTS = [fault for fault in faults.CATALOGUE.values() if isinstance(fault, objects.Changed | objects.Added)]


@pytest.mark.parametrize("fault", OF_OBJECTS, ids=lambda fault: str(fault.name))
def test_undo_gives_every_object_its_manifest_back(fault: faults.Fault, broken: faults.Estate) -> None:
    cluster: Any = broken.cluster
    for entry in estate._all():
        cluster.apply(entry)
    healthy = dict(cluster.objects)
    fault.apply(broken)
    assert cluster.objects != healthy
    fault.undo(broken)
    assert cluster.objects == healthy


def test_undo_takes_away_what_a_remedy_made_meanwhile(broken: faults.Estate) -> None:
    cluster: Any = broken.cluster
    for entry in estate._all():
        cluster.apply(entry)
    healthy = dict(cluster.objects)
    made = {"kind": "NetworkPolicy", "metadata": {"name": "argocd-metrics-external", "namespace": "argocd"}}
    kept = {"kind": "ConfigMap", "metadata": {"name": "oncall-remedy-kept-3f2a", "namespace": "monitoring"}}
    for name, left in (("argocd-policy-missing", made), ("kube-scheduler-monitored", kept)):
        faults.CATALOGUE[name].apply(broken)
        cluster.apply(left)
        faults.CATALOGUE[name].undo(broken)
        assert cluster.objects == healthy


def test_a_node_drops_packets_before_the_port_of_a_service_becomes_a_pods(
    broken: faults.Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[list[str], str | None]] = []
    monkeypatch.setattr(addresses, "run", lambda command, stdin=None, check=True: given.append((command, stdin)))
    faults.CATALOGUE["agent-firewalled"].apply(broken)
    (_, _), (command, rules) = given
    assert command[:2] == ["nsenter", "--net=/run/netns/hetzner3"]
    assert rules
    assert "ip saddr 10.66.0.11 tcp dport 30200 drop" in rules
    assert "hook prerouting priority -310" in rules


def test_a_taint_is_added_once_and_taken_away_without_touching_others(broken: faults.Estate) -> None:
    cluster: Any = broken.cluster
    other = {"key": "disk", "effect": "NoSchedule"}
    cluster.taints["hetzner1"] = [other]
    fault = faults.CATALOGUE["edge-tainted"]
    fault.apply(broken)
    fault.apply(broken)
    assert [taint["effect"] for taint in cluster.taints["hetzner1"]] == ["NoSchedule", "NoExecute"]
    fault.undo(broken)
    assert cluster.taints == {"hetzner1": [other], "hetzner2": None, "hetzner3": None}
    assert set(cluster.taints) == {node.name for node in NODES}


def test_a_fault_is_on_record_before_it_breaks_anything(broken: faults.Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_half_way(self: object, where: faults.Estate) -> None:
        raise LabError("broke off")

    monkeypatch.setattr(scraping.ServiceGone, "apply", break_half_way)
    with pytest.raises(LabError):
        faults.apply("metrics-service-gone", broken)
    assert faults.active(broken.paths) == ["metrics-service-gone"]
    faults.undo("metrics-service-gone", broken)
    assert faults.active(broken.paths) == []


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(broken: faults.Estate) -> None:
    with pytest.raises(LabError, match="metrics-service-gone"):
        faults.apply("coffee-spilled", broken)


def status(*, ready: bool, ended: bool) -> Object:
    last = {"terminated": {"exitCode": 1}} if ended else {}
    return {"status": {"containerStatuses": [{"ready": ready, "lastState": last, "state": {}}]}}


def test_a_pod_that_recovered_from_a_crash_does_not_crash() -> None:
    assert edge.crashes(status(ready=False, ended=True))
    assert not edge.crashes(status(ready=True, ended=True))
    assert not edge.crashes(status(ready=False, ended=False))
    assert not edge.crashes({})

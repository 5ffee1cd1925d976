"""honeydue in the lab: its chart, its firewall, what its faults change, and that every undo takes all of it back."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import faults
from lab.faults import honeydue
from lab.honeydue import chart, estate, firewall, health, programs, settings
from lab.kube import Object
from lab.settings import NODES, SOURCE, Paths
from lab.standins.cloudflare import ranges


def values(document: Object) -> dict[str, Any]:
    return dict(yaml.safe_load(document["spec"]["valuesContent"]))


def trusted(arguments: list[str]) -> list[str]:
    (found,) = [argument for argument in arguments if "forwardedHeaders.trustedIPs=" in argument]
    return found.partition("=")[2].split(",")


def test_the_chart_is_packed_the_same_way_each_time_and_holds_its_files() -> None:
    assert chart.content("traefik") == chart.content("traefik")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(chart.content("traefik"))), mode="r:gz") as archive:
        names = archive.getnames()
    assert "traefik/Chart.yaml" in names
    assert "traefik/values.yaml" in names
    assert "traefik/templates/workload.tpl" in names


def test_the_helm_chart_carries_the_chart() -> None:
    document = estate.document("HelmChart", "traefik")
    assert document["spec"]["chartContent"] == chart.content("traefik")
    assert document["metadata"]["namespace"] == "kube-system"


def test_the_chart_config_is_the_seeds_but_for_the_ports() -> None:
    found = values(estate.document("HelmChartConfig", "traefik"))
    assert found["deployment"]["kind"] == "DaemonSet"
    assert found["hostNetwork"] is True
    assert found["service"]["enabled"] is False
    assert found["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    assert found["securityContext"]["runAsUser"] == 65532
    assert {name: port["hostPort"] for name, port in found["ports"].items()} == {"web": 8180, "websecure": 8543}
    assert trusted(found["additionalArguments"]) == [*ranges.IPV4, *ranges.IPV6]


def test_every_value_that_is_set_is_one_that_the_chart_has() -> None:
    known = yaml.safe_load((SOURCE / "charts" / "traefik" / "values.yaml").read_text(encoding="utf-8"))
    for kind in ("HelmChart", "HelmChartConfig"):
        assert set(values(estate.document(kind, "traefik"))) <= set(known)


def test_the_edges_ports_are_the_firewalls_and_the_charts() -> None:
    ports = values(estate.document("HelmChartConfig", "traefik"))["ports"]
    base = values(estate.document("HelmChart", "traefik"))["ports"]
    found = {80: ports["web"]["port"], 443: ports["websecure"]["port"]}
    assert found == settings.PORTS
    assert (base["metrics"]["port"], base["traefik"]["port"]) == (settings.METRICS_PORT, settings.PING_PORT)


def test_a_node_drops_whoever_is_not_cloudflare_and_only_on_its_outside_address() -> None:
    (drop,) = [line for line in firewall.rules(NODES[1]).splitlines() if line.endswith("drop")]
    assert "ip daddr 10.67.0.12 tcp dport { 80, 443 }" in drop
    assert drop.partition("ip saddr != ")[2].strip("{ }drop").split(", ") == list(ranges.IPV4)


@pytest.mark.skipif(not shutil.which("nft") or os.geteuid() != 0, reason="nft checks rules for root alone")
@pytest.mark.parametrize("rules", [firewall.rules(NODES[0]), honeydue.rules(NODES[0])])
def test_the_rules_are_ones_that_nftables_takes(rules: str) -> None:
    checked = subprocess.run(["nft", "--check", "-f", "-"], input=rules, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_no_job_of_honeydue_is_one_of_hetzners_rule() -> None:
    text = (SOURCE / "manifests" / "honeydue.yaml").read_text(encoding="utf-8")
    jobs = re.findall(r"jobName: (\S+)", text) + re.findall(r"targetLabel: job, replacement: ([^ },]+)", text)
    assert len(jobs) == 4
    assert not [job for job in jobs if "traefik" in job]


def test_every_symptom_of_the_seeds_table_raises_an_alert() -> None:
    rules = estate.document("PrometheusRule", "honeydue")["spec"]["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} == {"IngressErrors"}
    assert {rule["labels"]["symptom"] for rule in rules} == {"404", "502", "503", "504", "refused", "mixed_content"}


def test_the_inventory_compares_with_the_values_that_the_lab_applies() -> None:
    inventory = SOURCE.parent / "inventories" / "lab" / "host_vars" / "honeydue.yml"
    found = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    assert "lab/manifests/honeydue.yaml" in found["ingress_chart_values"]
    assert found["ingress_entry_points"] == dict(zip(("web", "websecure"), settings.PORTS.values(), strict=True))
    assert found["ingress_node_addresses"] == [settings.outside_address(node) for node in NODES]
    assert found["ingress_ping_address"] == f":{settings.PING_PORT}"


# --- faults


class Remembering:
    """Stands for the cluster: keeps what is applied, patched and deleted, and rolls out in no time."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.labels: dict[str, Any] = {}
        self.deleted: list[str] = []
        self.arguments = ["--entryPoints.web.address=:8180/tcp", "--entryPoints.websecure.address=:8543/tcp", "--ping"]

    def apply(self, document: Object) -> None:
        self.objects[document["kind"], document["metadata"]["name"]] = document
        if document["kind"] == "HelmChartConfig":
            self.arguments = [*values(document)["additionalArguments"]]

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        self.deleted.append(f"{kind} {namespace}/{name}")

    def patch(self, kind: str, name: str, body: Any, namespace: str | None = None) -> None:
        if kind == "Node":
            self.labels[name] = body["metadata"]["labels"][settings.EDGE_LABEL]
        else:
            self.arguments = body["spec"]["template"]["spec"]["containers"][0]["args"]

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        return {
            "metadata": {"generation": 1},
            "spec": {"template": {"spec": {"containers": [{"name": "traefik", "args": list(self.arguments)}]}}},
            "status": {
                "observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 3
            },
        }  # fmt: skip

    def list(self, kind: str, namespace: str | None = None, selector: str = "") -> list[Object]:
        return [{"status": {"podIP": "192.0.2.1"}, "spec": {}}] if selector.startswith("app=") else []


@pytest.fixture
def broken(tmp_path: Path) -> faults.Estate:
    paths = Paths(tmp_path / "run", tmp_path / "cache")
    (paths.run / "honeydue").mkdir(parents=True)
    return faults.Estate(Remembering(), paths)  # type: ignore[arg-type]


CHANGED = [fault for fault in honeydue.FAULTS if isinstance(fault, honeydue.Changed)]
CONFIGURED = [fault for fault in honeydue.FAULTS if isinstance(fault, honeydue.ChartConfig)]
MISBEHAVING = [fault for fault in honeydue.FAULTS if isinstance(fault, honeydue.Misbehaving)]


def test_every_fault_fires_the_alert_that_honeydue_has() -> None:
    assert {fault.fires for fault in honeydue.FAULTS} == {"IngressErrors"}


@pytest.mark.parametrize("fault", CHANGED, ids=lambda fault: fault.name)
def test_undo_gives_an_object_back_as_the_manifest_has_it(fault: honeydue.Changed, broken: faults.Estate) -> None:
    objects = broken.cluster.objects  # type: ignore[attr-defined]
    fault.apply(broken)
    (((kind, name), changed),) = objects.items()
    assert changed != estate.document(kind, name)
    fault.undo(broken)
    assert objects[kind, name] == estate.document(kind, name)


@pytest.mark.parametrize("fault", CONFIGURED, ids=lambda fault: fault.name)
def test_undo_of_a_changed_chart_config_has_the_chart_installed_again(
    fault: honeydue.ChartConfig, broken: faults.Estate
) -> None:
    cluster: Any = broken.cluster
    right = estate.document("HelmChartConfig", "traefik")
    fault.apply(broken)
    assert cluster.objects["HelmChartConfig", "traefik"] != right
    fault.undo(broken)
    assert cluster.objects["HelmChartConfig", "traefik"] == right
    assert cluster.deleted == ["batch/v1/Job kube-system/helm-install-traefik"]


def test_the_incomplete_trusted_ips_lack_the_network_that_asks_and_are_otherwise_valid() -> None:
    text = estate.document("HelmChartConfig", "traefik")["spec"]["valuesContent"]
    left = trusted(yaml.safe_load(honeydue.without_asking_network(text))["additionalArguments"])
    assert set(ranges.IPV4) - set(left) == {"173.245.48.0/20", "131.0.72.0/22"}
    assert settings.CLOUDFLARE_ADDRESS.startswith("173.245.48.")


def test_the_drifted_values_lack_their_ports_and_nothing_else() -> None:
    text = estate.document("HelmChartConfig", "traefik")["spec"]["valuesContent"]
    right, drifted = yaml.safe_load(text), yaml.safe_load(honeydue.without_ports(text))
    assert right.pop("ports")
    assert drifted == right


def test_a_patched_daemonset_listens_elsewhere_for_visitors_alone(broken: faults.Estate) -> None:
    cluster: Any = broken.cluster
    honeydue.NotListening().apply(broken)
    assert cluster.arguments == [
        "--entryPoints.web.address=:8181/tcp", "--entryPoints.websecure.address=:8544/tcp", "--ping"
    ]  # fmt: skip
    honeydue.NotListening().undo(broken)
    assert cluster.deleted == ["batch/v1/Job kube-system/helm-install-traefik"]


@pytest.mark.parametrize("fault", MISBEHAVING, ids=lambda fault: fault.name)
def test_undo_tells_an_application_all_that_any_fault_told_it(
    fault: honeydue.Misbehaving, broken: faults.Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: dict[str, Any] = {}
    monkeypatch.setattr(honeydue, "tell", lambda _, change: state.update(change))
    fault.undo(broken)
    normal = dict(state)
    fault.apply(broken)
    assert state != normal
    fault.undo(broken)
    assert state == normal


def test_a_node_loses_the_edges_label_and_gets_it_back(broken: faults.Estate) -> None:
    cluster: Any = broken.cluster
    honeydue.PodMissing().apply(broken)
    assert cluster.labels == {"hetzner2": None}
    honeydue.PodMissing().undo(broken)
    assert cluster.labels == {"hetzner2": "true"}


def test_a_name_points_elsewhere_and_the_others_stay(broken: faults.Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    class Daemon:
        def __init__(self, _: Path) -> None: ...
        def stop(self, name: str) -> None: ...
        def start(self, name: str) -> None: ...

    monkeypatch.setattr(honeydue, "Supervisor", Daemon)
    names = broken.paths.run / "honeydue" / "names"
    programs.write_names(broken.paths)
    before = names.read_text(encoding="utf-8")
    honeydue.DnsElsewhere().apply(broken)
    assert f"{settings.FORMER_ADDRESS} {settings.API_HOST}\n" in names.read_text(encoding="utf-8")
    assert f"{settings.CLOUDFLARE_ADDRESS} {settings.ADMIN_HOST}\n" in names.read_text(encoding="utf-8")
    honeydue.DnsElsewhere().undo(broken)
    assert names.read_text(encoding="utf-8") == before


# --- health


def series(**found: dict[str, float]) -> health.Query:
    """A Prometheus that knows these values by metric, each by the label that tells them apart."""

    def query(expression: str) -> list[Any]:
        name = expression.partition("{")[0]
        label = {"probe_success": "host", "up": "node"}.get(name, "origin_name")
        return [{"metric": {label: key}, "value": [0, str(value)]} for key, value in found.get(name, {}).items()]

    return query


NAMES = {node.name: 1.0 for node in NODES}
PAGES = {settings.API_HOST: 1.0, settings.ADMIN_HOST: 1.0}


def test_honeydue_is_healthy_when_pages_come_and_every_node_is_reached() -> None:
    assert health.served(series(probe_success=PAGES, cloudflare_pool_origin_health_status=NAMES, up=NAMES)) == ""


def test_what_is_missing_is_named() -> None:
    origins = {**NAMES, "hetzner2": 0.0}
    said = health.served(series(probe_success={settings.ADMIN_HOST: 1.0}, cloudflare_pool_origin_health_status=origins))
    assert "no page of api.myhoneydue.com" in said
    assert "Cloudflare does not reach hetzner2" in said
    assert "Traefik of hetzner1 is not scraped" in said


# --- the job's script


HELM = """\
#!/bin/sh
if [ "$1" = list ]; then cat "$RELEASES"; else echo "$@" >>"$CALLS"; fi
"""


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """Runs the script of helm-controller's jobs with a helm that only remembers how it was called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "helm").write_text(HELM, encoding="utf-8")
    (tools / "busybox").write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)

    def run(*arguments: str, releases: str = "[]", **environment: str) -> tuple[int, list[str]]:
        (tmp_path / "releases").write_text(releases, encoding="utf-8")
        calls = tmp_path / "calls"
        calls.write_text("", encoding="utf-8")
        given = {"NAME": "traefik", "TARGET_NAMESPACE": "kube-system", "CHART": "traefik", "CONFIG_HASH": "AB12"}
        done = subprocess.run(
            ["sh", str(SOURCE / "honeydue" / "helm-job.sh"), *arguments],
            env={
                **given, **environment, "PATH": f"{tools}:{os.environ['PATH']}",
                "RELEASES": str(tmp_path / "releases"), "CALLS": str(calls),
            },
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, calls.read_text(encoding="utf-8").splitlines()

    return run


def release(status: str, revision: int) -> str:
    return f'[{{"name":"traefik","namespace":"kube-system","revision":"{revision}","status":"{status}"}}]'


LABELS = "--labels helmcharts.helm.cattle.io/configHash=AB12"


def test_what_is_not_there_is_installed_with_the_label_that_the_controller_looks_for(job: Any) -> None:
    code, calls = job("install", EXPECTED_RELEASE_REVISION="0")
    assert (code, calls) == (0, [f"upgrade --install --namespace kube-system {LABELS} traefik traefik"])


def test_a_deployed_release_of_the_expected_revision_is_upgraded(job: Any) -> None:
    code, calls = job("install", "--set", "a=b", releases=release("deployed", 3), EXPECTED_RELEASE_REVISION="3")
    assert (code, calls) == (0, [f"upgrade --install --namespace kube-system --set a=b {LABELS} traefik traefik"])


def test_a_second_start_of_the_same_job_does_nothing(job: Any) -> None:
    assert job("install", releases=release("deployed", 4), EXPECTED_RELEASE_REVISION="3") == (0, [])


def test_a_failed_release_is_installed_anew_or_left_alone_as_the_policy_says(job: Any) -> None:
    code, calls = job("install", releases=release("failed", 2), EXPECTED_RELEASE_REVISION="2")
    assert (code, calls[0]) == (0, "uninstall traefik --namespace kube-system")
    code, calls = job("install", releases=release("failed", 2), FAILURE_POLICY="abort")
    assert (code, calls) == (1, [])


def test_a_job_that_was_killed_half_way_is_taken_up(job: Any) -> None:
    _, calls = job("install", releases=release("pending-upgrade", 5))
    assert calls[0] == "rollback traefik --namespace kube-system"


def test_a_chart_that_is_deleted_is_uninstalled(job: Any) -> None:
    assert job("delete") == (0, ["uninstall traefik --namespace kube-system --ignore-not-found"])

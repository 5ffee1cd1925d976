# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A chart's configuration is applied again: written once, one job removed, the new one and the pods awaited."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.helm_chart_config import ChartConfigFix, Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.helm_job import CONFIG_HASH
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire, answer_text, kube_status
from tests.unit.fixes import helpers
from tests.unit.fixes.cluster import Hands
from tests.unit.fixes.helpers import Json
from tests.unit.fixes.store import WRITES, Killed, Mortal, Store

CONFIGS = "/apis/helm.cattle.io/v1/namespaces/kube-system/helmchartconfigs"
JOBS = "/apis/batch/v1/namespaces/kube-system/jobs"
PODS = "/api/v1/namespaces/kube-system/pods"
SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets"
REVISIONS = "/apis/apps/v1/namespaces/kube-system/controllerrevisions"
CONFIG, JOB, SET = f"{CONFIGS}/traefik", f"{JOBS}/helm-install-traefik", f"{SETS}/traefik"

ROLLING = "updateStrategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}\n"
OLD = ROLLING + "additionalArguments: ['--entrypoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20']\n"
NEW = OLD.replace("173.245.48.0/20", "173.245.48.0/20,103.21.244.0/22")
ORDER = Order(
    "kube-system",
    "traefik",
    "3f2a",
    Workload("DaemonSet", "kube-system", "traefik"),
    "helm-install-traefik",
    values=NEW,
    timeout=60,
)
DELETED = f"DELETE {JOB}"
PATCHED = f"PATCH {CONFIG}"

Run = Callable[..., dict[str, Any]]


class Controllers:
    """helm-controller, Helm and the DaemonSet controller: each does its next bit when time passes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.jobs = 0
        self.rolled = False

    def make_job(self, name: str = "helm-install-traefik") -> None:
        """helm-controller makes the job from what the HelmChartConfig says."""
        self.jobs += 1
        content = self.store.objects.get(CONFIG, {"spec": {}})["spec"].get("valuesContent", "")
        digest = hashlib.sha256(content.encode()).hexdigest()
        template = {"metadata": {"annotations": {CONFIG_HASH: f"SHA256={digest}"}}}
        meta = {"name": name, "namespace": "kube-system", "uid": f"job-{self.jobs}"}
        self.store.put(JOBS, {"metadata": meta, "spec": {"template": template}, "status": {}})

    def complete(self) -> None:
        """Helm is done: the job is complete, and the DaemonSet has a new template."""
        self.store.change(JOB, {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})
        if not self.rolled:
            self.rolled = True
            self.store.change(SET, {"spec": {"template": helpers.template("--more")}})
            self.store.put(REVISIONS, helpers.controller_revision(2, "new", helpers.template("--more")))

    def roll(self) -> None:
        """The pods are replaced."""
        for name in [path for path in self.store.objects if path.startswith(f"{PODS}/traefik-old")]:
            self.store.remove(name)
        self.store.put(PODS, traefik_pod("traefik-new1", "new"))
        self.store.change(SET, {"status": rolled_out(self.store.objects[SET])["status"]})

    def step(self, _store: Store) -> None:
        job = self.store.objects.get(JOB)
        if job is None:
            self.make_job()
        elif self._is_stale(job):
            self.store.remove(JOB)
        elif not job["status"].get("conditions"):
            self.complete()
        elif (
            self.store.objects[SET]["status"]["observedGeneration"] < self.store.objects[SET]["metadata"]["generation"]
        ):
            self.roll()

    def _is_stale(self, job: Json) -> bool:
        content = self.store.objects[CONFIG]["spec"].get("valuesContent", "")
        digest = hashlib.sha256(content.encode()).hexdigest()
        return bool(job["spec"]["template"]["metadata"]["annotations"][CONFIG_HASH] != f"SHA256={digest}")


def rolled_out(thing: Json) -> Json:
    return helpers.rolled_out({**thing, "kind": "DaemonSet"})


def traefik_pod(name: str, digest: str, **kwargs: Any) -> Json:
    return helpers.pod(name, labels={"controller-revision-hash": digest}, **kwargs)


def helm_pod(uid: str, **kwargs: Any) -> Json:
    """A pod of the job."""
    made = helpers.pod("helm-install-traefik-abcde", owner=uid, **kwargs)
    made["metadata"]["labels"] = {"job-name": "helm-install-traefik"}
    made["metadata"]["namespace"] = "kube-system"
    return made


@pytest.fixture
def store(wire: Wire) -> Store:
    """A k3s whose Helm has run with the old values."""
    made = Store(wire).knows(CONFIGS, JOBS, PODS, SETS, REVISIONS).expect(CONFIG, JOB, SET)
    meta = {"name": "traefik", "namespace": "kube-system"}
    made.put(CONFIGS, {"metadata": dict(meta), "spec": {"valuesContent": OLD, "failurePolicy": "reinstall"}})
    thing = helpers.workload(pod_template=helpers.template("--old"))
    thing["metadata"].update(meta)
    thing["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    made.put(SETS, rolled_out(thing))
    made.put(REVISIONS, helpers.controller_revision(1, "old", helpers.template("--old")))
    made.put(PODS, traefik_pod("traefik-old1", "old"))
    return made


@pytest.fixture
def controllers(store: Store) -> Controllers:
    made = Controllers(store)
    made.make_job()
    store.change(JOB, {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})
    store.steps = [made.step] * 50
    return made


@pytest.fixture
def run(store: Store, controllers: Controllers, kube: KubeTransport) -> Run:
    """Runs the fix; ``order`` fields may be given."""
    del controllers

    def apply(check: bool = False, **order: Any) -> dict[str, Any]:
        return ChartConfigFix(kube, dataclasses.replace(ORDER, **order), Hands(store)).run(check)

    return apply


def test_it_is_written_the_old_job_removed_and_the_new_one_and_the_pods_awaited(
    store: Store, run: Run, wire: Wire
) -> None:
    result = run()
    assert store.writes == [PATCHED, DELETED]
    patch, options = store.bodies
    memory = json.loads(patch["metadata"]["annotations"].pop("oncall.remedy/former"))
    assert patch == {
        "metadata": {
            "resourceVersion": "100",
            "annotations": {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "chart_config_reapplied"},
        },
        "spec": {"valuesContent": NEW},
    }
    assert memory["former"]["spec"]["valuesContent"] == OLD
    assert (memory["job"]["uid"], memory["job"]["stale"]) == ("job-1", True)
    assert options == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "job-1"},
        "propagationPolicy": "Background",
    }
    writes = [(one.method, one.path) for one in wire.requests if one.method in WRITES]
    assert writes == [("PATCH", CONFIG), ("DELETE", JOB)]
    assert result["changed"]
    assert result["report"] == [
        "HelmChartConfig kube-system/traefik written",
        "Job kube-system/helm-install-traefik removed, so that Helm runs again",
        "traefik-old1 → traefik-new1 on hetzner1, ready after 3 s",
    ]
    assert result["workload"]["generation"] == 4
    assert result["msg"] == "HelmChartConfig kube-system/traefik is applied, and Helm has run: 3 of 3 pods are ready"
    assert "103.21.244.0/22" in result["diff"]["after"]


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(run: Run, wire: Wire) -> None:
    preview = run(check=True)
    assert wire.methods() == {"GET"}
    assert (preview["changed"], preview["msg"]) == (True, "would apply HelmChartConfig kube-system/traefik")
    assert run()["diff"] == preview["diff"]


def test_a_second_run_finds_it_applied(store: Store, run: Run) -> None:
    run()
    result = run()
    assert (result["changed"], result["diff"]["after"]) == (False, "")
    assert store.writes == [PATCHED, DELETED]


def test_without_values_helm_runs_again_with_those_that_stand(store: Store, controllers: Controllers, run: Run) -> None:
    assert run(values=None)["changed"]
    assert store.writes == [PATCHED, DELETED]
    assert store.objects[CONFIG]["spec"]["valuesContent"] == OLD
    assert controllers.jobs == 2
    assert run(values=None)["already_done"]


def test_trusted_networks_are_completed_in_the_text(store: Store, run: Run) -> None:
    trusted = {"web": ["103.21.244.0/22"]}
    run(values=None, trusted_ips=trusted)
    assert store.objects[CONFIG]["spec"]["valuesContent"] == NEW
    assert run(values=None, trusted_ips=trusted)["already_done"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("request_number", range(1, 32))
def test_killed_at_any_request_it_is_continued_and_not_repeated(
    store: Store, controllers: Controllers, run: Run, kubeconfig: str, request_number: int, after: bool
) -> None:
    mortal = Mortal(kubeconfig, request_number, after)
    with pytest.raises(Killed):
        ChartConfigFix(mortal, ORDER, Hands(store)).run(check=False)
    run()
    assert store.writes == [PATCHED, DELETED]
    assert controllers.jobs == 2


@pytest.mark.parametrize("lost", [["answer"], ["request"], ["", "answer"], ["", "request"]])
def test_whatever_answer_is_lost_it_is_written_and_the_job_removed_once(
    store: Store, run: Run, lost: list[str]
) -> None:
    store.lost = list(lost)
    assert len(run()["report"]) == 3
    assert store.writes == [PATCHED, DELETED]


def test_a_job_that_helm_controller_has_replaced_by_itself_is_not_removed(
    store: Store, controllers: Controllers, run: Run
) -> None:
    def replaced(busy: Store) -> None:
        busy.remove(JOB)
        controllers.make_job()

    store.before_write = [lambda _store: None, replaced]
    run()
    assert store.writes == [PATCHED]
    assert controllers.jobs == 2


def test_a_killed_runs_successor_leaves_the_job_that_was_made_in_the_meantime(
    store: Store, controllers: Controllers, run: Run, kubeconfig: str
) -> None:
    store.before_write = [lambda _store: None]
    store.lost = [""]
    with pytest.raises(Killed):
        ChartConfigFix(Mortal(kubeconfig, 6, after=True), ORDER, Hands(store)).run(check=False)
    assert store.writes == [PATCHED]
    store.remove(JOB)
    controllers.make_job()
    run()
    assert store.writes == [PATCHED]


def test_a_new_job_of_the_former_configuration_is_not_taken_for_done(
    store: Store, controllers: Controllers, run: Run
) -> None:
    def made_for_the_old(busy: Store) -> None:
        wanted = copy.deepcopy(busy.objects[CONFIG])
        busy.objects[CONFIG]["spec"]["valuesContent"] = OLD
        busy.remove(JOB)
        controllers.make_job()
        busy.change(JOB, {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})
        busy.objects[CONFIG] = wanted

    store.before_write = [lambda _store: None, made_for_the_old]
    run()
    assert controllers.jobs == 3
    assert store.writes == [PATCHED]


def test_while_helm_is_at_work_nothing_is_written(store: Store, controllers: Controllers, run: Run) -> None:
    del controllers
    store.change(JOB, {"status": {"conditions": None}})
    store.put(PODS, helm_pod("job-1"))
    store.steps = []
    with pytest.raises(FixFailed, match="Helm is at work in pod helm-install-traefik-abcde") as failure:
        run()
    assert not failure.value.changed
    assert store.writes == []


class TestFailing:
    def test_a_helm_that_fails_ends_it_with_the_end_of_its_log(
        self, store: Store, controllers: Controllers, run: Run, wire: Wire
    ) -> None:
        def failing(busy: Store) -> None:
            if JOB not in busy.objects:
                controllers.make_job()
                crash = {"waiting": {"reason": "CrashLoopBackOff"}}
                exit_ = {"exitCode": 1, "reason": "Error"}
                busy.put(PODS, helm_pod("job-2", ready=False, state=crash, restarts=2, last_exit=exit_))

        log = f"{PODS}/helm-install-traefik-abcde/log"
        wire.on("GET", log, answer_text("upgrading\npassword=hunter2\nError: values don't meet the schema\n"))
        store.steps = [failing] * 50
        with pytest.raises(FixFailed, match=r"Helm fails: .*CrashLoopBackOff.*values don't meet the schema") as failure:
            run()
        result = failure.value.as_result()
        assert result["changed"]
        assert result["log"][-1] == "Error: values don't meet the schema"
        assert "hunter2" not in json.dumps(result)
        assert result["report"][0] == "HelmChartConfig kube-system/traefik written"
        assert next(one for one in wire.requests if one.path == log).one("tailLines") == "10"

    def test_a_job_that_has_failed_ends_it_without_a_log_that_cannot_be_read(
        self, store: Store, controllers: Controllers, run: Run
    ) -> None:
        def failing(busy: Store) -> None:
            if JOB not in busy.objects:
                controllers.make_job()
                condition = {"type": "Failed", "status": "True", "message": "Job has reached the backoff limit"}
                busy.change(JOB, {"status": {"conditions": [condition]}})
                busy.put(PODS, helm_pod("job-2", ready=False))

        store.steps = [failing] * 50
        with pytest.raises(FixFailed, match=r"Helm fails: Job has reached the backoff limit\. ") as failure:
            run()
        assert failure.value.result["log"] == []

    def test_a_new_pod_that_crashes_ends_it(self, store: Store, controllers: Controllers, run: Run) -> None:
        def crashing() -> None:
            state = {"waiting": {"reason": "CrashLoopBackOff"}}
            store.put(PODS, traefik_pod("traefik-new1", "new", ready=False, state=state, restarts=2))
            generation = store.objects[SET]["metadata"]["generation"]
            store.change(SET, {"status": {"observedGeneration": generation, "updatedNumberScheduled": 1}})

        controllers.roll = crashing  # type: ignore[method-assign]
        with pytest.raises(FixFailed, match="a new pod does not come up: pod traefik-new1") as failure:
            run()
        assert failure.value.result["stalled"]["pod"] == "traefik-new1"

    def test_a_helm_controller_that_does_nothing_is_said(self, store: Store, run: Run) -> None:
        store.steps = []
        with pytest.raises(FixFailed, match="helm-controller has not made Job kube-system/helm-install-traefik again"):
            run()
        assert store.writes == [PATCHED, DELETED]

    def test_without_the_right_to_remove_the_job_the_next_run_goes_on(
        self, store: Store, controllers: Controllers, run: Run
    ) -> None:
        store.steps = []
        store.refusals[DELETED] = kube_status(403, "Forbidden", 'User "remedy" cannot delete jobs')
        with pytest.raises(FixFailed, match="403 forbidden: delete jobs/helm-install-traefik") as failure:
            run()
        assert (failure.value.changed, failure.value.unknown) == (True, False)
        del store.refusals[DELETED]
        store.steps = [controllers.step] * 50
        run()
        assert store.writes == [PATCHED, DELETED]

    def test_the_server_may_be_away_in_between(self, store: Store, controllers: Controllers, run: Run) -> None:
        away = [lambda one: setattr(one, "down", True), lambda one: setattr(one, "down", False)]
        store.steps = [*away, *[controllers.step] * 50]
        assert run()["changed"]


class TestRefusal:
    @pytest.mark.parametrize("rolling", [{"maxUnavailable": 0, "maxSurge": 1}, {"maxUnavailable": 1, "maxSurge": 1}])
    def test_a_workload_that_would_block_itself_is_not_rolled(
        self, store: Store, run: Run, wire: Wire, rolling: Json
    ) -> None:
        store.change(SET, {"spec": {"updateStrategy": {"rollingUpdate": rolling}}})
        with pytest.raises(FixFailed, match="its DaemonSet would roll with"):
            run()
        assert wire.methods() == {"GET"}

    def test_values_as_data_that_would_block_it_are_seen_too(self, store: Store, run: Run) -> None:
        store.change(CONFIG, {"spec": {"values": {"updateStrategy": {"rollingUpdate": {"maxSurge": 1}}}}})
        with pytest.raises(FixFailed, match="the values would roll with maxUnavailable 1 and maxSurge 1"):
            run()
        assert store.writes == []

    def test_values_that_are_no_yaml_are_not_written(self, run: Run, wire: Wire) -> None:
        with pytest.raises(FixFailed, match="the values cannot be used: not YAML"):
            run(values="a: [")
        assert wire.methods() == {"GET"}

    def test_another_version_or_owner_than_diagnosed_is_left_alone(self, store: Store, run: Run, wire: Wire) -> None:
        with pytest.raises(FixFailed, match="resourceVersion was 9, is 100"):
            run(precondition=Precondition(resource_version="9"))
        store.change(CONFIG, {"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "edge:x"}}})
        with pytest.raises(FixFailed, match="its owner was nobody, is Argo CD application edge"):
            run(precondition=Precondition(owner=""))
        assert wire.methods() == {"GET"}

    def test_somebody_elses_change_after_the_write_is_not_installed(self, store: Store, run: Run) -> None:
        store.before_write = [
            lambda _store: None,
            lambda busy: busy.change(CONFIG, {"spec": {"valuesContent": "replicas: 9"}}),
        ]
        store.lost = ["", "request"]
        with pytest.raises(FixFailed, match="somebody has changed it since the repair"):
            run()
        assert store.writes == [PATCHED]

    def test_arguments_that_go_over_those_of_the_text_are_not_completed(self, store: Store, run: Run) -> None:
        store.change(CONFIG, {"spec": {"values": {"additionalArguments": ["--ping"]}}})
        with pytest.raises(FixFailed, match=r"its spec\.values has additionalArguments"):
            run(values=None, trusted_ips={"web": ["103.21.244.0/22"]})

    def test_without_the_right_to_write_nothing_is_removed(self, store: Store, run: Run) -> None:
        store.refusals[PATCHED] = kube_status(403, "Forbidden", 'User "remedy" cannot patch helmchartconfigs')
        with pytest.raises(ProbeError):
            run()
        assert store.writes == []


class TestWayBack:
    def test_the_former_values_come_back_in_the_same_way(
        self, store: Store, controllers: Controllers, run: Run
    ) -> None:
        run()
        controllers.rolled = False
        result = run(values=None, restore=True)
        assert store.objects[CONFIG]["spec"] == {"valuesContent": OLD, "failurePolicy": "reinstall"}
        assert store.writes == [PATCHED, DELETED] * 2
        assert controllers.jobs == 3
        assert result["msg"].startswith("HelmChartConfig kube-system/traefik is put back, and Helm has run")
        assert run(values=None, restore=True)["already_done"]

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("request_number", [5, 6, 7, 11, 12, 13, 14, 20])
    def test_killed_at_any_request_it_is_continued(
        self, store: Store, run: Run, kubeconfig: str, request_number: int, after: bool
    ) -> None:
        run()
        back = dataclasses.replace(ORDER, values=None, restore=True)
        with pytest.raises(Killed):
            ChartConfigFix(Mortal(kubeconfig, request_number, after), back, Hands(store)).run(check=False)
        run(values=None, restore=True)
        assert store.writes == [PATCHED, DELETED] * 2

    def test_after_two_changes_of_one_incident_it_leads_to_the_beginning(self, store: Store, run: Run) -> None:
        run(values=OLD + "# more\n")
        run(values=None, trusted_ips={"web": ["103.21.244.0/22"]})
        run(values=None, restore=True)
        assert store.objects[CONFIG]["spec"]["valuesContent"] == OLD

    def test_it_does_not_go_over_somebody_elses_change(self, store: Store, run: Run) -> None:
        run()
        store.change(CONFIG, {"spec": {"valuesContent": "replicas: 9"}})
        with pytest.raises(FixFailed, match="somebody has changed it since the repair"):
            run(values=None, restore=True)
        assert store.objects[CONFIG]["spec"]["valuesContent"] == "replicas: 9"

    def test_another_incidents_change_is_not_taken_back(self, run: Run) -> None:
        run()
        with pytest.raises(FixFailed, match=r"incident b81e has not repaired it \(incident 3f2a has\)"):
            run(values=None, restore=True, incident="b81e")

    def test_one_that_was_not_there_is_created_and_emptied_again(self, store: Store, run: Run) -> None:
        store.remove(CONFIG)
        assert run(values="replicas: 2\n")["report"][0] == "HelmChartConfig kube-system/traefik created"
        run(values=None, restore=True)
        assert store.objects[CONFIG]["spec"] == {"valuesContent": "", "failurePolicy": "reinstall"}
        assert store.writes == [f"POST {CONFIGS}", DELETED, PATCHED, DELETED]

    def test_a_way_back_to_values_that_cannot_be_rolled_is_refused(self, store: Store, run: Run) -> None:
        store.remove(CONFIG)
        run()
        with pytest.raises(FixFailed, match="would not say updateStrategy"):
            run(values=None, restore=True)

    def test_without_values_one_that_is_not_there_is_not_created(self, store: Store, run: Run) -> None:
        store.remove(CONFIG)
        with pytest.raises(FixFailed, match="there is none"):
            run(values=None)

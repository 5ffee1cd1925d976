# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in target: the API server of a small cluster with Traefik on it, its Prometheus, and the edge it serves.

A test sets what is wrong; the right write, by an identity that may make it, mends it. Answers have the shape that the
projects document (Kubernetes API reference; prometheus.io/docs/prometheus/latest/querying/api); what no remedy and no
probe of the engine reads is left out.
"""

from __future__ import annotations

import collections
import copy
import datetime
import threading
import time
from typing import Any

from tests.support.promql import answer_query, answer_range
from tests.support.service import Service, bearer, missing
from tests.support.wire import Answer, Request, answer_json, answer_text, hang, kube_status, reset

Json = dict[str, Any]

NAMESPACE = "/api/v1/namespaces/traefik"
APPS = "/apis/apps/v1/namespaces/traefik"
DAEMONSET = f"{APPS}/daemonsets/traefik"
MONITORS = "/apis/monitoring.coreos.com/v1/namespaces/traefik/servicemonitors"
TOKENS = "/api/v1/namespaces/oncall-remedy/serviceaccounts/"
PROMETHEUS = "/prometheus"
LABELS = {"app.kubernetes.io/name": "traefik"}
ARGS = ["--entrypoints.web.address=:80", "--metrics.prometheus=true"]

MAY_PATCH = {
    "remedy-rollout-restart": DAEMONSET,
    "remedy-rollback": DAEMONSET,
    "remedy-service-monitor": f"{MONITORS}/traefik",
}
"""What each service account may write, and nothing else."""


class Cluster:
    """One target. State is set before a sweep or by the writes that arrive; ``api`` and ``edge`` record requests."""

    def __init__(self, name: str, nodes: tuple[str, ...] = ("node1", "node2")) -> None:
        self.name = name
        self.nodes = {node: {"ready": True, "taints": []} for node in nodes}
        self.prometheus = "well"
        self.restart_heals = True
        self.pods_come_up = True
        self.hangs_at = ""
        self.hung: set[str] = set()
        self.hung_up = threading.Event()
        self.patched = threading.Event()
        self.edge_script: collections.deque[bool] = collections.deque()
        self.firing: list[Json] = []
        self.logs: dict[str, str] = {}
        self.scraped = True
        self.scraped_besides: list[Json] = []
        self.broken = ""
        self.minted: dict[str, str] = {}
        self.api = Service(self._handle)
        self.edge = Service(self._serve_edge)
        self._version = 100
        self._pod_number = 0
        self._born = time.time() - 3600.0
        self.revisions: list[Json] = []
        self.daemonset = self._first_daemonset()
        self.monitor = self._first_monitor()
        self.service = self._first_service()
        self.pods: list[Json] = []
        self._roll()

    @property
    def probe_token(self) -> str:
        """What the read-only identity shows."""
        return f"probe-token-of-{self.name}"

    @property
    def issuer_token(self) -> str:
        """What the identity shows that may ask for writing tokens and do nothing else."""
        return f"issuer-token-of-{self.name}"

    # What a test breaks

    def hang(self) -> None:
        """The pods there are stand still, as their kubelets notice: down without a crash, which a restart mends."""
        self.broken = "hung"
        self.hung = {pod["metadata"]["name"] for pod in self.pods}

    def crash(self, line: str = "command traefik error: failed to decode configuration from flags") -> None:
        """Every pod crashes, and says why in its last run's log."""
        self.broken = "crashing"
        self.logs = {pod["metadata"]["name"]: line for pod in self.pods}

    def roll_out_badly(self, line: str = "command traefik error: failed to decode configuration from flags") -> None:
        """A newer revision that crashes, after one that was healthy."""
        template = copy.deepcopy(self.daemonset["spec"]["template"])
        template["spec"]["containers"][0]["args"].append("--nonsense=true")
        self.daemonset["spec"]["template"] = template
        self._changed(self.daemonset, template=True)
        self.crash(line)

    def mislabel_the_monitor(self) -> None:
        """The ServiceMonitor selects no Service, so nothing is scraped while the edge serves."""
        self.monitor["spec"]["selector"] = {"matchLabels": {"app": "something-else"}}
        self.scraped = False

    def heal(self) -> None:
        """As if somebody else had mended everything."""
        self.broken, self.scraped = "", True
        self._settle()

    # What can be asked about it

    @property
    def serves(self) -> bool:
        """Whether the edge answers."""
        if self.edge_script:
            return self.edge_script.popleft()
        return not self.broken and any(_is_ready(pod) for pod in self.pods)

    @property
    def healthy(self) -> int:
        """How many targets Prometheus has as up."""
        ready = sum(_is_ready(pod) for pod in self.pods)
        return ready if self.scraped and not self.broken else 0

    def who(self, request: Request) -> str:
        """The identity behind a request: ``probe``, ``issuer``, a service account's name, or what it showed."""
        token = bearer(request)
        known = {self.probe_token: "probe", self.issuer_token: "issuer", **self.minted}
        return known.get(token, token)

    def writes(self) -> list[str]:
        """All that was sent and is not a mere question, in order: ``issuer: POST /path``."""
        return [
            f"{self.who(request)}: {request.method} {request.path}"
            for request in self.api.requests + self.edge.requests
            if request.method not in ("GET", "HEAD")
        ]

    def patches(self) -> list[Request]:
        """The requests that changed the DaemonSet or were meant to."""
        return [request for request in self.api.requests if (request.method, request.path) == ("PATCH", DAEMONSET)]

    @property
    def revision(self) -> int:
        """The number of the newest revision: 1 at the beginning, 2 after a restart."""
        number: int = self.revisions[-1]["revision"]
        return number

    # The edge

    def _serve_edge(self, _request: Request) -> Answer:
        return answer_text("here") if self.serves else reset

    # The API server and Prometheus

    def _handle(self, request: Request) -> Answer | None:
        if request.path.startswith(PROMETHEUS):
            return self._prometheus(request)
        who = self.who(request)
        if request.method == self.hangs_at:
            self.hung_up.set()
            return hang
        if request.method in ("GET", "HEAD"):
            return self._read(request) if who != "issuer" else _forbidden(who)
        if request.method == "POST" and request.path.startswith(TOKENS) and who == "issuer":
            return self._mint(request)
        if request.method == "PATCH" and MAY_PATCH.get(who) == request.path:
            return self._patch(request)
        return _forbidden(who)

    def _read(self, request: Request) -> Answer | None:
        self._settle()
        objects: dict[str, Json] = {
            DAEMONSET: self.daemonset,
            f"{NAMESPACE}/services/traefik-metrics": self.service,
            f"{MONITORS}/traefik": self.monitor,
        }
        lists: dict[str, list[Json]] = {
            "/api/v1/nodes": [self._node(name) for name in self.nodes],
            f"{NAMESPACE}/pods": self.pods,
            f"{APPS}/controllerrevisions": self.revisions,
            MONITORS: [self.monitor],
            "/apis/discovery.k8s.io/v1/namespaces/traefik/endpointslices": [self._slice()],
        }
        if request.path in objects:
            return answer_json(objects[request.path])
        if request.path in lists:
            return answer_json({"kind": "List", "metadata": {}, "items": lists[request.path]})
        if request.path.startswith(f"{NAMESPACE}/pods/") and request.path.endswith("/log"):
            return answer_text(self.logs.get(request.path.split("/")[-2], "started"))
        return missing(request.path.rsplit("/", 1)[-1])

    def _mint(self, request: Request) -> Answer:
        account = request.path.removeprefix(TOKENS).removesuffix("/token")
        if account not in MAY_PATCH:
            return missing(account)
        token = f"minted-{account}-{len(self.minted) + 1}-of-{self.name}"
        self.minted[token] = account
        return answer_json(
            {**request.json(), "status": {"token": token, "expirationTimestamp": _stamp(time.time() + 600)}}, 201
        )

    def _patch(self, request: Request) -> Answer:
        thing = self.daemonset if request.path == DAEMONSET else self.monitor
        body = request.json()
        demanded = body.get("metadata", {}).pop("resourceVersion", None)
        if demanded not in (None, thing["metadata"]["resourceVersion"]):
            return kube_status(409, "Conflict", "the object has been modified", "traefik")
        template = copy.deepcopy(thing["spec"].get("template"))
        _merge(thing, body)
        self._changed(thing, template=thing["spec"].get("template") != template)
        if thing is self.monitor:
            self.scraped = thing["spec"]["selector"]["matchLabels"] == self.service["metadata"]["labels"]
        elif self.restart_heals:
            self.broken = ""
            self._settle()
        self.patched.set()
        return answer_json(thing)

    def _changed(self, thing: Json, template: bool = False) -> None:
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)
        thing["metadata"]["generation"] += 1
        if template:
            self._roll()

    # Prometheus

    def _prometheus(self, request: Request) -> Answer | None:
        if self.prometheus != "well":
            return {"resets": reset, "ill": answer_text("starting", 503)}[self.prometheus]
        path = request.path.removeprefix(PROMETHEUS)
        if path == "/api/v1/query":
            return answer_json(answer_query(request.one("query"), self.healthy, len(self.nodes), self.firing))
        if path == "/api/v1/query_range":
            return answer_json(answer_range(request, self.healthy))
        if path == "/api/v1/scrape_pools":
            return answer_json({"status": "success", "data": {"scrapePools": ["serviceMonitor/traefik/traefik/0"]}})
        if path == "/api/v1/targets":
            return answer_json({"status": "success", "data": self._targets()})
        return None

    def _targets(self) -> Json:
        error = "connection refused" if self.broken else ""
        own = [
            scraped(
                "traefik-metrics", f"{pod['spec']['nodeName']}:9100", error, pool="serviceMonitor/traefik/traefik/0"
            )
            for pod in (self.pods if self.scraped else [])
        ]
        return {"activeTargets": [*own, *self.scraped_besides], "droppedTargets": [], "droppedTargetCounts": {}}

    # The objects

    def _first_daemonset(self) -> Json:
        return {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": self._meta("traefik", generation=1, labels=dict(LABELS)),
            "spec": {
                "selector": {"matchLabels": dict(LABELS)},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
                "template": {
                    "metadata": {"labels": dict(LABELS)},
                    "spec": {"containers": [{"name": "traefik", "image": "traefik:v3", "args": list(ARGS)}]},
                },
            },
            "status": {},
        }

    def _first_monitor(self) -> Json:
        return {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": self._meta("traefik", generation=1),
            "spec": {"selector": {"matchLabels": dict(LABELS)}, "endpoints": [{"port": "metrics"}]},
        }

    def _first_service(self) -> Json:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self._meta("traefik-metrics", labels=dict(LABELS)),
            "spec": {"selector": dict(LABELS), "ports": [{"name": "metrics", "port": 9100, "targetPort": 9100}]},
        }

    def _meta(self, name: str, **more: Any) -> Json:
        return {
            "name": name,
            "namespace": "traefik",
            "uid": f"uid-of-{name}",
            "resourceVersion": str(self._version),
            "creationTimestamp": _stamp(self._born),
            **more,
        }

    def _roll(self) -> None:
        """What the controller does about a template: a revision of it, and a new pod on every node."""
        template = copy.deepcopy(self.daemonset["spec"]["template"])
        kept = {**template, "$patch": "replace"}
        former = next((one for one in self.revisions if one["data"]["spec"]["template"] == kept), None)
        if former:
            self.revisions.remove(former)
        number = self.revisions[-1]["revision"] + 1 if self.revisions else 1
        revision = former or {
            "metadata": {
                **self._meta(f"traefik-{number}", labels={**LABELS, "controller-revision-hash": f"hash{number}"}),
                "creationTimestamp": _stamp(self._born if number == 1 else time.time()),
                "ownerReferences": [_controller(self.daemonset)],
            },
            "data": {"spec": {"template": kept}},
        }
        revision["revision"] = number
        self.revisions.append(revision)
        self.pods = [self._pod(node, template, revision) for node in self.nodes]
        self._settle()

    def _pod(self, node: str, template: Json, revision: Json) -> Json:
        self._pod_number += 1
        label = {"controller-revision-hash": revision["metadata"]["labels"]["controller-revision-hash"]}
        return {
            "metadata": {
                **self._meta(f"traefik-{self._pod_number:05d}", labels={**LABELS, **label}),
                "annotations": dict(template["metadata"].get("annotations") or {}),
                "creationTimestamp": _stamp(time.time()),
                "ownerReferences": [_controller(self.daemonset)],
            },
            "spec": {"nodeName": node, "containers": template["spec"]["containers"]},
            "status": {},
        }

    def _settle(self) -> None:
        """What kubelet and controller report: pods come up when they may, and the status follows."""
        for pod in self.pods:
            hung = self.broken == "hung" and pod["metadata"]["name"] in self.hung
            ready = self.pods_come_up and self.broken != "crashing" and not hung
            if not pod["status"] or _is_ready(pod) != ready:
                pod["status"] = _pod_status(ready, crashing=self.broken == "crashing")
        ready_pods = sum(_is_ready(pod) for pod in self.pods)
        self.daemonset["status"] = {
            "observedGeneration": self.daemonset["metadata"]["generation"],
            "desiredNumberScheduled": len(self.pods),
            "currentNumberScheduled": len(self.pods),
            "updatedNumberScheduled": len(self.pods),
            "numberReady": ready_pods,
            "numberAvailable": ready_pods,
        }

    def _node(self, name: str) -> Json:
        state = self.nodes[name]
        status = "True" if state["ready"] else "False"
        return {
            "metadata": {"name": name, "labels": {}},
            "spec": {"taints": state["taints"]},
            "status": {
                "conditions": [{"type": "Ready", "status": status, "reason": "Kubelet", "message": "kubelet says so"}],
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            },
        }

    def _slice(self) -> Json:
        return {
            "metadata": self._meta("traefik-metrics-1"),
            "endpoints": [
                {
                    "addresses": [f"10.0.0.{number}"],
                    "conditions": {"ready": _is_ready(pod)},
                    "nodeName": pod["spec"]["nodeName"],
                }
                for number, pod in enumerate(self.pods, start=1)
            ],
        }


def _is_ready(pod: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def _pod_status(ready: bool, crashing: bool) -> Json:
    now = _stamp(time.time())
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": now}
    container: Json = {"name": "traefik", "ready": ready, "restartCount": 0, "state": {"running": {"startedAt": now}}}
    if crashing:
        waiting = {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}
        container |= {"restartCount": 4, "state": {"waiting": waiting}, "lastState": {"terminated": ended}}
    return {
        "phase": "Running",
        "startTime": now,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now}],
        "containerStatuses": [container],
    }


def _controller(owner: Json) -> Json:
    return {"kind": "DaemonSet", "name": "traefik", "uid": owner["metadata"]["uid"], "controller": True}


def _merge(thing: Json, patch: Json) -> None:
    """A strategic merge as far as the remedies use one: mappings merge, null removes, ``$patch: replace`` replaces."""
    for key, value in patch.items():
        if value is None:
            thing.pop(key, None)
        elif isinstance(value, dict) and value.get("$patch") == "replace":
            thing[key] = {name: member for name, member in value.items() if name != "$patch"}
        elif isinstance(value, dict) and isinstance(thing.get(key), dict):
            _merge(thing[key], value)
        else:
            thing[key] = copy.deepcopy(value)


def _forbidden(who: str) -> Answer:
    return kube_status(403, "Forbidden", f'User "{who}" may not do this')


def scraped(job: str, instance: str, error: str = "", pool: str = "", **labels: str) -> Json:
    """A target as Prometheus lists it: up, or down with an error."""
    return {
        "labels": {"job": job, "instance": instance, **labels},
        "discoveredLabels": {},
        "scrapePool": pool or job,
        "scrapeUrl": f"http://{instance}/metrics",
        "health": "down" if error else "up",
        "lastError": error,
        "lastScrape": _stamp(time.time()),
    }


def _stamp(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

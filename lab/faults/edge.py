"""What the faults of the edge share: Traefik's pods, and its DaemonSet with other arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab import estate as manifests
from lab.console import wait_until
from lab.faults.base import Estate, Fault
from lab.kube import Cluster, Object

NAMESPACE = "traefik"
_SELECTOR = "app.kubernetes.io/name=traefik"
_KIND = "apps/v1/DaemonSet"
_PATIENCE = 90


def pods(cluster: Cluster) -> list[Object]:
    """Traefik's pods."""
    return cluster.list("Pod", NAMESPACE, _SELECTOR)


def container(pod: Object) -> Object:
    """Status of the pod's only container; empty while there is none."""
    return next(iter(pod.get("status", {}).get("containerStatuses") or []), {})


def crashes(pod: Object) -> bool:
    """Whether the pod's container ended at least once and is not ready."""
    status = container(pod)
    ended = status.get("lastState", {}).get("terminated") or status.get("state", {}).get("terminated")
    return bool(ended) and not status.get("ready")


def replace_pods(cluster: Cluster, which: Callable[[Object], bool] = lambda pod: True) -> None:
    """Deletes pods, so that the DaemonSet makes new ones from its newest template."""
    for pod in pods(cluster):
        if which(pod):
            cluster.delete("Pod", pod["metadata"]["name"], NAMESPACE)


def restart(cluster: Cluster) -> None:
    """Deletes every pod and waits until new ones are ready everywhere."""
    before = {pod["metadata"]["uid"] for pod in pods(cluster)}
    replace_pods(cluster)

    def replaced() -> bool:
        return rolled_out(cluster) and not any(pod["metadata"]["uid"] in before for pod in pods(cluster))

    wait_until("Traefik is back", replaced, _PATIENCE)


def restore(cluster: Cluster) -> None:
    """Gives the DaemonSet its manifest back, and new pods to the nodes whose own wait in a crash loop's back-off."""
    cluster.apply(manifests.document("DaemonSet", "traefik"))
    replace_pods(cluster, lambda pod: not container(pod).get("ready"))


def with_arguments(change: Callable[[list[str]], list[str]]) -> Object:
    """The DaemonSet's manifest with changed arguments."""
    document = manifests.document("DaemonSet", "traefik")
    traefik = document["spec"]["template"]["spec"]["containers"][0]
    traefik["args"] = change(traefik["args"])
    return document


class Arguments(Fault):
    """The DaemonSet gets other arguments and rolls them out by its own strategy."""

    def __init__(
        self, name: str, what: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), fires: str | None = None
    ) -> None:
        self.name, self.what, self.fires = name, what, fires
        self._add, self._remove = list(add), tuple(remove)

    def apply(self, estate: Estate) -> None:
        """Applies the arguments and waits until every pod has them."""
        self._change(estate.cluster)
        wait_until("the rollout ends", lambda: rolled_out(estate.cluster), _PATIENCE)

    def undo(self, estate: Estate) -> None:
        restore(estate.cluster)

    def _change(self, cluster: Cluster) -> None:
        cluster.apply(
            with_arguments(lambda given: [a for a in given if not a.startswith(self._remove or ("\0",))] + self._add)
        )


class Crash(Arguments):
    """The arguments make Traefik exit at once, and every pod is replaced: by hand, by a drain, by reboots."""

    def apply(self, estate: Estate) -> None:
        """Applies the arguments, deletes the pods, and waits until all of the new ones crash."""
        before = {pod["metadata"]["uid"] for pod in pods(estate.cluster)}
        self._change(estate.cluster)
        replace_pods(estate.cluster)

        def all_crash() -> bool:
            now = pods(estate.cluster)
            return bool(now) and all(pod["metadata"]["uid"] not in before and crashes(pod) for pod in now)

        wait_until("every Traefik crashes", all_crash, _PATIENCE)


class HalfWay(Arguments):
    """The arguments make Traefik exit at once, and the rollout stalls at its first pod, as maxUnavailable demands."""

    def apply(self, estate: Estate) -> None:
        """Applies the arguments and waits until the first pod crashes."""
        self._change(estate.cluster)
        wait_until("one Traefik crashes", lambda: any(crashes(pod) for pod in pods(estate.cluster)), _PATIENCE)


def rolled_out(cluster: Cluster) -> bool:
    """Whether every pod of the DaemonSet is of its newest revision and ready."""
    found = cluster.get(_KIND, "traefik", NAMESPACE) or {}
    status = found.get("status", {})
    desired = status.get("desiredNumberScheduled")
    return bool(
        status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("updatedNumberScheduled") == desired
        and status.get("numberReady") == desired
    )

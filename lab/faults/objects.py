"""Faults that are objects of the cluster: changed, taken away, or there although they should not be."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from lab import estate as manifests
from lab.faults.base import Estate, Fault
from lab.kube import Cluster, Object

# These are put back by making them anew, so that nothing stays of what a remedy wrote into them. What runs is not.
_MADE_ANEW = ("ServiceMonitor", "ScrapeConfig", "NetworkPolicy")
_KEPT = "oncall-remedy-kept-"
Change = Callable[[Object], None]


class Changed(Fault):
    """Objects of the manifests, each given by its kind and name, are changed, or (``None``) taken away."""

    def __init__(
        self, name: str, what: str, fires: str | None, objects: Sequence[tuple[str, str, Change | None]]
    ) -> None:
        self.name, self.what, self.fires = name, what, fires
        self._objects = objects

    def apply(self, estate: Estate) -> None:
        for kind, name, change in self._objects:
            document = manifests.document(kind, name)
            if change is None:
                delete(estate.cluster, document)
            else:
                change(document)
                estate.cluster.apply(document)

    def undo(self, estate: Estate) -> None:
        for kind, name, _ in self._objects:
            document = manifests.document(kind, name)
            if kind in _MADE_ANEW:
                delete(estate.cluster, document)
            estate.cluster.apply(document)


class Added(Fault):
    """Objects are there that the manifests do not have."""

    def __init__(self, name: str, what: str, fires: str | None, objects: Sequence[Object]) -> None:
        self.name, self.what, self.fires = name, what, fires
        self._objects = objects

    def apply(self, estate: Estate) -> None:
        for document in self._objects:
            estate.cluster.apply(json.loads(json.dumps(document)))

    def undo(self, estate: Estate) -> None:
        """Removes them, and the copies that a remedy kept of those that it removed before."""
        for document in reversed(self._objects):
            delete(estate.cluster, document)
        for namespace in {str(document["metadata"]["namespace"]) for document in self._objects}:
            for copy in estate.cluster.list("ConfigMap", namespace):
                if copy["metadata"]["name"].startswith(_KEPT):
                    estate.cluster.delete("ConfigMap", copy["metadata"]["name"], namespace)


def delete(cluster: Cluster, document: Object) -> None:
    """Deletes the object that a document is about."""
    version, metadata = document["apiVersion"], document["metadata"]
    kind = document["kind"] if version == "v1" else f"{version}/{document['kind']}"
    cluster.delete(kind, metadata["name"], metadata["namespace"])

"""The lab's own access to the cluster, as its administrator: the handful of verbs it needs, on plain dictionaries.

Standard library only. A client package would bring two dozen others into every command of the lab for these few verbs.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from lab.console import LabError
from lab.settings import API_PORT, BRIDGE_ADDRESS, Paths

Object = dict[str, Any]
_MANAGER = "oncall-remedy-lab"
_TIMEOUT = 15.0


class ApiError(LabError):
    """The API server refused, with its status; or 0 where it did not answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"API server: {message}")
        self.status = status


class Cluster:
    """Reads and writes objects. A kind is written ``Pod`` or, outside of core/v1, ``apps/v1/DaemonSet``.

    Every method raises ApiError where the API server refuses or does not answer. May be used from several threads.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._plurals: dict[str, dict[str, str]] = {}

    def ready(self) -> bool:
        """Whether the API server says that it is ready."""
        return self._send("GET", "/readyz") == b"ok"

    def apply(self, document: Object) -> None:
        """Server-side apply: afterwards the object is as the document says, whoever changed those fields since."""
        query = {"fieldManager": _MANAGER, "force": "true"}
        self._json("PATCH", self._path_of(document), document, "application/apply-patch+yaml", query)

    def create(self, document: Object) -> None:
        """Creates the object; one that is there already is left as it is."""
        collection = self._path_of(document).rpartition("/")[0]
        try:
            self._json("POST", collection, document)
        except ApiError as error:
            if error.status != http.HTTPStatus.CONFLICT:
                raise

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None where there is none."""
        try:
            return dict(self._json("GET", self._path(kind, namespace, name)))
        except ApiError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(self, kind: str, namespace: str | None = None, selector: str = "") -> list[Object]:
        """All objects of a kind, in one namespace or in all, that match the label selector."""
        query = {"labelSelector": selector} if selector else {}
        return list(self._json("GET", self._path(kind, namespace), query=query)["items"])

    def patch(self, kind: str, name: str, body: Mapping[str, Any], namespace: str | None = None) -> None:
        """JSON merge patch."""
        self._json("PATCH", self._path(kind, namespace, name), body, "application/merge-patch+json")

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Deletes an object; one that is not there is no error."""
        try:
            # By default a Job would leave its pods behind.
            self._json("DELETE", self._path(kind, namespace, name), query={"propagationPolicy": "Background"})
        except ApiError as error:
            if error.status != http.HTTPStatus.NOT_FOUND:
                raise

    def token(self, namespace: str, account: str, seconds: int) -> str:
        """A token for a service account by TokenRequest."""
        body = {"spec": {"expirationSeconds": seconds}}
        return str(
            self._json("POST", f"{self._path('ServiceAccount', namespace, account)}/token", body)["status"]["token"]
        )

    def logs(self, namespace: str, pod: str, *, tail: int, previous: bool = False) -> str:
        """The last lines of a pod's only container."""
        query = {"tailLines": str(tail), "previous": "true" if previous else "false"}
        return self._send("GET", f"{self._path('Pod', namespace, pod)}/log", query=query).decode(errors="replace")

    def _path_of(self, document: Object) -> str:
        version, metadata = document["apiVersion"], document["metadata"]
        return self._path(f"{version}/{document['kind']}", metadata.get("namespace"), metadata["name"])

    def _path(self, kind: str, namespace: str | None, name: str = "") -> str:
        version, _, word = kind.rpartition("/")
        version = version or "v1"
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        parts = [
            root,
            *(["namespaces", namespace] if namespace else []),
            self._plural(root, word),
            *([name] if name else []),
        ]
        return "/".join(parts)

    def _plural(self, root: str, kind: str) -> str:
        if kind not in self._plurals.get(root, {}):
            resources = self._json("GET", root)["resources"]
            self._plurals[root] = {entry["kind"]: entry["name"] for entry in resources if "/" not in entry["name"]}
        if kind not in self._plurals[root]:
            raise ApiError(http.HTTPStatus.NOT_FOUND, f"no kind {kind} in {root}")
        return self._plurals[root][kind]

    def _json(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Any:
        return json.loads(self._send(method, path, body, content_type, query))

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        connection = http.client.HTTPSConnection(BRIDGE_ADDRESS, API_PORT, context=self._tls, timeout=_TIMEOUT)
        url = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, url, content, {"Content-Type": content_type})
            answer = connection.getresponse()
            received = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise ApiError(answer.status, f"{method} {path}: {answer.status} {_message(received)}")
        return received

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        pki = self._paths.pki
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        return context


def cluster_of(paths: Paths) -> Cluster:
    """The running lab's cluster. Raises LabError where no lab is up."""
    if not paths.admin_kubeconfig.exists():
        raise LabError(f"no lab in {paths.run}: start one with `lab up`")
    return Cluster(paths)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]

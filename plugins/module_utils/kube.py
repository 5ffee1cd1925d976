# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes API as plain JSON (kubernetes.io/docs/reference/using-api/api-concepts). No typed models: importing
them costs more time than a question takes."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.parse
from typing import Any, Dict, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils import kubeconfig as _kubeconfig
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    READING,
    WRITE_SECONDS,
    Fence,
    HttpAnswer,
    HttpTransport,
    Limits,
    error_text,
    json_object,
)

Json = Dict[str, Any]

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_PAGE = 250
_SEGMENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")
_USER = re.compile(r'User "([^"]{1,200})"')
_VERBS = {"GET": "get", "PUT": "replace", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


def object_path(
    api_version: str,
    plural: str,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """The path of an object, or of a list of them when ``name`` is missing.

    Every part must look like a name of Kubernetes (letters, digits, ``.-:``): nothing can climb out of its segment.
    """
    group = ["api"] if "/" not in api_version else ["apis"]
    group += [segment(part, "API version") for part in api_version.split("/", 1)]
    if namespace:
        group += ["namespaces", segment(namespace, "namespace")]
    group.append(segment(plural, "resource"))
    if name:
        group.append(segment(name, "name"))
    if subresource:
        group.append(segment(subresource, "subresource"))
    return "/" + "/".join(group)


def segment(text: str, what: str) -> str:
    """``text`` as one segment of a path; ProbeError (bad_option) when it cannot be a name in Kubernetes."""
    if not _SEGMENT.fullmatch(text) or ".." in text:
        raise ProbeError("bad_option", f"not a Kubernetes {what}: {text[:80]!r}")
    return urllib.parse.quote(text, safe="")


class KubeTransport:
    """One API server under one identity. Safe to use from many threads at once.

    The kubeconfig is read at the first request, not before. ``read_only`` refuses everything that is not a GET (exec
    is one; which commands may run is the caller's affair). A ``fence`` is asked before each request that writes, and
    the API server is told to give such a request up by itself. All methods raise ProbeError; a ``deadline`` is
    monotonic time.
    """

    def __init__(
        self,
        kubeconfig: str,
        context: str | None = None,
        limits: Limits | None = None,
        read_only: bool = False,
        fence: Fence | None = None,
    ) -> None:
        self.kubeconfig = kubeconfig
        self.context = context
        self._limits = limits or Limits()
        self._read_only = read_only
        self._fence = fence
        self._lock = threading.Lock()
        self._access: _kubeconfig.Access | None = None
        self._http: HttpTransport | None = None

    @property
    def source(self) -> str:
        """The API server as evidence shows it. Reads the kubeconfig."""
        return self.access.server

    @property
    def access(self) -> _kubeconfig.Access:
        """The server and the identity. Reads the kubeconfig."""
        with self._lock:
            if self._access is None:
                self._access = _kubeconfig.read(self.kubeconfig, self.context)
            return self._access

    def get(self, path: str, params: Mapping[str, Any] | None = None, deadline: float | None = None) -> Json:
        """One object. A missing one is a ProbeError of kind not_found; see :meth:`find`."""
        return self._json("GET", path, params, deadline=deadline)

    def find(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Json | None:
        """One object, or None when the API says that this very object does not exist.

        A 404 of any other meaning (a kind that the server does not know, a proxy's page) stays an error.
        """
        answer = self._request("GET", path, params, deadline=deadline)
        if answer.status == 404 and _names_missing_object(answer):
            return None
        return self._checked(answer, "GET", path)

    def list(self, path: str, params: Mapping[str, Any] | None = None, deadline: float | None = None) -> Json:
        """All objects of a collection, page after page; ``items`` holds them."""
        deadline = time.monotonic() + self._limits.total if deadline is None else deadline
        asked = dict(params or {})
        asked.setdefault("limit", _PAGE)
        whole = self._json("GET", path, asked, deadline=deadline, verb="list")
        found: list[Json] = whole.get("items") or []
        more = (whole.get("metadata") or {}).get("continue")
        while more:
            page = self._json("GET", path, dict(asked, **{"continue": more}), deadline=deadline, verb="list")
            found.extend(page.get("items") or [])
            more = (page.get("metadata") or {}).get("continue")
        whole["items"] = found
        return whole

    def text(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
        limit: int | None = None,
    ) -> str:
        """A text such as a container's log. Bytes that are no UTF-8 are replaced."""
        answer = self._request("GET", path, params, deadline=deadline, accept="*/*", limit=limit)
        if answer.status != 200:
            raise self._error(answer, "GET", path)
        return answer.body.decode("utf-8", "replace")

    def create(
        self, path: str, body: Json, params: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> Json:
        """POSTs to a collection or a subresource (such as ``token``)."""
        return self._json("POST", path, params, body, deadline=deadline)

    def replace(
        self, path: str, body: Json, params: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> Json:
        """PUTs an object; its ``metadata.resourceVersion`` is the precondition (409 conflict when it is stale)."""
        return self._json("PUT", path, params, body, deadline=deadline)

    def patch(
        self,
        path: str,
        body: Any,
        content_type: str = MERGE,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Json:
        """PATCHes an object. A ``metadata.resourceVersion`` in a merge patch is a precondition (409 when stale)."""
        return self._json("PATCH", path, params, body, content_type, deadline)

    def delete(
        self,
        path: str,
        body: Json | None = None,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Json:
        """DELETEs an object; ``body`` may be DeleteOptions (preconditions)."""
        return self._json("DELETE", path, params, body, deadline=deadline)

    def exec(
        self,
        namespace: str,
        pod: str,
        command: Sequence[str],
        container: str | None = None,
        deadline: float | None = None,
    ) -> tuple[int, str, str]:
        """Runs a command in a container, without a shell: exit code, standard output, standard error."""
        from ansible_collections.oncall.remedy.plugins.module_utils import podexec

        path = object_path("v1", "pods", namespace, pod, "exec")
        until = time.monotonic() + self._limits.total if deadline is None else deadline
        return podexec.run(self.access, path, command, container, until, describe("GET", path, "exec"))

    def _json(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Any = None,
        content_type: str = "application/json",
        deadline: float | None = None,
        verb: str = "",
    ) -> Json:
        answer = self._request(method, path, params, body, content_type, deadline)
        return self._checked(answer, method, path, verb)

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Any = None,
        content_type: str = "application/json",
        deadline: float | None = None,
        accept: str = "application/json",
        limit: int | None = None,
    ) -> HttpAnswer:
        headers = {"Accept": accept}
        sent = None
        if body is not None:
            headers["Content-Type"] = content_type
            sent = json.dumps(body).encode()
        asked = {name: _parameter(value) for name, value in (params or {}).items() if value is not None}
        if self._fence and method not in READING:
            asked["timeout"] = f"{WRITE_SECONDS:g}s"
        answer = self._transport().request(method, path, asked, headers, sent, deadline, limit)
        if answer.status == 401 and self._renewed():  # refused before it was looked at: sending it again is safe
            answer = self._transport().request(method, path, asked, headers, sent, deadline, limit)
        return answer

    def _checked(self, answer: HttpAnswer, method: str, path: str, verb: str = "") -> Json:
        if answer.status not in (200, 201, 202):
            raise self._error(answer, method, path, verb)
        return json_object(answer, describe(method, path, verb))

    def _error(self, answer: HttpAnswer, method: str, path: str, verb: str = "") -> ProbeError:
        doing = describe(method, path, verb)
        said = error_text(answer)
        if answer.status == 403:
            user = _USER.search(said)
            return from_status(403, doing + (" as " + user.group(1) if user else ""))
        if answer.status == 401:
            return from_status(401, f"{doing}: {self.source} does not know this credential")
        return from_status(answer.status, doing, one_line(said, 300))

    def _renewed(self) -> bool:
        """Whether the kubeconfig holds another credential than the one in use, which is taken from now on."""
        fresh = _kubeconfig.read(self.kubeconfig, self.context)
        before = self.access.authorization
        if before is None or fresh.authorization is None or before() == fresh.authorization():
            return False
        with self._lock:
            self._access, self._http = fresh, None
        return True

    def _transport(self) -> HttpTransport:
        access = self.access
        with self._lock:
            if self._http is None:
                self._http = HttpTransport(
                    access.server,
                    trust=access.trust,
                    authorization=access.authorization,
                    proxy=access.proxy,
                    limits=self._limits,
                    read_only=self._read_only,
                    fence=self._fence,
                )
            return self._http


def describe(method: str, path: str, verb: str = "") -> str:
    """A request as a human would say it: ``list servicemonitors in traefik``."""
    parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
    parts = parts[2:] if parts[:1] == ["api"] else parts[3:] if parts[:1] == ["apis"] else parts
    place = ""
    if len(parts) > 2 and parts[0] == "namespaces":
        place, parts = " in " + parts[1], parts[2:]
    return f"{verb or _VERBS.get(method, method)} {'/'.join(parts)}{place}"


def _parameter(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _names_missing_object(answer: HttpAnswer) -> bool:
    """The API's own "this object does not exist": a Status whose details name it."""
    try:
        status = json.loads(answer.body)
        return bool(status["reason"] == "NotFound" and status["details"]["name"])
    except (ValueError, KeyError, TypeError):
        return False

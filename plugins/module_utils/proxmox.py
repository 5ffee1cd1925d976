# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxmox VE hosts (pve.proxmox.com/pve-docs/api-viewer) as proxmoxer's resources over a transport that only reads.

proxmoxer brings the API's tree of paths and the sense of its answers. What it sends its requests with is ours: the
same deadlines, trust and refusal to write as everywhere else, where its own session would have requests' (a proxy from
the environment, redirects, a timeout for each receive). Without that session it needs no requests.
"""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from typing import Any, Callable, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, from_status, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpAnswer,
    HttpTransport,
    Limits,
    Trust,
    error_text,
    json_object,
    split_url,
)
from ansible_collections.oncall.remedy.plugins.module_utils.secrets import Authorization, basic

try:
    from proxmoxer.core import ProxmoxResource, ResourceException

    HAS_PROXMOXER = True
except ImportError:
    HAS_PROXMOXER = False

API = "/api2/json"
TICKET = API + "/access/ticket"
METRICS = "/api2/prometheus"

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LIMITS = Limits(connect=5.0, silence=10.0)

Read = Callable[[], str]
"""Gives a secret at the moment of its use; raises ProbeError."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who asks: an API token, a password, or both; then the token asks the API and the password for the metrics."""

    user: str
    token_name: str | None = None
    token: Read | None = dataclasses.field(default=None, repr=False)
    password: Read | None = dataclasses.field(default=None, repr=False)

    def by_token(self) -> str:
        """The value of the ``Authorization`` header of an API token."""
        value = self.token() if self.token else ""
        if not _PRINTABLE.fullmatch(value):
            raise ProbeError("bad_config", f"the API token {self.user}!{self.token_name} is not one word")
        return f"PVEAPIToken={self.user}!{self.token_name}={value}"


class ProxmoxHost:
    """One host under one identity. The constructor does no I/O; all methods raise ProbeError."""

    def __init__(self, url: str, identity: Identity, trust: Trust | None = None) -> None:
        if not HAS_PROXMOXER:
            raise ProbeError("missing_library", "the Python library proxmoxer is not installed")
        split_url(url)
        self.url = url.rstrip("/")
        self.identity = identity
        self.trust = trust or Trust()

    def api(self, deadline: float) -> Any:
        """The root of the API as proxmoxer's resource: ``api.nodes("pve").status.get()``. Bound to ``deadline``.

        With a password alone this asks for a ticket first.
        """
        if self.identity.token:
            session = _Session(self._reading(self.identity.by_token), {}, deadline)
        else:
            session = _Session(self._reading(None), {"Cookie": "PVEAuthCookie=" + self._ticket(deadline)}, deadline)
        return ProxmoxResource(base_url=API, session=session, serializer=_Serializer())

    def metrics_status(self, deadline: float) -> int:
        """The HTTP status of the metrics in Prometheus' format, asked for as a scrape does it: with basic auth."""
        password = self.identity.password
        authorization = basic(self.identity.user, password) if password else self.identity.by_token
        params = {"format": "prometheus"}
        return self._reading(authorization).request("GET", METRICS, params, deadline=deadline, whole=False).status

    def _reading(self, authorization: Authorization | None) -> HttpTransport:
        return HttpTransport(self.url, None, self.trust, authorization, limits=_LIMITS, read_only=True)

    def _ticket(self, deadline: float) -> str:
        """A ticket for the password: the one request of a probe that is a POST, since the API has no other way.

        It changes nothing on the host. The ticket lives for two hours there, and here until the answer is complete.
        """
        password = self.identity.password
        if password is None:
            raise ProbeError("bad_config", f"no token and no password for {self.url}")
        form = urllib.parse.urlencode({"username": self.identity.user, "password": password()}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        door = HttpTransport(self.url, None, self.trust, limits=_LIMITS)
        answer = door.request("POST", TICKET, headers=kind, body=form, deadline=deadline)
        doing = f"POST {self.url}{TICKET} as {self.identity.user}"
        if answer.status != 200:
            raise from_status(answer.status, doing, _words(answer))
        data = json_object(answer, doing).get("data") or {}
        if data.get("NeedTFA"):
            raise ProbeError("bad_config", f"{self.identity.user} has a second factor: use an API token")
        ticket = urllib.parse.quote(str(data.get("ticket") or ""), safe=":@+/=")
        if not ticket:
            raise ProbeError("bad_answer", doing + ": the answer holds no ticket")
        return ticket


class ProxmoxHosts:
    """The hosts of an endpoint, by name."""

    def __init__(self, hosts: Mapping[str, ProxmoxHost]) -> None:
        self._hosts = dict(hosts)

    @property
    def source(self) -> str:
        """The hosts as evidence shows them."""
        return ", ".join(host.url for host in self._hosts.values())

    def host(self, name: str) -> ProxmoxHost:
        """The host of that name; ProbeError (bad_option) where the endpoint names none."""
        if name not in self._hosts:
            raise ProbeError("bad_option", f"no host {name[:80]!r}; the endpoint has {', '.join(sorted(self._hosts))}")
        return self._hosts[name]


def got(resource: Any) -> Any:
    """What a GET of one of proxmoxer's resources gives; ProbeError for a status that is no success."""
    try:
        return resource.get()
    except ResourceException as error:
        raise from_status(error.status_code, one_line(str(error.content), 300)) from None


def _words(answer: HttpAnswer) -> str:
    """Why the API refuses something. It says so in the line of the status, and newer versions also in the body."""
    return one_line(error_text(answer) or answer.reason, 200)


class _Session:
    """What proxmoxer sends its requests with."""

    def __init__(self, http: HttpTransport, headers: Mapping[str, str], deadline: float) -> None:
        self._http = http
        self._headers = dict(headers, Accept="application/json")
        self._deadline = deadline

    def request(self, method: str, url: str, data: Any = None, params: Any = None) -> _Answer:
        body = urllib.parse.urlencode(data).encode() if data else None
        answer = self._http.request(method, url, params or (), self._headers, body, self._deadline)
        return _Answer(answer, f"{method} {self._http.source}{url}")


class _Answer:
    """An answer as proxmoxer looks at one."""

    def __init__(self, answer: HttpAnswer, doing: str) -> None:
        self.answer = answer
        self.doing = doing
        self.status_code = answer.status
        self.content = answer.body
        self.reason = "; ".join(filter(None, (doing, _words(answer))))

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class _Serializer:
    """Out of the answer's envelope. proxmoxer's own takes a page of a proxy for an answer."""

    def loads(self, response: _Answer) -> Any:
        body: dict[str, Any] = json_object(response.answer, response.doing)
        if "data" not in body:
            raise ProbeError("bad_answer", response.doing + ": the answer holds no data")
        return body["data"]

    def loads_errors(self, response: _Answer) -> Any:
        try:
            return json.loads(response.text).get("errors")
        except (AttributeError, ValueError, RecursionError):
            return None

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an HTTP server answers to its users, at each of its addresses. Its silence is an answer too, not an error."""

from __future__ import annotations

import functools
import re
import time
import urllib.parse
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils import certificates, tls
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpAnswer,
    HttpTransport,
    Limits,
    Trust,
    split_url,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes import error_pages
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

ADDRESSES = 100
HOPS = 5
READ = 65536
"""Bytes of a body that may be looked at."""

HEADERS = {"accept", "user-agent", "x-forwarded-for", "x-forwarded-proto"}
_VALUE = re.compile(r"[\x20-\x7e]{1,300}")
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,1000}")

_OWN_FAULT = {"bad_option", "bad_config", "missing_library", "unsupported"}
"""Errors that say nothing of the server that was asked."""


SILENT: Json = {
    "status": 0,
    "error": "",
    "kind": "",
    "location": "",
    "tls": None,
    "origin": "",
    "reason": "",
    "meaning": "",
    "insecure_links": None,
}
"""What is told of an address that did not answer."""


class Http(Probe):
    """Asks a URL, through every given address at once with the URL's Host and SNI (as curl's --resolve). A ``path``
    takes the place of what the URL has behind its host.

    The status of an answer counts; of its body no more than the first ``read`` bytes are looked at. A certificate that
    is not believed makes an address silent, but is described all the same; no request goes to a server that has not
    proved its name. With ``follow`` redirects on the same host are followed. ``headers`` may set X-Forwarded-Proto,
    X-Forwarded-For, User-Agent and Accept.

    ``control`` is a URL that answers if the asker can ask at all: when it and every address are silent, that is an
    error. It is asked without ``headers``.

    ``origin`` says who wrote an error page (400 and above): ``traefik``, ``cloudflare``, ``application`` (somebody
    else), or nothing where that is not certain. For Traefik's and the application's the page has to be read: 512 bytes
    do. ``404 page not found`` is what every program in Go prints. It is told apart only where ``edge: traefik`` says
    that Traefik listens at the addresses: a page that Traefik passes on has its header in another order than its own.
    Behind Cloudflare that order is lost. ``reason`` is the first line of Traefik's or Cloudflare's page.

    Cloudflare's own statuses stand in ``cloudflare`` with their meaning for the origin: origin_refused (521),
    origin_timeout (522: no connection, 524: no answer), origin_unreachable (523), origin_tls (525, 526) or
    origin_error (520, 530).

    Value: ``url``, ``total`` (addresses), ``answered``, ``silent``, ``ok`` (status in ``expect``; without it, below
    400), ``failed`` (total - ok), ``refused``, ``timed_out``, ``tls_failed``, ``statuses`` (distinct), ``silent_at``,
    ``answered_at``, ``by_traefik``, ``by_cloudflare``, ``by_application`` (how many pages each wrote), ``cloudflare``
    [{address, code, meaning}], ``insecure_links`` (of all answers; null where nothing was read), ``seconds_max`` (the
    slowest; null without one), ``answers`` [{address, status (0: none), error, kind, seconds, location, tls, origin,
    reason, meaning, insecure_links (``http://`` links to the URL's host in what was read; null where nothing was)}],
    ``control`` (null or {url, status, error}). ``tls`` is null without TLS, else {verified, error, issuer, subject,
    names, not_after, days_left}.
    """

    name = "http"
    endpoint = None
    options: ClassVar[Spec] = {
        "url": {"type": "str", "required": True},
        "path": {"type": "str"},
        "through": {"type": "list", "elements": "str"},
        "method": {"type": "str", "default": "GET", "choices": ["GET", "HEAD"]},
        "expect": {"type": "list", "elements": "int"},
        "follow": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "headers": {"type": "dict"},
        "read": {"type": "int", "default": 0},
        "edge": {"type": "str", "choices": ["traefik"]},
        "control": {"type": "str"},
        "timeout": {"type": "duration", "default": 10},
    }

    def check(self) -> None:
        self.addresses: list[str | None] = list(self.given["through"] or []) or [None]
        if self.given["through"] == []:
            raise ProbeError("bad_option", "'through' names no address")
        if len(self.addresses) > ADDRESSES:
            raise ProbeError("bad_option", f"'through' may have {ADDRESSES} addresses at most")
        for address in filter(None, self.addresses):
            if urllib.parse.quote(address, safe=":%") != address:
                raise ProbeError("bad_option", f"'through': not an address: {address[:80]!r}")
        if not 0 <= self.given["read"] <= READ:
            raise ProbeError("bad_option", f"'read' may be {READ} bytes at most")
        self.headers = _headers(self.given["headers"] or {})
        self.trust = Trust(verify=self.given["validate_certs"], ca_path=self.given["ca_path"])
        self.url = _url(self.given["url"], self.given["path"])
        if self.given["control"]:
            split_url(self.given["control"])

    def question(self) -> str:
        through = ", ".join(self.given["through"][:10]) if self.given["through"] else ""
        return one_line(f"{self.given['method']} {self.url}" + (f" through {through}" if through else ""))

    def _ask(self, deadline: float) -> Json:
        if split_url(self.url).scheme == "https":
            _made = self.trust.context  # here, once, and not in each thread
        until = min(deadline, time.monotonic() + self.given["timeout"])
        jobs = [functools.partial(self._row, self.url, address, until) for address in self.addresses]
        if self.given["control"]:
            jobs.append(functools.partial(self._hop, self.given["control"], None, until, {}))
        outcomes = at_once(jobs, until)
        rows = [_late(one) if isinstance(one, ProbeError) else one for one in outcomes]
        control = rows.pop() if self.given["control"] else None
        for row, address in zip(rows, self.addresses):
            row["address"] = address or self._default_address()
        value = summary(self.url, rows, self.given["expect"])
        value["control"] = self._control(control, value["answered"]) if control else None
        return value

    def _control(self, row: Json, answered: int) -> Json:
        if not row["status"] and not answered:
            raise ProbeError(
                row["kind"], f"nobody answers, nor does the control {self.given['control']}: {row['error']}"
            )
        return {"url": self.given["control"], "status": row["status"], "error": row["error"]}

    def _default_address(self) -> str:
        return split_url(self.url).hostname or ""

    def _row(self, url: str, address: str | None, deadline: float) -> Json:
        """One address; with ``follow`` the last hop, with the time of all."""
        began = time.monotonic()
        found = self._hop(url, address, deadline, self.headers)
        for _hop in range(HOPS if self.given["follow"] else 0):
            target = urllib.parse.urljoin(url, found["location"])
            if not found["location"] or not _same_host(url, target):
                break
            url, found = target, self._hop(target, address, deadline, self.headers)
        return dict(found, seconds=round(time.monotonic() - began, 4))

    def _hop(self, url: str, address: str | None, deadline: float, headers: dict[str, str]) -> Json:
        transport, path = self._transport(url, address)
        secure = transport.parts.scheme == "https"
        try:
            answer = transport.request(
                self.given["method"], path, headers=headers, deadline=deadline, whole=False, first=self.given["read"]
            )
        except ProbeError as error:
            if error.kind in _OWN_FAULT:
                raise
            seen = self._disbelieved(transport, address, deadline, error) if secure else None
            return dict(SILENT, error=error.message, kind=error.kind, tls=seen)
        location = one_line(answer.headers.get("location", ""), 500) if answer.status in range(300, 400) else ""
        seen = self._tls(answer.peer, "" if self.given["validate_certs"] else "not verified") if secure else None
        return dict(SILENT, status=answer.status, location=location, tls=seen, **self._page(answer))

    def _page(self, answer: HttpAnswer) -> Json:
        """What the beginning of the body tells, and the head where nothing was read."""
        looked = self.given["read"] and self.given["method"] == "GET"
        body = answer.body if looked else None
        page = error_pages.page(answer.status, answer.headers, body, self.given["edge"])
        text = error_pages.readable(answer.headers, body)
        links = error_pages.insecure_links(self._default_address(), text)
        code = answer.status if error_pages.behind_cloudflare(answer.headers) else 0
        return {
            "origin": page.origin,
            "reason": page.reason,
            "meaning": error_pages.MEANINGS.get(code, ""),
            "insecure_links": links,
        }

    def _transport(self, url: str, address: str | None) -> tuple[HttpTransport, str]:
        parts = split_url(url)
        limits = Limits(connect=self.given["timeout"], silence=self.given["timeout"])
        origin = f"{parts.scheme}://{parts.netloc}"
        path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return (
            HttpTransport(origin, address, self.trust, limits=limits, read_only=True),
            path + ("?" + query if query else ""),
        )

    def _disbelieved(
        self, transport: HttpTransport, address: str | None, deadline: float, error: ProbeError
    ) -> Json | None:
        """The certificate that was not accepted, looked at with a second handshake that sends no request."""
        if error.kind != "tls":
            return None
        host = transport.parts.hostname or ""
        try:
            shown = tls.shown_certificate(address or host, transport.port, host, deadline)
        except ProbeError:
            return {"verified": False, "error": error.message}
        return self._tls(shown, error.message)

    def _tls(self, shown: certificates.Shown | None, fault: str) -> Json:
        found: Json = {"verified": not fault, "error": fault}
        return dict(found, **certificates.describe(shown, time.time())) if shown else found


def summary(url: str, rows: list[Json], expect: list[int] | None) -> Json:
    """The probe's value from what each address did."""
    answered = [row for row in rows if row["status"]]
    ok = [row for row in answered if (row["status"] in expect if expect else row["status"] < 400)]
    kinds = [row["kind"] for row in rows]
    return {
        "url": url,
        "total": len(rows),
        "answered": len(answered),
        "silent": len(rows) - len(answered),
        "ok": len(ok),
        "failed": len(rows) - len(ok),
        "refused": kinds.count("refused"),
        "timed_out": kinds.count("timeout"),
        "tls_failed": kinds.count("tls"),
        "statuses": sorted({row["status"] for row in answered}),
        "silent_at": [row["address"] for row in rows if not row["status"]],
        "answered_at": [row["address"] for row in answered],
        **_pages(rows),
        "seconds_max": max((row["seconds"] for row in rows if row["seconds"] is not None), default=None),
        "answers": rows,
    }


def _pages(rows: list[Json]) -> Json:
    """Who wrote the error pages, what Cloudflare says of the origin, and the links."""
    origins = [row["origin"] for row in rows]
    told = [row for row in rows if row["meaning"]]
    links = [row["insecure_links"] for row in rows if row["insecure_links"] is not None]
    return {
        "by_traefik": origins.count("traefik"),
        "by_cloudflare": origins.count("cloudflare"),
        "by_application": origins.count("application"),
        "cloudflare": [{"address": row["address"], "code": row["status"], "meaning": row["meaning"]} for row in told],
        "insecure_links": sum(links) if links else None,
    }


def _headers(given: Json) -> dict[str, str]:
    """Headers that a user's browser or a proxy sends; none that carries a secret or frames the request."""
    for name, value in given.items():
        if name.lower() not in HEADERS:
            raise ProbeError("bad_option", f"'headers': only {', '.join(sorted(HEADERS))} may be set")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ProbeError("bad_option", f"'headers': {name} has to be a printable text of 300 characters at most")
    return given


def _url(url: str, path: str | None) -> str:
    """The URL that is asked. A path never leads to another host: it stands behind the URL's own, and what begins with
    two slashes, which some take for a host, is none."""
    parts = split_url(url)
    if path is None:
        return url
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise ProbeError("bad_option", f"'path': not the path of a URL: {path[:80]!r}")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _same_host(url: str, target: str) -> bool:
    """A redirect elsewhere is not followed: the server must not decide whom we ask."""
    try:
        return split_url(target).hostname == split_url(url).hostname
    except ProbeError:
        return False


def _late(error: ProbeError) -> Any:
    if error.kind in _OWN_FAULT:
        raise error
    return dict(SILENT, error=error.message, kind=error.kind, seconds=None)

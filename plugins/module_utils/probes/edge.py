# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an HTTP server answers to its users, at each of its addresses. Its silence is an answer too, not an error."""

from __future__ import annotations

import functools
import time
import urllib.parse
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils import certificates, tls
from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpTransport,
    Limits,
    Trust,
    split_url,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

ADDRESSES = 100
HOPS = 5

_OWN_FAULT = {"bad_option", "bad_config", "missing_library", "unsupported"}
"""Errors that say nothing of the server that was asked."""


class Http(Probe):
    """Asks a URL, through every given address at once with the URL's Host and SNI (as curl's --resolve).

    Only the head of an answer is read: its status is the answer. A certificate that is not believed makes an address
    silent, but is described all the same; no request goes to a server that has not proved its name. With ``follow``
    redirects on the same host are followed.

    ``control`` is a URL that answers if the asker can ask at all: when it and every address are silent, that is an
    error.

    Value: ``url``, ``total`` (addresses), ``answered``, ``silent``, ``ok`` (status in ``expect``; without it, below
    400), ``failed`` (total - ok), ``refused``, ``timed_out``, ``tls_failed``, ``statuses`` (distinct), ``silent_at``,
    ``answered_at``, ``answers`` [{address, status (0: none), error, kind, seconds, location, tls}], ``control`` (null
    or {url, status, error}). ``tls`` is null without TLS, else {verified, error, issuer, subject, names, not_after,
    days_left}.
    """

    name = "http"
    endpoint = None
    options: ClassVar[Spec] = {
        "url": {"type": "str", "required": True},
        "through": {"type": "list", "elements": "str"},
        "method": {"type": "str", "default": "GET", "choices": ["GET", "HEAD"]},
        "expect": {"type": "list", "elements": "int"},
        "follow": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
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
        self.trust = Trust(verify=self.given["validate_certs"], ca_path=self.given["ca_path"])
        split_url(self.given["url"])
        if self.given["control"]:
            split_url(self.given["control"])

    def question(self) -> str:
        through = ", ".join(self.given["through"][:10]) if self.given["through"] else ""
        return one_line(f"{self.given['method']} {self.given['url']}" + (f" through {through}" if through else ""))

    def _ask(self, deadline: float) -> Json:
        if split_url(self.given["url"]).scheme == "https":
            _made = self.trust.context  # here, once, and not in each thread
        until = min(deadline, time.monotonic() + self.given["timeout"])
        jobs = [functools.partial(self._row, self.given["url"], address, until) for address in self.addresses]
        if self.given["control"]:
            jobs.append(functools.partial(self._row, self.given["control"], None, until))
        outcomes = at_once(jobs, until)
        rows = [_late(one) if isinstance(one, ProbeError) else one for one in outcomes]
        control = rows.pop() if self.given["control"] else None
        for row, address in zip(rows, self.addresses):
            row["address"] = address or self._default_address()
        value = summary(self.given["url"], rows, self.given["expect"])
        value["control"] = self._control(control, value["answered"]) if control else None
        return value

    def _control(self, row: Json, answered: int) -> Json:
        if not row["status"] and not answered:
            raise ProbeError(
                row["kind"], f"nobody answers, nor does the control {self.given['control']}: {row['error']}"
            )
        return {"url": self.given["control"], "status": row["status"], "error": row["error"]}

    def _default_address(self) -> str:
        return split_url(self.given["url"]).hostname or ""

    def _row(self, url: str, address: str | None, deadline: float) -> Json:
        """One address; with ``follow`` the last hop, with the time of all."""
        began = time.monotonic()
        found = self._hop(url, address, deadline)
        for _hop in range(HOPS if self.given["follow"] else 0):
            target = urllib.parse.urljoin(url, found["location"])
            if not found["location"] or not _same_host(url, target):
                break
            url, found = target, self._hop(target, address, deadline)
        return dict(found, seconds=round(time.monotonic() - began, 4))

    def _hop(self, url: str, address: str | None, deadline: float) -> Json:
        transport, path = self._transport(url, address)
        found: Json = {"status": 0, "error": "", "kind": "", "location": "", "tls": None}
        secure = transport.parts.scheme == "https"
        try:
            answer = transport.request(self.given["method"], path, deadline=deadline, whole=False)
        except ProbeError as error:
            if error.kind in _OWN_FAULT:
                raise
            seen = self._disbelieved(transport, address, deadline, error) if secure else None
            return dict(found, error=error.message, kind=error.kind, tls=seen)
        location = one_line(answer.headers.get("location", ""), 500) if answer.status in range(300, 400) else ""
        seen = self._tls(answer.peer, "" if self.given["validate_certs"] else "not verified") if secure else None
        return dict(found, status=answer.status, location=location, tls=seen)

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
        "answers": rows,
    }


def _same_host(url: str, target: str) -> bool:
    """A redirect elsewhere is not followed: the server must not decide whom we ask."""
    try:
        return split_url(target).hostname == split_url(url).hostname
    except ProbeError:
        return False


def _late(error: ProbeError) -> Any:
    if error.kind in _OWN_FAULT:
        raise error
    return {"status": 0, "error": error.message, "kind": error.kind, "location": "", "tls": None, "seconds": None}

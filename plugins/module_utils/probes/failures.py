# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a request of somebody else failed, as one word: what Prometheus says of a scrape, what an asked host did.

Prometheus has these texts from Go's HTTP client, from its own scrape loop and from its parsers. What a target sends
may stand in them too (a parser quotes it), so a rule looks only at where its words stand when they are the program's.
"""

from __future__ import annotations

import re

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

KINDS = {
    "refused": "nothing listens there",
    "timeout": "no answer, or no whole answer, in time",
    "unauthorized": "401",
    "forbidden": "403",
    "not_found": "404",
    "unavailable": "503",
    "proxy_unavailable": "503 through the proxy of an API server, which did not reach what it stands before",
    "server_error": "any other 5xx",
    "tls": "the handshake failed or the certificate is not believed",
    "dns": "the name has no address",
    "unreachable": "no route to the address",
    "body": "an answer came, and it is not what was asked for: no metrics, or too many",
    "other": "anything else",
}
"""Every word there is, besides the empty one where nothing failed."""

_SEEN = 2000
_STATUS = re.compile(r"server returned HTTP status (\d{3})\b")
_BY_STATUS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 503: "unavailable"}
_CLIENT = re.compile(r'Get "(?:[^"\\]|\\.)*": ')
"""How an error of Go's client begins. The URL is skipped: its words are the target's."""

_OF_THE_CLIENT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"^(proxyconnect \w+: )?dial \w+: lookup ", "dns"),
        (
            r"^context deadline exceeded|^net/http: request canceled|(i/o timeout|handshake timeout|timed out)$",
            "timeout",
        ),
        (r"^([\w ]+: )*(tls|x509): |^http: server gave HTTP response to HTTPS client$", "tls"),
        (r": connection refused$", "refused"),
        (r": (no route to host|(network is|network|host is) (unreachable|down))$", "unreachable"),
    )
)
_OF_THE_LOOP: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"^context deadline exceeded|^read \S+ \S+: i/o timeout$", "timeout"),
        (r"^read \S+ \S+: ", "other"),
        (r"^(unexpected|unsupported|expected|invalid|non-compliant|received unsupported) ", "body"),
        (r"^(strconv|gzip|proto|flate|bufio)\b[^ ]*: ", "body"),
        (r"^(body size|sample|histogram bucket|target_limit|label_limit|label_\w+_limit)\b.* exceeded", "body"),
        (r'^"\w+" is not a valid start token$', "body"),
        (r"^data does not end with # EOF", "body"),
    )
)
_PROXY = re.compile(r"/api/v1/(namespaces/[^/]+/(services|pods)|nodes)/[^/]+/proxy(/|$)")


def through_proxy(path: str) -> bool:
    """Whether the path of a URL leads through an API server to a Service, pod or node behind it."""
    return _PROXY.search(path) is not None


def of_scrape(error: str, proxied: bool = False) -> str:
    """The word for Prometheus' ``lastError``; empty for an empty one. ``proxied``: the scrape went through a proxy."""
    error = error[:_SEEN].strip()
    if not error:
        return ""
    status = _STATUS.match(error)
    if status:
        return _of_status(int(status[1]), proxied)
    begin = _CLIENT.match(error)
    rules = _OF_THE_CLIENT if begin else _OF_THE_LOOP
    text = error[begin.end() :] if begin else error
    return next((kind for pattern, kind in rules if pattern.search(text)), "other")


def of_probe(error: ProbeError) -> str:
    """The word for what happened to a request of our own."""
    if error.kind == "server_error":
        return "unavailable" if error.message.startswith("503 ") else "server_error"
    if error.kind in ("bad_answer", "too_large"):
        return "body"
    return error.kind if error.kind in KINDS else "other"


def _of_status(status: int, proxied: bool) -> str:
    if status == 503 and proxied:
        return "proxy_unavailable"
    return _BY_STATUS.get(status, "server_error" if status >= 500 else "other")

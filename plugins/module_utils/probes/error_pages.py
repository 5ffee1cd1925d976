# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wrote an error page: Traefik, Cloudflare, or what stands behind them. Where nothing proves it, nobody is named.

Traefik's pages are those that Traefik 3.7.15 prints (tests/unit/probes/recorded/traefik). Most are the bare words of
their status, without the newline and the Content-Type that Go's own ``http.Error`` gives them.

Cloudflare's are those that it documents (developers.cloudflare.com, "Cloudflare 5xx errors" and "1xxx errors"): it
stands between when an answer has ``Server: cloudflare`` and a ``CF-RAY``.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, NamedTuple

from ansible_collections.oncall.remedy.plugins.module_utils.errors import one_line

Json = Dict[str, Any]
Headers = Mapping[str, str]

BARE = {
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""What Traefik prints of its own accord: 403 and 429 by its middlewares, 500 for a certificate of the backend that it
does not believe, 502 where that refused or hung up, 503 where its circuit breaker is open, 504 where it waits."""

NO_SERVER = "no available server\n"
"""Traefik's 503 for a service without a server, or without one that its health check believes in."""

NOT_FOUND = "404 page not found\n"
"""Traefik's 404, since no router matches. It is the page of Go's standard library: every Go program may print it."""

_GO = {
    (404, NOT_FOUND),
    (400, "Client sent an HTTP request to an HTTPS server.\n"),
    (401, "401 Unauthorized\n"),
}

WRITTEN_HERE = ["content-type", "x-content-type-options", "date", "content-length"]
PASSED_ON = sorted(WRITTEN_HERE)
"""The order of the header of that page as Traefik writes it, and as it passes on the one of a backend: what came with
the answer is sorted by name, while Date and Content-Length follow where it makes them itself."""

MEANINGS = {
    520: "origin_error",
    521: "origin_refused",
    522: "origin_timeout",
    523: "origin_unreachable",
    524: "origin_timeout",
    525: "origin_tls",
    526: "origin_tls",
    530: "origin_error",
}
"""Cloudflare's own statuses, and what each says of the origin."""

_CLOUDFLARE = re.compile(
    r"\Aerror code: \d{3,4}\s*\Z|cf-error-details|cf-wrapper|\| cloudflare</title>|<center>cloudflare</center>",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})", re.IGNORECASE)
_TEXT = re.compile(r"text/plain(;\s*charset=utf-8)?", re.IGNORECASE)
_FETCHED = {"dynamic", "miss", "hit", "bypass", "expired", "stale", "revalidated", "updating"}


class Page(NamedTuple):
    """Who wrote a page (``traefik``, ``cloudflare``, ``application``, or nothing where that cannot be told), and its
    first line where it is not the application's."""

    origin: str = ""
    reason: str = ""


def behind_cloudflare(headers: Headers) -> bool:
    """Whether the answer came by way of Cloudflare."""
    return headers.get("server", "").lower() == "cloudflare" and bool(headers.get("cf-ray"))


def page(status: int, headers: Headers, body: bytes | None, edge: str | None = None) -> Page:
    """Whose page this is. ``body`` is its beginning as it came, None where it was not looked at; ``edge`` is what is
    known to listen where the request went. Only error pages (400 and above) are judged."""
    if status < 400:
        return Page()
    text = readable(headers, body)
    if behind_cloudflare(headers):
        return _through_cloudflare(status, headers, text)
    return _direct(status, headers, text, edge)


def readable(headers: Headers, body: bytes | None) -> str | None:
    """The text that was looked at; None where nothing was, or where it came compressed though nobody asked for that."""
    if body is None or headers.get("content-encoding", "identity").lower() != "identity":
        return None
    return body.decode("utf-8", "replace")


def insecure_links(url_host: str, text: str | None) -> int | None:
    """How many ``http://`` links to that host the text has; None where there was no text to look at."""
    if text is None:
        return None
    host = re.escape(url_host.lower())
    return len(re.findall(rf"http:\\?/\\?/{host}(?!\.?[a-z0-9-])", text.lower()))


def _through_cloudflare(status: int, headers: Headers, text: str | None) -> Page:
    """A 52x is Cloudflare's whatever its page says. Headers that are sorted or added on the way prove nothing here."""
    if status in MEANINGS or (text is not None and _CLOUDFLARE.search(text)):
        return Page("cloudflare", _first_line(text))
    if text is None or _ambiguous(status, text) or _cut_off(status, headers, text):
        return Page()
    if text == BARE.get(status) and _kind(headers) in ("", "text"):
        return Page("traefik", text)
    if status == 503 and text == NO_SERVER:
        return Page("traefik", text.strip())
    # Cloudflare may be told to show pages of one's own: only what it says to have fetched is another's for certain.
    fetched = headers.get("cf-cache-status", "").lower() in _FETCHED and status not in (502, 504)
    return Page("application") if fetched else Page()


def _direct(status: int, headers: Headers, text: str | None, edge: str | None) -> Page:
    if text is None or _cut_off(status, headers, text):
        return Page()
    if _ambiguous(status, text):
        return _not_found(headers) if edge == "traefik" and text == NOT_FOUND else Page()
    if status == 503 and text == NO_SERVER:
        return Page("traefik", text.strip()) if _kind(headers) == "text" else Page()
    if text == BARE.get(status):
        return Page("traefik", text) if not _kind(headers) else Page()
    return Page("application")


def _ambiguous(status: int, text: str) -> bool:
    """Pages that every program in Go may print, Traefik among them."""
    return (status, text) in _GO


def _cut_off(status: int, headers: Headers, text: str) -> bool:
    """Whether the text may be half of a page that is known: too little was read, or too little came."""
    pages = [words for code, words in (*BARE.items(), *_GO, (503, NO_SERVER)) if code == status]
    half = any(words != text and words.startswith(text) for words in pages)
    return half and headers.get("content-length") != str(len(text))


def _not_found(headers: Headers) -> Page:
    """With Traefik at the other end: its own page, or the same one passed on. The order of the header tells."""
    order = [name for name in headers if name in WRITTEN_HERE]
    if order == WRITTEN_HERE:
        return Page("traefik", NOT_FOUND.strip())
    return Page("application") if order == PASSED_ON else Page()


def _kind(headers: Headers) -> str:
    """``text`` for plain text, nothing for no Content-Type, else the type itself."""
    kind = headers.get("content-type", "").strip()
    return "text" if _TEXT.fullmatch(kind) else kind


def _first_line(text: str | None) -> str:
    """What a page says in one line: its title where it is HTML."""
    title = _TITLE.search(text or "")
    lines = (title.group(1) if title else text or "").strip().splitlines()
    return one_line(lines[0], 200) if lines else ""

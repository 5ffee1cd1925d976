# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that Cloudflare's requests come from, compared with those that are trusted."""

from __future__ import annotations

import datetime
import time
import urllib.parse
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import (
    HttpTransport,
    Limits,
    Trust,
    split_url,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.networks import Network, network, outside

PUBLISHED = "https://api.cloudflare.com/client/v4/ips"
SIZE = 65536
RANGES = 500
NARROWEST = {4: 8, 6: 16}
"""The shortest prefix that is believed: a wider network would make everybody trusted. Cloudflare has /13 and /29."""


class CloudflareRanges(Probe):
    """Cloudflare's published networks, or the known ones where the publication cannot be had; and who is trusted.

    ``known`` is {as_of: a date, ranges: networks}, kept as data. With ``refresh`` the list is fetched from ``url``, in
    the shape of Cloudflare's API (GET /client/v4/ips: ``result.ipv4_cidrs`` and ``result.ipv6_cidrs``), ``through`` an
    address where that is given instead of those that the URL's host has. A published list with a network wider than /8
    (IPv6: /16), or without any, is not believed. With neither list the probe fails.

    ``trusted`` are the networks of a setting such as Traefik's ``forwardedHeaders.trustedIPs``; each member may hold
    several, with commas in between. Two halves of a network cover it as well as the whole.

    Value: ``ranges``, ``as_of`` (a date), ``age_days``, ``source`` (published or known), ``error`` (why the published
    list was not had), ``missing`` (ranges that ``trusted`` does not cover; null where that is not given), ``foreign``
    (members of ``trusted`` that are not Cloudflare's; null where it is not given), ``differs`` (whether the published
    list differs from the known one; null where one of them is missing).
    """

    name = "cloudflare_ranges"
    endpoint = None
    options: ClassVar[Spec] = {
        "known": {"type": "dict"},
        "trusted": {"type": "list", "elements": "str"},
        "refresh": {"type": "bool", "default": True},
        "url": {"type": "str", "default": PUBLISHED},
        "through": {"type": "str"},
        "ca_path": {"type": "path"},
        "timeout": {"type": "duration", "default": 5},
    }

    def check(self) -> None:
        split_url(self.given["url"])
        through = self.given["through"] or ""
        if urllib.parse.quote(through, safe=":") != through:
            raise ProbeError("bad_option", f"'through': not an address: {through[:80]!r}")
        known = self.given["known"]
        if known is None and not self.given["refresh"]:
            raise ProbeError("bad_option", "'known' is missing, and 'refresh' is off")
        self.as_of: datetime.date | None = None
        self.known: list[Network] = []
        if known is not None:
            self.as_of, self.known = _known(known)
        self.trusted = None if self.given["trusted"] is None else members(self.given["trusted"])

    def question(self) -> str:
        asked = f"as published at {self.given['url']}" if self.given["refresh"] else f"as of {self.as_of}"
        return one_line(f"Cloudflare's networks {asked}" + ("" if self.trusted is None else ", and who is trusted"))

    def _ask(self, deadline: float) -> Json:
        published: list[Network] = []
        error = ""
        if self.given["refresh"]:
            try:
                published = self._published(min(deadline, time.monotonic() + self.given["timeout"]))
            except ProbeError as failure:
                if not self.known:
                    raise
                error = failure.message
        today = datetime.datetime.now(datetime.timezone.utc).date()
        value = summary(published, self.known, today if published else self.as_of or today, today)
        return dict(value, error=error, **compared(published or self.known, self.trusted))

    def _published(self, deadline: float) -> list[Network]:
        limits = Limits(connect=self.given["timeout"], silence=self.given["timeout"], size=SIZE)
        trust = Trust(ca_path=self.given["ca_path"])
        server = HttpTransport(self.given["url"], self.given["through"], trust, limits=limits, read_only=True)
        return published_ranges(server.json("", deadline=deadline))


def published_ranges(answer: Json) -> list[Network]:
    """The networks in an answer of Cloudflare's API. Raises ProbeError (bad_answer) for what is not to be believed."""
    result = answer.get("result")
    if not isinstance(result, dict):
        raise ProbeError("bad_answer", "Cloudflare's list of networks has no result")
    texts = [*(result.get("ipv4_cidrs") or []), *(result.get("ipv6_cidrs") or [])]
    if not 0 < len(texts) <= RANGES:
        raise ProbeError("bad_answer", f"Cloudflare's list has {len(texts)} networks")
    try:
        found = [network(str(text)) for text in texts]
    except ProbeError as error:
        raise ProbeError("bad_answer", f"Cloudflare's list: {error.message}") from None
    for one in found:
        if one.prefixlen < NARROWEST[one.version]:
            raise ProbeError("bad_answer", f"Cloudflare's list: {one} is too wide to be believed")
    return found


def summary(published: list[Network], known: list[Network], as_of: datetime.date, today: datetime.date) -> Json:
    """What is known of the ranges, and since when."""
    return {
        "ranges": [str(one) for one in published or known],
        "as_of": as_of.isoformat(),
        "age_days": (today - as_of).days,
        "source": "published" if published else "known",
        "differs": set(published) != set(known) if published and known else None,
    }


def compared(ranges: list[Network], trusted: list[str] | None) -> Json:
    """Which ranges are not trusted, and who else is. A text that is no network is nobody's, so it is foreign."""
    if trusted is None:
        return {"missing": None, "foreign": None}
    networks: dict[str, Network] = {}
    foreign = []
    for text in trusted:
        try:
            networks[text] = network(text)
        except ProbeError:
            foreign.append(one_line(text, 80))
    foreign += [text for text, one in networks.items() if outside([one], ranges)]
    return {"missing": [str(one) for one in outside(ranges, networks.values())], "foreign": foreign}


def members(texts: list[str]) -> list[str]:
    """The single networks in texts that may hold several."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _known(given: Json) -> tuple[datetime.date, list[Network]]:
    """The inventory's list. YAML makes a date of ``2026-11-01`` by itself."""
    ranges: Any = given.get("ranges")
    if set(given) != {"as_of", "ranges"} or not isinstance(ranges, (list, tuple)) or not 0 < len(ranges) <= RANGES:
        raise ProbeError("bad_option", f"'known' has to have as_of (a date) and ranges (1 to {RANGES} networks)")
    try:
        as_of = datetime.date.fromisoformat(str(given["as_of"]))
    except ValueError:
        raise ProbeError("bad_option", f"'known': as_of is not a date: {str(given['as_of'])[:40]!r}") from None
    return as_of, [network(str(text)) for text in ranges]

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a name points to. That there is no such name is an answer; that no server answers is none."""

from __future__ import annotations

import functools
import ipaddress
import re
import time
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.networks import Network, network, outside
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import Outcome, at_once

try:
    import dns.exception
    import dns.nameserver
    import dns.resolver

    HAS_DNSPYTHON = True
except ImportError:
    HAS_DNSPYTHON = False

SERVERS = 10
NETWORKS = 1000
TYPES = ("A", "AAAA")

_NAME = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_-]{1,63}\.?")

_SERVER = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?", re.ASCII)


class Dns(Probe):
    """The addresses (A and AAAA) of a name, as the system's resolvers or the given servers know them.

    ``servers`` are IP addresses, with a port as ``192.0.2.1:5353`` or ``[2001:db8::1]:5353``; the first that answers
    counts. The name is asked as it is, without search domains. ``expect`` names the networks (or addresses) that it
    should point into: each address outside of them stands in ``elsewhere``.

    That the name does not exist, or has no address, is an answer, with the reason in ``error``. Where no server answers
    for one of the two types, but addresses of the other are there, ``error`` says so; with no address at all the probe
    fails, and so it does where every server refuses or fails.

    Value: ``name``, ``resolves``, ``addresses``, ``elsewhere`` (empty without ``expect``), ``error``.
    """

    name = "dns"
    endpoint = None
    options: ClassVar[Spec] = {
        "name": {"type": "str", "required": True},
        "servers": {"type": "list", "elements": "str"},
        "expect": {"type": "list", "elements": "str", "default": []},
        "timeout": {"type": "duration", "default": 5},
    }

    def check(self) -> None:
        if not _NAME.fullmatch(self.given["name"]):
            raise ProbeError("bad_option", f"not a name in the DNS: {self.given['name'][:80]!r}")
        if self.given["servers"] == [] or len(self.given["servers"] or []) > SERVERS:
            raise ProbeError("bad_option", f"'servers' may have 1 to {SERVERS} addresses")
        self.servers = [server(text) for text in self.given["servers"] or []]
        if len(self.given["expect"]) > NETWORKS:
            raise ProbeError("bad_option", f"'expect' may have {NETWORKS} networks at most")
        self.expected = [network(text) for text in self.given["expect"]]

    def question(self) -> str:
        asked = f" at {', '.join(self.given['servers'])}" if self.given["servers"] else ""
        return one_line(f"{'/'.join(TYPES)} of {self.given['name']}{asked}")

    def _ask(self, deadline: float) -> Json:
        if not HAS_DNSPYTHON:
            raise ProbeError("missing_library", "the Python library dnspython is not installed")
        until = min(deadline, time.monotonic() + self.given["timeout"])
        resolver = self._resolver()
        name = self.given["name"].rstrip(".") + "."
        jobs = [functools.partial(addresses_of, resolver, name, kind, until) for kind in TYPES]
        return summary(self.given["name"], at_once(jobs, until), self.expected)

    def _resolver(self) -> Any:
        try:
            resolver = dns.resolver.Resolver(configure=not self.servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise ProbeError("bad_config", f"no DNS server: {error}") from error
        if self.servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self.servers]
        return resolver


def server(text: str) -> tuple[str, int]:
    """``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``."""
    found = _SERVER.fullmatch(text)
    host, port = (found.group(1) or found.group(2), int(found.group(3) or 53)) if found else (text, 53)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise ProbeError("bad_option", f"'servers': not an IP address with or without a port: {text[:80]!r}")
    return host, port


def addresses_of(resolver: Any, name: str, kind: str, deadline: float) -> Json:
    """The addresses of one type; none, with the reason, where the servers say that there are none."""
    try:
        answer = resolver.resolve(name, kind, lifetime=max(0.001, deadline - time.monotonic()), search=False)
    except dns.resolver.NXDOMAIN:
        return {"addresses": [], "error": "there is no such name"}
    except dns.resolver.NoAnswer:
        return {"addresses": [], "error": "the name has no address"}
    except dns.exception.Timeout as error:
        raise ProbeError("timeout", f"{kind} of {name}: no server answered in time") from error
    except dns.exception.DNSException as error:
        raise ProbeError("bad_answer", f"{kind} of {name}: {error}") from error
    return {"addresses": [record.address for record in answer], "error": ""}


def summary(name: str, outcomes: list[Outcome[Json]], expected: list[Network]) -> Json:
    """The probe's value from the answers for each type. Raises the first failure where nobody knows an address."""
    answers = [one for one in outcomes if not isinstance(one, ProbeError)]
    failures = [one for one in outcomes if isinstance(one, ProbeError)]
    addresses = sorted(address for one in answers for address in one["addresses"])
    if failures and not addresses:
        raise failures[0]
    errors = [one.message for one in failures] or [one["error"] for one in answers if not addresses]
    strangers = outside([network(address) for address in addresses], expected) if expected else []
    return {
        "name": name,
        "resolves": bool(addresses),
        "addresses": addresses[:MOST],
        "elsewhere": [str(one.network_address) for one in strangers][:MOST],
        "error": errors[0] if errors else "",
    }

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of IP addresses, and what lies in them."""

from __future__ import annotations

import ipaddress
from typing import Iterable, Union

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def network(text: str) -> Network:
    """A network, or an address as the network that it is alone. Bits of the host are ignored, as most programs do."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ProbeError("bad_option", f"neither a network nor an address: {text[:80]!r}") from None


def collapsed(networks: Iterable[Network]) -> list[Network]:
    """The same addresses in as few networks as there can be: two halves are one."""
    known = list(networks)
    fours = [one for one in known if isinstance(one, ipaddress.IPv4Network)]
    sixes = [one for one in known if isinstance(one, ipaddress.IPv6Network)]
    found: list[Network] = [*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes)]
    return found


def outside(networks: Iterable[Network], cover: Iterable[Network]) -> list[Network]:
    """Those of the networks that do not lie wholly in ``cover``."""
    wide = collapsed(cover)
    return [one for one in networks if not any(_within(one, other) for other in wide)]


def _within(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False

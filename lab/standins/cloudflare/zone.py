"""What a customer of Cloudflare configures: hosts, origins, and how the origins are spoken to."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Origin:
    """One address that the zone's records point to."""

    name: str
    address: str
    http: int = 80
    https: int = 443


@dataclasses.dataclass(frozen=True)
class Patience:
    """Seconds. Cloudflare waits 19 s for a connection (522) and 100 s for an answer (524); a lab has less time."""

    connect: float = 2.0
    answer: float = 15.0


@dataclasses.dataclass(frozen=True)
class Zone:
    """``hosts``: encryption by host, ``strict`` (TLS to the origin, its certificate verified) or ``flexible`` (none).

    ``authority``: what an origin's certificate is verified against in Full (strict): Cloudflare's Origin CA.
    """

    name: str
    hosts: Mapping[str, str]
    origins: tuple[Origin, ...]
    authority: Path | None = None
    patience: Patience = Patience()

    def trust(self) -> ssl.SSLContext:
        """How an origin's certificate is judged."""
        return ssl.create_default_context(cafile=str(self.authority) if self.authority else None)

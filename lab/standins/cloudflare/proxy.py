"""Which origin is asked, and what is counted."""

from __future__ import annotations

import collections
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lab.standins.cloudflare.origin import WORTH_ANOTHER_TRY, Answer, Request, ask, healthy
from lab.standins.cloudflare.zone import Origin, Zone

_EVERY = 2.0


class Proxy:
    """Asks the zone's origins in turn, healthy ones first, and a second one where the first could not be reached."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._trust = zone.trust()
        self._turn = itertools.count()
        self._lock = threading.Lock()
        self._health = {origin.name: True for origin in zone.origins}
        self._requests: collections.Counter[tuple[str, int]] = collections.Counter()

    def fetch(self, request: Request) -> Answer:
        """The answer of the origin, or Cloudflare's own. The host must be one of the zone's."""
        first, *others = self._order()
        trust = self._trust if self.zone.hosts[request.host] == "strict" else None
        answer = ask(first, request, trust, self.zone.patience)
        if answer.own and answer.status in WORTH_ANOTHER_TRY and others and self._health[others[0].name]:
            answer = ask(others[0], request, trust, self.zone.patience)
        with self._lock:
            self._requests[request.host, answer.status] += 1
        return answer

    def check(self) -> None:
        """Asks after every origin's health once, all at the same time."""
        origins = self.zone.origins
        with ThreadPoolExecutor(max_workers=len(origins)) as pool:
            found = list(pool.map(lambda origin: healthy(self.zone, origin, self._trust), origins))
        self._health = {origin.name: well for origin, well in zip(origins, found, strict=True)}

    def watch(self, wait: Callable[[float], bool]) -> None:
        """Checks for ever, until ``wait`` (of so many seconds) says that it is over."""
        while not wait(_EVERY):
            self.check()

    def metrics(self) -> str:
        """Health and requests under the names of the Prometheus exporter for Cloudflare."""
        lines = ["# TYPE cloudflare_pool_origin_health_status gauge"]
        lines += [
            f'cloudflare_pool_origin_health_status{{pool_name="{self.zone.name}",origin_name="{origin.name}",'
            f'ip="{origin.address}"}} {int(self._health[origin.name])}'
            for origin in self.zone.origins
        ]
        lines.append("# TYPE cloudflare_zone_requests_status_country_host counter")
        with self._lock:
            counted = sorted(self._requests.items())
        lines += [
            f'cloudflare_zone_requests_status_country_host{{zone="{self.zone.name}",host="{host}",country="NZ",'
            f'status="{status}"}} {count}'
            for (host, status), count in counted
        ]
        return "\n".join(lines) + "\n"

    def _order(self) -> list[Origin]:
        origins = self.zone.origins
        turn = next(self._turn) % len(origins)
        in_turn = [*origins[turn:], *origins[:turn]]
        return sorted(in_turn, key=lambda origin: not self._health[origin.name])

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An estate that all 300 hostile alerts fire at, beside one incident that is to be mended in spite of them.

``hetzner`` is what most of them are about and is in good health but for its scraping. ``other`` hangs and is mended.
Of ``crashing`` the pods crash and log secrets; ``refusing`` answers questions with errors that hold secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.alerts import nonsense
from tests.hostile.collection import Hostile, collect
from tests.hostile.planted import PLANTED
from tests.support.estate import Estate
from tests.support.service import Service
from tests.support.shipped import quick_copy
from tests.support.target import PROMETHEUS, Cluster
from tests.support.wire import Answer, Request, answer_text, kube_status

TARGETS = ("hetzner", "other", "crashing", "refusing")
LEAK = " ; ".join(secret.text.replace("\n", "\\n") for secret in PLANTED if not secret.under)
"""What a careless program logs."""


@contextmanager
def besieged(folder: Path) -> Iterator[Estate]:
    """The estate, with everything firing."""
    with Estate(folder, *TARGETS) as estate:
        quick_copy("traefik_down", "TraefikOut", folder / "runbooks")
        estate.settings["remedy_playbooks"] += [str(folder / "runbooks")]
        estate.settings["remedy_linger"] = "3s"
        estate.settings["remedy_sources"][0]["default_target"] = ""
        estate["hetzner"].scraped = False
        estate["other"].hang()
        estate["crashing"].crash(f"command traefik error: {LEAK}")
        _refuse_carelessly(estate["refusing"])
        estate.alertmanager.alerts += nonsense()
        estate.alertmanager.alerts += [one.alert() for one in everything(estate)]
        for target in ("other", "refusing"):
            estate.alertmanager.fire("EdgeDown", {"cluster": target})
        estate.alertmanager.fire("TraefikOut", {"cluster": "crashing"})
        yield estate


def everything(estate: Estate) -> list[Hostile]:
    """The collection, with this estate's canary."""
    return collect(estate.folder / "canary")


def _refuse_carelessly(cluster: Cluster) -> None:
    """Its API server and its Prometheus say more in their errors than they should."""
    _answered_by(cluster.api, _careless)


def _careless(request: Request) -> Answer:
    if request.path.startswith(PROMETHEUS):
        return answer_text(f"upstream failed: {LEAK}", 500)
    return kube_status(403, "Forbidden", f"the token was not accepted: {LEAK}")


def _answered_by(service: Service, handler: Callable[[Request], Answer]) -> None:
    service._handler = handler  # a stand-in that changes its character

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine exposes when there is one of everything: the names and labels that queries may use."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import MEND_BUCKETS, Sum, observation
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.counting import DIAGNOSE_BUCKETS
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.metrics import COUNTERS, as_text, registry_of
from tests.unit.watched import things

BOOK = {"runbook": "traefik_down"}


def sums() -> list[Sum]:
    """Every sum there is, once."""
    words = {"result": "failed", "outcome": "healed", "guard": "evidence", **BOOK}
    counted = [
        Sum(name, {label: words[label] for label in labels}, 2.0) for name, (_text, labels, *_) in COUNTERS.items()
    ]
    return [
        *counted,
        Sum("sweep_seconds", {}, 24.0),
        *observation("time_to_diagnose", BOOK, DIAGNOSE_BUCKETS, 20.0),
        *observation("time_to_mend", BOOK, MEND_BUCKETS, 100.0),
    ]


def exposition() -> str:
    """All of it as Prometheus reads it."""
    return as_text(registry_of(things.everything(), sums(), ["lab", "berlin"], things.NOW, demoted=1))


def families() -> Iterable[Metric]:
    """The same, parsed."""
    return text_string_to_metric_families(exposition())


def samples() -> dict[str, set[str]]:
    """The labels of each series by its name."""
    found: dict[str, set[str]] = {}
    for family in families():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def value(name: str, **labels: str) -> float:
    """The value of the one series with just these labels."""
    (found,) = [
        one.value for family in families() for one in family.samples if (one.name, one.labels) == (name, labels)
    ]
    return found

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair of a ScrapeConfig whose static targets are asked at the wrong address, and the way back.

A repair touches the targets of the one static configuration, the scheme and the path. See ``repairing`` for how it is
taken back. (API: monitoring.coreos.com/v1alpha1 of the Prometheus operator.)

The credential of a ScrapeConfig was meant for where its targets were. Where a move would send it unencrypted, or to a
host that did not get it before, it is taken out in the same write.
"""

from __future__ import annotations

import copy
import dataclasses
import re
from typing import Any, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Kind, Order, RepairFix, label_report
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport

CREDENTIALS = ("authorization", "basicAuth", "oauth2")

_TARGET = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::[0-9]{1,5})?")
_PATH = re.compile(r"/[!-~]{0,1023}")


@dataclasses.dataclass(frozen=True)
class Repair:
    """What is to be right afterwards; what is empty stays as it is. ``scheme`` is "HTTP" or "HTTPS", as the API has it.

    ``targets`` are ``host:port``.
    """

    targets: tuple[str, ...] = ()
    scheme: str = ""
    metrics_path: str = ""

    @classmethod
    def of(cls, given: Any) -> Repair:
        """From the module's options, in which what was not given is None.

        :raises FixFailed: a target or the path cannot be one.
        """
        made = cls(
            tuple(str(one) for one in given["targets"] or ()),
            (given["scheme"] or "").upper(),
            given["metrics_path"] or "",
        )
        for target in made.targets:
            if not _TARGET.fullmatch(target):
                _refuse("targets", target, "Give host:port")
        if made.metrics_path and not _PATH.fullmatch(made.metrics_path):
            _refuse("metrics_path", made.metrics_path, "Give a path that begins with /")
        return made


def _refuse(option: str, value: str, step: str) -> None:
    raise FixFailed(f"read option {option}", f"{value[:80]!r} is none", step)


def _repaired(what: str, config: Json, repair: Repair) -> Json:
    after = copy.deepcopy(config)
    spec = after.setdefault("spec", {})
    if repair.targets:
        _the_static_config(what, spec)["targets"] = list(repair.targets)
    if repair.scheme and repair.scheme != _scheme(config):
        spec["scheme"] = repair.scheme
    if repair.metrics_path and repair.metrics_path != at(spec, "metricsPath", default="/metrics"):
        spec["metricsPath"] = repair.metrics_path
    if _is_betrayed(config, after):
        for credential in CREDENTIALS:
            spec.pop(credential, None)
    return after


def _the_static_config(what: str, spec: Json) -> Json:
    found: list[Json] = spec.get("staticConfigs") or []
    if len(found) != 1:
        raise FixFailed(
            what,
            f"it has {len(found)} static configurations, so it is not clear whose targets are meant",
            "Move the target by hand, or give it a ScrapeConfig of its own",
        )
    return found[0]


def _is_betrayed(before: Json, after: Json) -> bool:
    """Whether a credential would go where it was not sent before, or in the clear."""
    in_the_clear = _scheme(before) == "HTTPS" and _scheme(after) == "HTTP"
    return in_the_clear or bool(_hosts(_targets(after)) - _hosts(_targets(before)))


def _scheme(config: Json) -> str:
    return str(at(config, "spec", "scheme", default="HTTP")).upper()


def _targets(config: Json) -> list[str]:
    found: list[Json] = at(config, "spec", "staticConfigs", default=[])
    return [str(target) for one in found for target in one.get("targets") or []]


def _hosts(targets: Sequence[str]) -> set[str]:
    return {re.sub(r":[0-9]+$", "", target) for target in targets}


def report(before: Json, after: Json) -> list[str]:
    """One line for each thing that is different, "targets 10.10.0.40:6443 → 10.10.0.40:30082"."""
    path = "spec", "metricsPath"
    pairs = (
        ("targets", ", ".join(_targets(before)), ", ".join(_targets(after))),
        ("scheme", _scheme(before).lower(), _scheme(after).lower()),
        ("path", at(before, *path, default="/metrics"), at(after, *path, default="/metrics")),
    )
    lines = [f"{name} {old or '(none)'} → {new or '(none)'}" for name, old, new in pairs if old != new]
    for credential in CREDENTIALS:
        old, new = at(before, "spec", credential), at(after, "spec", credential)
        if old and not new:
            lines.append(f"{credential} taken out: it would be sent to where it was not sent before, or unencrypted")
        elif new and not old:
            lines.append(f"{credential} put in again")
    return lines + label_report(before, after)


KIND = Kind(
    "ScrapeConfig",
    "monitoring.coreos.com/v1alpha1",
    "scrapeconfigs",
    "scrape_config",
    repaired=_repaired,
    report=report,
)


class ScrapeConfigFix(RepairFix):
    """Carries out one ``Order``, whose ``repair`` is a ``Repair`` or None."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        super().__init__(kube, KIND, order, clock)

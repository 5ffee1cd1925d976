"""Faults: ways to break the lab, each with its undo."""

from __future__ import annotations

from lab.console import LabError, say
from lab.faults import (
    addresses,
    applications,
    callers,
    configuration,
    honeydue,
    host,
    placement,
    proxmox,
    scraping,
    witnesses,
)  # fmt: skip
from lab.faults.base import Estate, Fault
from lab.settings import Paths

__all__ = ["CATALOGUE", "Estate", "Fault", "active", "apply", "undo"]

_MODULES = (
    configuration, host, scraping, placement, witnesses, callers, proxmox, applications, addresses, honeydue,
)  # fmt: skip
CATALOGUE: dict[str, Fault] = {fault.name: fault for module in _MODULES for fault in module.FAULTS}


def active(paths: Paths) -> list[str]:
    """Names of the faults in force."""
    return sorted(entry.name for entry in paths.active_faults.glob("*")) if paths.active_faults.exists() else []


def apply(name: str, estate: Estate) -> None:
    """Breaks the estate. The fault is on record before it happens, so that one that breaks half-way can be undone."""
    fault = _named(name)
    estate.paths.active_faults.mkdir(exist_ok=True)
    (estate.paths.active_faults / name).touch()
    fault.apply(estate)
    say(f"{name}: {fault.what}")


def undo(name: str, estate: Estate) -> None:
    """Takes a fault away, whether or not it is on record."""
    _named(name).undo(estate)
    (estate.paths.active_faults / name).unlink(missing_ok=True)
    say(f"{name}: undone")


def _named(name: str) -> Fault:
    if name not in CATALOGUE:
        raise LabError(f"no fault {name!r}; there are: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]

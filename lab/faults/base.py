"""What a fault is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from lab.kube import Cluster
from lab.settings import Paths


@dataclass(frozen=True)
class Estate:
    """What a fault works on: the running lab."""

    cluster: Cluster
    paths: Paths


class Fault(ABC):
    """One way in which the estate breaks, and back.

    ``name``: the word for it. ``what``: one line for the operator. ``fires``: the alert that really fires in the lab
    because of it, or None where none does and an operator's run is the way in. Both methods may be called twice.
    """

    name: str
    what: str
    fires: str | None = None

    @abstractmethod
    def apply(self, estate: Estate) -> None:
        """Breaks the estate and returns once the breakage is in place (not: once it shows everywhere)."""

    @abstractmethod
    def undo(self, estate: Estate) -> None:
        """Takes the breakage away; the estate then becomes healthy by itself."""

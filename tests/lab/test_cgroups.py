# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node finds of its earlier life when it starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import cgroups
from lab.settings import NODES

MACHINE, NEIGHBOUR = NODES[0], NODES[1]


@pytest.fixture(params=["unified", "older"])
def roots(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The roots of the hierarchies of a machine that has one, or several."""
    monkeypatch.setattr(cgroups, "_MOUNT", tmp_path)
    if request.param == "unified":
        (tmp_path / "cgroup.controllers").touch()
        return [tmp_path]
    roots = [tmp_path / "cpu", tmp_path / "memory"]
    for root in roots:
        root.mkdir()
    return roots


def pod(root: Path, node: str, container: str) -> Path:
    group = root / "oncall-remedy-lab" / node / "kubepods" / "besteffort" / "pod1" / container
    group.mkdir(parents=True, exist_ok=True)
    return group


def test_a_node_that_starts_again_has_no_containers_of_its_earlier_life(roots: list[Path]) -> None:
    for root in roots:
        pod(root, MACHINE.name, "dead")
    cgroups.clear(MACHINE)
    for root in roots:
        assert list((root / "oncall-remedy-lab" / MACHINE.name).iterdir()) == []


def test_what_other_nodes_run_stays(roots: list[Path]) -> None:
    others = [pod(root, NEIGHBOUR.name, "alive") for root in roots]
    cgroups.clear(MACHINE)
    assert all(group.is_dir() for group in others)


def test_a_group_that_is_still_in_use_stays(roots: list[Path]) -> None:
    for root in roots:
        (pod(root, MACHINE.name, "alive") / "held").touch()  # the kernel refuses rmdir; so does a file
        pod(root, MACHINE.name, "dead")
    cgroups.clear(MACHINE)
    for root in roots:
        left = root / "oncall-remedy-lab" / MACHINE.name / "kubepods" / "besteffort" / "pod1"
        assert [group.name for group in left.iterdir()] == ["alive"]

"""What the preflight says of a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import preflight
from lab.console import LabError
from lab.settings import Paths

ALL = (1 << 41) - 1


def test_a_full_mask_lacks_no_capability() -> None:
    assert preflight.missing_capabilities(ALL) == []


def test_a_missing_capability_is_named() -> None:
    assert preflight.missing_capabilities(ALL & ~(1 << 21)) == ["CAP_SYS_ADMIN"]


def test_a_machine_without_capability_for_resources_will_do() -> None:
    assert preflight.missing_capabilities(ALL & ~(1 << 24)) == []


@pytest.mark.parametrize(
    ("destination", "clashes"),
    [
        ("10.66.0.0/24", True),
        ("10.66.0.7", True),
        ("10.0.0.0/8", True),
        ("10.244.2.0/24", True),
        ("10.244.9.0/24", False),
        ("192.168.1.0/24", False),
        ("default", False),
    ],
)
def test_only_a_route_that_overlaps_the_labs_networks_clashes(destination: str, clashes: bool) -> None:
    assert bool(preflight.overlapping([{"dst": destination, "dev": "eth0"}])) is clashes


def test_the_labs_own_bridge_does_not_clash_with_it() -> None:
    assert preflight.overlapping([{"dst": "10.66.0.0/24", "dev": "orlab0"}]) == []


def test_whoever_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="sudo"):
        preflight.require_root()


def test_a_full_disk_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = type("Usage", (), {"free": 1 << 30})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    (found,) = preflight._disk(Paths(tmp_path / "run", tmp_path / "cache"))
    assert "1.0 GB free" in found
    assert "ONCALL_REMEDY_CACHE" in found


def test_a_run_directory_that_the_nodes_would_hide_is_refused(tmp_path: Path) -> None:
    found = list(preflight._run_directory_of(Paths(Path("/run/lab"), tmp_path))())
    assert len(found) == 1
    assert "ONCALL_REMEDY_LAB=/run/lab" in found[0]


@pytest.mark.parametrize(
    ("listed", "complaints"), [("nodev\toverlay\n\text4\n", 0), ("\text4\nnodev\toverlayish\n", 1)]
)
def test_a_kernel_without_overlays_is_named(
    listed: str, complaints: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "filesystems"
    file.write_text(listed, encoding="ascii")
    monkeypatch.setattr(preflight, "_FILE_SYSTEMS", file)
    monkeypatch.setattr("shutil.which", lambda _: None)
    found = list(preflight._overlay())
    assert len(found) == complaints
    assert all("CONFIG_OVERLAY_FS" in problem for problem in found)

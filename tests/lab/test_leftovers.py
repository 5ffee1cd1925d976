"""What a lab left behind: compared with what was there before."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import cleanup, leftovers
from lab.settings import Paths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setattr(cleanup, "processes", lambda _: [])
    monkeypatch.setattr(leftovers, "_WITNESSES", {"link": lambda: {"lo", "eth0"}})
    found = Paths(tmp_path / "run", tmp_path / "cache")
    leftovers.remember(found)
    return found


def test_a_machine_as_it_was_has_no_leftovers(paths: Paths) -> None:
    assert leftovers.find(paths) == []


def test_what_is_new_is_named(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_WITNESSES", {"link": lambda: {"lo", "orlab0"}})
    assert leftovers.find(paths) == ["link orlab0"]


def test_a_process_of_the_lab_is_a_leftover_whatever_was_there_before(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "processes", lambda _: [4711])
    assert leftovers.find(paths) == ["process 4711"]


def test_the_run_directory_is_a_leftover(paths: Paths) -> None:
    paths.run.mkdir()
    assert leftovers.find(paths) == [f"directory {paths.run}"]


def test_mounts_in_the_run_directory_are_found_innermost_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = "\n".join(f"tmpfs {point} tmpfs rw 0 0" for point in ("/run", "/lab/run/a", "/lab/run/a/b", "/lab/runner"))
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: lines)
    assert cleanup.mounts(Paths(Path("/lab/run"), tmp_path)) == ["/lab/run/a/b", "/lab/run/a"]


def test_a_process_is_the_labs_by_the_mark_that_it_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments = {
        1: b"PATH=/bin",
        2: b"ONCALL_REMEDY_LAB_MARK=/lab/run\0PATH=/bin",
        3: b"ONCALL_REMEDY_LAB_MARK=/lab/runner",
    }
    monkeypatch.setattr(cleanup, "_pids", lambda: iter(environments))
    monkeypatch.setattr(cleanup, "_read", lambda pid, _: environments[pid])
    monkeypatch.setattr("lab.cgroups.holds", lambda _: False)
    assert cleanup.processes(Paths(Path("/lab/run"), tmp_path)) == [2]

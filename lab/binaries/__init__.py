"""Gets every program of the lab: from PATH, else the cache, else a release, else built from its Go module."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.binaries import definitions, gobuild, onpath, releases, wheels
from lab.binaries.catalogue import MODULES, OPERATOR, SYSTEM, TRAEFIK, Module
from lab.console import LabError
from lab.settings import Paths

DEFINITIONS = "prometheus-operator-definitions"


def acquire(paths: Paths, *, from_releases: bool = True) -> Mapping[str, Path]:
    """Path of every program by its name, and of the operator's definitions. Fetches and builds what is missing.

    ``from_releases=False`` builds even what could be downloaded.
    """
    found = _system()
    builder = gobuild.Builder(paths.cache)
    for module in MODULES:
        found.update(_programs(module, paths.programs, builder, from_releases))
    found[TRAEFIK[0]] = onpath.find_version(*TRAEFIK, static=True) or wheels.traefik(paths.programs)
    found[DEFINITIONS] = _definitions(paths.programs, builder)
    builder.drop_caches()
    return found


def complete(paths: Paths) -> bool:
    """Whether nothing has to be fetched or built any more."""
    modules = [module for module in MODULES if not _on_path(module)]
    return all(_is_there(paths.programs, module) for module in modules) and _definitions_file(paths.programs).exists()


def _system() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for program in SYSTEM:
        path = onpath.find(program.names, static=program.static)
        if path is None:
            raise LabError(f"{program.name} is missing: install the package {program.package}")
        found[program.name] = path
    return found


def _programs(module: Module, cache: Path, builder: gobuild.Builder, from_releases: bool) -> dict[str, Path]:
    if present := _on_path(module):
        return present
    home = _home(cache, module)
    if not _is_there(cache, module):
        shutil.rmtree(home, ignore_errors=True)  # of a time when fewer of its programs were wanted
        release = releases.of(module) if from_releases else None
        if not (release and releases.fetch(release, module.programs, home)):
            builder.build(module, home)
    return {name: home / "bin" / name for name in module.programs}


def _on_path(module: Module) -> dict[str, Path]:
    """All programs of the module from PATH in the wanted version, or none of them: halves do not fit together."""
    found: dict[str, Path] = {}
    if module.own:
        return found
    for name in module.programs:
        path = onpath.find_version(name, module.version, static=module.static)
        if path is None:
            return {}
        found[name] = path
    return found


def _definitions(cache: Path, builder: gobuild.Builder) -> Path:
    target = _definitions_file(cache)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        definitions.write(builder.module_directory(OPERATOR, definitions.MODULE), target)
    return target


def _definitions_file(cache: Path) -> Path:
    return cache / f"{DEFINITIONS}-{OPERATOR.version}.json"


def _is_there(cache: Path, module: Module) -> bool:
    """Whether every program of the module is in the cache."""
    return all((_home(cache, module) / "bin" / name).exists() for name in module.programs)


def _home(cache: Path, module: Module) -> Path:
    return cache / f"{module.name}-{module.version}"

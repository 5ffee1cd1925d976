"""The repository is a collection and an AWX project at once: what both ask of its files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from ansible_collections.oncall import remedy

ROOT = Path(__file__).resolve().parents[2]
MANAGED_HOST_PYTHON = (3, 8)


def files(*patterns: str) -> list[Path]:
    """The checkout's files under git (or about to be) that match, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).exists()]


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^(\S+)==(\S+)", (ROOT / f"requirements/{lock}.txt").read_text(), re.MULTILINE))


def wanted() -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1].isalpha()]


MANAGED = named(files("plugins/modules/*.py", "plugins/module_utils/*.py"))
PLAYBOOKS = named([path for path in files("playbooks/*.yml") if path.parent.name == "playbooks"])
LOCKS = named(files("requirements/*.txt"))


def test_the_collection_under_test_is_this_checkout() -> None:
    assert [Path(path).resolve() for path in remedy.__path__] == [ROOT]


def test_no_link_to_a_folder_is_committed() -> None:
    """Tools that follow links would walk in circles, or see each file twice."""
    assert [path for path in files() if path.is_symlink() and path.is_dir()] == []


@pytest.mark.parametrize("path", MANAGED)
def test_what_runs_on_managed_hosts_parses_with_their_oldest_python(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=MANAGED_HOST_PYTHON)


@pytest.mark.parametrize("path", MANAGED)
def test_what_runs_on_managed_hosts_imports_nothing_that_stays_on_the_controller(path: Path) -> None:
    """Ansible ships module_utils with a module, and nothing else."""
    assert [name for name in imports(path) if ".plugin_utils" in name or name.startswith(("lab.", "tests."))] == []


@pytest.mark.parametrize("path", PLAYBOOKS)
def test_awx_lists_every_playbook_and_ansible_finds_it_by_its_full_name(path: Path) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*\.yml", path.name)
    assert re.search(r"^\s*-?\s*(hosts|import_playbook):", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_pins_every_package_by_version_and_hash_and_names_no_index(path: Path) -> None:
    pinned_and_hashed = re.compile(r"[a-z0-9.-]+==\S+ \\\n +--hash=sha256:[0-9a-f]{64}")
    requirements = re.split(r"\n(?=\S)", path.read_text().strip())
    assert [each for each in requirements if not pinned_and_hashed.match(each)] == []
    assert "://" not in path.read_text()


def test_the_locks_stand_for_the_oldest_and_the_newest_ansible_core_that_the_metadata_allows() -> None:
    allowed = SpecifierSet(yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"])
    oldest, newest = (Version(pinned(lock)["ansible-core"]) for lock in ("oldest", "newest"))
    assert oldest in allowed
    assert f"{oldest.major}.{oldest.minor - 1}.99" not in allowed
    assert newest in allowed
    assert f"{newest.major}.{newest.minor + 1}.0" not in allowed


@pytest.mark.parametrize("lock", ["oldest", "newest"])
def test_what_an_execution_environment_installs_allows_the_versions_that_are_tested(lock: str) -> None:
    versions = pinned(lock)
    assert wanted()
    assert [str(each) for each in wanted() if versions.get(each.name, "") not in each.specifier] == []


def test_the_plugins_import_no_package_that_an_execution_environment_does_not_install() -> None:
    """Beyond the standard library: what requirements.txt names, and what comes with ansible-core."""
    core = {canonicalize_name(Requirement(each).name) for each in requires("ansible-core") or []}
    installed = {"ansible-core", "markupsafe", *core, *(canonicalize_name(each.name) for each in wanted())}
    provides = {
        name: {canonicalize_name(each) for each in packages} for name, packages in packages_distributions().items()
    }
    known = {*sys.stdlib_module_names, "ansible_collections"}
    assert [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("plugins/*.py")
        for name in imports(path)
        if name.partition(".")[0] not in known and not provides.get(name.partition(".")[0], set()) & installed
    ] == []

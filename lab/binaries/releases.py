"""The projects' own releases, where they can be reached and their checksum is known.

Only Kubernetes publishes its checksums in a place that was to be had when these were pinned (its changelog). Prometheus
and its operator are therefore built from their modules, whose checksums go.sum pins.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.binaries.catalogue import KUBERNETES, Module
from lab.console import LabError, say, step

_CONNECT_SECONDS = 5
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Release:
    """An archive that holds a module's programs: where it is, its SHA-512, and the directory of the programs inside."""

    url: str
    sha512: str
    directory: str


# Source: CHANGELOG-1.35.md of kubernetes/kubernetes, "Server Binaries" of v1.35.4.
_KUBERNETES = {
    "x86_64": Release(
        "https://dl.k8s.io/v1.35.4/kubernetes-server-linux-amd64.tar.gz",
        "7454c2d9023de3230972e965e1e2a587a291e2a1abee703bb0737057e1646b23ebac538b93dd778e93579e3c293dc1fa8d002e6848ad5ebc01598bc47358fe44",
        "kubernetes/server/bin",
    ),
    "aarch64": Release(
        "https://dl.k8s.io/v1.35.4/kubernetes-server-linux-arm64.tar.gz",
        "67187a2fe780be7816f9d10e082ed02cbba306bab379980280d00ba4c4017ff53c50cd2ff81d248c91ddcc064276b8760e17c73a1a7da1d35067a6fc0ffbdc88",
        "kubernetes/server/bin",
    ),
}


def of(module: Module) -> Release | None:
    """The release of a module for this machine, where its checksum is known."""
    return _KUBERNETES.get(platform.machine()) if (module.name, module.version) == (KUBERNETES.name, "1.35.4") else None


def fetch(release: Release, programs: Sequence[str], target: Path) -> bool:
    """Downloads the programs into ``target/bin``; False where the release cannot be reached.

    Raises LabError where what was downloaded is not what was pinned.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as directory:
        archive, out = Path(directory, "archive"), Path(directory, "out")
        try:
            with step(f"{release.url} downloaded"):
                digest = _download(release.url, archive)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            say(f"{release.url} cannot be reached ({error}): built instead")
            return False
        if digest != release.sha512:
            raise LabError(f"{release.url} is not what was pinned: SHA-512 {digest}")
        _extract(archive, release.directory, programs, out / "bin")
        out.rename(target)
    return True


def _download(url: str, target: Path) -> str:
    digest = hashlib.sha512()
    answer = urllib.request.urlopen(url, timeout=_CONNECT_SECONDS)  # noqa: S310 - the addresses are constants
    with answer as response, target.open("wb") as file:
        while chunk := response.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _extract(archive: Path, directory: str, programs: Sequence[str], target: Path) -> None:
    target.mkdir(parents=True)
    with tarfile.open(archive) as content:
        for name in programs:
            member = content.extractfile(f"{directory}/{name}")
            if member is None:
                raise LabError(f"{archive.name}: {directory}/{name} is no file")
            with member, (target / name).open("wb") as file:
                shutil.copyfileobj(member, file, _CHUNK)
            (target / name).chmod(0o755)

"""Images: what the container runtime will check, checked here first."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from lab import images
from lab.images import Image


@pytest.fixture
def image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF and more")
    return Image("docker.io/lab/program:1", ["/bin/program"], {"bin/program": program}, {"bin/sh": "program"})


def blobs(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as content:
        return {member.name: content.extractfile(member).read() for member in content if member.isfile()}  # type: ignore[union-attr]


def blob(found: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    return found["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]


def test_every_blob_has_the_digest_that_names_it(image: Image, tmp_path: Path) -> None:
    found = blobs(images.archive(image, tmp_path / "images"))
    named = {name: content for name, content in found.items() if name.startswith("blobs/")}
    assert len(named) == 3
    for name, content in named.items():
        assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"


def test_the_index_leads_to_the_program(image: Image, tmp_path: Path) -> None:
    found = blobs(images.archive(image, tmp_path / "images"))
    entry = json.loads(found["index.json"])["manifests"][0]
    assert entry["annotations"]["io.containerd.image.name"] == "docker.io/lab/program:1"
    manifest = json.loads(blob(found, entry))
    assert json.loads(blob(found, manifest["config"]))["config"]["Entrypoint"] == ["/bin/program"]
    with tarfile.open(fileobj=io.BytesIO(blob(found, manifest["layers"][0]))) as layer:
        assert layer.getmember("bin/program").mode == 0o755
        assert layer.getmember("bin/sh").linkname == "program"
        assert layer.getmember("tmp").mode == 0o1777


def test_descriptors_state_the_size_of_what_they_describe(image: Image, tmp_path: Path) -> None:
    found = blobs(images.archive(image, tmp_path / "images"))
    entry = json.loads(found["index.json"])["manifests"][0]
    manifest = json.loads(blob(found, entry))
    for descriptor in (entry, manifest["config"], *manifest["layers"]):
        assert len(blob(found, descriptor)) == descriptor["size"]


def test_the_same_program_gives_the_same_image(image: Image, tmp_path: Path) -> None:
    first = blobs(images.archive(image, tmp_path / "one"))
    assert blobs(images.archive(image, tmp_path / "two")) == first


def test_an_archive_is_made_anew_when_its_program_is_newer(image: Image, tmp_path: Path) -> None:
    archive = images.archive(image, tmp_path / "images")
    before = blobs(archive)
    program = image.files["bin/program"]
    program.write_bytes(b"\x7fELF and something else")
    later = archive.stat().st_mtime_ns + 10**9
    os.utime(program, ns=(later, later))
    assert blobs(images.archive(image, tmp_path / "images")) != before


def test_a_broken_off_archive_is_never_taken_for_a_whole_one(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "_index", broken)
    with pytest.raises(KeyboardInterrupt):
        images.archive(image, tmp_path / "images")
    assert not (tmp_path / "images" / image.archive_name).exists()

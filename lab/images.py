"""Container images without a container engine: an OCI archive is one layer, one configuration and one manifest.

The programs are static, so a root file system is little more than the program itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True)
class Image:
    """An image: its name, its command, its files (path inside → file on this machine), and who runs it (else root)."""

    name: str
    entrypoint: Sequence[str]
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)
    user: str = ""

    @property
    def archive_name(self) -> str:
        return self.name.rpartition("/")[2].replace(":", "-") + ".tar"


def catalogue(programs: Mapping[str, Path]) -> dict[str, Image]:
    """The lab's images by a short word."""
    busybox = {"bin/busybox": programs["busybox"]}
    shell = {"bin/sh": "busybox"}
    asking = {**shell, **{f"bin/{name}": "busybox" for name in ("nc", "timeout", "wget")}}
    pause = ["/bin/busybox", "sh", "-c", "trap exit TERM INT; while :; do sleep 3600 & wait; done"]
    return {
        "pause": Image("docker.io/lab/pause:1", pause, busybox, shell),
        "busybox": Image("docker.io/lab/busybox:1", ["/bin/busybox"], busybox, shell),
        "traefik": Image(
            # As in the project's own image: what one sees from where the edge stands can be asked there.
            "docker.io/lab/traefik:3.7.15",
            ["/bin/traefik"],
            {"bin/traefik": programs["traefik"], **busybox},
            asking,
        ),
        "prometheus": Image(
            # With busybox, as the project's own image has it: what Prometheus reaches can be asked where it stands.
            "docker.io/lab/prometheus:3.10.0",
            ["/bin/prometheus"],
            {"bin/prometheus": programs["prometheus"], **busybox},
            asking,
        ),
        "operator": Image("docker.io/lab/operator:0.85.0", ["/bin/operator"], {"bin/operator": programs["operator"]}),
        "reloader": Image(
            "docker.io/lab/reloader:0.85.0",
            ["/bin/prometheus-config-reloader"],
            {"bin/prometheus-config-reloader": programs["prometheus-config-reloader"]},
        ),
        "node-exporter": Image(
            "docker.io/lab/node-exporter:1.12.1",
            ["/bin/node_exporter"],
            {"bin/node_exporter": programs["node_exporter"]},
        ),
        "backend": Image("docker.io/lab/backend:1", ["/bin/backend"], {"bin/backend": programs["backend"]}),
    }


def archive(image: Image, directory: Path) -> Path:
    """The image's OCI archive in ``directory``; built where it is missing or older than what it is made of."""
    target = directory / image.archive_name
    newest = max(file.stat().st_mtime for file in (*image.files.values(), Path(__file__)))
    if target.exists() and target.stat().st_mtime >= newest:
        return target
    directory.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    _write_archive(image, partial)
    partial.rename(target)
    return target


def _write_archive(image: Image, target: Path) -> None:
    layer_file = target.with_suffix(".layer")
    try:
        _write_layer(image, layer_file)
        with layer_file.open("rb") as stream:
            layer_digest = hashlib.file_digest(stream, "sha256").hexdigest()
        configuration = _json(
            {
                "architecture": ARCHITECTURE,
                "os": "linux",
                "config": {"Entrypoint": list(image.entrypoint), "Env": ["PATH=/bin"], "User": image.user},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
                "history": [{"created_by": "oncall.remedy lab"}],
            }
        )
        manifest = _manifest(configuration, layer_digest, layer_file.stat().st_size)
        with tarfile.open(target, "w") as out:
            _add(out, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
            _add(out, "index.json", _index(image.name, manifest))
            out.add(layer_file, arcname=f"blobs/sha256/{layer_digest}")
            for blob in (configuration, manifest):
                _add(out, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
    finally:
        layer_file.unlink(missing_ok=True)


def _write_layer(image: Image, target: Path) -> None:
    with tarfile.open(target, "w") as layer:
        for name, mode in (("tmp", 0o1777), ("etc", 0o755), ("bin", 0o755)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            layer.addfile(entry)
        for name, source in image.files.items():
            layer.add(source.resolve(), arcname=name, filter=_plain)
        for name, destination in image.links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, destination
            layer.addfile(entry)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Owner, mode and time that do not depend on this machine: the same programs give the same image."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode, entry.mtime = 0o755, 0
    return entry


def _manifest(configuration: bytes, layer_digest: str, layer_size: int) -> bytes:
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.oci.image.config.v1+json", configuration),
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": f"sha256:{layer_digest}",
                    "size": layer_size,
                }
            ],
        }
    )


def _index(name: str, manifest: bytes) -> bytes:
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    entry = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
    return _json({"schemaVersion": 2, "manifests": [{**entry, "annotations": names}]})


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def _json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _add(out: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    out.addfile(entry, io.BytesIO(content))

"""The chart as one archive: what a HelmChart carries in ``chartContent``."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile

from lab.settings import SOURCE

_CHARTS = SOURCE / "charts"


def content(name: str) -> str:
    """The chart packed and in base64; the same files give the same text, or Helm's job would run again for nothing."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file in sorted(path for path in (_CHARTS / name).rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(str(file.relative_to(_CHARTS)))
            entry.size, entry.mode = file.stat().st_size, 0o644
            archive.addfile(entry, io.BytesIO(file.read_bytes()))
    return base64.b64encode(gzip.compress(packed.getvalue(), mtime=0)).decode()

"""The image of helm-controller's jobs: Helm, a shell, and what the jobs run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.images import Image
from lab.settings import HELM_VERSION, SOURCE


def job(programs: Mapping[str, Path]) -> Image:
    """The image that HelmCharts name in ``jobImage``'s place."""
    files = {
        "bin/helm": programs["helm"],
        "bin/busybox": programs["busybox"],
        "bin/entry": SOURCE / "honeydue" / "helm-job.sh",
    }
    return Image(JOB_IMAGE, ["/bin/entry"], files, {"bin/sh": "busybox"}, user="1000")


JOB_IMAGE = f"docker.io/lab/klipper-helm:{HELM_VERSION}"

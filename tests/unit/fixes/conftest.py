# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the fixes share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A scripted server."""
    with Wire() as scripted:
        yield scripted


@pytest.fixture
def kubeconfig(wire: Wire, tmp_path: Path) -> str:
    """A kubeconfig for that server, as a permit yields it."""
    path = tmp_path / "permit.kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "target", "cluster": {"server": wire.url}}],
        "users": [{"name": "remedy", "user": {"token": "t0ken"}}],
        "contexts": [{"name": "remedy", "context": {"cluster": "target", "user": "remedy"}}],
        "current-context": "remedy",
    }
    path.write_text(yaml.safe_dump(config))
    return str(path)


@pytest.fixture
def kube(kubeconfig: str) -> KubeTransport:
    """The transport that a fix gets."""
    return KubeTransport(kubeconfig)

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole runs of ``ansible-playbook`` over stand-in estates."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.estate import Estate

Build = Callable[..., Estate]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes the one estate of a test from the names of its targets."""
    with contextlib.ExitStack() as stack:
        yield lambda *targets: stack.enter_context(Estate(tmp_path, *targets))


@pytest.fixture
def estate(build: Build) -> Estate:
    """An estate with the one target ``hetzner``."""
    return build("hetzner")

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module host_info can gather. A gatherer is a file in this folder with a function ``read() -> list``; it uses
the standard library alone, changes nothing and says what it may not see."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.oncall.remedy.plugins.module_utils.host import listening

GATHERERS: dict[str, Callable[[], Any]] = {
    "listening": listening.read,
}
"""The word in ``gather`` -> the function that reads it on the host."""

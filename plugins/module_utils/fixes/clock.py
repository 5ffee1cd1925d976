# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as a fix needs it, in one place, so that a test can turn the hands itself."""

from __future__ import annotations

import time


class Clock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; deadlines are given in these."""
        return time.monotonic()

    def unix(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def stamp(self) -> str:
        """Now, as Kubernetes and Alertmanager write a time."""
        return timestamp(self.unix())


def timestamp(unix: float) -> str:
    """Unix seconds as RFC 3339 in UTC, "2026-11-21T03:12:07Z"."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))

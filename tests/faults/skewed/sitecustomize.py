# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A wrong clock: on PYTHONPATH, it moves ``time.time`` of every Python process by ``CLOCK_IS_OFF_BY`` seconds."""

import os
import time

_right = time.time
_off = float(os.environ.get("CLOCK_IS_OFF_BY", "0"))

time.time = lambda: _right() + _off

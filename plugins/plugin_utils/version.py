# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's version, as galaxy.yml has it (a test holds the two together)."""

from __future__ import annotations

ENGINE = "0.1.0"

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guards of the gate, one subject a file. The list of them, which reads like a checklist, is in ``gate.py``."""

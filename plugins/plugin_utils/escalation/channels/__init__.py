# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How each service is spoken to: one file each, with one function, ``send``, behind the seam of ``sender.py``.

Nothing is imported here: a sweep that calls nobody pays for none of their libraries.
"""

# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger: what the engine knows between two sweeps, one file by subject. See docs/ledger.md.

``ledger.py`` has the class to use. ``values.py`` has what it returns and needs no database library, so that pure code
(the gate, the case) may import it. Nothing is imported here: a run pays for SQLAlchemy only where it opens a ledger.
"""

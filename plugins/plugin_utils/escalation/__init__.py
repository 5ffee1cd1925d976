# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Escalation: a call for a human, from the ledger to the human. See docs/escalation.md.

``policy.py`` is who is called how, ``message.py`` what is said, ``channels/`` how each service is spoken to,
``courier.py`` carries what the ledger holds, ``failure.py`` what the ledger cannot hold: that the engine itself failed.
"""

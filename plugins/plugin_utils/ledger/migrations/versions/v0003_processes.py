# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which process a sweep is, told without a clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From a ledger of version 2: of its sweeps the number alone is known."""
    with op.batch_alter_table("sweeps") as table:
        table.add_column(sa.Column("place", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("process_start", sa.BigInteger, nullable=False, server_default="0"))
    with op.batch_alter_table("sweeps") as table:
        table.alter_column("place", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        table.alter_column("process_start", existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)

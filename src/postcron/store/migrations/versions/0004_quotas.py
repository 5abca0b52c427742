"""What platforms say an account may still publish."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("account_state", sa.Column("allowance_left", sa.Integer))
    op.add_column("account_state", sa.Column("allowance_at", INSTANT))
    op.add_column("account_state", sa.Column("allowance_resets_at", INSTANT))

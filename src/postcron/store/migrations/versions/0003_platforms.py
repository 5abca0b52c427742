"""What the direct platforms need: sessions that are renewed early, and those that end for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("account_state", sa.Column("session_renew_at", INSTANT))
    op.add_column("account_state", sa.Column("session_dies_at", INSTANT))

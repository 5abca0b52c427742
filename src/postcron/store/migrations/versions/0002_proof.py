"""What the proof of never twice needs: seen posts, breakers, one renewal at a time, boots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("seen_at", INSTANT))
    op.add_column("heartbeat", sa.Column("boot", sa.Text, nullable=False, server_default=""))
    op.add_column("account_state", sa.Column("renewing_until", INSTANT))
    op.create_table(
        "breaker",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("troubles", DOCUMENT, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("open_until", INSTANT),
        sa.Column("why", sa.Text),
    )

"""What the proof of never twice needs: seen posts, breakers, one renewal at a time, and who was told."""

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
    op.add_column("delivery", sa.Column("told_at", INSTANT))
    # What ended badly before now was told by whoever ended it.
    op.execute("UPDATE delivery SET told_at = updated_at")
    untold = sa.text(
        "told_at IS NULL AND wake_at IS NULL"
        " AND state IN ('confirming', 'failed', 'late', 'unknown')"
    )
    op.create_index(
        "delivery_untold",
        "delivery",
        ["told_at", "wake_at"],
        sqlite_where=untold,
        postgresql_where=untold,
    )
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

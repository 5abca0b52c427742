"""What the direct platforms need: sessions renewed early or over for good, and parts of a thread."""

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
    for name in ("after_id", "root_id"):
        op.add_column("delivery", sa.Column(name, sa.Integer))
    followed = sa.Column("followed", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("delivery", followed)
    follows = sa.text("after_id IS NOT NULL")
    op.create_index(
        "delivery_after", "delivery", ["after_id"], sqlite_where=follows, postgresql_where=follows
    )

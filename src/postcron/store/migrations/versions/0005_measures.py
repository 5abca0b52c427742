"""The numbers of what is live, day by day, and when to ask for them next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "measure",
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("delivery.id"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("numbers", DOCUMENT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
    )
    op.add_column("delivery", sa.Column("measure_at", INSTANT))
    wanted = sa.text("measure_at IS NOT NULL")
    op.create_index(
        "delivery_measure", "delivery", ["measure_at"], sqlite_where=wanted, postgresql_where=wanted
    )
    # What went out lately is asked about from now on; what is older than a season never was.
    since = (datetime.now(UTC) - timedelta(days=90)).isoformat(timespec="microseconds")
    delivery = sa.table("delivery", *map(sa.column, ("state", "published_at", "measure_at")))
    lately: sa.ColumnElement[str] = sa.literal_column(f"'{since[:26]}Z'")
    op.execute(
        delivery.update()
        .where(delivery.c.state == "published", delivery.c.published_at > lately)
        .values(measure_at=delivery.c.published_at)
    )

"""What planning keeps: batches, series, pauses, and what posts and deliveries say about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
SCOPE = sa.Enum(
    *("all", "account", "campaign", "batch"),
    name="pause_scope",
    native_enum=False,
    create_constraint=True,
    length=16,
)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("in_order", sa.Boolean, nullable=False),
        sa.Column("stop_on_failure", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("workspace", "name", name="one_batch_per_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("template", DOCUMENT, nullable=False),
        sa.Column("made_until", INSTANT, nullable=False),
        sa.Column("wake_at", INSTANT),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made", sa.Integer, nullable=False, server_default="0"),
        sa.Column("left_out", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("workspace", "key", name="one_series_per_key"),
        sqlite_autoincrement=True,
    )
    _index("series_wake", "series", ["wake_at"], where="wake_at IS NOT NULL")
    op.create_table(
        "pause",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("scope", SCOPE, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
    )
    _posts()
    op.add_column("delivery", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("follows", sa.String(16)))
    op.add_column("delivery", sa.Column("gap", sa.Float))
    op.execute("UPDATE delivery SET follows = 'answer' WHERE after_id IS NOT NULL")
    op.create_index("delivery_account_due", "delivery", ["account", "due_at"])
    plans = sa.Column("plans", sa.Integer, nullable=False, server_default="0")
    op.add_column("account_state", plans)
    op.drop_column("account_state", "paused")  # never written: `pause` has it


def _posts() -> None:
    for column in (
        sa.Column("labels", DOCUMENT, nullable=False, server_default="[]"),
        sa.Column("window_end", INSTANT),
        sa.Column("approval", sa.Text),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.Column("archived_at", INSTANT),
        sa.Column("batch_id", sa.Integer),
        sa.Column("position", sa.Integer),
        sa.Column("series_id", sa.Integer),
        sa.Column("occurrence", INSTANT),
        sa.Column("source", sa.Text),
        sa.Column("applied", sa.Text),
    ):
        op.add_column("post", column)
    _index("post_batch", "post", ["batch_id", "position"], where="batch_id IS NOT NULL")
    _index(
        "one_post_per_occurrence",
        "post",
        ["series_id", "occurrence"],
        where="series_id IS NOT NULL",
        unique=True,
    )
    _index("post_source", "post", ["workspace", "source"], where="source IS NOT NULL")


def _index(name: str, table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )

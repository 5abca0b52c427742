"""PostgreSQL itself hides the rows of other workspaces."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

#: tables with a workspace of their own, and those that have it from another
_OWN = ("post", "delivery", "batch", "series", "pause", "tally", "account_state", "breaker")
_OF = {
    "attachment": ("post", "post_id"),
    "event": ("post", "post_id"),
    "attempt": ("delivery", "delivery_id"),
    "measure": ("delivery", "delivery_id"),
}

# Each transaction says whose it is; `postcron.whole` is for what all workspaces have together.
_WHOLE = "current_setting('postcron.whole', true) = 'on'"
_OURS = "workspace = current_setting('postcron.workspace', true)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    conditions = dict.fromkeys(_OWN, _OURS) | {
        # What is seen of the other table is what its own policy lets through.
        table: f"EXISTS (SELECT FROM {other} WHERE {other}.id = {table}.{column})"
        for table, (other, column) in _OF.items()
    }
    for table, condition in conditions.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        # Mostly it is the owner of the tables who works with them.
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} USING ({_WHOLE} OR {condition})")

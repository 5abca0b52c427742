"""What is archived is not counted any more; it is found by an index, and so is what waits for approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_WHEN = "(old.archived_at IS NULL) <> (new.archived_at IS NULL)"
_COUNT = """
INSERT INTO tally (workspace, state, place, count)
SELECT workspace, state, {here}, CASE WHEN new.archived_at IS NULL THEN count(*) ELSE -count(*) END
FROM delivery WHERE post_id = new.id GROUP BY workspace, state
ON CONFLICT (workspace, state, place) DO UPDATE SET count = tally.count + excluded.count;
"""
_SQLITE = f"""
CREATE TRIGGER tally_archived AFTER UPDATE OF archived_at ON post WHEN {_WHEN} BEGIN
{_COUNT.format(here=0)}
END
"""
_POSTGRES = f"""
CREATE FUNCTION tally_archived() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here smallint := tally_place();
BEGIN
{_COUNT.format(here="here")}
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for name, column in (("post_archived", "archived_at"), ("post_approval", "approval")):
        condition = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "post", [column], sqlite_where=condition, postgresql_where=condition)
    if op.get_bind().dialect.name != "postgresql":
        op.execute(_SQLITE)
        return
    op.execute(_POSTGRES)
    op.execute(
        "CREATE TRIGGER tally_archived AFTER UPDATE OF archived_at ON post"
        f" FOR EACH ROW WHEN ({_WHEN}) EXECUTE FUNCTION tally_archived()"
    )

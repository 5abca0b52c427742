"""How many deliveries stand in each state, kept by the database itself while they change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_COUNTED = """
INSERT INTO tally (workspace, state, place, count)
SELECT workspace, state, 0, count(*) FROM delivery GROUP BY workspace, state
"""

# One writer at a time: a row for each state is enough.
_SQLITE = """
CREATE TRIGGER tally_{what} AFTER {event} ON delivery
{when} BEGIN
    INSERT INTO tally (workspace, state, place, count) VALUES {values}
    ON CONFLICT (workspace, state, place) DO UPDATE SET count = count + excluded.count;
END
"""

# Many writers: if two of them counted in one row, each would wait for the other's whole transaction,
# and in another order of states both for ever. So each counts in a place that nobody else is in.
_PLACES = 16
_PLACE = f"""
CREATE FUNCTION tally_place() RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    ours integer := pg_backend_pid();
BEGIN
    FOR n IN 0..{_PLACES - 1} LOOP
        IF pg_try_advisory_xact_lock(x'7A11'::integer, (ours + n) % {_PLACES}) THEN
            RETURN (ours + n) % {_PLACES};
        END IF;
    END LOOP;
    PERFORM pg_advisory_xact_lock(x'7A11'::integer, ours % {_PLACES});
    RETURN ours % {_PLACES};
END $$
"""
_POSTGRES = """
CREATE FUNCTION tally_{what}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here smallint := tally_place();
BEGIN
    INSERT INTO tally AS kept (workspace, state, place, count) {values}
    ON CONFLICT (workspace, state, place) DO UPDATE SET count = kept.count + excluded.count;
    RETURN NULL;
END $$
"""
_MOVED = "old.state <> new.state OR old.workspace <> new.workspace"


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("place", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _in_postgres()
    else:
        _in_sqlite()
    op.execute(_COUNTED)  # after the triggers, which hold off every writer until this is done


def _in_sqlite() -> None:
    gone, come = ("(old.workspace, old.state, 0, -1)", "(new.workspace, new.state, 0, 1)")
    for what, event, when, values in (
        ("added", "INSERT", "", come),
        ("removed", "DELETE", "", gone),
        ("moved", "UPDATE OF state, workspace", f"WHEN {_MOVED}", f"{gone}, {come}"),
    ):
        op.execute(_SQLITE.format(what=what, event=event, when=when, values=values))


def _in_postgres() -> None:
    op.execute(_PLACE)
    # Many at once are added or removed in one go; a move is mostly of one, and mostly of no state.
    several = "SELECT workspace, state, here, {sign}count(*) FROM {rows} GROUP BY workspace, state"
    one = "VALUES (old.workspace, old.state, here, -1), (new.workspace, new.state, here, 1)"
    for what, event, each, values in (
        ("added", "INSERT", "REFERENCING NEW TABLE AS them", several.format(sign="", rows="them")),
        (
            "removed",
            "DELETE",
            "REFERENCING OLD TABLE AS them",
            several.format(sign="-", rows="them"),
        ),
        ("moved", "UPDATE OF state, workspace", f"FOR EACH ROW WHEN ({_MOVED})", one),
    ):
        op.execute(_POSTGRES.format(what=what, values=values))
        op.execute(
            f"CREATE TRIGGER tally_{what} AFTER {event} ON delivery {each}"
            f" EXECUTE FUNCTION tally_{what}()"
        )

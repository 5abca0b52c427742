"""PostgreSQL as the store: only a primary that keeps what it has committed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import URL, Connection, Engine, create_engine, event

from postcron.errors import StoreUnavailable
from postcron.rules.spans import spell
from postcron.store import documents
from postcron.store.database import Passage

#: a clock further off than this would send posts at a wrong time
FARTHEST = timedelta(minutes=5)

# The first two are what the policies of row-level security ask for: whose rows may be seen and written.
# Set for each transaction, not for the session: behind a pooler that shares sessions a plain SET
# would reach somebody else. A statement limit alone does not help a client whose cable was cut,
# so the connection below has limits of its own.
_LIMITS = """
SELECT set_config('postcron.workspace', %s, true),
       set_config('postcron.whole', %s, true),
       set_config('synchronous_commit', 'on', true),
       set_config('statement_timeout', '15s', true),
       set_config('lock_timeout', '5s', true),
       set_config('idle_in_transaction_session_timeout', '30s', true)
"""

# A statement sees what was committed before it began, not what is committed beside it: an intent that
# has looked for a pause must be committed, or undone, before the pause is. SQLite has one writer anyway.
_PAUSES = int.from_bytes(b"pauses")
_LOCK = {
    None: "",
    Passage.FREE: f", pg_advisory_xact_lock_shared({_PAUSES})",
    Passage.SHUT: f", pg_advisory_xact_lock({_PAUSES})",
}

_CONNECTING = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "postcron",
    # Prepared statements stay behind in a session that a pooler hands to the next one.
    "prepare_threshold": None,
}


def engine(url: URL) -> Engine:
    """Return an engine; raises `StoreUnavailable` where psycopg is missing."""
    try:
        made = create_engine(
            url,
            connect_args=_CONNECTING,
            hide_parameters=True,
            # What waits for a lock must then see what was committed meanwhile.
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            json_serializer=documents.dump,
        )
    except ModuleNotFoundError as error:
        message = "A store in PostgreSQL needs psycopg: pip install 'postcron[postgres]'."
        raise StoreUnavailable(message) from error

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        workspace = options.get("workspace", "")  # nobody's, unless it is said
        whose = (workspace or "", "on" if workspace is None else "off")
        connection.exec_driver_sql(_LIMITS + _LOCK[options.get("passage")], whose)

    return made


def require_primary(connection: Connection, shown: str) -> None:
    """Raise `StoreUnavailable` unless this server keeps what it commits and may be written."""
    fsync, replica, read_only = connection.exec_driver_sql(
        "SELECT current_setting('fsync'), pg_is_in_recovery(),"
        " current_setting('transaction_read_only')"
    ).one()
    if fsync != "on":
        message = f"The store {shown} runs with fsync={fsync} and may forget: set fsync=on."
        raise StoreUnavailable(message)
    if replica or read_only == "on":
        message = f"The store {shown} is read-only: the address must lead to the primary server."
        raise StoreUnavailable(message)


def cluster(connection: Connection) -> str:
    """Return which server this is, and its timeline; empty where this user may not ask.

    The timeline is read off the WAL in use: the control file shows a promotion only some time later.
    """
    may_ask = connection.exec_driver_sql(_MAY_ASK).scalar_one()
    if not may_ask:
        return ""
    found: str = connection.exec_driver_sql(
        "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
        " FROM pg_control_system()"
    ).scalar_one()
    return found


_MAY_ASK = """
SELECT coalesce(bool_and(has_function_privilege(to_regprocedure(name), 'execute')
                         IS TRUE), false)
FROM unnest(ARRAY['pg_control_system()', 'pg_current_wal_lsn()', 'pg_walfile_name(pg_lsn)']) AS name
"""


def agreed_skew(connection: Connection, now: datetime) -> timedelta:
    """Return how far the server's clock is ahead of ours; `StoreUnavailable` if they disagree."""
    theirs: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    ahead = theirs - now
    if abs(ahead) > FARTHEST:
        raise StoreUnavailable(disagreement(ahead))
    return ahead


def disagreement(ahead: timedelta) -> str:
    """Say by how much this machine's clock is off: it would send that much too early or too late."""
    way = "behind" if ahead > timedelta() else "ahead of"
    return (
        f"This machine's clock is {spell(abs(ahead))} {way} the store's: "
        "nothing is sent until one of them is set right."
    )

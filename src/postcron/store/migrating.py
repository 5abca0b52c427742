"""`postcron init` for the store: create it, or bring it to this program's schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from postcron.errors import StoreUnavailable
from postcron.store import address, postgres, sqlite
from postcron.store.peek import REVISION
from postcron.store.trouble import told_plainly

# "postcron" in eight bytes: two hosts that run `init` at once wait for each other here.
_LOCK = int.from_bytes(b"postcron")


def migrate(url: str) -> bool:
    """Create or upgrade the store; True when something changed. One transaction: all or nothing."""
    parsed = address.parse(url)
    shown = address.shown(parsed)
    with told_plainly(shown):
        engine = _engine(parsed)
        try:
            with engine.connect() as connection:
                connection.execution_options(workspace=None)
                with connection.begin():
                    return _upgrade(connection, shown)
        finally:
            engine.dispose()


def _engine(url: URL) -> Engine:
    if url.drivername != "sqlite":
        return postgres.engine(url)
    path = address.path_of(url)
    sqlite.create(path)
    return sqlite.engine(path, address.patience_of(url))


def _upgrade(transaction: Connection, shown: str) -> bool:
    if transaction.dialect.name == "postgresql":
        transaction.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    found = revision(transaction)
    if found == REVISION:
        return False
    refuse_newer(found, shown)
    _run_alembic(transaction)
    return True


def revision(connection: Connection) -> str | None:
    """Return the schema the database has; None where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found


def refuse_newer(found: str | None, shown: str) -> None:
    """Raise `StoreUnavailable` for a schema that only a later program understands."""
    if found is not None and found > REVISION:
        message = (
            f"The store {shown} was made by a newer postcron (schema {found}, this one knows "
            f"{REVISION}): upgrade postcron on this machine."
        )
        raise StoreUnavailable(message)


def require_current(connection: Connection, shown: str) -> None:
    """Raise `StoreUnavailable` unless the schema is the one this program was written for."""
    try:
        found: str | None = connection.exec_driver_sql(
            "SELECT version_num FROM alembic_version"
        ).scalar()
    except DBAPIError as error:
        if not _is_missing_table(error):
            raise
        found = None
    refuse_newer(found, shown)
    if found is None:
        message = f"The store {shown} is empty: run `postcron init`."
        raise StoreUnavailable(message)
    if found < REVISION:
        message = f"The store {shown} has an older schema: run `postcron init` to upgrade it."
        raise StoreUnavailable(message)


def _is_missing_table(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)


def _run_alembic(transaction: Connection) -> None:
    # Alembic costs as much to import as the rest of the store: only `init` pays for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = transaction
    command.upgrade(config, "head")

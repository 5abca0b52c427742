"""PostgreSQL: only a primary that keeps what it commits, and no password in any message."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from postcron.errors import PostcronError, StoreUnavailable
from postcron.store import Store, migrate, open_store
from postcron.store.postgres import disagreement
from tests import postgres
from tests.builders import NOW, a_new_post, a_run, added
from tests.postgres import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres_server: Server, migrated_template: str) -> str:
    return postgres_server.fresh_url(migrated_template)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, now=lambda: NOW, skew=timedelta(0))
    yield opened
    opened.close()


def refused(url: str) -> PostcronError:
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url, now=lambda: NOW)
    return caught.value


def test_the_stores_clock_is_the_servers(url: str) -> None:
    store = open_store(url, now=lambda: datetime.now(UTC) - timedelta(minutes=3))
    assert abs(store.now() - datetime.now(UTC)) < timedelta(seconds=5)
    store.close()


@pytest.mark.parametrize(
    ("off", "says"),
    [(timedelta(minutes=-12), "1[12] min behind"), (timedelta(minutes=12), "1[12] min ahead of")],
)
def test_a_clock_that_disagrees_with_the_stores_sends_nothing(
    url: str, off: timedelta, says: str
) -> None:
    """A host that is ten minutes fast would publish ten minutes early."""
    with pytest.raises(StoreUnavailable, match=says):
        open_store(url, now=lambda: datetime.now(UTC) + off + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (timedelta(minutes=12), "12 min behind the store's"),
        (timedelta(hours=-2, minutes=-10), "2 h 10 min ahead of the store's"),
    ],
)
def test_the_disagreement_is_one_sentence(ahead: timedelta, says: str) -> None:
    sentence = f"This machine's clock is {says}: nothing is sent until one of them is set right."
    assert disagreement(ahead) == sentence


def test_a_write_is_durable_and_limited_whatever_the_database_says(
    store: Store, postgres_server: Server
) -> None:
    postgres_server.run_sql("ALTER ROLE postgres SET synchronous_commit = off")
    try:
        store._database.engine.dispose()
        with store._database.engine.begin() as transaction:
            names = ["synchronous_commit", "statement_timeout", "lock_timeout"]
            names.append("idle_in_transaction_session_timeout")
            shown = [transaction.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
    finally:
        postgres_server.run_sql("ALTER ROLE postgres RESET synchronous_commit")
    assert shown == ["on", "15s", "5s", "30s"]


def test_a_connection_the_server_ended_is_replaced(store: Store, postgres_server: Server) -> None:
    added(store, a_new_post(), run=a_run())
    postgres_server.run_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postcron'"
    )
    assert added(store, a_new_post(), run=a_run()).created


def test_a_server_that_may_forget_is_refused(migrated_template: str) -> None:
    del migrated_template
    with postgres.running("fsync=off") as careless:
        url = careless.fresh_url()
        migrate(url)
        assert "fsync=off and may forget: set fsync=on" in refused(url).message


@pytest.mark.fault("F68")
def test_a_read_only_server_is_refused(url: str, postgres_server: Server) -> None:
    name = url.rpartition("/")[2]
    postgres_server.run_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "read-only" in refused(url).message


def test_an_empty_database_wants_init(postgres_server: Server) -> None:
    assert "is empty: run `postcron init`" in refused(postgres_server.fresh_url()).message


def test_a_database_that_does_not_exist_is_told(postgres_server: Server) -> None:
    error = refused(postgres_server.url("nowhere"))
    assert error.message.endswith("does not exist: create the database first.")


@pytest.mark.parametrize("where", ["wrong password", "server away", "unknown option"])
def test_no_password_reaches_a_message_or_a_traceback(postgres_server: Server, where: str) -> None:
    postgres_server.run_sql(
        "DO $$ BEGIN CREATE ROLE guarded LOGIN PASSWORD 'right';"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    port = 1 if where == "server away" else postgres_server.port
    options = "?nonsense=1" if where == "unknown option" else ""
    error = refused(f"postgresql://guarded:hunter2@127.0.0.1:{port}/postgres{options}")
    told = "".join(traceback.format_exception(error))
    assert "hunter2" not in told
    assert f"postgresql://guarded@127.0.0.1:{port}/postgres" in error.message
    if where == "wrong password":
        assert "refused the login" in error.message


def test_the_address_is_shown_without_its_password(url: str) -> None:
    secret = url.replace("postgres@", "postgres:hunter2@") + "?application_name=x"
    store = open_store(secret, now=lambda: NOW, skew=timedelta(0))
    assert store.url_shown == url
    assert "hunter2" not in repr(vars(store)) + repr(vars(store._database))
    store.close()

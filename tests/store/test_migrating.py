"""`migrate`: from nothing, again, and never backwards."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from postcron.errors import StoreUnavailable
from postcron.states import State
from postcron.store import Store, address, migrate, migrating, open_store
from postcron.store.peek import REVISION
from postcron.store.tables import metadata
from tests.builders import NOW, a_new_post, a_run, added
from tests.postgres import Server
from tests.store.conftest import BOTH
from tests.store.journeys import brought_to


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that `init` has not made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    server: Server = request.getfixturevalue("postgres_server")
    return server.fresh_url()


def set_revision(store: Store, revision: str) -> None:
    with store._database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_the_first_time_creates_and_the_second_changes_nothing(empty_url: str) -> None:
    assert migrate(empty_url)
    store = open_store(empty_url, now=lambda: NOW, skew=timedelta(0))
    saved = added(store, a_new_post(), run=a_run())
    assert not migrate(empty_url)
    assert store.post(saved.post.id) == saved.post
    store.close()


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_tables_are_those_the_program_thinks_they_are(store: Store) -> None:
    with store._database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            difference
            for difference in compare_metadata(context, metadata)
            # SQLite cannot tell what an index on an expression is made of.
            if "delivery_order" not in repr(difference)
        ]
    assert differences == []


def test_the_idle_lane_knows_the_newest_revision_and_revisions_sort() -> None:
    folder = Path(migrating.__file__).parent / "migrations"
    scripts = ScriptDirectory(str(folder))
    assert scripts.get_current_head() == REVISION
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert newest_first == sorted(newest_first, reverse=True)


@pytest.mark.fault("F72", "F111")
def test_a_store_of_a_newer_program_is_left_alone(store: Store, store_url: str) -> None:
    set_revision(store, "9999")
    for attempt in (lambda: open_store(store_url, now=lambda: NOW), lambda: migrate(store_url)):
        with pytest.raises(StoreUnavailable, match=r"made by a newer postcron .*: upgrade"):
            attempt()


def test_a_store_of_an_older_program_wants_init(store: Store, store_url: str) -> None:
    set_revision(store, "0000")
    with pytest.raises(StoreUnavailable, match=r"older schema: run `postcron init`"):
        open_store(store_url, now=lambda: NOW)


def test_a_store_gets_its_uuid_once(store: Store, store_url: str) -> None:
    def uuids() -> list[str]:
        with store._database.engine.connect() as connection:
            return [row[0] for row in connection.execute(text("SELECT value FROM meta"))]

    born = uuids()
    assert len(born) == 1
    migrate(store_url)
    assert uuids() == born


def test_two_hosts_may_run_init_at_once(empty_url: str) -> None:
    code = f"from postcron.store import migrate; print(migrate({empty_url!r}))"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in both]
    assert sorted(answers) == ["False", "True"]


def upgrade_to(url: str, revision: str) -> Engine:
    """Bring an empty store to an older schema; return a way into it."""
    engine = migrating._engine(address.parse(url))
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as transaction:
        config.attributes["connection"] = transaction
        command.upgrade(config, revision)
    return engine


def test_what_was_there_before_the_tally_is_counted_by_the_upgrade(empty_url: str) -> None:
    engine = upgrade_to(empty_url, "0006")
    then = "'2026-11-21T10:00:00.000000Z'"
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO post (id, workspace, text, type, created_by, scheduled_by, created_at)"
            f" VALUES (1, 'acme', 'Hello', 'post', 'ada', 'manual', {then})"
        )
        for number, state in enumerate(("ready", "ready", "late"), 1):
            connection.exec_driver_sql(
                "INSERT INTO delivery (workspace, post_id, number, account, platform, state, options,"
                " reason, key, revision, ticket, tries, fence, created_at, updated_at) VALUES"
                f" ('acme', 1, {number}, 'a{number}', 'mastodon', '{state}', '{{}}', '', 'k{number}',"
                f" 1, '{{}}', 0, 0, {then}, {then})"
            )
    engine.dispose()
    assert migrate(empty_url)
    store = open_store(empty_url, now=lambda: NOW, skew=timedelta(0))
    assert store.counts() == {State.READY: 2, State.LATE: 1}
    brought_to(store, State.LATE)
    assert store.counts() == {State.READY: 2, State.LATE: 2}
    store.close()

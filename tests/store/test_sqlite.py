"""SQLite: safe from the first byte, and one clear sentence when it cannot be."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.errors import ConfigInvalid, DiskFull, StoreUnavailable
from postcron.store import Store, migrate, open_store
from postcron.store.trouble import told_plainly
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added

SAFE = (
    {"journal_mode": "wal", "synchronous": 2}
    if sqlite3.sqlite_version_info >= (3, 51, 3)
    else {"journal_mode": "truncate", "synchronous": 3}
)


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    assert tmp_path.is_dir(), "made before, with rights that let us in"
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "postcron.db"


def opened(path: Path, options: str = "") -> Store:
    return open_store(f"sqlite:///{path}{options}", now=lambda: NOW)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_only_the_owner_can_read_the_store_its_folder_and_its_journal(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path)
    added(store, a_new_post(), run=a_run())
    files = list(path.parent.iterdir())
    assert len(files) > 1, "a journal should be there"
    assert {mode(file) for file in files} == {0o600}
    assert {mode(path.parent), mode(path.parent.parent)} == {0o700}
    store.close()


def test_a_folder_that_was_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    migrate(f"sqlite:///{tmp_path}/postcron.db")
    assert mode(tmp_path) == 0o755


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "ö %41 #&'.db"
    migrate(f"sqlite:///{path}")
    assert path.exists()
    opened(path).close()


def test_the_home_folder_may_be_written_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    migrate("sqlite:///~/share/postcron.db")
    assert (tmp_path / "share" / "postcron.db").exists()
    store = open_store("sqlite:///~/share/postcron.db", now=lambda: NOW)
    assert store.url_shown == f"sqlite:///{tmp_path}/share/postcron.db"
    store.close()


def settings(store: Store) -> dict[str, object]:
    names = [*SAFE, "foreign_keys", "busy_timeout"]
    with store._database.engine.connect() as connection:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


def test_every_connection_keeps_what_it_commits(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path)
    wanted = {**SAFE, "foreign_keys": 1, "busy_timeout": 10_000}
    assert settings(store) == wanted
    with store._database.engine.connect():  # so that the pool has to open a second one
        assert settings(store) == wanted
    store.close()


@pytest.mark.fault("F17")
def test_a_file_that_others_left_in_an_unsafe_mode_is_mended(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    foreign = sqlite3.connect(path)
    foreign.execute("PRAGMA journal_mode = wal")
    foreign.execute("PRAGMA synchronous = NORMAL")
    foreign.execute("CREATE TABLE theirs (x)")
    foreign.close()
    store = opened(path)
    assert settings(store)["journal_mode"] == SAFE["journal_mode"]
    assert settings(store)["synchronous"] == SAFE["synchronous"]
    store.close()


@pytest.mark.fault("F17")
@pytest.mark.skipif(SAFE["journal_mode"] == "wal", reason="here WAL is the safe mode")
def test_a_file_that_others_hold_in_an_unsafe_mode_is_refused(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    foreign = sqlite3.connect(path)
    foreign.execute("PRAGMA journal_mode = wal")
    foreign.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreUnavailable, match=r"locked by another program|cannot be made safe"):
        opened(path, "?timeout=0.1")
    foreign.close()


def test_a_store_that_is_not_there_is_not_made_in_passing(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"no store at .*: run `postcron init`"):
        opened(path)
    assert not path.parent.exists()


@pytest.mark.fault("F26")
def test_a_store_removed_while_in_use_takes_no_more_writes(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path)
    path.unlink()
    with pytest.raises(StoreUnavailable, match="removed or replaced while it was in use"):
        added(store, a_new_post(), run=a_run())
    assert not path.exists()
    migrate(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable, match="removed or replaced"):
        added(store, a_new_post(), run=a_run())
    store.close()


def test_an_empty_file_wants_init(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(StoreUnavailable, match=r"is empty: run `postcron init`"):
        opened(path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Ada, " * 1000)
    with pytest.raises(StoreUnavailable, match="not a database, or damaged"):
        opened(path)


@pytest.mark.fault("F25")
@pytest.mark.parametrize("damage", ["truncated", "page zeroed"])
def test_a_damaged_file_is_told(path: Path, damage: str) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path)
    many = [a_new_delivery(f"account-{number}") for number in range(500)]
    added(store, a_new_post(*many), run=a_run())
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        if damage == "truncated":
            file.truncate(size // 2)
        else:
            file.seek(4096)
            file.write(bytes(size - 8192))
    with pytest.raises(StoreUnavailable, match="damaged"):
        opened(path).deliveries(1)


def test_a_locked_store_is_waited_for_and_then_told(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path, "?timeout=0.1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked by another program"):
        added(store, a_new_post(), run=a_run())
    assert store.post(1) is None, "readers are not in its way"
    other.execute("ROLLBACK")
    assert added(store, a_new_post(), run=a_run()).created
    other.close()
    store.close()


@pytest.mark.fault("F20")
def test_on_a_full_disk_nothing_is_half_saved(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    store = opened(path)
    # The pool hands out the connection that was given back last: this one.
    with store._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    many = [a_new_delivery(f"account-{number}") for number in range(500)]
    with pytest.raises(DiskFull, match="is full: free some space"):
        added(store, a_new_post(*many, key="k"), run=a_run())
    assert store.taken({"k"}) == {}
    assert added(store, a_new_post(), run=a_run()).created
    store.close()


@pytest.mark.fault("F23")
def test_a_read_only_store_is_told(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    told = pytest.raises(StoreUnavailable, match="read-only for this user")
    with told, told_plainly("sqlite:///x"):
        reader.execute("DELETE FROM post")
    reader.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be created"):
        migrate(f"sqlite:///{tmp_path}/file/postcron.db")


@pytest.mark.parametrize(
    "address",
    ["", "postcron.db", "sqlite://", "mysql://u:secret@h/d", "sqlite://secret@h/p", "://"],
)
def test_an_address_of_another_kind_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"must be sqlite:///PATH or postgresql") as caught:
        open_store(address, now=lambda: NOW)
    assert "secret" not in str(caught.value)


@pytest.mark.fault("F23")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_store_can_still_be_read(path: Path) -> None:
    migrate(f"sqlite:///{path}")
    path.chmod(0o400)
    store = opened(path)
    assert store.counts() == {}
    with pytest.raises(StoreUnavailable, match="read-only for this user"):
        added(store, a_new_post(), run=a_run())
    store.close()

"""A workspace sees and changes only what is its own: by every verb of the store, and in raw SQL."""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from postcron.errors import Refused
from postcron.model import (
    Approval,
    Attachment,
    Breaker,
    Delivery,
    Filter,
    Follow,
    Measure,
    Mode,
    NewBatch,
    Outcome,
    Page,
    Pause,
    Phase,
    Post,
    PostChange,
    Scope,
    Series,
    Ticket,
)
from postcron.states import State, Step
from postcron.store import Store, migrate, open_store
from postcron.store.accounts import Sealed
from postcron.store.database import Shelf
from postcron.store.plans import Planned
from postcron.store.tables import metadata
from tests.builders import NOW, a_media_file, a_new_delivery, a_new_post, a_run, added
from tests.postgres import Server
from tests.store.conftest import BOTH
from tests.store.journeys import a_move, brought_to
from tests.store.test_series import a_new_series

LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
#: a user of the database who owns the tables and is no superuser: policies hold for nobody else
TENANT = "tenant"


@pytest.fixture(scope="session")
def tenants_template(postgres_server: Server) -> str:
    postgres_server.run_sql(f"CREATE ROLE {TENANT} LOGIN")
    postgres_server.run_sql(f"CREATE DATABASE tenants OWNER {TENANT} TEMPLATE template0")
    migrate(postgres_server.url("tenants", TENANT))
    return "tenants"


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store; in PostgreSQL as an ordinary user has it."""
    if request.param == "sqlite":
        path = tmp_path / "postcron.db"
        path.write_bytes(Path(request.getfixturevalue("migrated_file")).read_bytes())
        path.chmod(0o600)
        return f"sqlite:///{path}"
    server: Server = request.getfixturevalue("postgres_server")
    fresh = server.fresh_url(request.getfixturevalue("tenants_template"))
    return fresh.replace("postgres@", f"{TENANT}@")


def opened(url: str, workspace: str | None) -> Store:
    return open_store(url, now=lambda: NOW, skew=timedelta(0), workspace=workspace)


@dataclass
class Theirs:
    """A workspace in which there is one of everything."""

    store: Store
    by_state: Mapping[State, Delivery]
    post: Post
    part: Delivery
    batch: Any
    series: Series
    sealed: Sealed
    paused: Delivery

    def one(self, state: State) -> Delivery:
        return self.by_state[state]


@pytest.fixture
def theirs(url: str) -> Iterator[Theirs]:
    store = opened(url, "acme")
    new = a_new_post(
        a_new_delivery("keyed", due=NOW + HOUR, wake_at=NOW),
        key="k",
        source="plan/a.md",
        attachments=(Attachment(a_media_file(), "a.png", ""),),
    )
    thread = store.add_posts([new, a_new_post(a_new_delivery("keyed"))], run=a_run())
    by_state = {state: brought_to(store, state) for state in State}
    for state, step in WAKING:
        store.record([a_move(brought_to(store, state), step, wake_at=NOW)], run=a_run())
    live = by_state[State.PUBLISHED]
    store.measures.keep([Measure(live.id, NOW.date(), {"likes": 3}, NOW)], {live.id: NOW})
    batch = NewBatch("acme", "stories", Mode.NOW, True, False, "ada")
    last = a_new_delivery("member", follows=Follow.STOP, wake_at=None)
    members = [a_new_post(a_new_delivery("member"), position=1), a_new_post(last, position=2)]
    store.batches.add(batch, [members], run=a_run(), seen={})
    [stop, _] = [one.delivery for one in store.batches.parts(store.batches.every()[0])]
    store.record([a_move(stop, Step.CANCELLED, wake_at=None)], run=a_run())
    series = store.series.add(a_new_series("s"))
    store.accounts.set("acme", session=b"sealed")
    [sealed] = store.accounts.sealed()
    paused = added(store, a_new_post(a_new_delivery("quiet")), run=a_run()).deliveries[0]
    brought_to(store, State.CONFIRMING, account="quiet", due=NOW + HOUR)
    store.pauses.begin(Pause(Scope.ACCOUNT, "quiet", NOW, "ada"))
    post = store.post(thread[0].post.id)
    [found] = store.batches.every()
    assert post is not None
    yield Theirs(store, by_state, post, thread[1].deliveries[0], found, series, sealed, paused)
    store.close()


#: what a run has to do something about now
WAKING = [
    (State.PUBLISHING, Step.LOST),
    (State.PUBLISHING, Step.NOT_SENT),
    (State.READY, Step.MISSED),
]

Verb = Callable[[Store, Theirs], Any]
FAR = NOW + timedelta(days=9)
QUIET = Pause(Scope.ACCOUNT, "quiet", NOW, "ada")

#: each verb that reads, asked about what the other workspace has
READING: dict[str, Verb] = {
    "post": lambda s, t: s.post(t.post.id),
    "from_plan": lambda s, t: s.from_plan("plan"),
    "posts": lambda s, t: s.posts([t.post.id]),
    "taken": lambda s, t: s.taken({"k"}),
    "there": lambda s, t: s.there({t.post.id}),
    "posts_after": lambda s, t: s.posts_after(0, Filter(), limit=9),
    "answers": lambda s, t: s.answers([t.part.after_id or 0]),
    "states": lambda s, t: s.states(Filter()),
    "thread": lambda s, t: s.thread(t.post.id),
    "checksums": lambda s, t: s.checksums("ab", 9),
    "deliveries_of": lambda s, t: s.deliveries_of([t.post.id]),
    "deliveries": lambda s, t: s.deliveries(t.post.id),
    "delivery": lambda s, t: s.delivery(t.post.id, 1),
    "reload": lambda s, t: s.reload([t.part.id]),
    "proved_by": lambda s, t: s.proved_by("acme", t.one(State.PUBLISHED).remote_id or ""),
    "attempts": lambda s, t: s.attempts(t.one(State.PUBLISHED).id),
    "page": lambda s, t: s.page(Filter()),
    "foremost": lambda s, t: s.foremost(
        Filter(states=frozenset(State)), newest_first=True, limit=9
    ),
    "events": lambda s, t: s.events(Filter(), limit=9),
    "counts": lambda s, t: s.counts(),
    "count": lambda s, t: s.count(Filter()),
    "figures": lambda s, t: s.figures(Filter()),
    "punctuality": lambda s, t: s.punctuality(Filter()),
    "next_due": lambda s, t: s.next_due(),
    "due.waiting": lambda s, t: s.due.waiting(Phase.RUN, now=NOW, until=FAR, limit=9),
    "outings": lambda s, t: s.outings({"acme"}, since=NOW - HOUR, before=FAR),
    "planned": lambda s, t: s.planned("acme", since=NOW - HOUR),
    "measures.due": lambda s, t: s.measures.due({"acme"}, 9),
    "batches.every": lambda s, t: s.batches.every(),
    "batches.named": lambda s, t: s.batches.named("stories"),
    "batches.tallies": lambda s, t: s.batches.tallies(),
    "batches.parts": lambda s, t: s.batches.parts(t.batch),
    "batches.stopped": lambda s, t: s.batches.stopped(),
    "measures.of": lambda s, t: s.measures.of(t.one(State.PUBLISHED).id),
    "measures.results": lambda s, t: s.measures.results(
        "acme", since=NOW - HOUR, first=timedelta(), last=timedelta(days=1)
    ),
    "due.expired": lambda s, t: Store(later(s)).due.expired(9),
    "due.overdue": lambda s, t: s.due.overdue(FAR, 9),
    "untold": lambda s, t: s.untold(9),
    "due.looks": lambda s, t: s.due.looks(9),
    "due.retries": lambda s, t: s.due.retries(9),
    "due.allowed_late": lambda s, t: s.due.allowed_late(9),
    "due.queueable": lambda s, t: s.due.queueable(FAR, 9, only=["acme"], full=()),
    "ahead": lambda s, t: s.ahead(),
    "doubtful": lambda s, t: s.doubtful(9, ahead={}),
    "accounts.every": lambda s, t: s.accounts.every(),
    "accounts.one": lambda s, t: s.accounts.one("acme").session,
    "accounts.sealed": lambda s, t: s.accounts.sealed(),
    "pauses.every": lambda s, t: s.pauses.every(),
    "pauses.over": lambda s, t: s.pauses.over([t.paused.id]),
    "pauses.waking": lambda s, t: s.pauses.waking(9),
    "pauses.given_ahead": lambda s, t: s.pauses.given_ahead(QUIET),
    "pauses.behind": lambda s, t: s.pauses.behind(QUIET),
    "archive.settled_before": lambda s, t: s.archive.settled_before(NOW + HOUR, limit=9),
    "series.one": lambda s, t: s.series.one(t.series.id),
    "series.by_key": lambda s, t: s.series.by_key("s"),
    "series.every": lambda s, t: s.series.every(),
    "series.due": lambda s, t: s.series.due(9),
    "series.posts": lambda s, t: s.series.posts(t.series, since=NOW),
}

#: each verb that writes, aimed at what the other workspace has
WRITING: dict[str, Verb] = {
    "add_posts": lambda s, t: s.add_posts([a_new_post(key="k")], run=a_run()),
    "add_many": lambda s, t: s.add_many([[a_new_post()]], run=a_run()),
    "batches.add": lambda s, t: s.batches.add(
        NewBatch("acme", "more", Mode.NOW, True, False, "ada"),
        [[a_new_post()]],
        run=a_run(),
        seen={},
    ),
    "record": lambda s, t: [
        one
        for step, state in ((Step.CANCELLED, State.DRAFT), (Step.LANDED, State.PUBLISHING))
        for one in s.record([a_move(t.one(state), step)], run=a_run())
        if one is not None
    ],
    "revise": lambda s, t: s.revise(t.post, PostChange(text="ours"), run=a_run()) or True,
    "decide": lambda s, t: s.decide([t.post.id], [], run=a_run(), approval=Approval.REJECTED),
    "change": lambda s, t: s.change(
        [a_move(t.one(State.DRAFT), Step.CANCELLED)], run=a_run(), deleted=[t.post.id]
    ),
    "archive.put": lambda s, t: s.archive.put([t.one(State.CANCELLED).post_id], run=a_run()),
    "archive.restore": lambda s, t: s.archive.restore(
        [t.one(State.CANCELLED).post_id], run=a_run()
    ),
    "claims.take_uploads": lambda s, t: s.claims.take_uploads(
        a_run(), until=None, lease=LEASE, limit=1
    ),
    "claims.enqueue": lambda s, t: s.claims.enqueue(a_run(), until=NOW, limit=1),
    "claims.take_queued": lambda s, t: s.claims.take_queued(
        a_run(), until=FAR, lease=LEASE, limit=1
    ),
    "pauses.lift": lambda s, t: s.pauses.lift(Scope.ACCOUNT, "quiet", lambda *_: [], run=a_run()),
    "claims.renew": lambda s, t: s.claims.renew(t.one(State.UPLOADING), run=a_run(), lease=HOUR),
    "claims.save_ticket": lambda s, t: s.claims.save_ticket(
        t.one(State.UPLOADING), Ticket({"id": "9"}), run=a_run()
    ),
    "accounts.reseal": lambda s, t: s.accounts.reseal(t.sealed, b"ours"),
    "series.put_off": lambda s, t: s.series.put_off(t.series, FAR),
    "series.make": lambda s, t: s.series.make(
        t.series, [], until=NOW, wake_at=NOW, left_out=1, run=a_run(), seen={}
    ),
    "series.tell": lambda s, t: s.series.tell([t.series]),
    "series.change": lambda s, t: s.series.change(t.series, {"zone": "UTC"}, [], run=a_run()),
    "series.add": lambda s, t: s.series.add(a_new_series("other")),
    "tell": lambda s, t: s.tell(list(t.by_state.values())),
    "measures.keep": lambda s, t: s.measures.keep(
        [Measure(t.part.id, NOW.date(), {"likes": 9}, NOW)], {t.part.id: FAR}
    ),
    "measures.put_off": lambda s, t: s.measures.put_off("acme", FAR, ended=NOW - HOUR),
    # These make a row of one's own.
    "pauses.begin": lambda s, t: s.pauses.begin(Pause(Scope.ALL, "", NOW, "eve"))[1],
    "accounts.set": lambda s, t: s.accounts.set("acme", session=None),
    "accounts.hold": lambda s, t: s.accounts.hold("acme", until=FAR) and None,
    "accounts.release": lambda s, t: s.accounts.release("acme", until=FAR),
    "change_breaker": lambda s, t: s.change_breaker("acme", lambda _: Breaker(why="ours")) and None,
}
#: what all workspaces of a store have together
SHARED = {
    *("now", "close", "papers", "mark", "settle"),
    *("beats.leave", "beats.every"),  # of hosts
    "media_file",  # who knows a checksum has the file
}


def later(store: Store) -> Any:
    database = store._database
    return type(database)(
        database.engine, database.shown, lambda: FAR, database.workspace, database.file
    )


def changed(store: Store, theirs: Theirs) -> bool:
    return theirs.store.series.one(theirs.series.id) != theirs.series


def is_nothing(value: Any) -> bool:
    if isinstance(value, Page):
        return not value.deliveries
    if isinstance(value, Planned):
        return not value.moments
    return not value


def everything(url: str) -> dict[str, list[Any]]:
    """Return all rows of the store but those of the workspace `ours`."""
    with closing(opened(url, None)) as whole, whole._database.reading(whole=True) as connection:
        return {
            table.name: [
                row
                for row in connection.execute(select(table)).all()
                if getattr(row, "workspace", None) != "ours"
            ]
            for table in metadata.sorted_tables
        }


def test_every_verb_of_the_store_is_asked(url: str) -> None:
    """A new one must be scoped, or stand among those that are shared."""
    with closing(opened(url, "ours")) as store:
        shelves = {
            f"{name}.": shelf for name, shelf in vars(store).items() if isinstance(shelf, Shelf)
        }
        verbs = {
            f"{place}{name}"
            for place, holder in ({"": store} | shelves).items()
            for name, _ in inspect.getmembers(holder, inspect.ismethod)
            if name[:1] != "_"
        }
    assert verbs == READING.keys() | WRITING.keys() | SHARED


def test_no_verb_reaches_what_another_workspace_has(url: str, theirs: Theirs) -> None:
    ours = opened(url, "ours")
    before = everything(url)
    for name, verb in (READING | WRITING).items():
        try:
            answer = verb(ours, theirs)
        except (Refused, ValueError):
            assert name in WRITING, name
        else:
            assert is_nothing(answer), f"{name} shows {answer}"
    ours.close()
    assert everything(url) == before


def test_each_of_those_questions_has_an_answer_where_it_belongs(theirs: Theirs) -> None:
    """The control of the test above: it would see something, if there were nothing between."""
    silent = [name for name, verb in READING.items() if is_nothing(verb(theirs.store, theirs))]
    # Nothing has been made of the series yet, and no post has an attempt that says when it left.
    assert silent == ["punctuality", "series.posts"]
    for name in (
        "record",
        "revise",
        "claims.save_ticket",
        "claims.enqueue",
        "claims.take_queued",
        "pauses.lift",
    ):
        assert not is_nothing(WRITING[name](theirs.store, theirs)), name


def test_the_whole_store_is_there_for_who_keeps_it(url: str, theirs: Theirs) -> None:
    with closing(opened(url, None)) as whole:
        assert whole.counts() == theirs.store.counts()
        assert whole.accounts.sealed() == [theirs.sealed]
        assert whole.mark() == theirs.store.mark()
        with closing(opened(url, "ours")) as ours:
            # How far the store has come is told of all of it: else a backup would go unnoticed.
            assert ours.mark() == whole.mark() != (0, 0)


# --- raw SQL -------------------------------------------------------------------------------------

OWNED = [
    table.name
    for table in metadata.sorted_tables
    if table.name not in {"meta", "media", "heartbeat"}
]


@pytest.fixture
def raw(request: pytest.FixtureRequest, theirs: Theirs) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the user who owns the tables."""
    theirs.store.change_breaker("acme", lambda _: Breaker(why="trouble"))
    with psycopg.connect(theirs.store.url_shown) as connection:
        yield connection


def seen(raw: psycopg.Connection[Any], workspace: str | None) -> dict[str, int]:
    with raw.transaction():
        if workspace is not None:
            raw.execute("SELECT set_config('postcron.workspace', %s, true)", [workspace])
        counted = {
            name: raw.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for name in OWNED
        }
    return {name: row[0] for name, row in counted.items() if row}


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_raw_sql_sees_nothing_of_another_workspace(raw: psycopg.Connection[Any]) -> None:
    assert min(seen(raw, "acme").values()) > 0, "there is something in each table"
    assert set(seen(raw, "ours").values()) == {0}
    assert set(seen(raw, None).values()) == {0}, "who does not say whose it is sees nothing"
    assert set(seen(raw, "").values()) == {0}


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_raw_sql_writes_nothing_for_another_workspace(raw: psycopg.Connection[Any]) -> None:
    with raw.transaction():
        raw.execute("SELECT set_config('postcron.workspace', 'ours', true)")
        for name in OWNED:
            assert raw.execute(f"DELETE FROM {name}".encode()).rowcount == 0, name
        moved = raw.execute("UPDATE delivery SET workspace = 'ours', state = 'cancelled'")
        assert moved.rowcount == 0
    writing = b"""
        SELECT set_config('postcron.workspace', 'ours', true);
        INSERT INTO pause (workspace, scope, name, since, by) VALUES ('acme', 'all', '', now(), 'eve')
    """
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(writing)


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_the_policies_leave_the_index_of_what_is_due_in_use(raw: psycopg.Connection[Any]) -> None:
    due = (
        "EXPLAIN SELECT id FROM delivery WHERE state = 'queued' AND wake_at IS NOT NULL"
        " AND wake_at <= now()"
    )
    with raw.transaction(force_rollback=True):
        raw.execute("SET LOCAL enable_seqscan = off")
        raw.execute("SELECT set_config('postcron.workspace', 'acme', true)")
        raw.execute("DROP INDEX delivery_state_due")  # in a small store as good as the other
        plan = " ".join(row[0] for row in raw.execute(due))
    assert "Index Scan using delivery_wake" in plan
    assert "Index Cond: (((state)::text = 'queued'::text) AND (wake_at" in plan


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("words", "options", "ends", "has_posts"),
    [
        (["--enable-row-security"], "-c postcron.whole=on", 0, True),
        (["--enable-row-security"], "", 0, False),
        ([], "-c postcron.whole=on", 1, False),
    ],
    ids=["as the README writes it", "without the setting it is empty", "without the flag"],
)
def test_a_backup_is_whole_or_refused_but_for_what_the_readme_warns_of(
    postgres_server: Server,
    theirs: Theirs,
    words: list[str],
    options: str,
    ends: int,
    has_posts: bool,
) -> None:
    dump = subprocess.run(
        [postgres_server.binaries / "pg_dump", *words, theirs.store.url_shown],
        env={"PATH": "/usr/bin:/bin", "PGOPTIONS": options},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (dump.returncode, "keyed" in dump.stdout) == (ends, has_posts), dump.stderr


def test_outcomes_are_what_they_were(theirs: Theirs) -> None:
    """What the journeys made is what the verbs above were asked about."""
    attempts = theirs.store.attempts(theirs.one(State.PUBLISHED).id)
    assert [one.outcome for one in attempts] == [Outcome.LANDED]

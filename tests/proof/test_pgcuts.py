"""The quick part of PostgreSQL cut off: the commits that matter, and others in the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from postcron.model import Act, Outcome
from postcron.states import State
from tests import postgres
from tests.operations.stage import Stage
from tests.proof import pgwire
from tests.proof.pgcuts import DATABASE, Ended, play, prepare_database
from tests.proof.pgwire import Happens, Link, PgWire

pytestmark = pytest.mark.postgres

#: a statement of each durable write; its commit is the next one after it
INTENT, OUTCOME = "INSERT INTO attempt", "UPDATE attempt"


@pytest.fixture(scope="module")
def wire() -> Iterator[PgWire]:
    """A server of its own: it is going to be knocked over."""
    with postgres.running() as server, PgWire(server) as made:
        prepare_database(server)
        yield made


@pytest.fixture(scope="module")
def points(wire: PgWire, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The statements of a run that nothing happens to; not of the first, which makes acquaintance."""
    for number in range(2):
        ended = play(tmp_path_factory.mktemp("well") / str(number), wire, Act.READBACK, "ok")
        assert (ended.state, ended.breaches) == (State.PUBLISHED, [])
    return ended.points


def commit_of(points: list[str], statement: str) -> int:
    return points.index("COMMIT", points.index(statement))


@pytest.mark.fault("F60")
@pytest.mark.parametrize("happens", [pgwire.lost_before, pgwire.lost_after, pgwire.gone_after])
@pytest.mark.parametrize(
    ("act", "state"), [(Act.HANDLE, State.PUBLISHED), (Act.READBACK, State.UNKNOWN)]
)
def test_an_intent_whose_commit_is_not_proved_is_never_sent(
    tmp_path: Path, wire: PgWire, points: list[str], happens: Happens, act: Act, state: State
) -> None:
    at = commit_of(points, INTENT)
    ended = play(tmp_path / "story", wire, act, "ok", at, happens)
    assert INTENT in ended.points[: at + 1], "it was the intent that was cut"
    assert (ended.calls_then, ended.breaches) == (0, [])
    assert "cannot be reached" in ended.said
    if happens is pgwire.lost_before:  # undone: nothing was ever intended, and it goes out later
        state = State.PUBLISHED
    assert (ended.state, ended.calls) == (state, state is State.PUBLISHED)


@pytest.mark.fault("F60")
@pytest.mark.parametrize("happens", pgwire.CUTS[:4], ids=lambda how: how.__name__)
def test_an_outcome_whose_commit_is_not_proved_is_stored_all_the_same(
    tmp_path: Path, wire: PgWire, points: list[str], happens: Happens
) -> None:
    """By the same run when the store is back, else by the next one from its journal."""
    at = commit_of(points, OUTCOME)
    ended = play(tmp_path / "story", wire, Act.READBACK, "ok", at, happens)
    assert OUTCOME in ended.points[: at + 1], "it was the outcome that was cut"
    assert (ended.state, ended.outcomes) == (State.PUBLISHED, [Outcome.LANDED])
    assert (ended.calls, ended.breaches) == (1, [])


@pytest.mark.fault("F60")
@pytest.mark.parametrize("happens", [pgwire.lost_before, pgwire.lost_after])
def test_a_claim_or_a_ticket_whose_commit_is_not_proved_costs_a_lease_at_most(
    tmp_path: Path, wire: PgWire, points: list[str], happens: Happens
) -> None:
    before_intent = points[: points.index(INTENT)]
    commits = [number for number, name in enumerate(before_intent) if name == "COMMIT"]
    for number in commits:
        ended = play(tmp_path / str(number), wire, Act.READBACK, "ok", number, happens)
        assert (ended.state, ended.calls, ended.breaches) == (State.PUBLISHED, 1, [])


@pytest.mark.fault("F59")
def test_a_session_ended_at_any_statement_of_intent_and_outcome_is_as_a_crash(
    tmp_path: Path, wire: PgWire, points: list[str]
) -> None:
    for statement in (INTENT, OUTCOME):
        last = commit_of(points, statement)
        for at in range(points.index(statement) - 2, last + 1):
            ended = play(tmp_path / str(at), wire, Act.HANDLE, "ok", at, pgwire.terminated)
            assert (ended.state, ended.calls, ended.breaches) == (State.PUBLISHED, 1, []), at


@pytest.mark.fault("F62")
@pytest.mark.parametrize("statement", [INTENT, OUTCOME])
def test_a_server_that_falls_over_in_a_run_is_as_a_crash(
    tmp_path: Path, wire: PgWire, points: list[str], statement: str
) -> None:
    at = commit_of(points, statement)
    ended = play(tmp_path / "story", wire, Act.HANDLE, "ok", at, pgwire.restarted)
    assert (ended.state, ended.calls, ended.breaches) == (State.PUBLISHED, 1, [])


# --- others in the way ---------------------------------------------------------------------------


@dataclass
class Opponent:
    """Another session of the same database, which works against ours."""

    connection: psycopg.Connection[tuple[object, ...]]
    later: threading.Thread | None = None

    def do(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement.encode())

    def end(self, last: str, after_s: float = 0.0) -> None:
        """Do a last statement, which may have to wait for ours, and commit."""

        def work() -> None:
            threading.Event().wait(after_s)
            self.do(last, "COMMIT")

        self.later = threading.Thread(target=work)
        self.later.start()


@contextmanager
def opponent(wire: PgWire, setting: str) -> Iterator[Opponent]:
    name = setting.partition(" ")[0]
    wire.behind.run_sql(f"ALTER DATABASE {DATABASE} SET {setting}")
    with psycopg.connect(wire.behind.url(DATABASE), autocommit=True) as connection:
        made = Opponent(connection)
        yield made
        if made.later is not None:
            made.later.join()
    wire.behind.run_sql(f"ALTER DATABASE {DATABASE} RESET {name}")


TOUCH = "UPDATE delivery SET updated_at = updated_at"


def deadlock(other: Opponent) -> Happens:
    def happens(link: Link, statement: bytes) -> None:
        # Ours waits for the table, they wait for our row: and ours is the one that is let go.
        other.do("BEGIN", "SET LOCAL deadlock_timeout = '10s'", "LOCK TABLE event")
        other.end(TOUCH)
        link.server.sendall(statement)

    return happens


def lock_timeout(other: Opponent) -> Happens:
    def happens(link: Link, statement: bytes) -> None:
        assert b"'lock_timeout', '5s'" in statement
        other.do("BEGIN", TOUCH)
        other.end("SELECT 1", after_s=0.4)
        link.server.sendall(statement.replace(b"'lock_timeout', '5s'", b"'lock_timeout', '50'"))

    return happens


@pytest.mark.fault("F70")
@pytest.mark.parametrize(
    ("against", "before", "setting", "logged"),
    [
        (deadlock, 0, "deadlock_timeout = '50ms'", "deadlock detected"),
        (lock_timeout, 2, "application_name = ''", "due to lock timeout"),
    ],
)
@pytest.mark.parametrize("statement", [INTENT, OUTCOME])
def test_whoever_stands_in_the_way_costs_a_try_and_no_second_call(
    tmp_path: Path,
    wire: PgWire,
    points: list[str],
    statement: str,
    against: Callable[[Opponent], Happens],
    before: int,
    setting: str,
    logged: str,
) -> None:
    def told() -> int:
        return (wire.behind.folder / "log").read_text().count(logged)

    already = told()
    with opponent(wire, setting) as other:
        at = points.index(statement) - before
        ended = play(tmp_path / "story", wire, Act.READBACK, "ok", at, against(other))
    assert told() == already + 1, "it did happen"
    assert_unharmed(ended)


def assert_unharmed(ended: Ended) -> None:
    assert (ended.state, ended.calls, ended.said) == (State.PUBLISHED, 1, "")
    assert ended.breaches == []


@pytest.mark.fault("F68")
def test_a_store_that_became_read_only_sends_nothing_and_says_so(
    tmp_path: Path, wire: PgWire
) -> None:
    @contextmanager
    def read_only(stage: Stage) -> Iterator[None]:
        changing = f"ALTER DATABASE {DATABASE}"
        wire.behind.run_sql(f"{changing} SET default_transaction_read_only = on")
        stage.house.store._database.engine.dispose()  # as a failover does
        yield
        wire.behind.run_sql(f"{changing} RESET default_transaction_read_only")
        stage.house.store._database.engine.dispose()

    ended = play(tmp_path / "story", wire, Act.HANDLE, "ok", around=read_only)
    assert "is read-only: the address must lead to the primary server" in ended.said
    assert (ended.calls_then, ended.state, ended.breaches) == (0, State.PUBLISHED, [])

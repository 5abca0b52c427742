"""What runs leave for each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from postcron.model import AccountState, Breaker, Trouble
from postcron.store import Beat, Store
from tests.builders import NOW, a_run


def test_what_is_known_of_an_account_is_kept_piece_by_piece(store: Store) -> None:
    store.accounts.set("acme", remote_id="117", session=b"\x00sealed", session_expires_at=NOW)
    store.accounts.set("acme", remote_name="Acme", blocked_until=NOW)
    store.accounts.set("other")
    known = AccountState(
        "acme",
        remote_id="117",
        remote_name="Acme",
        blocked_until=NOW,
        session=b"\x00sealed",
        session_expires_at=NOW,
    )
    assert store.accounts.every() == {"acme": known, "other": AccountState("other")}
    store.accounts.set("acme", session=None, remote_name=None)
    assert store.accounts.every()["acme"].session is None
    assert store.accounts.every()["acme"].remote_id == "117"


def test_one_at_a_time_renews_a_session_and_nobody_is_kept_out_for_ever(store: Store) -> None:
    first, second = NOW + timedelta(minutes=2), NOW + timedelta(minutes=3)
    assert store.accounts.hold("acme", until=first)
    assert not store.accounts.hold("acme", until=second)
    assert store.accounts.hold("other", until=second)
    store.accounts.release("acme", until=second)
    assert not store.accounts.hold("acme", until=second), "only its holder lets go"
    store.accounts.release("acme", until=first)
    assert store.accounts.hold("acme", until=NOW), "free again; this one is over at once"
    assert store.accounts.hold("acme", until=second), "its holder died"


def test_the_troubles_of_an_account_are_remembered_apart_from_anothers(store: Store) -> None:
    trouble = Trouble(NOW, "12.1", "acme & sons")
    known = Breaker((trouble,), openings=2, open_until=NOW + timedelta(minutes=10), why="503")
    assert store.change_breaker("account acme", lambda before: replace(before, why="x")).why == "x"
    assert store.change_breaker("account acme", lambda _: known) == known
    assert store.change_breaker("account other", lambda before: before) == Breaker()
    assert store.change_breaker("account acme", lambda before: before) == known


def test_each_phase_on_each_host_has_one_last_sign_of_life(store: Store) -> None:
    store.beats.leave(a_run("old"), at=NOW - timedelta(minutes=1), found=5, done=4, failed=1)
    store.beats.leave(a_run("new"), at=NOW, found=1, done=1, failed=0)
    store.beats.leave(a_run("t", phase="tick"), at=NOW, found=0, done=0, failed=0)
    assert store.beats.every() == [
        Beat("host-1", "publish", "new", "boot-1", NOW, 1, 1, 0),
        Beat("host-1", "tick", "t", "boot-1", NOW, 0, 0, 0),
    ]

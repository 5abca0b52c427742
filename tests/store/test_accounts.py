"""What runs leave for each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from postcron.model import AccountState, Breaker, Trouble
from postcron.store import Beat, Store
from tests.builders import NOW, a_run


def test_what_is_known_of_an_account_is_kept_piece_by_piece(store: Store) -> None:
    store.set_account("acme", remote_id="117", session=b"\x00sealed", session_expires_at=NOW)
    store.set_account("acme", remote_name="Acme", blocked_until=NOW)
    store.set_account("other")
    known = AccountState(
        "acme",
        remote_id="117",
        remote_name="Acme",
        blocked_until=NOW,
        session=b"\x00sealed",
        session_expires_at=NOW,
    )
    assert store.account_states() == {"acme": known, "other": AccountState("other")}
    store.set_account("acme", session=None, remote_name=None)
    assert store.account_states()["acme"].session is None
    assert store.account_states()["acme"].remote_id == "117"


def test_one_at_a_time_renews_a_session_and_nobody_is_kept_out_for_ever(store: Store) -> None:
    first, second = NOW + timedelta(minutes=2), NOW + timedelta(minutes=3)
    assert store.hold_account("acme", until=first)
    assert not store.hold_account("acme", until=second)
    assert store.hold_account("other", until=second)
    store.release_account("acme", until=second)
    assert not store.hold_account("acme", until=second), "only its holder lets go"
    store.release_account("acme", until=first)
    assert store.hold_account("acme", until=NOW), "free again; this one is over at once"
    assert store.hold_account("acme", until=second), "its holder died"


def test_the_troubles_of_an_account_are_remembered_apart_from_anothers(store: Store) -> None:
    trouble = Trouble(NOW, "12.1", "acme & sons")
    known = Breaker((trouble,), openings=2, open_until=NOW + timedelta(minutes=10), why="503")
    assert store.change_breaker("account acme", lambda before: replace(before, why="x")).why == "x"
    assert store.change_breaker("account acme", lambda _: known) == known
    assert store.change_breaker("account other", lambda before: before) == Breaker()
    assert store.change_breaker("account acme", lambda before: before) == known


def test_each_phase_on_each_host_has_one_last_sign_of_life(store: Store) -> None:
    store.beat(a_run("old"), at=NOW - timedelta(minutes=1), found=5, done=4, failed=1)
    store.beat(a_run("new"), at=NOW, found=1, done=1, failed=0)
    store.beat(a_run("t", phase="tick"), at=NOW, found=0, done=0, failed=0)
    assert store.beats() == [
        Beat("host-1", "publish", "new", "boot-1", NOW, 1, 1, 0),
        Beat("host-1", "tick", "t", "boot-1", NOW, 0, 0, 0),
    ]

"""A new seal key: at every moment the keys that are kept open what is in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Invalid
from postcron.model import Run, SecretRef, Session
from postcron.operations.house import House
from postcron.operations.keys import Rotated, rotate
from postcron.operations.sessions import keep, unsealed
from postcron.secrets import Sealer, new_key
from postcron.store.accounts import AccountShelf, Sealed
from postcron.store.store import Store
from tests.operations.stage import START, Stage, build


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = build(tmp_path, at=START)
    for name in ("acme", "other"):
        keep(stage.house, name, Session({"access": f"t0ken-of-{name}"}, START + timedelta(hours=2)))
    yield stage
    stage.house.close()


def key_file(stage: Stage) -> Path:
    return Path(str(stage.house.config.seal_key.value))


def keys(stage: Stage) -> list[str]:
    return key_file(stage).read_text().split()


def again(stage: Stage, *, seal_key: SecretRef | None = None, **environ: str) -> House:
    """Return the house as a new process opens it."""
    house = stage.house
    config = house.config if seal_key is None else replace(house.config, seal_key=seal_key)
    return House(config, environ, house.state_dir, clock=house.clock)


def tokens(house: House) -> set[str]:
    names = ("acme", "other")
    try:
        return {session.data["access"] for name in names if (session := unsealed(house, name))}
    finally:
        house.close()


ALL = {"t0ken-of-acme", "t0ken-of-other"}


def sealed_with(stage: Stage, key: str) -> int:
    """Return how many of the sessions this key alone opens."""
    opened = 0
    for kept in stage.house.store.accounts.sealed():
        with suppress(Invalid):
            opened += bool(Sealer([key]).unseal(kept.session))
    return opened


def rotated(stage: Stage) -> Rotated:
    """Return what a rotation does in a process of its own."""
    house = again(stage)
    try:
        return rotate(house)
    finally:
        house.close()


def test_a_new_key_takes_the_place_of_the_only_one(stage: Stage) -> None:
    [old] = keys(stage)
    done = rotate(stage.house)
    new, before = keys(stage)
    assert (done.resealed, done.foreign, done.path, done.made) == (2, 0, key_file(stage), True)
    assert before == old != new
    assert key_file(stage).stat().st_mode & 0o777 == 0o600
    assert tokens(again(stage)) == ALL
    assert (sealed_with(stage, new), sealed_with(stage, old)) == (2, 0)


def test_the_next_rotation_throws_the_key_before_away(stage: Stage) -> None:
    [oldest] = keys(stage)
    rotated(stage)
    [old, _] = keys(stage)
    assert rotated(stage).made
    new, before = keys(stage)
    assert before == old
    assert new not in {old, oldest}
    assert sealed_with(stage, new) == 2


def test_what_a_run_from_before_the_rotation_renews_is_not_lost(stage: Stage) -> None:
    running = again(stage)
    assert unsealed(running, "acme")
    rotated(stage)
    keep(running, "acme", Session({"access": "renewed"}, START + timedelta(hours=4)))
    running.close()
    assert tokens(again(stage)) == {"renewed", "t0ken-of-other"}


@dataclass(eq=False)
class Unlucky(House):
    """A house whose whole store is the one given: it may die."""

    whole: Store | None = None

    def whole_store(self) -> Store:
        return self.whole or super().whole_store()


def unlucky(stage: Stage, whole: Store) -> House:
    house = stage.house
    return Unlucky(house.config, {}, house.state_dir, clock=house.clock, whole=whole)


class Power(Exception):
    """It was cut."""


class Mortal(AccountShelf):
    lives: int

    def reseal(self, kept: Sealed, anew: bytes) -> bool:
        if self.lives == 0:
            raise Power
        self.lives -= 1
        return super().reseal(kept, anew)


def mortal(stage: Stage, *, lives: int) -> Store:
    """Return the store of a process that dies when it has resealed so many."""
    store = Store(stage.house.store._database)
    store.accounts = shelf = Mortal(store._database)
    shelf.lives = lives
    return store


@pytest.mark.parametrize("resealed", [0, 1])
def test_a_rotation_that_dies_leaves_everything_readable_and_can_be_done_again(
    stage: Stage, resealed: int
) -> None:
    house = unlucky(stage, mortal(stage, lives=resealed))
    with pytest.raises(Power):
        rotate(house)
    assert len(keys(stage)) == 2
    assert tokens(again(stage)) == ALL
    new, old = keys(stage)
    assert not rotated(stage).made
    assert keys(stage) == [new, old]
    assert (sealed_with(stage, new), sealed_with(stage, old)) == (2, 0)


def test_a_second_rotation_that_dies_is_finished_with_the_key_it_made(stage: Stage) -> None:
    rotated(stage)
    house = unlucky(stage, mortal(stage, lives=0))
    with pytest.raises(Power):
        rotate(house)
    newest, new, _ = keys(stage)
    rotated(stage)
    assert keys(stage) == [newest, new]
    assert sealed_with(stage, newest) == 2


def test_another_host_that_would_lack_the_new_key_is_a_reason_to_refuse(stage: Stage) -> None:
    elsewhere = Run("r", "another-host", "tick", boot="b")
    stage.house.store.beats.leave(elsewhere, at=START, found=0, done=0, failed=0)
    before = keys(stage)
    with pytest.raises(Invalid, match="1 other host uses this store"):
        rotate(stage.house)
    assert keys(stage) == before


@pytest.mark.parametrize("times", [1, 2])
def test_hosts_that_share_a_store_seal_with_the_first_key_they_were_given(
    stage: Stage, times: int
) -> None:
    elsewhere = Run("r", "another-host", "tick", boot="b")
    stage.house.store.beats.leave(elsewhere, at=START, found=0, done=0, failed=0)
    given = [new_key(), *keys(stage)]
    key_file(stage).write_text("\n".join(given))
    for _ in range(times):
        done = rotated(stage)
    assert (done.resealed, done.path, done.made) == (2, None, False)
    assert keys(stage) == given
    assert sealed_with(stage, given[0]) == 2


def test_a_key_that_somebody_else_keeps_is_put_there_by_them(stage: Stage) -> None:
    [old] = keys(stage)
    elsewhere = SecretRef("env", "SEAL")
    house = again(stage, seal_key=elsewhere, SEAL=old)
    with pytest.raises(Invalid, match="put a new one before it"):
        rotate(house)
    house.close()
    house = again(stage, seal_key=elsewhere, SEAL=f"{new_key()} {old}")
    done = rotate(house)
    house.close()
    assert (done.resealed, done.path) == (2, None)


def test_a_session_of_a_lost_key_stays_as_it_is_and_is_counted(stage: Stage) -> None:
    foreign = Sealer([new_key()]).seal({"access": "x"})
    stage.house.store.accounts.set("other", session=foreign)
    done = rotate(stage.house)
    assert (done.resealed, done.foreign) == (1, 1)

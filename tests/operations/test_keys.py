"""A new seal key: at every moment the keys that are kept open what is in the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postcron.errors import Invalid
from postcron.model import Run, SecretRef, Session
from postcron.operations.house import House
from postcron.operations.keys import rotate
from postcron.operations.sessions import keep, unsealed
from postcron.secrets import Sealer, new_key
from postcron.store.accounts import Sealed
from postcron.store.store import Store
from tests.operations.stage import Stage, build

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


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


def test_a_new_key_takes_the_place_of_the_only_one(stage: Stage) -> None:
    [old] = keys(stage)
    done = rotate(stage.house)
    [new] = keys(stage)
    assert (done.resealed, done.foreign, done.path) == (2, 0, key_file(stage))
    assert new != old
    assert key_file(stage).stat().st_mode & 0o777 == 0o600
    assert tokens(again(stage)) == ALL
    with pytest.raises(Invalid):
        Sealer([old]).unseal(stage.house.store.sealed()[0].session)


class Power(Exception):
    """It was cut."""


class Mortal(Store):
    """A store whose process dies when it has resealed so many."""

    lives = 0

    def reseal(self, kept: Sealed, anew: bytes) -> bool:
        if self.lives == 0:
            raise Power
        self.lives -= 1
        return super().reseal(kept, anew)


@pytest.mark.parametrize("resealed", [0, 1])
def test_a_rotation_that_dies_leaves_everything_readable_and_can_be_done_again(
    stage: Stage, resealed: int
) -> None:
    house = again(stage)
    house.store = mortal = Mortal(stage.house.store._database)
    mortal.lives = resealed
    with pytest.raises(Power):
        rotate(house)
    assert len(keys(stage)) == 2
    assert tokens(again(stage)) == ALL
    house = again(stage)
    rotate(house)
    house.close()
    assert len(keys(stage)) == 1
    assert tokens(again(stage)) == ALL


def test_the_last_key_of_several_becomes_the_only_one(stage: Stage) -> None:
    shared = new_key()
    key_file(stage).write_text("\n".join([*keys(stage), shared]))
    house = again(stage)
    rotate(house)
    house.close()
    assert keys(stage) == [shared]
    assert tokens(again(stage)) == ALL


def test_another_host_that_would_lack_the_new_key_is_a_reason_to_refuse(stage: Stage) -> None:
    elsewhere = Run("r", "another-host", "tick", boot="b")
    stage.house.store.beat(elsewhere, at=START, found=0, done=0, failed=0)
    before = keys(stage)
    with pytest.raises(Invalid, match="1 other host uses this store"):
        rotate(stage.house)
    assert keys(stage) == before


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
    stage.house.store.set_account("other", session=foreign)
    done = rotate(stage.house)
    assert (done.resealed, done.foreign) == (1, 1)

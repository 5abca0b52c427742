"""The key that seals sessions: a new one in the place of the old, without a login in between."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from postcron.errors import CannotWork, Invalid
from postcron.operations.host import host_id
from postcron.operations.house import House
from postcron.secrets import Sealer, new_key, rewrite

#: a host that ran within this time is taken to be in use
IN_USE: Final = timedelta(days=1)


@dataclass(frozen=True)
class Rotated:
    """What a rotation did."""

    #: sessions sealed anew
    resealed: int
    #: sessions that none of the keys opens: another installation's, or of a key that is lost
    foreign: int
    #: where the key stands, if postcron keeps it; else whoever keeps it changes it
    path: Path | None
    #: a new key was made; else the first one that is there was used
    made: bool


def rotate(house: House) -> Rotated:
    """Seal every session in the store with the first key; raises `Invalid` if there is no newer one.

    In a file of this host alone that is a new one, unless an earlier rotation was cut short: it is
    finished. The key before stays second until the next rotation: a run that began earlier knows
    no other, and what it renews must stay readable. Anything else is never written by postcron.
    """
    keys = house.plain(house.config.seal_key).split()
    path = _file(house)
    if path is None or (others := _others(house)):
        if len(keys) == 1:
            raise _one_key() if path is None else _other_hosts(others, path)
        return Rotated(*_reseal(house, keys), None, made=False)
    made = not _cut_short(house, keys)
    keys = [new_key(), *keys] if made else keys
    try:
        # Durable before anything is sealed with it; the oldest go when nothing needs them.
        rewrite(path, keys)
        resealed = _reseal(house, keys)
        rewrite(path, keys[:2])
    except OSError as error:
        raise CannotWork(f"The key file {path} cannot be written: {error.strerror}.") from error
    return Rotated(*resealed, path, made)


def _file(house: House) -> Path | None:
    ref = house.config.seal_key
    named = ref.source == "file" and "/" in str(ref.value)
    return Path(str(ref.value)) if named else None


def _others(house: House) -> int:
    """Return how many other hosts use the store: they would lack a key made here."""
    here, now = host_id(house.state_dir), house.store.now()
    beats = house.store.beats.every()
    return len({beat.host for beat in beats if beat.host != here and now - beat.at < IN_USE})


def _one_key() -> Invalid:
    message = (
        "The seal key is not in a file of postcron's: put a new one before it where it is kept "
        "(`postcron keys make` prints one), then rotate, and let the old one stand until the next time."
    )
    return Invalid(message, code="one_key")


def _other_hosts(others: int, path: Path) -> Invalid:
    message = (
        f"{others} other host{'s use' if others > 1 else ' uses'} this store: put one new key "
        f"(`postcron keys make`) as the second line of {path} on every host; when all have it and the "
        "runs from before have ended, move it to the first line on each; then rotate on one of them."
    )
    return Invalid(message, code="other_hosts")


def _cut_short(house: House, keys: list[str]) -> bool:
    """Say whether an older key is still needed, or still there: the rotation before did not end."""
    with closing(house.whole_store()) as store:
        newest, sealed = Sealer(keys[:1]), [kept.session for kept in store.accounts.sealed()]
    return len(keys) > 2 or any(
        _opens(house.sealer, one) and not _opens(newest, one) for one in sealed
    )


def _opens(sealer: Sealer, sealed: bytes) -> bool:
    try:
        sealer.unseal(sealed)
    except Invalid:
        return False
    return True


def _reseal(house: House, keys: list[str]) -> tuple[int, int]:
    """Seal every session anew, those of all workspaces: they may share a key."""
    sealer = Sealer(keys)
    resealed = foreign = 0
    with closing(house.whole_store()) as store:
        for kept in store.accounts.sealed():
            try:
                anew = sealer.reseal(kept.session)
            except Invalid:
                foreign += 1
                continue
            # One that a run has renewed meanwhile is sealed with a key that stays in the list.
            resealed += store.accounts.reseal(kept, anew)
    return resealed, foreign

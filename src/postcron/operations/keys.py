"""The key that seals sessions: a new one in the place of the old, without a login in between."""

from __future__ import annotations

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
    #: where the new key stands, if postcron wrote it; else somebody else keeps it
    path: Path | None


def rotate(house: House) -> Rotated:
    """Seal every session in the store with the newest key, and forget the older ones.

    In a file of ours the newest is the last one, and it is made if there is one only. Kept elsewhere
    (a variable, a command, systemd) it is the first, and whoever keeps them takes the others away.
    At any moment whatever is in the store can be opened by the keys that are kept.
    """
    keys = house.plain(house.config.seal_key).split()
    path = _file(house)
    if path is None:
        if len(keys) < 2:
            message = (
                "The seal key is not in a file of postcron's: put a new one before it where it is kept "
                "(`postcron keys make` prints one), then rotate, then take the old one away."
            )
            raise Invalid(message, code="one_key")
        return Rotated(*_reseal(house, keys), None)
    if len(keys) == 1:
        _refuse_others(house, path)
        keys = [*keys, new_key()]
    *older, newest = keys
    try:
        # Durable before anything is sealed with it; the old ones go when nothing needs them.
        rewrite(path, [newest, *older])
        resealed = _reseal(house, [newest, *older])
        rewrite(path, [newest])
    except OSError as error:
        raise CannotWork(f"The key file {path} cannot be written: {error.strerror}.") from error
    return Rotated(*resealed, path)


def _file(house: House) -> Path | None:
    ref = house.config.seal_key
    named = ref.source == "file" and "/" in str(ref.value)
    return Path(str(ref.value)) if named else None


def _refuse_others(house: House, path: Path) -> None:
    """Refuse to make a key that another host would lack for what is sealed with it."""
    here, now = host_id(house.state_dir), house.store.now()
    beats = house.store.beats()
    others = {beat.host for beat in beats if beat.host != here and now - beat.at < IN_USE}
    if others:
        message = (
            f"{len(others)} other host{'s use' if len(others) > 1 else ' uses'} this store: give all of "
            f"them the same new key first (`postcron keys make`, as the last line of {path}), then rotate on each."
        )
        raise Invalid(message, code="other_hosts")


def _reseal(house: House, keys: list[str]) -> tuple[int, int]:
    sealer = Sealer(keys)
    resealed = foreign = 0
    for kept in house.store.sealed():
        try:
            anew = sealer.reseal(kept.session)
        except Invalid:
            foreign += 1
            continue
        # One that a run has renewed meanwhile is sealed with a key of the same list.
        resealed += house.store.reseal(kept, anew)
    return resealed, foreign

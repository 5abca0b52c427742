"""Batches: which there are, how one stands, and its going on where it stopped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from postcron.errors import NotFound, Refused
from postcron.model import Batch, Mode, Part, Pause, Scope
from postcron.operations import pausing
from postcron.operations.house import House
from postcron.rules.batches import Standing, Tally, standing
from postcron.rules.nearest import nearest
from postcron.rules.sequence import given_up, go_on
from postcron.states import STUCK, UNCERTAIN, State


@dataclass(frozen=True)
class Listed:
    """A batch, how it stands, and how many of its deliveries stand where."""

    batch: Batch
    standing: Standing
    tally: Tally
    pause: Pause | None


@dataclass(frozen=True)
class Shown:
    """One batch with all its posts, in order."""

    listed: Listed
    parts: tuple[Part, ...]
    #: what did not go out, and the rest waits for
    stops: tuple[str, ...]
    #: what goes out although it has just been paused, and why
    kept: tuple[str, ...] = ()

    @property
    def position(self) -> int | None:
        """Return the place of the first that is not over yet; None: all are."""
        return next((part.post.position for part in self.parts if not _over(part)), None)

    @property
    def troubled(self) -> list[Part]:
        """Return what a person has to decide about."""
        stuck = [part for part in self.parts if part.delivery.state in STUCK]
        return [part for part in stuck if part.delivery.wake_at is None]

    @property
    def uncertain(self) -> bool:
        """Say whether a person has to find out about one of them."""
        return any(part.delivery.state in UNCERTAIN for part in self.troubled)


def _over(part: Part) -> bool:
    return part.delivery.state is State.PUBLISHED or given_up(part.delivery)


def listed(house: House, *, every: bool = False) -> list[Listed]:
    """Return the batches that are not completed, or every one, the newest first."""
    standings = _standings(house, house.store.batches.every())
    return [one for one in standings if every or one.standing is not Standing.COMPLETED]


def show(house: House, name: str) -> Shown:
    """Return a batch with all its posts but the deleted; raises `NotFound`."""
    batch = found(house, name)
    [standing] = _standings(house, [batch])
    parts = [part for part in house.store.batches.parts(batch) if part.post.deleted_at is None]
    stops = [before.ref for batch, before in house.store.batches.stopped() if batch == name]
    return Shown(standing, tuple(parts), tuple(stops))


def _standings(house: House, batches: Sequence[Batch]) -> list[Listed]:
    tallies, pauses = house.store.batches.tallies(), house.store.pauses.every()
    there = [(one, tallies.get(one.id, {}), _pause_of(one, pauses)) for one in batches]
    return [
        Listed(batch, standing(tally, paused=pause is not None), tally, pause)
        for batch, tally, pause in there
    ]


def _pause_of(batch: Batch, pauses: Iterable[Pause]) -> Pause | None:
    names = {Scope.ALL: "", Scope.BATCH: batch.name}
    return next((pause for pause in pauses if names.get(pause.scope) == pause.name), None)


def found(house: House, name: str) -> Batch:
    """Return the batch of that name; raises `NotFound` naming the nearest one."""
    there = house.store.batches.named(name)
    if there is None:
        names = [batch.name for batch in house.store.batches.every()]
        raise NotFound(f"There is no batch {name!r}: {nearest(name, names)}", code="unknown_batch")
    return there


def pause(house: House, name: str, *, why: str | None, actor: str) -> Shown:
    """Hold a batch back: once this has returned, nothing new of it is sent."""
    paused = pausing.pause(house, Scope.BATCH, found(house, name).name, why=why, actor=actor)
    return replace(show(house, name), kept=paused.kept)


def resume(
    house: House, name: str, *, late: str | None = None, shift: bool = False, actor: str
) -> Shown:
    """End the pause of a batch; or let it go on past what did not go out.

    What the pause made late goes out now where the batch goes in order or at once; else the policy
    of its account decides. Raises `Refused` for a batch that neither is paused nor has stopped.
    """
    batch = found(house, name)
    if any(
        pause.scope is Scope.BATCH and pause.name == name for pause in house.store.pauses.every()
    ):
        if late is None and not shift and batch.mode is Mode.NOW:
            late = "publish"
        pausing.resume(house, Scope.BATCH, name, late=late, shift=shift, actor=actor)
        return show(house, name)
    chain = {part.delivery.id: part.delivery for part in house.store.batches.parts(batch)}
    moves = go_on(chain, house.clock.now())
    if not moves:
        message = f"Batch {name} is neither paused nor stopped: there is nothing to resume."
        raise Refused(message)
    house.record(moves, run=house.run("resume", actor=actor))
    return show(house, name)

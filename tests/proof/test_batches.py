"""Batches where runs die and two hosts are at them at once: each post once, and in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from postcron.model import Delivery, Mode
from postcron.operations.add_batch import Order, add
from postcron.operations.house import House
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.operations.wishes import Wish
from postcron.states import State
from tests.oracle import breaches
from tests.proof.world import World

TEXTS = ("one", "two", "three")
#: runs of cron, after which nothing that still moves is on its way
RUNS = 30
#: places at which a run of this batch can die, at least
SEAMS = 120


def batched(world: World, account: str, *, stop: bool) -> list[Delivery]:
    """Save a batch that goes out now, in order."""
    wish = Wish(text=None, accounts=[account])
    order = Order("stories", Mode.NOW, wish, texts=TEXTS, stop_on_failure=stop)

    def work(house: House) -> None:
        add(house, order, actor="me")

    world.finish(world.begin(world.hosts[0], work))
    return world.deliveries()


def played(world: World, *, dies_at: int | None = None, both: bool = False) -> None:
    """Let cron run until nothing wakes any more; the first run dies at a seam."""
    world.dies_at = None if dies_at is None else world.seams + dies_at
    for _ in range(RUNS):
        hosts = world.hosts if both else world.hosts[:1]
        processes = [world.begin(host, publish if host is hosts[0] else run) for host in hosts]
        for process in processes:
            world.finish(process)
        world.dies_at = None
        if (wake := world.next_wake()) is None:
            return
        world.turns.play(until=max(wake, world.turns.now + timedelta(minutes=1)))


def judged(world: World, parts: Sequence[Delivery]) -> list[str]:
    evidence = world.evidence(told=world.said(), sequences=[[one.ref for one in parts]])
    return breaches(evidence) + world.network.wrong + list(map(repr, world.turns.crashes))


def texts(world: World) -> list[str]:
    return [shown.text for shown in world.network.live()]


def test_a_run_that_dies_anywhere_leaves_a_batch_that_the_next_one_ends(tmp_path: Path) -> None:
    """D3: between the outcome of one and the release of the next there is nothing to die in."""
    points = [*range(1, SEAMS, 5)]
    for point in points:
        folder = tmp_path / str(point)
        folder.mkdir()
        world = World(folder, seed=point)
        parts = batched(world, "handle", stop=bool(point % 2))
        played(world, dies_at=point)
        assert (judged(world, parts), texts(world)) == ([], list(TEXTS)), point
        world.close()


@pytest.mark.parametrize("account", ["same", "handle", "listed"])
def test_two_hosts_at_once_send_each_post_of_a_batch_once_and_in_order(
    tmp_path: Path, account: str
) -> None:
    """E6."""
    for seed in range(4):
        folder = tmp_path / f"{account}-{seed}"
        folder.mkdir()
        world = World(folder, seed)
        parts = batched(world, account, stop=False)
        played(world, both=True)
        assert (judged(world, parts), texts(world)) == ([], list(TEXTS)), seed
        world.close()


@pytest.mark.parametrize("stop", [False, True])
def test_whatever_the_platform_answers_a_batch_keeps_its_order(tmp_path: Path, stop: bool) -> None:
    """A batch that stops leaves no hole; one that goes on leaves out only what did not go out."""
    faults = ["refused", "accepted", "dropped", "lost", "not_sent", "late", "no_id"]
    for seed, fault in enumerate(faults):
        folder = tmp_path / f"{fault}-{stop}"
        folder.mkdir()
        world = World(folder, seed)
        world.network.script += ["ok"] * Random(seed).randrange(2) + [fault]
        parts = batched(world, "handle", stop=stop)
        played(world, both=True)
        shown = texts(world)
        assert judged(world, parts if stop else []) == [], fault
        assert shown == [text for text in TEXTS if text in shown], fault
        left_out = [one.state for one in world.deliveries() if one.state is not State.PUBLISHED]
        expected = {State.FAILED, State.SCHEDULED} if stop else {State.FAILED}
        assert set(left_out) <= expected, fault
        world.close()

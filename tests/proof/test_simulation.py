"""Several hosts, faults everywhere: some seeds of the simulation, and that a seed tells one story."""

from __future__ import annotations

from pathlib import Path

from postcron.model import Filter
from tests.proof.figures import Figures
from tests.proof.simulation import play, sweep


def test_some_seeds_end_well(tmp_path: Path) -> None:
    figures = Figures("simulation")
    sweep(figures, 0, 8, tmp_path)
    assert figures.breaches == []
    assert figures.counted["faults"] > 10
    assert figures.published > 10
    assert figures.counted["given back"] > 0


def test_a_seed_tells_the_same_story_every_time(tmp_path: Path) -> None:
    assert story(tmp_path / "one", seed=7) == story(tmp_path / "two", seed=7)


def story(folder: Path, *, seed: int) -> list[object]:
    folder.mkdir()
    _, world = play(seed, folder)
    events = world.store.events(Filter(), limit=10_000, newest_first=False)
    world.close()
    return [(event.at, event.delivery_id, event.kind, event.after) for event in events]

"""The demo keeps its promise each time it is played."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from postcron.config import load
from postcron.operations.demo import demo
from postcron.operations.house import House
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish


def interrupted(folder: Path) -> None:
    """Leave what plays leave that were cut short: a post, and an account that is left alone."""
    with closing(House(load(folder / "postcron.toml", {}), {}, folder / "state")) as house:
        left = Wish("The harbour at six.", ["demo"], at="in 5s", media=[f"{folder}/harbour.jpg"])
        schedule(house, left, actor="demo")
        until = house.clock.now() + timedelta(minutes=5)
        house.store.accounts.set("demo", blocked_until=until, block_why="Three answers were lost.")


def test_the_demo_shows_each_post_once_also_the_second_time(tmp_path: Path) -> None:
    folder = tmp_path / "demo-run"
    for _ in range(2):
        told: list[str] = []
        played = demo(folder, told.append, {})
        assert (played.as_promised, played.live, len(played.lines)) == (True, 3, 3)
        assert [line.lost_answer for line in played.lines] == [True, False, False]
        assert any("throws away its answer" in line for line in told)
        interrupted(folder)

"""The demo keeps its promise each time it is played."""

from __future__ import annotations

from pathlib import Path

from postcron.operations.demo import demo


def test_the_demo_shows_each_post_once_also_the_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        told: list[str] = []
        played = demo(tmp_path / "demo-run", told.append, {})
        assert (played.as_promised, played.live, len(played.lines)) == (True, 3, 3)
        assert [line.lost_answer for line in played.lines] == [True, False, False]
        assert any("throws away its answer" in line for line in told)

"""The frame of `make sweep`: what is found counts, and what finds nothing does not pass for a proof."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import layers, machine, sheet
from tests.proof.figures import Figures
from tests.proof.layers import Done
from tests.proof.shams import DOUBLED, broken, ended, endless, lazy, leaky, whole


def started(sweep: layers.Sweep, said: list[str], *, limit: float) -> Iterator[Done]:
    return layers.run({sweep.__name__: sweep}, seed=2, count=3, limit=limit, say=said.append)


def ran(sweep: layers.Sweep, *, seed: int = 1, count: int = 1, limit: float = 60) -> Figures:
    [done] = layers.run({sweep.__name__: sweep}, seed=seed, count=count, limit=limit, say=print)
    return done.figures


def test_a_layer_without_a_breach_has_a_bound_and_never_says_never() -> None:
    figures = ran(whole, seed=2, count=300)
    assert (figures.runs, figures.bad, figures.bound) == (300, 0, 0.01)
    assert sheet.cells(Done(figures, 60)) == (
        *("whole", "300", "0", "0", "0"),
        *("2", "67", "1.000%", "1.0"),
    )
    assert list(sheet.counts([Done(figures, 60)])) == ["whole: cuts 300"]


def test_a_breach_is_counted_by_kind_and_named_with_what_repeats_it() -> None:
    figures = ran(leaky, seed=2, count=3)
    assert (figures.doubled, figures.silent, figures.bound) == (1, 1, None)
    page = sheet.page([Done(figures, 1)], command="make sweep", postgres="PostgreSQL 18")
    assert "- **Breach:** seed 2, point 7: 1 never twice: 1.1 is live 2 times" in page


@pytest.mark.parametrize(
    ("sweep", "limit", "why"),
    [
        (lazy, 60.0, "no run: it has shown nothing here"),
        (broken, 60.0, "RuntimeError: no such thing here"),
    ],
)
def test_what_has_shown_nothing_is_a_breach(sweep: layers.Sweep, limit: float, why: str) -> None:
    figures = ran(sweep, limit=limit)
    assert figures.bad == 1
    assert why in figures.breaches[0]


@pytest.mark.parametrize(
    ("sweep", "limit", "why"),
    [(endless, 4.0, "not done after 0 minutes"), (ended, 60.0, "its process ended with -9")],
)
def test_a_layer_that_never_comes_to_its_end_has_handed_over_what_it_found(
    sweep: layers.Sweep, limit: float, why: str
) -> None:
    said: list[str] = []
    [done] = started(sweep, said, limit=limit)
    assert (done.figures.runs, done.figures.doubled, done.figures.silent) == (6, 1, 1)
    assert why in done.figures.breaches[-1]
    again = f"`python -m tests.proof --only {sweep.__name__} --seed 2 --count 3`"
    assert said[0] == f"BREACH by run 4 of {again}: seed 2, point 7: {DOUBLED}"


def test_a_sweep_that_is_interrupted_hands_over_what_it_has_by_then() -> None:
    said: list[str] = []
    done: list[Done] = []

    def when_it_has_spoken() -> None:
        while len(said) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=when_it_has_spoken).start()
    with pytest.raises(KeyboardInterrupt):
        done.extend(started(endless, said, limit=60))
    assert [each.figures.doubled for each in done] == [1]
    assert "interrupted" in done[0].figures.breaches[-1]


def test_a_game_that_breaks_a_promise_is_named_with_its_seed_and_its_steps(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A world that notices its first fault, taken for one that doubles."""

    def judge(game: machine.Machine, **more: object) -> None:
        if game.world.network.script:
            raise machine.Breach([DOUBLED])

    monkeypatch.setattr(machine.Machine, "_judge", judge)
    figures = Figures("machine")
    machine.sweep(figures, 5, 60, tmp_path)
    assert figures.doubled == 2
    assert "of --only machine --seed 5 --count 50" in figures.breaches[0]
    assert "of --only machine --seed 6 --count 10" in figures.breaches[1]
    assert "state.the_next_call_goes_wrong(what=" in capfd.readouterr().err


def test_layers_run_side_by_side_and_one_that_breaks_stops_no_other() -> None:
    sweeps = {"broken": broken, "whole": whole, "lazy": lazy}
    done = list(layers.run(sweeps, seed=1, count=5, limit=60, say=print, jobs=2))
    assert {each.figures.layer: each.figures.bad for each in done} == {
        "broken": 1,
        "whole": 0,
        "lazy": 1,
    }


def test_no_layer_is_counted_twice() -> None:
    """They are found by their verb; one that borrows the verb of another would run it again."""
    for name, sweep in layers.named().items():
        assert sweep.__module__ == f"tests.proof.{name}"

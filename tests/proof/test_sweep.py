"""The frame of `make sweep`: what is found counts, and what finds nothing does not pass for a proof."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.proof import layers, sheet
from tests.proof.figures import Figures
from tests.proof.layers import Done


def whole(seed: int, count: int, folder: Path) -> Figures:
    figures = Figures("whole", needs_you=seed)
    for number in range(count):
        figures.add(f"seed {seed}, story {number}", [])
    figures.counted["cuts"] = count
    return figures


def leaky(seed: int, count: int, folder: Path) -> Figures:
    figures = whole(seed, count, folder)
    figures.add(f"seed {seed}, point 7", ["1 never twice: 1.1 is live 2 times"])
    figures.add(f"seed {seed}, point 8", ["4 never silent: 1.1 ended failed, nobody was told"])
    return figures


def lazy(seed: int, count: int, folder: Path) -> Figures:
    return Figures("lazy")


def broken(seed: int, count: int, folder: Path) -> Figures:
    raise RuntimeError("no such thing here")


def endless(seed: int, count: int, folder: Path) -> Figures:
    time.sleep(60)
    return Figures("endless")


def ran(sweep: layers.Sweep, *, seed: int = 1, count: int = 1, limit: float = 60) -> Figures:
    [done] = layers.run({sweep.__name__: sweep}, seed=seed, count=count, limit=limit)
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
        (endless, 0.5, "not done after 0 minutes"),
    ],
)
def test_what_has_shown_nothing_is_a_breach(sweep: layers.Sweep, limit: float, why: str) -> None:
    figures = ran(sweep, limit=limit)
    assert figures.bad == 1
    assert why in figures.breaches[0]


def test_layers_run_side_by_side_and_one_that_breaks_stops_no_other() -> None:
    sweeps = {"broken": broken, "whole": whole, "lazy": lazy}
    done = list(layers.run(sweeps, seed=1, count=5, limit=60, jobs=2))
    assert {each.figures.layer: each.figures.bad for each in done} == {
        "broken": 1,
        "whole": 0,
        "lazy": 1,
    }


def test_no_layer_is_counted_twice() -> None:
    """They are found by their verb; one that borrows the verb of another would run it again."""
    for name, sweep in layers.named().items():
        assert sweep.__module__ == f"tests.proof.{name}"

"""A live view: shown anew until it is over or somebody ends it. What it shows is in the store, not here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postcron.cli import failures, printing, signals
from postcron.cli.how import How

if TYPE_CHECKING:
    from postcron.operations.house import House

Every = Annotated[str, typer.Option(metavar="SPAN", help="How often --watch looks.")]


@dataclass(frozen=True)
class View:
    """What there is to see at one moment, for a program and for a person."""

    document: Mapping[str, Any]
    text: Callable[[], str]
    #: the exit code with which watching ends by itself; None: there is more to come
    over: int | None = None


def watch(how: How, every: str, look: Callable[[House], View]) -> int:
    """Look again and again; on a terminal each view takes the place of the one before."""
    from postcron.rules.spans import duration

    pause = max(duration(every).total_seconds(), 0.1)
    stop = signals.finish_when_asked()
    with how.home(stop) as house:
        view = _last(how, lambda: look(house), stop, pause)
        how.answer(view.document, view.text)
    return signals.INTERRUPTED if view.over is None else view.over


def _last(how: How, look: Callable[[], View], stop: Event, pause: float) -> View:
    """Show one view after the other, `pause` seconds apart; return the last, not shown yet."""
    from postcron.cli import render

    with render.screen() as screen:
        while (view := look()).over is None and not stop.is_set():
            if not (printing.document(view.document) if how.json else screen(view.text())):
                return replace(view, over=failures.DONE)  # nobody is there to watch
            stop.wait(pause)
    return view

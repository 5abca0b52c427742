"""How a command is put together, asked to work and to answer: with three options that all share."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from postcron.cli import failures, printing
from postcron.cli.opening import home

if TYPE_CHECKING:
    from postcron.cli.render import Here
    from postcron.operations.house import House

T = TypeVar("T")


def _or_before(context: typer.Context, value: str | None) -> str | None:
    """Let `postcron --config PATH status` mean the same as `postcron status --config PATH`."""
    if value is not None:
        return value
    before = context.find_root().params.get("config")
    return None if before is None else str(before)


ConfigPath = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="PATH",
        callback=_or_before,
        help="The configuration; else POSTCRON_CONFIG, ./postcron.toml, or the one at home.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more; keep tracebacks.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")
]


@dataclass(frozen=True)
class How:
    """The shared options of one call."""

    config: ConfigPath = None
    json: Json = False
    verbose: Verbose = False

    def home(self, stop: threading.Event | None = None) -> AbstractContextManager[House]:
        """Open the house of this configuration; `stop` is the flag that a signal sets."""
        return home(self.config, verbose=self.verbose, stop=stop)

    def answer(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """Print the answer: for a program the document, for a person the text."""
        if self.json:
            printing.document(document)
        else:
            printing.say(text())

    def carry_out(
        self,
        operation: Callable[[House], T],
        document: Callable[[T], Mapping[str, Any]],
        text: Callable[[T, Here], str],
    ) -> int:
        """Do one thing in the house, and answer with what came of it."""
        from postcron.cli.render import Here

        with self.home() as house:
            done, here = operation(house), Here.at(house)
        self.answer(document(done), lambda: text(done, here))
        return failures.DONE


def command(app: typer.Typer, function: Callable[..., int | None], name: str | None = None) -> None:
    """Add a command to the app.

    A parameter that is a dataclass stands for all its fields, each of them an option: what several
    commands ask for, or one asks for at length. `how` is told last, as all commands have it.
    """

    @functools.wraps(function)
    def called(**given: Any) -> int | None:
        return _called(function, given)

    called.__signature__ = inspect.Signature(list(_options(function)))  # type: ignore[attr-defined]
    app.command(name)(called)


def _options(of: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    for one in _parameters(of):
        if _is_many(one):
            yield from _options(one.annotation)
        else:
            yield one.replace(kind=one.KEYWORD_ONLY)


def _called(what: Callable[..., T], given: Mapping[str, Any]) -> T:
    return what(
        **{
            one.name: _called(one.annotation, given) if _is_many(one) else given[one.name]
            for one in _parameters(what)
        }
    )


def _is_many(one: inspect.Parameter) -> bool:
    return is_dataclass(one.annotation)


@functools.cache
def _parameters(of: Callable[..., Any]) -> list[inspect.Parameter]:
    own = inspect.signature(of, eval_str=True).parameters.values()
    return sorted(own, key=lambda one: one.annotation is How)

"""How a command was asked to work and to answer: the three options that all of them share."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postcron.cli import printing
from postcron.cli.opening import home

if TYPE_CHECKING:
    from postcron.operations.house import House


@dataclass(frozen=True)
class How:
    """The shared options of one call."""

    config: str | None
    json: bool
    verbose: bool

    def home(self, stop: threading.Event | None = None) -> AbstractContextManager[House]:
        """Open the house of this configuration; `stop` is the flag that a signal sets."""
        return home(self.config, verbose=self.verbose, stop=stop)

    def answer(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """Print the answer: for a program the document, for a person the text."""
        if self.json:
            printing.document(document)
        else:
            printing.say(text())


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
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")
]
_SHARED = {
    "config": (None, ConfigPath),
    "json": (False, Annotated[bool, typer.Option("--json", help="Answer in JSON.")]),
    "verbose": (
        False,
        Annotated[bool, typer.Option("--verbose", "-v", help="Say more; keep tracebacks.")],
    ),
}


def command(app: typer.Typer, function: Callable[..., int | None], name: str | None = None) -> None:
    """Add a command to the app: its own options, and the shared ones, which it gets as `how`."""
    own = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def called(*, config: str | None, json: bool, verbose: bool, **given: Any) -> int | None:
        return function(How(config, json, verbose), **given)

    called.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[
            *(parameter for parameter in own.parameters.values() if parameter.name != "how"),
            *(
                inspect.Parameter(
                    word, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
                )
                for word, (default, kind) in _SHARED.items()
            ),
        ]
    )
    app.command(name)(called)

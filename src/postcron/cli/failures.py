"""The only place that prints errors and knows exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from postcron.cli import github, printing
from postcron.cli.signals import INTERRUPTED
from postcron.errors import DoesNotFit, Invalid, PlatformError, PostcronError

DONE = 0
#: at least one delivery failed or is late
FAILED = 1
#: usage, configuration, or a post that does not fit
INVALID = 2
#: postcron itself cannot work: store, disk, output, or a mistake of its own
CANNOT_WORK = 3
#: at least one outcome is unknown and needs a person
UNKNOWN = 4


@dataclass(frozen=True)
class Asked:
    """How the answer is wanted, read from the words themselves: usage errors come before parsing."""

    json: bool
    verbose: bool

    @classmethod
    def by(cls, argv: Sequence[str]) -> Asked:
        words = argv[: argv.index("--")] if "--" in argv else argv
        return cls("--json" in words, "-v" in words or "--verbose" in words)


def guarded(command: Callable[[], Any], asked: Asked) -> int:
    """Run a command; turn whatever it raises into one sentence and an exit code."""
    try:
        code = command()
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.Exit as end:
        return end.exit_code
    except Exception as error:
        return _tell(error, asked)
    return code if isinstance(code, int) else DONE


def _tell(error: Exception, asked: Asked) -> int:
    if asked.verbose and not isinstance(error, typer.TyperException):
        _trace(error)
    told = _plainly(error)
    told["message"] = printing.hidden(told["message"])
    if not asked.json or isinstance(error, printing.OutputFailed) or not _documented(told):
        _complain(error, told)
    return _exit_code(error)


def _documented(told: dict[str, Any]) -> bool:
    try:
        printing.document({"error": told})
    except printing.OutputFailed:
        return False
    return True


def _trace(error: Exception) -> None:
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        printing.complain(line)


def _plainly(error: Exception) -> dict[str, Any]:
    if isinstance(error, typer.TyperException):
        return {"code": "usage", "message": error.format_message(), "problems": []}
    if isinstance(error, PostcronError):
        return {"code": str(error.code), "message": error.message, "problems": _problems(error)}
    message = f"postcron has a mistake ({type(error).__name__}: {error}); -v shows where."
    return {"code": "internal_error", "message": message, "problems": []}


def _problems(error: PostcronError) -> list[dict[str, str]]:
    if not isinstance(error, DoesNotFit):
        return []
    return [{"where": p.where, "what": p.what, "do": p.do} for p in error.problems]


def _complain(error: Exception, told: dict[str, Any]) -> None:
    if github.is_here():
        _annotate(error, told["message"])
    if isinstance(error, DoesNotFit):
        for problem in error.problems:
            printing.complain(f"postcron: {problem}")
    elif isinstance(error, typer.TyperException) and "\n" in told["message"]:
        for line in told["message"].splitlines():  # no command at all: the help is the message
            printing.complain(line)
    else:
        printing.complain(f"postcron: {told['message']}")


def _annotate(error: Exception, message: str) -> None:
    problems = error.problems if isinstance(error, DoesNotFit) else ()
    said = [(one.where, f"{one.what} {one.do}".strip()) for one in problems]
    for where, what in said or [(message, message)]:
        printing.ask(github.annotation(where, printing.hidden(what)))


def _exit_code(error: Exception) -> int:
    if isinstance(error, typer.TyperException | Invalid):
        return INVALID
    return FAILED if isinstance(error, PlatformError) else CANNOT_WORK

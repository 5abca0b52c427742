"""The only place that prints errors and knows exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from postcron.cli import github, printing
from postcron.cli.signals import INTERRUPTED
from postcron.errors import DoesNotFit, Invalid, PlatformError, PostcronError

if TYPE_CHECKING:
    from postcron.model import Problem

DONE = 0
#: at least one delivery failed or is late
FAILED = 1
#: usage, configuration, or a post that does not fit
INVALID = 2
#: postcron itself cannot work: store, disk, output, or a mistake of its own
CANNOT_WORK = 3
#: at least one outcome is unknown and needs a person
UNKNOWN = 4

#: problems of one call that a person is told
MOST_TOLD = 500


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
    code = _code(command, asked)
    if code == INTERRUPTED:
        # If that struck while a string was executed (an import makes dataclasses so), CPython would end
        # by SIGINT, whatever we exit with; it forgets that when another string is executed.
        exec("")  # noqa: S102
    return code


def _code(command: Callable[[], Any], asked: Asked) -> int:
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
    return [asdict(problem) for problem in error.problems]


def _complain(error: Exception, told: dict[str, Any]) -> None:
    if isinstance(error, DoesNotFit):
        tell(error.problems)
        return
    _annotate(told["message"], told["message"])
    if isinstance(error, typer.TyperException) and "\n" in told["message"]:
        for line in told["message"].splitlines():  # no command at all: the help is the message
            printing.complain(line)
    else:
        printing.complain(f"postcron: {told['message']}")


def tell(problems: Sequence[Problem]) -> None:
    """Print a line for each problem, but no endless flood of them."""
    for problem in problems[:MOST_TOLD]:
        _annotate(problem.where, f"{problem.what} {problem.do}".strip())
        printing.complain(f"postcron: {problem}")
    if len(problems) > MOST_TOLD:
        more = len(problems) - MOST_TOLD
        printing.complain(f"postcron: and {more:,} more problems; --json has them all.")


def _annotate(where: str, what: str) -> None:
    if github.is_here():
        printing.ask(github.annotation(where, printing.hidden(what)))


def _exit_code(error: Exception) -> int:
    if isinstance(error, typer.TyperException | Invalid):
        return INVALID
    return FAILED if isinstance(error, PlatformError) else CANNOT_WORK

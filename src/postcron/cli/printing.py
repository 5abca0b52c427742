"""Writing to stdout and stderr so that neither a closed pipe nor a full disk undoes what is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from postcron.cli.visible import visible
from postcron.errors import CannotWork, Invalid


class OutputFailed(CannotWork):
    """The answer could not be written: stdout is of no use any more."""

    code = "output_failed"


#: masks what must not be seen: the streams belong to the process, and so do its secrets
_hide: Callable[[str], str] = str


def hide_with(hide: Callable[[str], str]) -> None:
    """Pass everything said about problems through `hide` from now on."""
    global _hide
    _hide = hide


def hidden(text: str) -> str:
    """Return a text about a problem with what must not be seen masked."""
    return _hide(text)


def prepare() -> None:
    """Make the three streams safe to use, whatever cron or a shell handed us."""
    hide_with(str)
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # A file opened later would take the place of a closed stream, and get its output.
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> bool:
    """Print a part of the answer; False if its reader has gone away.

    Raises `OutputFailed` when stdout cannot take it.
    """
    if sys.stdout is None:
        return True
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        return False
    except OSError as error:
        _silence(sys.stdout)
        message = f"The answer could not be written: {error.strerror}. What was done is stored."
        raise OutputFailed(message) from error
    return True


def pour(lines: Iterable[str]) -> None:
    """Print a file as it comes, in UTF-8 and with its own line ends; raises `OutputFailed`."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        for line in lines:
            sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise OutputFailed(f"The file could not be written: {error.strerror}.") from error


def write(path: Path, lines: Iterable[str], *, encoding: str = "utf-8") -> None:
    """Write a file that readers see as it was or as it is, never half; raises `Invalid`.

    A new one is for us alone, like all that we make; one that is there keeps its rights.
    """
    target = path.resolve()
    draft = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        if path.exists() and not path.is_file():  # a pipe, a terminal; a folder refuses
            _fill(path, lines, encoding)
            return
        _fill(draft, lines, encoding)
        with suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _fill(path: Path, lines: Iterable[str], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as paper:
        paper.writelines(lines)


def document(value: Mapping[str, Any]) -> bool:
    """Print the answer as `say` does, as one JSON document.

    It is ASCII, so that no terminal obeys what is in it.
    """
    import json

    return say(json.dumps(value, indent=2))


def ask(text: str) -> None:
    """Print what a person at the terminal needs to go on; an address stays whole, to be copied."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def progress(text: str) -> None:
    """Show a person at a terminal how far it is, in place of what was shown before."""
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def complain(line: str) -> None:
    """Print one line about a problem; there is nobody to tell if that fails."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(visible(hidden(line)) + "\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Send what is still buffered nowhere, or Python complains about it at the very end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return

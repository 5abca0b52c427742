"""From the words of a command line to the values an operation takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from postcron.errors import Invalid
from postcron.rules.variables import NAME

#: no platform takes a text this long: what is longer was not meant
LONGEST_TEXT = 1_000_000
LONGEST_LABEL = 100


def refuse_unreadable(argv: Sequence[str]) -> None:
    """Raise `Invalid` for a word that a terminal in another encoding has spoiled."""
    for word in argv:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise Invalid(f"{_start(word)} is not UTF-8: set LANG, or use --text-file.") from error


def moment(at: str | None, *, now: bool = False, exact: bool = False) -> str | None:
    if at is not None and now:
        raise Invalid("--at and --now say two different times: give one.", code="usage")
    if exact and at is None and not now:
        raise Invalid("--exact is about a time: say when with --at.", code="usage")
    return "now" if now else at


def text_of(text: str | None, file: Path | None) -> str | None:
    if text is not None and file is not None:
        raise Invalid("The text is given twice, as words and with --text-file: give it once.")
    if file is not None:
        return _from_file(file)
    return _from_stdin() if text == "-" else text


def _from_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return _decoded(stream, f"The text file {file}")
    except OSError as error:
        raise Invalid(f"The text file {file} cannot be read: {error.strerror}.") from error


def _from_stdin() -> str:
    if sys.stdin is None:
        raise Invalid("There is no standard input to read the text from.")
    return _decoded(sys.stdin.buffer, "The text on standard input")


def _decoded(stream: BinaryIO, named: str) -> str:
    content = stream.read(LONGEST_TEXT + 1)
    if len(content) > LONGEST_TEXT:
        raise Invalid(f"{named} is longer than {LONGEST_TEXT:,} bytes.")
    try:
        return content.decode().removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Invalid(f"{named} is not UTF-8.") from error


def _start(text: str) -> str:
    return repr(text[:40])


def key_of(key: str | None) -> str | None:
    if key is not None and not key.strip():
        raise Invalid("--key is empty: give it a name of your own, or leave it out.")
    return key


def texts_of(pairs: Sequence[str] | None) -> dict[str, str]:
    texts = {}
    for pair in pairs or ():
        account, equals, text = pair.partition("=")
        if not equals or not account:
            raise Invalid(f"--text-for {_start(pair)} must be written ACCOUNT=TEXT.")
        texts[account] = text
    return texts


def labels_of(words: Sequence[str] | None) -> tuple[str, ...]:
    """Return labels, each once; an empty one stands for none at all."""
    labels = tuple(dict.fromkeys(word.strip() for word in words or () if word.strip()))
    for label in labels:
        if len(label) > LONGEST_LABEL:
            raise Invalid(f"--label {_start(label)} is longer than {LONGEST_LABEL} characters.")
    return labels


def variables_of(pairs: Sequence[str] | None) -> dict[str, str]:
    variables = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise Invalid(f"--set {_start(pair)} must be written NAME=VALUE, like version=2.1.")
        variables[name] = value
    return variables


def options_of(words: Sequence[str] | None) -> dict[str, dict[str, str]]:
    options: dict[str, dict[str, str]] = {}
    for word in words or ():
        left, equals, value = word.partition("=")
        account, dot, name = left.rpartition(".")
        if not (equals and dot and account and name):
            raise Invalid(f"--option {_start(word)} must be written ACCOUNT.NAME=VALUE.")
        options.setdefault(account, {})[name] = value
    return options

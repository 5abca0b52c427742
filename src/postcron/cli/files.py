"""Lists of posts as files: taking them in, writing them out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from postcron.cli import failures, printing
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who
from postcron.cli.sought import Due
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.operations.import_posts import Listing

#: by the ending of a file: its format, and what separates its cells if that is given with it
ENDINGS = {
    ".csv": ("csv", None),
    ".tsv": ("csv", "\t"),
    ".jsonl": ("jsonl", None),
    ".ndjson": ("jsonl", None),
}
Format = Annotated[
    Literal["csv", "jsonl"] | None,
    typer.Option(metavar="FORMAT", help="csv or jsonl; else the ending of FILE says it."),
]


def register(app: typer.Typer) -> None:
    """Add the commands about files with many posts."""
    command(app, import_, "import")
    command(app, export)


def import_(
    how: How,
    *,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A list of posts; - reads standard input.")
    ],
    format: Format = None,
    delimiter: Annotated[
        str | None,
        typer.Option(metavar="SIGN", help="What separates the cells of CSV, if that is unclear."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Save the rows that fit, although others do not.")
    ] = False,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Rows without a key may come a second time.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Schedule a list of posts: all its rows, or none.

    CSV or JSON Lines; nothing is saved if one row does not fit, unless `--partial` says so.
    """
    from postcron.cli import render, rows
    from postcron.operations.import_posts import import_posts as operation

    with how.home() as house, _listing(file, format, delimiter) as listing:
        answer = operation(
            house,
            listing,
            actor=who(),
            dry_run=dry_run,
            partial=partial,
            duplicates=allow_duplicates,
            progress=lambda count: printing.progress(f"{count:,} rows checked"),
        )
        printing.progress("")
        here = render.Here.at(house)
    how.answer(rows.document(answer), lambda: rows.told(answer, here, rehearsed=dry_run))
    if not answer.problems:
        return failures.DONE
    if not how.json:
        failures.tell(answer.problems)
    return failures.INVALID


def export(
    how: How,
    *,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Where to; - is standard output.")
    ] = "-",
    format: Format = None,
    due: Due,
) -> int:
    """Write what is still to go out as a list that import reads."""
    from postcron.cli import rows
    from postcron.operations.export_posts import Export

    kind, _ = _format(file, format)
    if how.json and file == "-":
        message = "--json goes with a FILE: on standard output is the list itself (--format jsonl)."
        raise Invalid(message, code="usage")
    with how.home() as house:
        going = Export(house, due.filter(house), kind)
        if file == "-":
            printing.pour(going.lines())
        else:
            # By the mark at its beginning spreadsheets know UTF-8.
            encoding = "utf-8-sig" if kind == "csv" else "utf-8"
            printing.write(Path(file), going.lines(), encoding=encoding)
    if file != "-":
        how.answer(rows.exported_document(going, file), lambda: rows.exported(going, file))
    elif going.left_out:
        printing.complain(rows.left_out(going))
    return failures.DONE


@contextmanager
def _listing(file: str, format: str | None, delimiter: str | None) -> Iterator[Listing]:
    from postcron.operations.import_posts import Listing

    kind, sign = _format(file, format)
    sign = sign if delimiter is None else _sign(delimiter)
    name = "standard input" if file == "-" else file
    with _opened(file) as stream:
        yield Listing(stream, name, Path(file).parent, kind, sign)


def _format(file: str, format: str | None) -> tuple[str, str | None]:
    """Return what is in a file, and what separates its cells if that is known."""
    kind, sign = (format, None) if format else ENDINGS.get(Path(file).suffix.lower(), (None, None))
    if kind is None:
        what = "the list" if file == "-" else file
        message = f"Which format has {what}? Say it with --format csv or --format jsonl."
        raise Invalid(message, code="usage")
    return kind, sign


def _sign(delimiter: str) -> str:
    sign = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(sign) != 1 or sign in "\"\r\n'":
        raise Invalid("--delimiter is one sign, like ; or tab.", code="usage")
    return sign


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise Invalid("There is no standard input to read from.")
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below, where no other error is meant
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    with stream:
        yield stream

"""Import: a list of posts in a file becomes scheduled posts, all of them or none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from postcron.errors import DoesNotFit
from postcron.model import Problem
from postcron.operations.columns import Columns
from postcron.operations.house import House
from postcron.operations.schedule_many import Asked, ScheduledMany, schedule_many
from postcron.rules.sheets import Record, csv_records, json_records, lines


@dataclass(frozen=True)
class Listing:
    """A list of posts as it lies somewhere."""

    stream: BinaryIO
    #: what messages call it
    name: str
    #: where its media lie
    folder: Path
    #: csv or jsonl
    format: str
    delimiter: str | None = None


def import_posts(
    house: House,
    listing: Listing,
    *,
    actor: str,
    dry_run: bool = False,
    partial: bool = False,
    duplicates: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ScheduledMany:
    """Schedule every row, as `schedule_many` does; raises `Invalid` for a file that cannot be read.

    A row without a key gets one from what it says, so that the same list again changes nothing;
    with `duplicates` it gets none, and what is there already comes a second time.
    """
    columns = Columns(house, listing.folder)
    asked = _asked(_records(listing, columns), columns, duplicates=duplicates)
    return schedule_many(
        house, asked, actor=actor, dry_run=dry_run, partial=partial, progress=progress
    )


def _records(listing: Listing, columns: Columns) -> Iterator[Record | Problem]:
    text = lines(listing.stream, listing.name)
    if listing.format == "jsonl":
        return json_records(text, listing.name, columns.objections)
    return csv_records(text, listing.name, columns.objections, delimiter=listing.delimiter)


def _asked(
    records: Iterator[Record | Problem], columns: Columns, *, duplicates: bool
) -> Iterator[Asked | Problem]:
    first: dict[str, str] = {}
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        try:
            wish = columns.wish(record)
        except DoesNotFit as error:
            yield from error.problems
            continue
        if wish.key is None and not duplicates:
            wish = replace(wish, key=_key(record))
            if (there := first.setdefault(wish.key or "", record.where)) != record.where:
                yield Problem(record.where, _twice(there))
                continue
        yield Asked(wish, record.where)


def _twice(there: str) -> str:
    return (
        f"it says the same as {there}: leave one out, give each a key, or add --allow-duplicates."
    )


def _key(record: Record) -> str:
    """Return a key that stands for what a row says, in whatever order it says it."""
    said = json.dumps(sorted(record.values.items()), ensure_ascii=True)
    return f"import-{hashlib.sha256(said.encode()).hexdigest()[:32]}"

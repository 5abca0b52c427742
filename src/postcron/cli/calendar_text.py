"""The calendar in a terminal: a month as a grid, a week as a list."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from postcron.cli.render import MARKS, Line, grid, table
from postcron.rules.spans import until
from postcron.states import State

if TYPE_CHECKING:
    from postcron.operations.calendar import Calendar, Entry

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: a day of a month has room for so many deliveries at least, however low the terminal is
FEWEST = 4
NOTHING = "Nothing is due."
#: no text of a list is longer
LONGEST = 200


def month(one: Calendar) -> str:
    by_day, weeks = one.by_day(), one.days.weeks()
    names = short_names(one)
    # A head, a number and a line below for each week, the legend: the rest is room.
    room = max(FEWEST, (shutil.get_terminal_size().lines - 5) // len(weeks) - 2)
    rows = [[_cell(one, day, by_day.get(day, []), room, names) for day in week] for week in weeks]
    title = f"{one.days.first:%B %Y} ({zone(one)})"
    return "\n\n".join(filter(None, (title, grid(WEEKDAYS, rows), legend(one), coming(one))))


def _cell(
    one: Calendar, day: date, some: Sequence[Entry], room: int, names: Mapping[str, str]
) -> list[Line]:
    if day not in one.days:
        return []
    shown = some if len(some) <= room else some[: room - 1]
    number = f"{day.day} today" if day == one.today else str(day.day)
    lines: list[Line] = [(number, None)]
    lines += [(_brief(entry, names), entry.delivery.state) for entry in shown]
    return lines if len(shown) == len(some) else [*lines, (f"+{len(some) - len(shown)} more", None)]


def _brief(entry: Entry, names: Mapping[str, str]) -> str:
    """Return sign, time and what tells it from the others: the account, or of a single one the text."""
    what = names[entry.delivery.account] or first_line(entry)
    return f"{MARKS[entry.delivery.state]}{entry.at:%H:%M} {what}"


def short_names(one: Calendar) -> dict[str, str]:
    """Return what is left of accounts' names without what they all begin with: `acme-sky` is `sky`.

    Of a single one nothing is left: it need not be told from others.
    """
    names = {entry.delivery.account for entry in one.entries}
    same = os.path.commonprefix(list(names))  # noqa: RUF071 - names, not paths
    same = same[: same.rfind("-") + 1] if len(names) > 1 else same
    return {name: name.removeprefix(same) for name in names}


def week(one: Calendar) -> str:
    monday = one.days.first
    title = f"Week {monday:%V}, {spoken(monday)} to {spoken(one.days.last)} {one.days.last.year}"
    heads = ("DAY", "TIME", "STATE", "ACCOUNT", "DUE", "ID", "TEXT")
    listed = table(heads, _rows(one), colours=2, cut=6)
    return "\n\n".join(
        filter(
            None, (f"{title} ({zone(one)})", listed, "" if one.entries else NOTHING, coming(one))
        )
    )


def _rows(one: Calendar) -> Iterator[tuple[str, ...]]:
    for day, some in one.by_day().items():
        name = f"{day:%a} {day.day}" + (" today" if day == one.today else "")
        if not some:
            yield (name, *("" for _ in range(6)))
        for entry in some:
            delivery = entry.delivery
            due = until(entry.at, one.now)
            clock = f"{entry.at:%H:%M}" + (f" {entry.at:%Z}" if one.by_account else "")
            yield (
                *(name, clock, str(delivery.state), delivery.account, due, delivery.ref),
                first_line(entry)[:LONGEST],
            )
            name = ""


def zone(one: Calendar) -> str:
    return "each account's own zone" if one.by_account else one.zone.key


def spoken(day: date) -> str:
    return f"{day.day} {day:%B}"


def first_line(entry: Entry) -> str:
    lines = entry.text.strip().splitlines()
    names = (attachment.name for attachment in entry.post.attachments)
    return lines[0] if lines else next(names, "")


def legend(one: Calendar) -> str:
    """Return what the signs mean that are to be seen, and how many of each there are."""
    counts = Counter(entry.delivery.state for entry in one.entries)
    signs = [f"{MARKS[state]} {counts[state]} {state}" for state in State if counts[state]]
    # A line ends only between them.
    told = textwrap.fill("   ".join(sign.replace(" ", "\xa0") for sign in signs), 80)
    return told.replace("\xa0", " ") or NOTHING


def coming(one: Calendar) -> str:
    """Return what is not to be seen here, because its posts are made two days ahead."""
    if not one.coming:
        return ""
    ids = ", ".join(map(str, sorted({each.series_id for each in one.coming})))
    count = "1 more is" if len(one.coming) == 1 else f"{len(one.coming)} more are"
    return f"{count} still to be made of series {ids}: `postcron series` names the next."


def document(one: Calendar) -> dict[str, Any]:
    """Return the calendar for a program: every day, those without deliveries too."""
    from postcron.cli.documents import moment

    return {
        "first": one.days.first.isoformat(),
        "last": one.days.last.isoformat(),
        "timezone": None if one.by_account else one.zone.key,
        "complete": not one.cut,
        "coming": [{"series": each.series_id, "at": moment(each.at)} for each in one.coming],
        "days": [
            {"day": day.isoformat(), "deliveries": [_entry(entry) for entry in some]}
            for day, some in one.by_day().items()
        ],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    from postcron.cli.documents import delivery

    return delivery(entry.delivery) | {
        "local": entry.at.isoformat(),
        "text": entry.text,
        "type": str(entry.post.type),
        "campaign": entry.post.campaign,
        "media": [each.file.sha256 for each in entry.post.attachments],
    }

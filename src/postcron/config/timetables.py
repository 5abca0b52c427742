"""When an account speaks: the rules of its platform's table, each replaced by one of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from postcron.config.tables import Table
from postcron.errors import Invalid
from postcron.rules.blackouts import Blackout, blackout, leave_no_day
from postcron.rules.placing import LONGEST_WAIT, Timetable
from postcron.rules.slots import slot
from postcron.rules.spans import spell
from postcron.rules.windows import Window, overlapping, window

T = TypeVar("T")

MOST: Final = 10_000


def timetables(
    accounts: Mapping[str, Table], platforms: Mapping[str, Table]
) -> dict[str, Timetable]:
    """Return when each account speaks; raises `ConfigInvalid`, also for platforms nobody uses."""
    general = {name: _given(table) for name, table in platforms.items()}
    return {
        name: Timetable(**(general.get(table.text("platform") or "", {}) | _given(table)))
        for name, table in accounts.items()
    }


def _given(table: Table) -> dict[str, Any]:
    """Return the windows, blackouts, gap, cap and slots that stand in a table."""
    given = {
        "windows": _windows(table),
        "blackouts": _blackouts(table),
        "min_gap": _gap(table),
        "daily_cap": table.number("daily_cap", least=1, most=MOST),
        "slots": _each(table, "slots", slot),
    }
    return {name: value for name, value in given.items() if value is not None}


def _windows(table: Table) -> tuple[Window, ...] | None:
    windows = _each(table, "window", window)
    if windows is not None and not windows:
        raise table.invalid("window", 'is empty; the whole day is written "00:00-24:00".')
    if (clash := overlapping(windows or ())) is not None:
        raise table.invalid("window", f"is not clear: {clash}; write one of them shorter.")
    return windows


def _blackouts(table: Table) -> tuple[Blackout, ...] | None:
    blackouts = _each(table, "blackout", blackout)
    if blackouts and leave_no_day(blackouts):
        raise table.invalid("blackout", "leaves no day of the year.")
    return blackouts


def _gap(table: Table) -> timedelta | None:
    gap = table.span("min_gap")
    if gap is not None and gap > LONGEST_WAIT:
        raise table.invalid(
            "min_gap", f"is longer than {spell(LONGEST_WAIT)}: nobody waits for it."
        )
    return gap


def _each(table: Table, key: str, read: Callable[[str], T]) -> tuple[T, ...] | None:
    texts = table.texts(key)
    try:
        return None if texts is None else tuple(read(text) for text in texts)
    except Invalid as error:
        raise table.invalid(key, f"cannot be understood: {error}") from error

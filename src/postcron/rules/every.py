"""How often, in plain words: `weekday 09:00`, `2 weeks friday 17:00`, `month last friday 17:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from postcron.errors import Invalid
from postcron.rules.moments import CLOCK, WEEKDAYS, clock

EXAMPLES: Final = (
    "day 09:00, weekday 09:00, mon,thu 9am, 2 weeks friday 17:00, month 1st 10:00, "
    "month last friday 17:00, or hour"
)
_PLACES: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1,
    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5,
}  # fmt: skip
#: words that make a sentence and say nothing
_FILLING: Final = re.compile(r"\b(?:every|each|on|at|the|of)\b")
_EVERY: Final = re.compile(
    r"(?:(?:(?P<n>[0-9]{1,3}) )?(?P<unit>hour|day|week|month)s?\b)?"
    rf"(?P<which>.*?)(?:(?:^|(?<= ))(?P<clock>{CLOCK}))?"
)
_DATE: Final = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")


def rule_of(text: str) -> str:
    """Return the recurrence rule (RFC 5545) that plain words mean; raises `Invalid`."""
    match = _EVERY.fullmatch(" ".join(_FILLING.sub(" ", text.lower()).split()))
    if match is None:
        raise _unknown(text)
    unit, which = match["unit"] or "week", match["which"].strip()
    days = {"week": _of_week, "month": _of_month}.get(unit, _of_none)(which)
    if days is None:
        raise _unknown(text)
    if (unit == "hour") is (match["clock"] is not None):
        why = "an hour has no time of day" if match["clock"] else "add a time, like 09:00"
        raise Invalid(f"{text[:60]!r} is no rule to repeat by: {why}.")
    frequency = {"hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY"}[unit]
    steps = f"INTERVAL={int(match['n'])}" if match["n"] else ""
    parts = (f"FREQ={frequency}", steps, days, _time(match["clock"]))
    return ";".join(part for part in parts if part)


def _unknown(text: str) -> Invalid:
    return Invalid(f"{text[:60]!r} is no rule to repeat by; write it like {EXAMPLES}.")


def _time(words: str | None) -> str:
    if words is None:
        return ""
    at = clock(words)
    exact = f";BYSECOND={at.second}" if at.second else ""
    return f"BYHOUR={at.hour};BYMINUTE={at.minute}{exact}"


def _of_none(which: str) -> str | None:
    return None if which else ""


def _of_week(which: str) -> str | None:
    days = days_of(which)
    return _by_day(days) if days else None


def _of_month(which: str) -> str | None:
    place, _, name = which.partition(" ")
    if name in {"weekday", "weekend"} and place in _PLACES:
        return f"{_by_day(days_of(name) or ())};BYSETPOS={_PLACES[place]}"
    if name in WEEKDAYS and place in _PLACES:
        return f"BYDAY={_PLACES[place]}{_code(WEEKDAYS.index(name))}"
    if place == "last" and name in {"", "day"}:
        return "BYMONTHDAY=-1"
    date = _DATE.fullmatch(which.removesuffix(" day"))
    return f"BYMONTHDAY={int(date[1])}" if date and 1 <= int(date[1]) <= 31 else None


def days_of(text: str) -> tuple[int, ...] | None:
    """Return the days of the week that `mon,thu`, `mon-fri` or `weekday` names, Monday being 0."""
    found: set[int] = set()
    for part in re.split(r"(?:,| and |\s)\s*", text):
        first, dash, last = part.partition("-")
        some = {"weekday": range(5), "weekend": range(5, 7)}.get(part.removesuffix("s"))
        if some is None:
            start, end = _day(first), _day(last) if dash else _day(first)
            if start is None or end is None:
                return None
            some = range(start, start + (end - start) % 7 + 1)
        found |= {day % 7 for day in some}
    return tuple(sorted(found))


def _day(word: str) -> int | None:
    """Return which day a word names: three letters are enough, and there may be many of them."""
    short = (word, word.removesuffix("s"))
    named = [n for n, day in enumerate(WEEKDAYS) for w in short if len(w) > 2 and day.startswith(w)]
    return named[0] if named else None


def _by_day(days: Iterable[int]) -> str:
    return f"BYDAY={','.join(map(_code, days))}"


def _code(day: int) -> str:
    return WEEKDAYS[day][:2].upper()

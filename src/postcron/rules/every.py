"""How often, in plain words: `weekday 09:00`, `2 weeks friday 17:00`, `month last friday 17:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from postcron.errors import Invalid
from postcron.rules.moments import CLOCK, clock
from postcron.rules.weekly import WEEKDAYS, days

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
    which_days = {"week": _of_week, "month": _of_month}.get(unit, _of_none)(which)
    if which_days is None:
        raise _unknown(text)
    if (unit == "hour") is (match["clock"] is not None):
        why = "an hour has no time of day" if match["clock"] else "add a time, like 09:00"
        raise Invalid(f"{text[:60]!r} is no rule to repeat by: {why}.")
    frequency = {"hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY"}[unit]
    steps = f"INTERVAL={int(match['n'])}" if match["n"] else ""
    parts = (f"FREQ={frequency}", steps, which_days, _time(match["clock"]))
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
    named = re.sub(r",? and |,? +", ",", which)
    try:
        return _by_day(days(re.sub(r"days\b", "day", named)))
    except Invalid:
        return None


def _of_month(which: str) -> str | None:
    place, _, name = which.partition(" ")
    if name in {"weekday", "weekend"} and place in _PLACES:
        return f"{_by_day(days(name))};BYSETPOS={_PLACES[place]}"
    if name in WEEKDAYS and place in _PLACES:
        return f"BYDAY={_PLACES[place]}{_code(WEEKDAYS.index(name))}"
    if place == "last" and name in {"", "day"}:
        return "BYMONTHDAY=-1"
    date = _DATE.fullmatch(which.removesuffix(" day"))
    return f"BYMONTHDAY={int(date[1])}" if date and 1 <= int(date[1]) <= 31 else None


def _by_day(some: Iterable[int]) -> str:
    return f"BYDAY={','.join(map(_code, sorted(some)))}"


def _code(day: int) -> str:
    return WEEKDAYS[day][:2].upper()

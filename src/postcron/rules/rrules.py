"""Recurrence rules as RFC 5545 writes them: every part known, every value one it may have.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dateutil.rrule import rrulestr

from postcron.errors import Invalid

#: a rule may not be due more often than this within a day
MOST_A_DAY: Final = 24
MOST_INTERVAL: Final = 1000

#: of each part of a rule that lists numbers, the least and the most
_NUMBERS: Final = {
    "BYSECOND": (0, 59), "BYMINUTE": (0, 59), "BYHOUR": (0, 23), "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366), "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
}  # fmt: skip
_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)")
_KNOWN: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_NUMBERS}
_FREQUENCIES: Final = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def pairs(rule: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rule.split(";"))


def joined(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def understood(rule: str) -> dict[str, str]:
    """Return the parts of a rule by name; raises `Invalid` for one that dateutil would not bear."""
    text = "".join(rule.upper().split()).removeprefix("RRULE:").rstrip(";")
    names = [part.partition("=")[0] for part in text.split(";")]
    for name in names:
        if name not in _KNOWN:
            raise _not_a_rule(rule, f"{name[:20]!r} is no part of one")
        if text.count(f"{name}=") - text.count(f"BY{name}=") != 1:
            raise _not_a_rule(rule, f"{name} must have one value")
    parts = pairs(text)
    if parts.get("FREQ") in {"SECONDLY", "MINUTELY"}:
        raise too_often(text)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise _not_a_rule(rule, f"FREQ must be one of {', '.join(_FREQUENCIES)}")
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise _not_a_rule(rule, "COUNT and UNTIL are two ends")
    number("INTERVAL", parts.get("INTERVAL", "1"), MOST_INTERVAL)
    for name, value in parts.items():
        if not _sound(name, value, parts):
            raise _not_a_rule(rule, f"{name} cannot be {value[:20]!r}")
    try:
        rrulestr(joined(leaving_out(parts, "COUNT", "UNTIL")), dtstart=datetime(2026, 1, 1))  # noqa: DTZ001
    except ValueError as error:
        raise _not_a_rule(rule, str(error)) from error
    return parts


def _sound(name: str, value: str, parts: Mapping[str, str]) -> bool:
    """Say whether a part has values it may have; dateutil believes them, and loops or fails."""
    some = value.split(",")
    if name == "WKST":
        return len(value) == 2 and _DAY.fullmatch(value) is not None
    if name == "BYDAY":
        days = [_DAY.fullmatch(one) for one in some]
        most = {"MONTHLY": 5, "YEARLY": 5 if "BYMONTH" in parts else 53}.get(parts["FREQ"], 0)
        return all(day and 0 < abs(int(day[1] or 1)) <= (most or not day[1]) for day in days)
    if name not in _NUMBERS:
        return True
    least, most = _NUMBERS[name]
    given = [int(one) for one in some if re.fullmatch(r"[+-]?[0-9]{1,3}", one)]
    return len(given) == len(some) and all(
        least <= one <= most and (one or least == 0) for one in given
    )


def _not_a_rule(rule: str, why: str) -> Invalid:
    message = f"{rule[:200]!r} is no recurrence rule ({why}); write it like FREQ=WEEKLY;BYDAY=MO;BYHOUR=9."
    return Invalid(message)


def leaving_out(parts: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in parts.items() if name not in names}


def number(name: str, text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Invalid(f"{name} is {text[:20]}, but must be from 1 to {most}.")
    return int(text)


def too_often(rule: str) -> Invalid:
    return Invalid(f"{rule[:200]} comes too often: {MOST_A_DAY} times in a day is the most.")

"""When: ISO 8601, a few plain words, or a length of time. A small grammar, and never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from postcron.errors import Invalid
from postcron.rules.spans import exactly, match_span, until
from postcron.rules.weekly import WEEKDAYS
from postcron.rules.zones import local, zone_of

EXAMPLES: Final = (
    "now, 2h30m, in 3 days, today 18:00, tomorrow 9am, friday 18:30, "
    "2026-11-20T18:00 or 2026-11-20T18:00+01:00"
)
NOW: Final = "now"

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
#: a time of day, as `clock` reads it
CLOCK: Final = rf"{_CLOCK}|[0-9]{{1,2}}(?::[0-9]{{2}})? ?[ap]m"
_ISO: Final = re.compile(
    rf"(?P<date>{_DATE})[t ](?P<clock>{_CLOCK}) ?(?P<offset>z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
)
_WORDS: Final = re.compile(
    rf"(?P<day>{_DATE}|today|tomorrow|(?:next )?(?:{'|'.join(WEEKDAYS)}))"
    rf"(?:(?:t| at | )(?P<time>{CLOCK}))?"
)
_SPAN: Final = re.compile(r"(?:in |\+ ?)?(?P<span>.+)")


@dataclass(frozen=True)
class Moment:
    """An instant, and how it follows from what was written."""

    at: datetime
    reason: str

    @property
    def is_now(self) -> bool:
        """Say whether somebody wants it at once, and not at a moment that happens to be now."""
        return self.reason == NOW

    def spaced(self, before: datetime, gap: timedelta) -> Moment:
        """Return the moment, or the first that is so far from another one before it."""
        if self.at >= before + gap:
            return self
        return Moment(before + gap, f"{exactly(gap)} after the one before")


def require_shown_everywhere(at: datetime) -> None:
    """Raise `OverflowError` for a moment for which some zones have no date any more."""
    at + timedelta(days=1)


def parse(text: str, *, now: datetime, zone: str) -> Moment:
    """Return the moment that `text` names, local times being those of `zone`.

    A weekday is the first such day whose time is still ahead, today included; `next` leaves today
    out. Lengths of time are elapsed time: a day is 24 hours. Raises `Invalid` for what is past, for
    a local time that exists never or twice, and for everything else it does not understand.
    """
    place = zone_of(zone)
    words = " ".join(text.lower().split())
    if words == NOW:
        return Moment(now, NOW)
    try:
        moment = _elapsed(words, now) or _instant(words) or _local(words, now, place)
        if moment is not None:
            require_shown_everywhere(moment.at)
    except OverflowError as error:
        raise Invalid(f"{_shown(text)} is too far away for a calendar.") from error
    if moment is None:
        raise Invalid(f"{_shown(text)} is not a time; write it like {EXAMPLES}.")
    if moment.at < now:
        ago = until(moment.at, now)
        raise Invalid(
            f"{_shown(text)} is {'past' if ago == 'now' else ago}; give a moment ahead, or now.",
            code="in_the_past",
        )
    return moment


def _elapsed(words: str, now: datetime) -> Moment | None:
    match = _SPAN.fullmatch(words)
    span = match_span(match["span"]) if match else None
    return Moment(now + span, f"in {match['span']}") if match and span is not None else None


def _instant(words: str) -> Moment | None:
    match = _ISO.fullmatch(words)
    if match is None:
        return None
    wall = datetime.combine(_date(match["date"]), clock(match["clock"]))
    offset = datetime.strptime(match["offset"].upper(), "%z").tzinfo
    return Moment(wall.replace(tzinfo=offset).astimezone(UTC), "the moment asked for")


def _local(words: str, now: datetime, zone: ZoneInfo) -> Moment | None:
    match = _WORDS.fullmatch(words)
    if match is None:
        return None
    if match["time"] is None:
        raise Invalid(f"{_shown(words)} is a whole day: add a time, like {words} 18:00.")
    of_day = clock(match["time"])
    today = now.astimezone(zone).date()
    day = _day(match["day"], today)
    at = local(datetime.combine(day, of_day), zone)
    if at < now and match["day"] in WEEKDAYS:
        at = local(datetime.combine(day + timedelta(days=7), of_day), zone)
    return Moment(at, told(at, zone))


def told(at: datetime, zone: ZoneInfo) -> str:
    """Return what clocks in a zone show at a moment: `monday 2026-11-23 09:00 in Europe/Rome`."""
    wall = at.astimezone(zone)
    shown = f"{wall:%H:%M:%S}".removesuffix(":00")
    return f"{WEEKDAYS[wall.weekday()]} {wall.date()} {shown} in {zone.key}"


def wall(text: str, *, today: date, without: time) -> datetime:
    """Return what a clock shows at `tomorrow 9am`, or at the time `without` one on that day.

    Raises `Invalid` for everything that is not a day, with or without a time.
    """
    words = " ".join(text.lower().split())
    match = _WORDS.fullmatch(words)
    if match is None:
        raise Invalid(f"{_shown(text)} is not a day; write it like 2026-11-20, tomorrow or monday.")
    of_day = without if match["time"] is None else clock(match["time"])
    return datetime.combine(_day(match["day"], today), of_day)


def _day(word: str, today: date) -> date:
    if word == "today":
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    name = word.removeprefix("next ")
    if name not in WEEKDAYS:
        return _date(word)
    ahead = (WEEKDAYS.index(name) - today.weekday()) % 7
    return today + timedelta(days=7 if word != name and ahead == 0 else ahead)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"There is no day {text}: {error}.") from error


def clock(text: str) -> time:
    """Return the time of day that `CLOCK` matched; raises `Invalid` for one that is not on a clock."""
    digits, half = (text[:-2].strip(), text[-2:]) if text.endswith("m") else (text, "")
    hour, _, rest = digits.partition(":")
    try:
        return time.fromisoformat(f"{_hour(int(hour), half):02}:{rest or '00'}")
    except ValueError as error:
        raise Invalid(f"There is no time {text}: {error}.") from error


def _hour(hour: int, half: str) -> int:
    if not half and hour < 24:
        return hour
    if not half:
        raise ValueError("the hour is 0 to 23")
    if not 1 <= hour <= 12:
        raise ValueError("with am and pm the hour is 1 to 12")
    return hour % 12 + (12 if half == "pm" else 0)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")

"""Best times: how good each hour of the week is for an account, by how its own posts did.

The estimate is simple on purpose. What a post had in its first week counts as the logarithm of its
interactions, so that one great success does not decide alone. An hour's worth is the mean of its posts,
drawn towards the mean of all as if `PRIOR` more posts had done just so: an hour that was tried once says
little. Hours that were never tried are not guessed at. With too few posts nothing is said at all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from postcron.model import Hour, Result
from postcron.rules.weekly import DAY
from postcron.rules.zones import resolved

#: fewer posts, or posts of fewer weeks, or of fewer hours say nothing
MIN_POSTS: Final = 20
MIN_SPAN: Final = timedelta(days=28)
MIN_HOURS: Final = 4
#: posts older than this say nothing any more
OLDEST: Final = timedelta(days=180)
#: what a post had at an age between these counts: its first week, as far as it was asked about
FIRST: Final = timedelta(hours=20)
LAST: Final = timedelta(days=8)
PRIOR: Final = 3
#: what readers did; views and reach say more about the platform
INTERACTIONS: Final = frozenset({"likes", "comments", "shares", "quotes", "saves", "clicks"})
#: an hour is looked for so far ahead, a week at a time
WEEKS: Final = 8


@dataclass(frozen=True)
class Hours:
    """How good the hours of an account's week are, and who says so; or why nobody does."""

    hours: Sequence[Hour] = ()
    #: for people: by whom, or why not
    by: str = ""


def telling(results: Collection[Result]) -> list[Result]:
    """Return the results that say what readers did."""
    return [one for one in results if INTERACTIONS & one.numbers.keys()]


def too_few(results: Sequence[Result], zone: ZoneInfo) -> str | None:
    """Say what there is if it is too little for an estimate; None if it is enough."""
    moments = [one.at for one in results]
    days = (max(moments) - min(moments)).days if moments else 0
    hours = len({_hour(one.at, zone) for one in results})
    if len(results) >= MIN_POSTS and days >= MIN_SPAN.days and hours >= MIN_HOURS:
        return None
    return (
        f"an estimate needs {MIN_POSTS} measured posts over {MIN_SPAN.days} days at {MIN_HOURS} "
        f"hours of the week, and there are {len(results)} over {days} days at {hours}"
    )


def estimated(results: Sequence[Result], zone: ZoneInfo) -> list[Hour]:
    """Return the hours that were tried, each with its worth; there must be results."""
    by_hour: dict[tuple[int, int], list[float]] = defaultdict(list)
    for one in results:
        by_hour[_hour(one.at, zone)].append(_success(one.numbers))
    mean = sum(map(sum, by_hour.values())) / len(results)
    return [
        Hour(*hour, (sum(some) + PRIOR * mean) / (len(some) + PRIOR))
        for hour, some in by_hour.items()
    ]


def _hour(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    local = at.astimezone(zone)
    return local.weekday(), local.hour


def _success(numbers: Mapping[str, int]) -> float:
    return math.log1p(sum(max(numbers[name], 0) for name in INTERACTIONS & numbers.keys()))


def better_half(hours: Collection[Hour]) -> list[Hour]:
    """Return the hours that are no worse than the one in the middle."""
    ranked = sorted(hours, key=lambda hour: -hour.worth)
    return [hour for hour in ranked if hour.worth >= ranked[len(ranked) // 2].worth]


def best(
    hours: Collection[Hour], zone: ZoneInfo, *, since: datetime, free: Callable[[datetime], bool]
) -> datetime | None:
    """Return the best free moment: of the first week that has one the best hour, then the earliest."""
    good = better_half(hours)
    for week in range(WEEKS):
        begins = since + week * 7 * DAY
        moments = [(-hour.worth, at) for hour in good for at in _moments(hour, zone, begins)]
        found = next((at for _, at in sorted(moments) if free(at)), None)
        if found is not None:
            return found
    return None


def _moments(hour: Hour, zone: ZoneInfo, since: datetime) -> Iterator[datetime]:
    """Yield the moment of the week since an instant at which an hour begins."""
    today = since.astimezone(zone).date()
    for ahead in range(8):
        day = today + ahead * DAY
        at = resolved(datetime.combine(day, time(hour.hour)), zone)
        if day.weekday() == hour.weekday and since <= at < since + 7 * DAY:
            yield at

"""A simulated year in every zone: posts at local times, told and sent at the one right instant.

The judge is dateutil's reading of the zone files, another program than the one postcron uses: it
lists the stretches of the year in which a zone keeps one offset, and from them every instant at
which clocks there show a given time: none in a gap, two where clocks go back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import TZPATH, available_timezones

from dateutil.tz import tzfile

from postcron.errors import Invalid
from postcron.operations.publish import publish
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.rules import moments
from tests.operations.stage import Stage, build, close_all
from tests.oracle import Evidence, Shown, breaches
from tests.proof.figures import Figures

BEGIN, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
#: what people choose on any day
USUAL = ("00:00", "09:00", "18:30")
#: how far around a change of clocks every quarter of an hour is tried
AROUND = timedelta(hours=3)
#: a call may leave so much after its second
PROMPT = timedelta(seconds=1)


@dataclass(frozen=True)
class Stretch:
    """A part of the year in which a zone keeps one offset."""

    begin: datetime
    end: datetime
    offset: timedelta

    def instant(self, wall: datetime) -> datetime | None:
        """Return when clocks show this within the stretch."""
        at = wall.replace(tzinfo=UTC) - self.offset
        return at if self.begin <= at < self.end else None


def stretches(zone: str) -> list[Stretch]:
    """Return the year of a zone, a little more on both sides, as dateutil reads it."""
    reader = _reader(zone)
    first, last = BEGIN - timedelta(days=3), END + timedelta(days=3)
    found, begin = [], first
    while begin < last:
        end = _change(reader, begin, last)
        found.append(Stretch(begin, end, _offset(reader, begin)))
        begin = end
    return found


def _reader(zone: str) -> tzfile:
    for folder in TZPATH:
        if (path := Path(folder, zone)).is_file():
            return tzfile(str(path))
    data = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    return tzfile(BytesIO(data))


def _offset(reader: tzfile, at: datetime) -> timedelta:
    # Not utcoffset(): dateutil confuses the two readings where winter is the exception (Dublin).
    return at.astimezone(reader).replace(tzinfo=UTC) - at


def _change(reader: tzfile, begin: datetime, last: datetime) -> datetime:
    """Return the minute at which the offset changes next, by days and then by halves."""
    offset, day = _offset(reader, begin), timedelta(days=1)
    while _offset(reader, min(begin + day, last)) == offset:
        begin += day
        if begin >= last:
            return last
    end = min(begin + day, last)
    while end - begin > timedelta(minutes=1):
        middle = begin + timedelta(minutes=(end - begin) // timedelta(minutes=2))
        begin, end = (begin, middle) if _offset(reader, middle) != offset else (middle, end)
    return end


def walls(year: list[Stretch]) -> Iterator[datetime]:
    """Return what clocks on walls shall show: the usual times of each day, and all around changes."""
    for number in range(1, 364):
        day = (BEGIN + timedelta(days=number)).date()
        for clock in USUAL:
            yield datetime.fromisoformat(f"{day} {clock}")
    yield from around_changes(year)


def around_changes(year: list[Stretch]) -> Iterator[datetime]:
    for before, after in pairwise(year):
        if BEGIN + AROUND * 8 < before.end < END - AROUND * 8:
            start = min(before.end + before.offset, after.begin + after.offset).replace(tzinfo=None)
            for quarter in range(-12, 13):
                yield start + timedelta(minutes=15 * quarter)


def misread(zone: str, year: list[Stretch]) -> Iterator[str]:
    """Return every local time that postcron reads otherwise than the judge."""
    for wall in walls(year):
        right = [at for stretch in year if (at := stretch.instant(wall)) is not None]
        try:
            given = moments.parse(wall.isoformat(" "), now=BEGIN, zone=zone).at
        except Invalid as refused:
            if len(right) == 1 or refused.code != "twice_or_never":
                yield f"{wall} in {zone} is {right[0]}, and was refused: {refused.message}"
            elif not all(_offered(at, refused.message) for at in right):
                yield f"{wall} in {zone} is {right}, and was offered as {refused.message}"
        else:
            if right != [given]:
                yield f"{wall} in {zone} is {right}, and was read as {given}"


def _offered(at: datetime, message: str) -> bool:
    words = message.replace(";", " ").rstrip(".").split()
    readings = [word for word in words if word[:4].isdigit() and "T" in word]
    return at in [datetime.fromisoformat(word) for word in readings]


def lived(stage: Stage, zone: str, year: list[Stretch], random: Random, most: int) -> list[str]:
    """Schedule posts around the changes, jump from each moment to the next; return what is wrong."""
    chosen = list(around_changes(year)) or [datetime.fromisoformat(f"{BEGIN.date()} 09:00")]
    due: dict[str, datetime] = {}
    for number, wall in enumerate(random.sample(chosen, min(most, len(chosen)))):
        right = [at for stretch in year if (at := stretch.instant(wall)) is not None]
        if len(right) == 1 and right[0] >= BEGIN:
            wish = Wish(f"post {number}", ["acme"], wall.isoformat(" "), zone)
            schedule(stage.house, wish, actor="me")
            due[f"post {number}"] = right[0]
    for at in sorted(due.values()):
        stage.clock.advance(at - timedelta(seconds=3) - stage.clock.now())
        publish(stage.house)
    return [*_unpunctual(stage, due), *_judged(stage)]


def _unpunctual(stage: Stage, due: dict[str, datetime]) -> Iterator[str]:
    at = {one.text: one.at for one in stage.remote.live}
    if at.keys() != due.keys():
        yield f"6 {at.keys() ^ due.keys()} did not go out, or were never asked for"
    for text in at.keys() & due.keys():
        if not due[text] <= at[text] <= due[text] + PROMPT:
            yield f"6 {text} was due {due[text]}, and went out {at[text]}"


def _judged(stage: Stage) -> list[str]:
    live = [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]
    return breaches(Evidence(stage.house.store, live, stage.clock.now()))


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Live a year in `count` zones (all of them, if there are fewer), in an order of this seed."""
    random = Random(seed)
    zones = sorted(available_timezones())
    random.shuffle(zones)
    for zone in zones[:count]:
        year = stretches(zone)
        with tempfile.TemporaryDirectory(dir=folder) as room:
            stage = build(Path(room), at=BEGIN)
            wrong = lived(stage, zone, year, random, 6)
            figures.published += len(stage.remote.live)
            close_all()
        figures.counted["local times"] += sum(1 for _ in walls(year))
        figures.counted["changes of clocks"] += len(year) - 1
        figures.add(f"{zone}, seed {seed}", [f"6 {what}" for what in misread(zone, year)] + wrong)

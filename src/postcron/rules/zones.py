"""Time zones by their IANA name, and local times that exist exactly once."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from postcron.errors import Invalid


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that name; raises `Invalid` naming the nearest ones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = nearest_zones(name)
        hint = f"did you mean {' or '.join(near)}?" if near else "write it like Europe/Rome."
        message = f"There is no time zone {name[:60]!r}: {hint}"
        raise Invalid(message, code="unknown_zone") from error


def nearest_zones(name: str) -> list[str]:
    """Return up to three zones somebody who wrote this may mean: by city first, then by spelling."""
    wanted = name.strip().replace(" ", "_").lower()
    zones = {zone.lower(): zone for zone in sorted(available_timezones())}
    by_city = [zone for low, zone in zones.items() if wanted == low.rpartition("/")[2]]
    by_name = [zones[low] for low in difflib.get_close_matches(wanted, zones, n=3)]
    return list(dict.fromkeys(by_city + by_name))[:3]


def resolved(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that a rule means by a local time, as RFC 5545 (3.3.5) reads it.

    Of a time that happens twice the first; one that is skipped is read with the offset before the
    gap, so that 02:30 becomes 03:30. What a person types once is refused instead: see `local`.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the one instant at which clocks in the zone show `wall`.

    Raises `Invalid` with both readings, ready to copy, if that happens never or twice.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    readings = " or ".join(at.astimezone(zone).isoformat() for at in sorted((first, second)))
    exists = first.astimezone(zone).replace(tzinfo=None) == wall
    what = "happens twice" if exists else "does not exist"
    turn = "back" if exists else "forward"
    raise Invalid(
        f"{wall.isoformat(' ')} {what} in {zone.key}, where clocks go {turn}: give {readings}.",
        code="twice_or_never",
    )

"""Seeing: what a platform said is live is asked for once more, because it may have been wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.errors import Invalid, PostcronError
from postcron.model import Act, Delivery, Filter, Move, Outcome, Sight, Sighting
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.settings import act
from postcron.platforms.base import Visits
from postcron.rules import backoff
from postcron.states import Step

#: so long after the answer it is asked for: listings and caches have caught up
FIRST_VISIT = timedelta(seconds=30)
#: after each miss but the last: three within ten minutes, at a run a minute
AGAIN = (timedelta(minutes=2), timedelta(minutes=4))
NOT_ABLE = "This platform cannot be asked for a single post."


def first_visit(house: House, delivery: Delivery, published_at: datetime) -> datetime | None:
    """Return when to ask for what was answered to be live; None where nobody can be asked."""
    try:
        account = house.account(delivery.account)
        able = hasattr(house.platform_class(account), "visit")
        able = able and act(house, account) is not Act.BLIND
    except Invalid:
        return None
    return published_at + FIRST_VISIT if able else None


def visited(house: House, doors: Doors, delivery: Delivery, address: str) -> Sighting:
    """Ask the platform for one post; whatever keeps us from asking is UNCLEAR, with the reason."""
    try:
        platform = doors.reader(house.account(delivery.account))
        if not isinstance(platform, Visits):
            return Sighting(Sight.UNCLEAR, NOT_ABLE)
        return platform.visit(address)
    except PostcronError as error:
        return Sighting(Sight.UNCLEAR, f"The platform could not be read: {error.message}")


def see(house: House, doors: Doors, delivery: Delivery) -> Move:
    """Visit a published post, and return the step that follows from what is there."""
    sighting = visited(house, doors, delivery, delivery.remote_id or "")
    now = house.store.now()
    detail = {"sight": sighting.sight, "why": sighting.why}
    if sighting.sight is Sight.LIVE:
        # Some platforms give the address only to who asks for the post: never at the second.
        url = delivery.url or (sighting.receipt.url if sighting.receipt else None)
        return Move(delivery, Step.SEEN, None, {"seen_at": now, "url": url}, detail=detail)
    if sighting.sight is not Sight.GONE:
        # Never an alarm because of a platform that cannot be read: in the end it stays unseen.
        again = backoff.next_look(delivery.published_at or now, now)
        return Move(delivery, Step.LOOKED, again, detail=detail)
    seen = [sight for _, sight in looks(house, delivery, delivery.published_at)]
    misses = seen.count(Sight.GONE)
    if misses < len(AGAIN):
        return Move(delivery, Step.LOOKED, now + AGAIN[misses], detail=detail)
    return _vanished(delivery, sighting)


def looks(
    house: House, delivery: Delivery, since: datetime | None
) -> tuple[tuple[datetime, str], ...]:
    """Return when it was looked for and what that showed, oldest first."""
    looked = Filter(post_id=delivery.post_id, kinds=frozenset({Step.LOOKED}), since=since)
    return tuple(
        (event.at, str(event.detail.get("sight")))
        for event in house.store.events(looked, limit=500, newest_first=False)
        if event.delivery_id == delivery.id
    )


def _vanished(delivery: Delivery, sighting: Sighting) -> Move:
    why = f"The platform said that it is live, and does not show it: {sighting.why}"
    return Move(
        delivery,
        Step.VANISHED,
        wake_at=None,
        set={"error_code": "vanished", "error": why},
        close=Outcome.UNKNOWN,
        detail={"sight": sighting.sight, "why": why},
    )

"""Listing: pages of deliveries and of the ledger, between moments as people write them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from postcron.errors import Invalid, NotFound
from postcron.model import Account, AccountState, Filter, LedgerEvent, Page, Pause, Scope
from postcron.operations import under_pause
from postcron.operations.house import House
from postcron.operations.selecting import post_of
from postcron.operations.settings import broken
from postcron.rules.spans import match_span
from postcron.rules.zones import local, zone_of
from postcron.states import Step

#: written when a post or an account is touched, beside the steps of deliveries
KINDS: Final = frozenset(map(str, Step)) | {
    "created",
    "revised",
    "deleted",
    "rejected",
    "archived",
    "restored",
}

_CHECKSUM: Final = re.compile(r"[0-9a-f]{6,64}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One row of the ledger, with the id people use for its delivery."""

    event: LedgerEvent
    ref: str | None


def deliveries(
    house: House,
    wanted: Filter,
    *,
    order: str = "due",
    newest_first: bool = True,
    limit: int = 50,
    after: str | None = None,
) -> Page:
    """Return a page of deliveries with what holds them back now; raises `Invalid`."""
    page = house.store.page(
        wanted, order=order, newest_first=newest_first, limit=limit, after=after
    )
    return replace(page, paused=under_pause.now(house, page.deliveries))


def checksum(house: House, media: str) -> str:
    """Return the checksum of a file on this machine, or the one that begins so; raises `Invalid`."""
    try:
        if Path(media).is_char_device():
            raise Invalid(f"{media!r} is no file, but a device.")
        with Path(media).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return _beginning(house, media)
    except OSError as error:
        raise Invalid(f"{media!r} cannot be read: {error.strerror}.") from error


def _beginning(house: House, media: str) -> str:
    if not _CHECKSUM.fullmatch(media.lower()):
        message = f"There is no file {media!r}, and it is no SHA-256 either (6 to 64 hex digits)."
        raise NotFound(message, code="unknown_media")
    found = house.store.checksums(media.lower(), 2)
    if len(found) == 1:
        return found[0]
    what = "Several files in the library have" if found else "No file in the library has"
    more = ": give more of it." if found else "."
    raise NotFound(f"{what} a SHA-256 that begins with {media}{more}", code="unknown_media")


def ledger(
    house: House,
    *,
    post: str | None = None,
    kinds: frozenset[str] | None = None,
    day: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Return the newest rows of the ledger that fit, oldest of them first; raises `Invalid`."""
    wanted = Filter(
        post_id=None if post is None else post_of(house, post).id,
        kinds=_known(kinds),
        since=edge(house, day or since),
        before=edge(house, until) if day is None else _after(house, day),
    )
    events = house.store.events(wanted, limit=limit)[::-1]
    ids = {event.delivery_id for event in events if event.delivery_id is not None}
    refs = {delivery.id: delivery.ref for delivery in house.store.reload(sorted(ids))}
    return [Entry(event, refs.get(event.delivery_id or 0)) for event in events]


def edge(house: House, text: str | None) -> datetime | None:
    """Return a moment of the past or the future: a day, an instant, or a length of time ago."""
    if text is None:
        return None
    words = text.strip()
    ago = match_span(words.lower())
    if ago is not None:
        return house.clock.now() - ago
    zone = zone_of(house.config.timezone)
    try:
        if _DAY.fullmatch(words):
            return local(datetime.combine(date.fromisoformat(words), time()), zone)
        moment = datetime.fromisoformat(words)
        return local(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(f"{text!r} is beyond the end of the calendar.") from error
    except ValueError as error:
        message = (
            f"{text!r} is not a moment; write it like 2026-11-20, 2026-11-20T18:00 or 2d (ago)."
        )
        raise Invalid(message) from error


def _after(house: House, day: str) -> datetime | None:
    """Return the end of a day of the calendar; raises `Invalid` for anything else."""
    if not _DAY.fullmatch(day.strip()):
        message = f"{day!r} is not a day; write it like 2026-11-20."
        raise Invalid(message)
    start = date.fromisoformat(day.strip())
    return None if start == date.max else edge(house, (start + timedelta(days=1)).isoformat())


def _known(kinds: frozenset[str] | None) -> frozenset[str] | None:
    unknown = sorted((kinds or frozenset()) - KINDS)
    if unknown:
        message = f"The ledger has no kind {unknown[0]!r}; known: {', '.join(sorted(KINDS))}."
        raise Invalid(message)
    return kinds


@dataclass(frozen=True)
class Known:
    """An account of the configuration: what runs have learnt about it, and what holds it back."""

    account: Account
    state: AccountState
    pause: Pause | None
    #: why its settings cannot be used
    problem: Invalid | None


def accounts(house: House) -> list[Known]:
    """Return the accounts of the configuration, in its order."""
    states = house.store.accounts.every()
    paused = {one.name: one for one in house.store.pauses.every() if one.scope in _WHOLE}
    return [
        Known(
            account,
            states.get(name, AccountState(name)),
            paused.get("", paused.get(name)),
            broken(house).get(name),
        )
        for name, account in house.config.accounts.items()
    ]


#: what holds back a whole account
_WHOLE: Final = frozenset({Scope.ALL, Scope.ACCOUNT})

"""The calendar: what is due on each day, as clocks show it in one zone or in each account's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from postcron.errors import LibraryUnavailable
from postcron.model import Delivery, Filter, MediaFile, Post
from postcron.operations.house import House
from postcron.operations.report import Occurrence
from postcron.operations.series import still_to_make
from postcron.operations.wishes import Wish
from postcron.rules.days import Days, month_of, named_day, named_month, week_of
from postcron.rules.zones import zone_of
from postcron.states import FINAL, State

#: instead of a zone: each delivery in the zone of its account
ACCOUNT: Final = "account"
#: what stands in a calendar unless something else is asked for
USUAL: Final = frozenset(State) - {State.CANCELLED}
#: more than this nobody reads, and no page bears
LIMIT: Final = 10_000
#: of small pictures, all together, in bytes
PICTURES: Final = 4_000_000

#: local days begin at most this far from those of UTC, and clock changes move them by hours
_MARGIN: Final = timedelta(days=1)


@dataclass(frozen=True)
class Choice:
    """Which deliveries to show, and whose days they are sorted into."""

    zone: str | None = None
    account: str | None = None
    platform: str | None = None
    campaign: str | None = None
    states: frozenset[State] = USUAL


@dataclass(frozen=True)
class Entry:
    """One delivery in its place."""

    delivery: Delivery
    post: Post
    #: when it is due, by the clocks it is looked at with
    at: datetime

    @property
    def text(self) -> str:
        return self.post.text if self.delivery.text is None else self.delivery.text

    @property
    def trouble(self) -> str | None:
        """What went wrong, while something may still come of it."""
        return None if self.delivery.state in FINAL else self.delivery.error


@dataclass(frozen=True)
class Calendar:
    """What is due in these days, in order."""

    days: Days
    #: whose clocks it goes by, but for the entries if each of them is in the zone of its account
    zone: ZoneInfo
    by_account: bool
    now: datetime
    today: date
    workspace: str
    #: the store's own name, which no other has
    store: str
    entries: tuple[Entry, ...]
    #: there are more: the later ones are left out
    cut: bool
    #: moments of series in these days that no post is made for yet
    coming: tuple[Occurrence, ...] = ()

    def by_day(self) -> dict[date, list[Entry]]:
        """Return the entries of every day; of most days there are none."""
        found: dict[date, list[Entry]] = {day: [] for day in self.days}
        for entry in self.entries:
            found[entry.at.date()].append(entry)
        return found


def which_days(
    house: House, *, month: str | None, day: str | None, week: bool, zone: str | None
) -> Days:
    """Return the month or week asked for, by default the one we are in; raises `Invalid`."""
    if month is not None:
        return named_month(month)
    of = named_day(day) if day is not None else _today(house, zone)
    return week_of(of) if week else month_of(of)


def around_now(house: House) -> Days:
    """Return what a calendar program should know of: the last month and the coming year."""
    today = _today(house, None)
    return Days(today - timedelta(days=31), today + timedelta(days=366))


def calendar(house: House, days: Days, choice: Choice, *, limit: int = LIMIT) -> Calendar:
    """Return what is due in these days, the first of it if it is too much; raises `Invalid`."""
    page = house.store.page(
        Filter(
            states=choice.states,
            account=None if choice.account is None else house.account(choice.account).name,
            platform=choice.platform,
            campaign=choice.campaign,
            since=_midnight(days.first) - _MARGIN,
            before=_midnight(days.last) + 2 * _MARGIN,
        ),
        newest_first=False,
        limit=limit,
    )
    posts = house.store.posts({delivery.post_id for delivery in page.deliveries})
    entries = [
        Entry(
            one, posts[one.post_id], one.due_at.astimezone(_zone(house, choice.zone, one.account))
        )
        for one in page.deliveries
        if one.due_at is not None and one.post_id in posts
    ]
    return Calendar(
        days=days,
        zone=_zone(house, choice.zone),
        by_account=choice.zone == ACCOUNT,
        now=house.clock.now(),
        today=_today(house, choice.zone),
        workspace=house.config.workspace,
        store=house.store.papers().uuid,
        entries=tuple(sorted((e for e in entries if e.at.date() in days), key=_place)),
        cut=page.next is not None,
        coming=tuple(_coming(house, days, choice)),
    )


def _coming(house: House, days: Days, choice: Choice) -> Iterator[Occurrence]:
    """Yield what is still to be made of series in these days, as far as it was asked for."""

    def goes(wish: Wish) -> bool:
        names = [name for name in wish.accounts if choice.account in {None, name}]
        known = [house.config.accounts[name] for name in names if name in house.config.accounts]
        on_platform = any(choice.platform in {None, account.platform} for account in known)
        return on_platform and choice.campaign in {None, wish.campaign}

    if State.SCHEDULED not in choice.states:
        return
    zone = _zone(house, choice.zone)
    since, before = _midnight(days.first) - _MARGIN, _midnight(days.last) + 2 * _MARGIN
    for each in still_to_make(house, since, before, goes):
        if each.at.astimezone(zone).date() in days:
            yield each


def _place(entry: Entry) -> tuple[date, datetime, int]:
    return entry.at.date(), entry.at.astimezone(UTC), entry.delivery.id


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _zone(house: House, wanted: str | None, account: str = "") -> ZoneInfo:
    """Return the zone to look at an account from; raises `Invalid`."""
    if wanted is not None and wanted != ACCOUNT:
        return zone_of(wanted)
    known = house.config.accounts.get(account) if wanted == ACCOUNT else None
    return zone_of(house.config.timezone if known is None else known.timezone)


def _today(house: House, zone: str | None) -> date:
    return house.clock.now().astimezone(_zone(house, zone)).date()


def pictures(house: House, entries: Iterable[Entry], *, room: int = PICTURES) -> dict[str, bytes]:
    """Return small pictures of the media of these entries, by checksum: `room` bytes at most.

    Of what cannot be shown there is none; a library that is away gives none to anybody.
    """
    from postcron.media.thumbnails import Thumbnails

    thumbnails = Thumbnails(house.library, house.state_dir / "thumbnails")
    found: dict[str, bytes] = {}
    for file in _files(entries):
        try:
            picture = thumbnails.of(file)
        except LibraryUnavailable:
            return found
        if picture is not None and len(picture) <= room:
            found[file.sha256] = picture
            room -= len(picture)
    thumbnails.tidy()
    return found


def _files(entries: Iterable[Entry]) -> Iterable[MediaFile]:
    every = (attachment.file for entry in entries for attachment in entry.post.attachments)
    return {file.sha256: file for file in every}.values()

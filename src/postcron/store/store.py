"""The store as the rest of the program sees it: shelves, and what concerns posts and deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from postcron.model import (
    Approval,
    Attempt,
    Breaker,
    Count,
    Delivery,
    Filter,
    LedgerEvent,
    MediaFile,
    Move,
    NewPost,
    Outing,
    Page,
    Post,
    PostChange,
    Punctuality,
    Run,
    Saved,
    Taken,
)
from postcron.rules.breaker import Change
from postcron.states import State
from postcron.store import (
    breakers,
    figures,
    listing,
    papers,
    plans,
    posting,
    reading,
    recording,
    revising,
    rows,
    standing,
    telling,
)
from postcron.store.accounts import AccountShelf
from postcron.store.archiving import ArchiveShelf
from postcron.store.batches import BatchShelf
from postcron.store.beats import BeatShelf
from postcron.store.claims import ClaimShelf
from postcron.store.database import Database
from postcron.store.due import DueShelf
from postcron.store.measures import MeasureShelf
from postcron.store.papers import Papers
from postcron.store.pausing import PauseShelf
from postcron.store.series import SeriesShelf
from postcron.store.tables import delivery

NOTHING: Final[Mapping[str, int]] = {}


class Store:
    """All truth: posts, deliveries, attempts, the ledger, and what runs leave for each other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url_shown = database.shown
        #: where SQLite keeps it
        self.file = database.file
        self.accounts = AccountShelf(database)
        self.archive = ArchiveShelf(database)
        self.batches = BatchShelf(database)
        self.beats = BeatShelf(database)
        self.claims = ClaimShelf(database)
        self.due = DueShelf(database)
        self.measures = MeasureShelf(database)
        self.pauses = PauseShelf(database)
        self.series = SeriesShelf(database)

    def now(self) -> datetime:
        """Return the time by the store's clock."""
        return self._database.now()

    def close(self) -> None:
        self._database.engine.dispose()

    # --- writing -----------------------------------------------------------------------------

    def add_posts(
        self, parts: Sequence[NewPost], *, run: Run, seen: Mapping[str, int] = NOTHING
    ) -> list[Saved]:
        """Save posts of which each follows the one before, account by account; all or none.

        The same (workspace, key) again adds only deliveries still missing. Raises `PlanChanged` if
        the plan of an account has changed since it was `seen`.
        """
        return posting.add_posts(self._database, parts, run=run, seen=seen)

    def add_many(
        self, threads: Sequence[Sequence[NewPost]], *, run: Run, seen: Mapping[str, int] = NOTHING
    ) -> list[int]:
        """Save many threads, most of them of one post, as `add_posts` saves one; all or none.

        Return the ids of their first posts.
        """
        return posting.add_many(self._database, threads, run=run, seen=seen)

    def record(self, moves: Sequence[Move], *, run: Run) -> list[Delivery | None]:
        """Write steps in one transaction; None for each that another process was ahead of.

        Raises `Refused`, with nothing written, for a step that a state does not allow.
        """
        return recording.record(self._database, moves, run=run)

    def revise(
        self,
        post: Post,
        change: PostChange,
        moves: Sequence[Move] = (),
        *,
        run: Run,
        seen: Mapping[str, int] = NOTHING,
    ) -> list[Delivery]:
        """Change a post and make the moves; `Refused`, with nothing written, if one of them lost.

        Raises `PlanChanged` if the plan of an account has changed since it was `seen`.
        """
        return revising.revise(self._database, post, change, moves, run=run, seen=seen)

    def decide(
        self,
        posts: Collection[int],
        moves: Sequence[Move],
        *,
        run: Run,
        approval: Approval,
        why: str | None = None,
    ) -> list[Delivery]:
        """Approve or reject posts and make the moves; `Refused`, with nothing written, if one lost."""
        return revising.decide(self._database, posts, moves, run=run, approval=approval, why=why)

    def change(
        self,
        moves: Sequence[Move],
        *,
        run: Run,
        deleted: Collection[int] = (),
        seen: Mapping[str, int] = NOTHING,
    ) -> list[Delivery]:
        """Make the moves of many posts and take those `deleted` from the lists; all or (`Refused`) none.

        Raises `PlanChanged` if the plan of an account has changed since it was `seen`.
        """
        return revising.change(self._database, moves, run=run, deleted=deleted, seen=seen)

    # --- what is held ------------------------------------------------------------------------

    def untold(self, limit: int) -> list[Delivery]:
        """Return what ended badly in a run that did not live to say so."""
        return telling.untold(self._database, limit)

    def tell(self, deliveries: Sequence[Delivery]) -> None:
        """Note that people have been told how these ended, unless they have moved on since."""
        telling.tell(self._database, deliveries)

    # --- reading -----------------------------------------------------------------------------

    def post(self, post_id: int) -> Post | None:
        return self.posts([post_id]).get(post_id)

    def from_plan(self, name: str) -> list[tuple[Post, list[Delivery]]]:
        """Return what was ever applied from a plan, deleted or not, the oldest first."""
        return reading.from_plan(self._database, name)

    def posts(self, ids: Collection[int]) -> dict[int, Post]:
        with self._database.reading() as connection:
            return rows.posts(connection, ids)

    def taken(self, keys: Collection[str]) -> dict[str, Taken]:
        """Return what those of some keys that are taken stand for."""
        return standing.taken(self._database, keys)

    def there(self, ids: Collection[int]) -> dict[int, Taken]:
        """Return those of some posts that there are, by id."""
        return standing.there(self._database, ids)

    def posts_after(self, id: int, filter: Filter, *, limit: int) -> list[Saved]:
        """Return the next posts after an id, in their order, each with those of its deliveries that fit."""
        return standing.posts_after(self._database, id, filter, limit)

    def answers(self, ids: Collection[int]) -> list[Saved]:
        """Return the posts that are the next parts of threads after some deliveries."""
        return standing.answers(self._database, ids)

    def states(self, filter: Filter) -> Counter[State]:
        """Return how many deliveries that fit stand in each state."""
        return standing.states(self._database, filter)

    def thread(self, post_id: int) -> list[Post]:
        """Return a post and those that follow it in a thread, in order."""
        ids = reading.thread(self._database, post_id)
        return [post for _, post in sorted(self.posts(ids).items())]

    def media_file(self, sha256: str) -> MediaFile | None:
        return reading.media_file(self._database, sha256)

    def checksums(self, beginning: str, limit: int) -> list[str]:
        """Return the checksums of kept files that begin with these hexadecimal digits."""
        return reading.checksums(self._database, beginning, limit)

    def deliveries_of(self, post_ids: Collection[int]) -> list[Delivery]:
        return reading.deliveries(self._database, delivery.c.post_id.in_(post_ids))

    def deliveries(self, post_id: int) -> list[Delivery]:
        return reading.deliveries(self._database, delivery.c.post_id == post_id)

    def delivery(self, post_id: int, number: int) -> Delivery | None:
        found = reading.deliveries(
            self._database, delivery.c.post_id == post_id, delivery.c.number == number
        )
        return found[0] if found else None

    def reload(self, ids: Sequence[int]) -> list[Delivery]:
        """Return these deliveries as they stand now, in the order of `ids`."""
        return reading.reload(self._database, ids)

    def proved_by(self, account: str, *addresses: str) -> Delivery | None:
        """Return the delivery of an account whose receipt has one of these ids or URLs."""
        found = reading.deliveries(self._database, reading.proving(account, addresses), limit=1)
        return found[0] if found else None

    def attempts(self, delivery_id: int) -> list[Attempt]:
        return reading.attempts(self._database, delivery_id)

    def page(
        self,
        filter: Filter,
        *,
        order: str = "due",
        newest_first: bool = True,
        limit: int = 50,
        after: str | None = None,
    ) -> Page:
        """Return some deliveries by `due` or `created`, and the mark to go on `after`."""
        return listing.page(
            self._database, filter, order=order, newest_first=newest_first, limit=limit, after=after
        )

    def foremost(self, filter: Filter, *, newest_first: bool, limit: int) -> list[Delivery]:
        """Return the first of those in the filter's states, by when they are due: in no time."""
        return listing.foremost(self._database, filter, newest_first=newest_first, limit=limit)

    def events(self, filter: Filter, *, limit: int, newest_first: bool = True) -> list[LedgerEvent]:
        return listing.events(self._database, filter, limit=limit, newest_first=newest_first)

    def counts(self) -> dict[State, int]:
        """Return how many deliveries stand in each state, states without any left out."""
        return listing.counts(self._database)

    def count(self, filter: Filter) -> int:
        """Return how many deliveries fit."""
        return listing.count(self._database, filter)

    def figures(self, filter: Filter) -> list[Count]:
        """Return how many deliveries that fit stand in each state, account by account."""
        return figures.counts(self._database, filter)

    def punctuality(self, filter: Filter) -> list[Punctuality]:
        """Return how punctual each platform was with the deliveries that fit."""
        return figures.punctuality(self._database, filter)

    def next_due(self) -> datetime | None:
        return reading.next_due(self._database)

    # --- what is planned ---------------------------------------------------------------------

    def outings(
        self,
        accounts: Collection[str],
        *,
        since: datetime,
        before: datetime,
        told_apart: bool = False,
    ) -> list[Outing]:
        """Return what these accounts published, are publishing or are due to, between two moments.

        What should have gone out before is among it. Told apart they have their type, and are answers
        or not.
        """
        return reading.outings(self._database, accounts, since, before, told_apart=told_apart)

    def planned(
        self, account: str, *, since: datetime, without: Collection[int] = ()
    ) -> plans.Planned:
        """Return all that an account says since a moment, but for the deliveries with these ids."""
        return plans.planned(self._database, account, since, without)

    def ahead(self) -> int:
        """Return how many deliveries have their moment still to come."""
        return reading.ahead(self._database)

    def doubtful(self, limit: int | None, *, ahead: Mapping[str, timedelta]) -> list[Delivery]:
        """Return what a restored store may have forgotten sending.

        Platforms are given posts so long `ahead` of their moment, by their names.
        """
        condition = reading.doubtful(self.now(), ahead)
        return reading.deliveries(self._database, condition, limit=limit)

    # --- which store this is -----------------------------------------------------------------

    def papers(self) -> Papers:
        return papers.papers(self._database)

    def mark(self) -> tuple[int, int]:
        """Return how far the store has come: lower than was seen, and it has forgotten something."""
        return papers.mark(self._database)

    def settle(self, home: str, *, restored: int | None = None) -> None:
        """Write where the store belongs: for good, or (None) only if it belongs nowhere yet."""
        papers.settle(self._database, home, restored)

    # --- what runs leave for each other ------------------------------------------------------

    def change_breaker(self, scope: str, change: Change) -> Breaker:
        """Change what is remembered of the troubles of an account or platform; return it."""
        return breakers.change(self._database, scope, change)

"""Pre-upload: carry media and drafts to the platforms before they are due. Publishes nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import timedelta

from postcron.errors import Code, Permanent
from postcron.model import Delivery, Move, Phase, Post, Run, Ticket
from postcron.operations import under_pause
from postcron.operations.accounts import unusable
from postcron.operations.ahead import queued_at
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.preflight import preflight, sign_off
from postcron.operations.preparing import LeaseLost, Preparation, as_platform_error
from postcron.operations.protocol import grace_end, said
from postcron.operations.recover import recover
from postcron.operations.report import Report
from postcron.rules import backoff
from postcron.states import State, Step

#: after this long no new try and no new question starts; the next run of cron goes on
BUDGET = timedelta(minutes=10)


def pre_upload(
    house: House,
    *,
    lead: timedelta | None = None,
    limit: int | None = None,
    dry_run: bool = False,
) -> Report:
    """Prepare what is due within its lead (or within `lead`); return what is ready now."""
    report = Report(Phase.PRE_UPLOAD, dry_run=dry_run)
    limit = limit or house.config.run.due_limit
    now = house.clock.now()
    until = None if lead is None else now + lead
    if dry_run:
        found = house.store.due.waiting(Phase.PRE_UPLOAD, now=now, until=until, limit=limit)
        report.add(found, done=frozenset(State))
        return report
    run = preflight(house, Phase.PRE_UPLOAD)
    recover(house, run)
    under_pause.hold_back(house, run, limit=limit)
    claimed = house.store.claims.take_uploads(
        run, until=until, lease=house.config.run.lease, limit=limit, skip=unusable(house)
    )
    posts = house.store.posts({delivery.post_id for delivery in claimed})
    Carriers(house, Doors(house), run).carry(claimed, posts)
    report.add(house.store.reload([d.id for d in claimed]), done=frozenset({State.READY}))
    return sign_off(house, run, report, begun=now)


@dataclass
class Carriers:
    """Workers that prepare deliveries side by side; each records its own end."""

    house: House
    doors: Doors
    run: Run

    def carry(self, deliveries: list[Delivery], posts: dict[int, Post]) -> None:
        until = self.house.clock.now() + BUDGET
        with self.house.executor(min(self.house.config.run.workers, 8)) as pool:
            futures: dict[Future[Ticket], Delivery] = {}
            for delivery in deliveries:
                work = Preparation(
                    self.house, self.doors, self.run, delivery, posts[delivery.post_id], until
                )
                futures[pool.submit(_unless_stopped(self.house, work))] = delivery
            while futures:
                ended, _ = wait(futures, return_when=FIRST_COMPLETED)
                # In the order in which they began: a seed of the proof tells one story.
                for future in [each for each in futures if each in ended]:
                    self._record(futures.pop(future), future)

    def _record(self, delivery: Delivery, future: Future[Ticket]) -> None:
        error = future.exception()
        if isinstance(error, LeaseLost):
            return
        if isinstance(error, Exception):
            move = self._failed(delivery, error)
        elif error is not None:
            raise error
        else:
            move = self._carried(delivery, future.result())
        self.house.record([move], run=self.run)

    def _carried(self, delivery: Delivery, ticket: Ticket) -> Move:
        now = self.house.clock.now()
        if ticket.ready:
            wake_at = max(now, queued_at(self.house, delivery.account, delivery.due_at or now))
            return Move(
                delivery,
                Step.UPLOADED,
                wake_at,
                {"ticket": ticket, "ready_at": now, "error_code": None, "error": None},
            )
        again = now + (ticket.check_after or timedelta(seconds=30))
        return Move(delivery, Step.UPLOAD_POSTPONED, again, {"ticket": ticket, "not_before": again})

    def _failed(self, delivery: Delivery, failure: Exception) -> Move:
        error = as_platform_error(failure)
        now = self.house.clock.now()
        told = {"code": error.code, "message": error.message}
        tries = delivery.tries + 1
        changes = said(error) | {"tries": tries}
        if error.code == Code.LEFT_ALONE:
            return Move(delivery, Step.UPLOAD_POSTPONED, now, detail=told)
        if isinstance(error, Permanent):
            return Move(delivery, Step.UPLOAD_REFUSED, None, changes, detail=told)
        policy = self.house.policy(delivery.account)
        again = backoff.next_try(
            delivery.id,
            tries,
            now=now,
            until=grace_end(delivery, policy),
            retry_after=error.retry_after,
        )
        # Not later than its moment: publish tries once more before anything is given up.
        again = min(again or now, delivery.due_at or now)
        return Move(
            delivery, Step.UPLOAD_POSTPONED, again, changes | {"not_before": again}, detail=told
        )


def _unless_stopped(house: House, work: Preparation) -> Callable[[], Ticket]:
    def prepare() -> Ticket:
        return work.delivery.ticket if house.stop.is_set() else work()

    return prepare

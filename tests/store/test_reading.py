"""Questions: what waits for which phase, what people list, what the ledger tells."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from postcron.errors import Invalid
from postcron.model import Approval, Counted, Filter, Phase, PostType
from postcron.states import AHEAD, State, Step
from postcron.store import Store, open_store
from postcron.store.tables import delivery
from tests.builders import NOW, StoppedClock, a_new_delivery, a_new_post, a_run, added
from tests.store.explained import plans
from tests.store.journeys import a_move, brought_to, way

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("phase", "states"),
    [
        (Phase.PRE_UPLOAD, {State.SCHEDULED}),
        (Phase.TICK, {State.SCHEDULED, State.READY, State.LATE}),
        (
            Phase.PUBLISH,
            {State.SCHEDULED, State.READY, State.QUEUED, State.CONFIRMING, State.UNKNOWN}
            | {State.FAILED, State.LATE},
        ),
        (Phase.RETRY, {State.FAILED}),
        (
            Phase.RUN,
            {State.SCHEDULED, State.READY, State.QUEUED, State.CONFIRMING, State.UNKNOWN}
            | {State.FAILED, State.LATE},
        ),
    ],
)
def test_a_dry_run_shows_what_the_phase_would_touch(
    store: Store, phase: Phase, states: set[State]
) -> None:
    woken = {State.QUEUED, State.CONFIRMING, State.UNKNOWN, State.FAILED, State.LATE}
    for state in State:
        one = brought_to(store, state)
        if state in woken:
            with store._database.engine.begin() as connection:
                connection.exec_driver_sql(
                    f"UPDATE delivery SET wake_at = created_at WHERE id = {one.id}"
                )
    found = store.due.waiting(phase, now=NOW, until=NOW + timedelta(minutes=2), limit=50)
    assert {one.state for one in found} == states


def test_looks_retries_and_late_ones_wait_for_their_moment(
    store: Store, clock: StoppedClock
) -> None:
    soon = NOW + timedelta(minutes=5)
    for state, step in [
        (State.PUBLISHING, Step.LOST),
        (State.PUBLISHING, Step.ACCEPTED),
        (State.PUBLISHING, Step.NOT_SENT),
        (State.READY, Step.MISSED),
    ]:
        one = brought_to(store, state)
        store.record([a_move(one, step, wake_at=soon)], run=a_run())
    asked = [store.due.looks, store.due.retries, store.due.allowed_late]
    assert [question(9) for question in asked] == [[], [], []]
    clock.forward(minutes=5)
    states = [{one.state for one in question(9)} for question in asked]
    assert states == [{State.UNKNOWN, State.CONFIRMING}, {State.FAILED}, {State.LATE}]


def test_overdue_is_what_nobody_holds_and_nobody_let_out(store: Store, clock: StoppedClock) -> None:
    free = [brought_to(store, state) for state in (State.SCHEDULED, State.READY, State.QUEUED)]
    held = brought_to(store, State.QUEUED)
    store.record([a_move(held, Step.CLAIMED)], run=a_run())
    let_out = brought_to(store, State.LATE)
    allowed = {"grace_from": NOW + timedelta(hours=1)}
    store.record([a_move(let_out, Step.ALLOWED, set=allowed)], run=a_run())
    before = NOW + timedelta(minutes=1)
    assert [one.id for one in store.due.overdue(before, 9)] == [one.id for one in free]
    assert store.due.overdue(NOW, 9) == []
    clock.forward(minutes=3)
    assert held.id in {one.id for one in store.due.overdue(before, 9)}


def test_what_accounts_not_to_be_used_have_is_left_out(store: Store) -> None:
    for account in ("acme", "blocked"):
        one = a_new_post(a_new_delivery(account))
        added(store, one, run=a_run())
    (found,) = store.due.waiting(Phase.PUBLISH, now=NOW, until=NOW, limit=9, skip=["blocked"])
    assert found.account == "acme"
    assert (
        store.due.waiting(Phase.PUBLISH, now=NOW, until=NOW, limit=9, skip={"acme", "blocked"})
        == []
    )


def test_overdue_is_asked_for_some_accounts_or_without_them(store: Store) -> None:
    for account in ("acme", "left", "patient"):
        added(store, a_new_post(a_new_delivery(account)), run=a_run())

    def overdue(**which: Collection[str]) -> list[str]:
        return [one.account for one in store.due.overdue(NOW + DAY, 9, **which)]

    assert overdue() == ["acme", "left", "patient"]
    assert overdue(only={"patient", "acme"}) == ["acme", "patient"]
    assert overdue(only=[]) == []
    assert overdue(skip=["acme", "patient"]) == ["left"]
    assert overdue(only=["acme", "left"], skip=["left"]) == ["acme"]


def test_retries_of_accounts_not_to_be_used_wait(store: Store) -> None:
    failing = brought_to(store, State.PUBLISHING)
    store.record([a_move(failing, Step.NOT_SENT, wake_at=NOW)], run=a_run())
    assert store.due.retries(9, skip=["acme"]) == []
    assert [one.id for one in store.due.retries(9, skip=["other"])] == [failing.id]


def of_each_kind(store: Store) -> dict[str, int]:
    """Save a reel and a thread of two parts for two accounts; return the ids of all deliveries."""
    reel = a_new_post(*(a_new_delivery(one, key=f"reel {one}") for one in ("acme", "other")))
    saved = [added(store, replace(reel, type=PostType.REEL), run=a_run())]
    parts = [
        a_new_post(*(a_new_delivery(one, key=f"{part} {one}") for one in ("acme", "other")))
        for part in ("root", "answer")
    ]
    saved += store.add_posts(parts, run=a_run())
    return {one.key: one.id for each in saved for one in each.deliveries}


REELS = Counted(types=frozenset({PostType.REEL}))


def is_counted(name: str, account: str, counted: Counted) -> bool:
    kind, _, whose = name.partition(" ")
    type = PostType.REEL if kind == "reel" else PostType.POST
    return whose == account and counted.includes(type, answers=kind == "answer")


@pytest.mark.parametrize(
    "full",
    [
        [],
        [("acme", REELS)],
        [("acme", Counted(answers=False))],
        [("acme", Counted(answers=True))],
        [("acme", Counted()), ("other", REELS)],
        [("acme", Counted(REELS.types, answers=True))],
    ],
)
def test_what_a_used_up_limit_counts_is_left_out_and_nothing_else(
    store: Store, full: list[tuple[str, Counted]]
) -> None:
    ids = of_each_kind(store)
    rest = {name for name in ids if not any(is_counted(name, *one) for one in full)}
    # An answer is not due before its root is live.
    due = {one.id for one in store.due.queueable(NOW, 9, only=["acme", "other"], full=full)}
    assert {name for name, id in ids.items() if id in due} == {
        name for name in rest if "answer" not in name
    }
    store.record(
        [a_move(one, Step.MISSED, wake_at=NOW) for one in store.reload(list(ids.values()))],
        run=a_run(),
    )
    late = {one.id for one in store.due.allowed_late(9, full=full)}
    assert {name for name, id in ids.items() if id in late} == rest


def test_used_up_limits_of_any_number_of_accounts_are_left_out(store: Store) -> None:
    ids, names = of_each_kind(store), [f"a{number}" for number in range(2_000)]
    full = [(name, counted) for name in [*names, "acme"] for counted in (Counted(), REELS)]
    due = {one.id for one in store.due.queueable(NOW, 9, only=["acme", "other"], full=full)}
    assert {name for name, id in ids.items() if id in due} == {
        name for name in ids if not is_counted(name, "acme", Counted()) and "answer" not in name
    }


def test_reload_keeps_the_order_asked_for(store: Store) -> None:
    ids = [brought_to(store, State.SCHEDULED).id for _ in range(3)]
    assert [one.id for one in store.reload([*reversed(ids), 999])] == ids[::-1]


def test_what_does_not_exist_is_none(store: Store) -> None:
    assert store.post(1) is None
    assert store.delivery(1, 1) is None
    assert store.taken({"k"}) == {}
    assert store.next_due() is None
    assert store.counts() == {}


def test_counts_and_the_next_moment(store: Store) -> None:
    for state in (State.PUBLISHED, State.READY, State.READY):
        brought_to(store, state)
    added(store, a_new_post(a_new_delivery(due=NOW - DAY)), run=a_run())
    assert store.counts() == {State.PUBLISHED: 1, State.READY: 2, State.SCHEDULED: 1}
    assert store.next_due() == NOW - DAY


@pytest.mark.parametrize("state", sorted(AHEAD))
def test_what_is_on_its_way_is_due_next(store: Store, state: State) -> None:
    coming = brought_to(store, state)
    assert store.next_due() == coming.due_at


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_foremost_are_those_a_page_would_begin_with(store: Store, newest_first: bool) -> None:
    for days in (3, 1, 2, 5, 4):
        for state in (State.SCHEDULED, State.DRAFT):
            new = a_new_delivery(due=NOW + days * DAY, state=state)
            added(store, a_new_post(new), run=a_run())
    for state in (State.READY, State.CANCELLED):
        brought_to(store, state)
    for states in (AHEAD, {State.DRAFT, State.READY}, {State.CANCELLED}):
        for limit in (1, 3, 99):
            asked = Filter(states=frozenset(states))
            page = store.page(asked, newest_first=newest_first, limit=limit)
            found = store.foremost(asked, newest_first=newest_first, limit=limit)
            assert found == list(page.deliveries)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_foremost_are_found_without_sorting_all_there_are(store: Store) -> None:
    asked = Filter(states=AHEAD, stuck=True)
    found = plans(store, lambda: store.foremost(asked, newest_first=False, limit=9))
    assert len(found) == len(AHEAD)
    assert all("SEARCH delivery USING INDEX delivery_state_due (state=?)" in plan for plan in found)
    assert not any("TEMP B-TREE FOR ORDER BY" in plan for plan in found)


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["due", "created"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_show_everything_once_though_rows_come_in_between(
    store: Store, clock: StoppedClock, order: str, newest_first: bool
) -> None:
    for days in (3, 1, 1, None, 2):
        clock.forward(seconds=1)
        due = None if days is None else NOW + days * DAY
        added(store, a_new_post(a_new_delivery(due=due)), run=a_run())
    shown: list[int] = []
    after: str | None = None
    while True:
        page = store.page(Filter(), order=order, newest_first=newest_first, limit=2, after=after)
        shown += [one.id for one in page.deliveries]
        if page.next is None:
            break
        after = page.next
    whole = store.page(Filter(), order=order, newest_first=newest_first)
    assert shown == [one.id for one in whole.deliveries]
    by_due = [4, 2, 3, 5, 1]
    ascending = by_due if order == "due" else [1, 2, 3, 4, 5]
    assert shown == (ascending[::-1] if newest_first else ascending)


@pytest.mark.parametrize("mark", ["", "x", "%%%", "W10", "bnVsbA", "WyJ4IiwgMV0"])
def test_a_mark_that_no_list_gave_out_is_refused(store: Store, mark: str) -> None:
    with pytest.raises(Invalid, match="start without it"):
        store.page(Filter(), after=mark)


def test_filters_narrow_a_list(store: Store) -> None:
    autumn = a_new_post(
        a_new_delivery("a", platform="bluesky"),
        a_new_delivery("b", due=NOW + DAY),
        campaign="autumn",
    )
    saved = added(store, autumn, run=a_run())
    other = brought_to(store, State.PUBLISHED)
    a, b = (one.id for one in saved.deliveries)

    def ids(**wanted: object) -> set[int]:
        return {one.id for one in store.page(Filter(**wanted)).deliveries}  # type: ignore[arg-type]

    assert ids() == {a, b, other.id}
    assert ids(account="a") == {a}
    assert ids(platform="bluesky") == {a}
    assert ids(campaign="autumn") == {a, b}
    assert ids(post_id=saved.post.id) == {a, b}
    assert ids(states=frozenset({State.PUBLISHED})) == {other.id}
    assert ids(since=NOW + DAY) == {b}
    assert ids(before=NOW + DAY) == {a, other.id}


def test_deleted_posts_are_not_listed(store: Store) -> None:
    saved = added(store, a_new_post(), run=a_run())
    moves = [a_move(one, Step.CANCELLED) for one in saved.deliveries]
    withdrawn = store.change(moves, run=a_run(), deleted=[saved.post.id])
    assert store.page(Filter()).deliveries == ()
    assert store.deliveries(saved.post.id) == withdrawn


def test_the_ledger_is_filtered_like_a_list(store: Store, clock: StoppedClock) -> None:
    one = brought_to(store, State.READY)
    clock.forward(hours=1)
    store.record([a_move(one, Step.CANCELLED)], run=a_run())
    brought_to(store, State.SCHEDULED)

    def kinds(**wanted: object) -> list[str]:
        events = store.events(Filter(**wanted), limit=9, newest_first=False)  # type: ignore[arg-type]
        return [event.kind for event in events]

    assert kinds(post_id=one.post_id) == ["created", "upload_started", "uploaded", "cancelled"]
    assert kinds(kinds=frozenset({"uploaded"})) == ["uploaded"]
    assert kinds(states=frozenset({State.CANCELLED})) == ["cancelled"]
    assert kinds(since=clock.at) == ["cancelled", "created"]
    assert kinds(before=clock.at) == ["created", "upload_started", "uploaded"]
    assert kinds(account="somebody") == []


# --- workspaces ------------------------------------------------------------------------------


def test_a_workspace_sees_and_takes_only_its_own(store_url: str, clock: StoppedClock) -> None:
    ours, theirs = (
        open_store(store_url, now=clock.now, skew=timedelta(0), workspace=name)
        for name in ("ours", "theirs")
    )
    saved = added(theirs, a_new_post(workspace="theirs"), run=a_run())
    theirs.accounts.set("acme", remote_id="117")
    assert ours.page(Filter()).deliveries == ()
    assert ours.deliveries(saved.post.id) == []
    assert ours.post(saved.post.id) is None
    assert ours.events(Filter(), limit=9) == []
    assert ours.accounts.every() == {}
    assert ours.counts() == {}
    assert ours.claims.enqueue(a_run(), until=NOW, limit=9) == []
    assert len(theirs.claims.enqueue(a_run(), until=NOW, limit=9)) == 1
    ours.close()
    theirs.close()


def test_outings_tell_what_they_are_and_hold_what_should_have_gone_out_before(
    store: Store,
) -> None:
    of_each_kind(store)
    found = store.outings({"acme"}, since=NOW + DAY, before=NOW + DAY, told_apart=True)
    assert {(one.type, one.answers) for one in found} == {
        (PostType.REEL, False),
        (PostType.POST, False),
        (PostType.POST, True),
    }
    assert len(found) == 3


def test_outings_are_what_went_out_or_is_on_its_way(store: Store) -> None:
    for state in State:
        brought_to(store, state)
    account = a_new_delivery().account
    found = store.outings({account}, since=NOW - DAY, before=NOW + DAY)
    moved = {State.UPLOADING, State.PUBLISHING, State.PUBLISHED}
    assert {one.state for one in found} == AHEAD | moved | {State.CONFIRMING, State.UNKNOWN}
    due = a_new_delivery().due_at
    assert {(one.account, one.at) for one in found if one.state in AHEAD} == {(account, due)}


@pytest.mark.parametrize(
    ("since", "before", "counts"),
    [
        (-2, 2, True),
        (-2, -0.1, False),  # due after that
        (1.9, 2, True),  # late as it was: it went out after that
        (2, 3, False),
    ],
)
def test_what_is_out_counts_from_when_it_went_out(
    store: Store, since: float, before: float, counts: bool
) -> None:
    (one,) = added(store, a_new_post(a_new_delivery(due=NOW)), run=a_run()).deliveries
    hour = timedelta(hours=1)
    for step in way(State.SCHEDULED, State.PUBLISHED):
        (moved,) = store.record([a_move(one, step)], run=a_run())
        assert moved is not None
        one = moved
    with store._database.engine.begin() as connection:
        connection.execute(
            update(delivery).where(delivery.c.id == one.id).values(published_at=NOW + 2 * hour)
        )
    found = store.outings({one.account}, since=NOW + since * hour, before=NOW + before * hour)
    assert [each.at for each in found] == [NOW + 2 * hour] * counts
    assert store.outings({"other"}, since=NOW - DAY, before=NOW + DAY) == []


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (Filter(label="spring"), {1, 2}),
        (Filter(label='say "hi" – 100 %'), {2}),
        (Filter(label="spr"), set()),
        (Filter(created_by="bob"), {3}),
        (Filter(approval=Approval.PENDING), {3}),
        (Filter(batch="stories"), set()),
    ],
)
def test_posts_are_found_by_what_people_wrote_beside_them(
    store: Store, filter: Filter, found: set[int]
) -> None:
    added(store, a_new_post(labels=("spring", "sale")), run=a_run())
    added(store, a_new_post(labels=('say "hi" – 100 %', "spring")), run=a_run())
    added(store, a_new_post(created_by="bob", approval=Approval.PENDING), run=a_run())
    assert {one.post_id for one in store.page(filter).deliveries} == found
    assert store.count(filter) == len(found)

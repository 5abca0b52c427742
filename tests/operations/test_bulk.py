"""Bulk: all that fits is moved or withdrawn, or nothing; what cannot be is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Invalid, Refused
from postcron.model import Delivery, Filter, Mode
from postcron.operations import bulk
from postcron.operations.add_batch import Order, add
from postcron.operations.bulk import Bulk, NewTimes
from postcron.operations.edit import Change, edit
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.operations.wishes import Wish
from postcron.states import State
from tests.builders import a_run
from tests.operations.stage import START, Stage, build

HOUR = timedelta(hours=1)
SPRING = Filter(campaign="spring")


def spring(stage: Stage, *hours: int, **wish: Any) -> list[Delivery]:
    """Schedule a post of the campaign for so many hours from now, each."""
    return [
        one
        for hour in hours
        for one in stage.schedule(f"in {hour}", at=f"in {hour}h", campaign="spring", **wish)
    ]


def reschedule(stage: Stage, wanted: Filter = SPRING, *, preview: bool = False, **new: Any) -> Bulk:
    return bulk.reschedule(stage.house, wanted, NewTimes(**new), actor="me", preview=preview)


def cancel(stage: Stage, wanted: Filter = SPRING, *, preview: bool = False) -> Bulk:
    return bulk.cancel(stage.house, wanted, actor="me", preview=preview)


def delete(stage: Stage, wanted: Filter = SPRING, *, preview: bool = False) -> Bulk:
    return bulk.delete(stage.house, wanted, actor="me", preview=preview)


def dues(stage: Stage, some: list[Delivery]) -> list[float]:
    """Return in how many hours these are due, counted from the start."""
    return [((stage.now(one).due_at or START) - START) / HOUR for one in some]


# --- another time ----------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "expected"), [(2, [4, 5, 7]), (-1, [1, 2, 4])])
def test_all_that_fits_is_moved_by_as_much(stage: Stage, by: int, expected: list[float]) -> None:
    """B11."""
    some = spring(stage, 2, 3, 5)
    [other] = stage.schedule("other", at="in 4h")
    moved = reschedule(stage, by=by * HOUR)
    assert [line.delivery.id for line in moved.lines] == [one.id for one in some]
    assert dues(stage, some) == expected
    assert dues(stage, [other]) == [4]
    assert stage.now(some[0]).wake_at == START + (expected[0] - 1) * HOUR, "its lead before"
    assert stage.kinds(some[0]) == ["created", "rescheduled"]


def test_a_look_at_it_changes_nothing(stage: Stage) -> None:
    """B11."""
    some = spring(stage, 2, 3)
    looks = [
        reschedule(stage, by=HOUR, preview=True),
        cancel(stage, preview=True),
        delete(stage, preview=True),
    ]
    assert [(look.preview, len(look.lines)) for look in looks] == [(True, 2)] * 3
    assert [stage.now(one) for one in some] == some


def test_from_a_moment_on_they_come_so_far_apart_in_their_order(stage: Stage) -> None:
    some = spring(stage, 5, 2, 3)
    reschedule(stage, at="in 10h", every=HOUR / 2)
    assert dues(stage, some) == [11, 10, 10.5]


def test_they_are_moved_as_the_rules_of_their_account_let_them(tmp_path: Path) -> None:
    """C1, C2."""
    stage = build(tmp_path, at=START, account='min_gap = "60m"\nwindow = "11:00-15:00"')
    some = spring(stage, 1, 2)
    moved = reschedule(stage, by=3 * HOUR)
    # 15:00 in Rome is 14:00 UTC: the second has to wait for tomorrow's window.
    assert dues(stage, some) == [24, 25]
    reasons = [line.placed.reason for line in moved.lines if line.placed is not None]
    assert "because the window of acme opens then" in reasons[0]
    assert "gap to" in reasons[1]


def test_one_that_has_to_go_elsewhere_stays_where_it_is_if_it_has_to_be_exact(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=START, account='window = "11:00-15:00"')
    some = spring(stage, 1, 2)
    moved = reschedule(stage, by=HOUR * 2 + HOUR / 2, exact=True)
    assert dues(stage, some) == [3.5, 2]
    assert [one.ref for one, _ in moved.stuck] == [some[1].ref]


def test_a_moved_part_of_a_batch_still_waits_its_turn(stage: Stage) -> None:
    common = Wish(None, ["acme"], at="in 2h", every=HOUR, campaign="spring")
    answer = add(stage.house, Order("b", Mode.SCHEDULED, common, texts=["1", "2"]), actor="me")
    assert answer.shown is not None
    first, second = (part.delivery for part in answer.shown.parts)
    reschedule(stage, by=HOUR)
    now = stage.now(second)
    assert (now.waits_its_turn, now.due_at, now.gap) == (True, START + 4 * HOUR, HOUR)
    stage.pass_time(hours=2)
    run(stage.house)
    assert stage.remote.prepared == ["1"]
    stage.pass_time(minutes=59, seconds=55)
    publish(stage.house)
    assert stage.now(first).state is State.PUBLISHED
    assert stage.now(second).wake_at == START + 3 * HOUR, "its lead before its own moment"


def test_what_is_late_gets_another_chance(stage: Stage) -> None:
    some = spring(stage, 1, 2)
    stage.pass_time(hours=4)
    run(stage.house)
    assert stage.states(some) == [State.LATE] * 2
    reschedule(stage, Filter(states=frozenset({State.LATE})), at="in 10m", every=HOUR)
    assert stage.states(some) == [State.SCHEDULED] * 2
    stage.pass_time(minutes=9, seconds=55)
    publish(stage.house)
    assert stage.remote.texts() == ["in 1"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({}, "Say how far with --by, or when with --at"),
        ({"by": HOUR, "at": "in 2h"}, "Say how far with --by, or when with --at"),
        ({"by": HOUR, "every": HOUR}, "--every goes with --at"),
        ({"at": "soon"}, "'soon' is not a time"),
        ({"at": "2020-01-01T10:00"}, "give a moment ahead"),
    ],
)
def test_times_that_make_no_sense_are_refused_once(
    stage: Stage, new: dict[str, Any], said: str
) -> None:
    some = spring(stage, 1, 2)
    with pytest.raises(Invalid) as raised:
        reschedule(stage, **new)
    assert said in raised.value.message
    assert [stage.now(one) for one in some] == some


# --- withdrawing -----------------------------------------------------------------------------


def test_all_that_fits_is_withdrawn(stage: Stage) -> None:
    """B11."""
    some, [other] = spring(stage, 1, 2), stage.schedule("other")
    told = cancel(stage).lines
    assert [line.delivery for line in told] == [stage.now(one) for one in some], "as they stand now"
    assert stage.states([*some, other]) == [State.CANCELLED] * 2 + [State.SCHEDULED]
    assert cancel(stage).lines == ()


def test_what_cannot_change_any_more_is_named_with_the_reason_and_the_rest_changes(
    stage: Stage,
) -> None:
    """B11."""
    out, lost, ahead = spring(stage, 1, 2, 3)
    stage.remote.unreadable = True
    stage.remote.script.extend(["ok", "lost"])
    for _ in range(2):
        stage.pass_time(minutes=59, seconds=55)
        publish(stage.house)
    draft = stage.schedule("a draft", at=None, draft=True, campaign="spring")[0]
    moved = reschedule(stage, by=HOUR)
    assert [line.delivery.id for line in moved.lines] == [ahead.id]
    told = {one.ref: why for one, why in moved.stuck}
    assert set(told) == {out.ref, lost.ref, draft.ref}
    assert "is published: what is out is not touched" in told[out.ref]
    assert "is unknown: it may be out already" in told[lost.ref]
    assert "is a draft" in told[draft.ref]
    assert [one.ref for one, _ in cancel(stage).stuck] == [out.ref, lost.ref]


def test_what_would_be_due_in_the_past_is_named_and_stays(stage: Stage) -> None:
    some = spring(stage, 1, 5)
    moved = reschedule(stage, by=-2 * HOUR)
    assert dues(stage, some) == [1, 3]
    assert moved.stuck == ((some[0], f"{some[0].ref} would be due 1 h ago."),)


def test_what_would_be_due_beyond_all_calendars_is_named_and_stays(stage: Stage) -> None:
    [one] = spring(stage, 1)
    [last] = stage.schedule(at="9999-12-30 23:59", campaign="spring")
    moved = reschedule(stage, by=2 * HOUR)
    assert dues(stage, [one]) == [3]
    assert moved.stuck == ((last, f"{last.ref} would be due too far away for a calendar."),)


def test_parts_of_a_thread_that_go_with_its_first_are_shown_as_well(stage: Stage) -> None:
    parts = spring(stage, 1, then=["two", "three"])
    early = Filter(campaign="spring", before=START + 1.5 * HOUR)
    assert len(cancel(stage, early, preview=True).lines) == 3
    cancel(stage, early)
    assert stage.states(parts) == [State.CANCELLED] * 3


def test_parts_of_a_thread_that_are_withdrawn_with_what_is_deleted_are_shown_as_well(
    stage: Stage,
) -> None:
    parts = spring(stage, 1, then=["two"])
    edit(stage.house, "2", Change(campaign="autumn"), actor="me")
    assert [line.delivery.ref for line in delete(stage, preview=True).lines] == ["1.1", "2.1"]
    assert [line.delivery.ref for line in delete(stage).lines] == ["1.1", "2.1"]
    assert stage.states(parts) == [State.CANCELLED] * 2


def test_only_posts_that_fit_as_a_whole_are_deleted(stage: Stage) -> None:
    both = spring(stage, 1, accounts=["acme", "other"])
    [alone] = spring(stage, 2)
    deleted = delete(stage, Filter(campaign="spring", account="acme"))
    assert [line.delivery.id for line in deleted.lines] == [alone.id]
    assert [(one.id, "belongs to the same post" in why) for one, why in deleted.stuck] == [
        (both[1].id, True)
    ]
    assert len(delete(stage).lines) == 2
    assert stage.house.store.page(Filter()).deliveries == ()
    kinds = [event.kind for event in stage.house.store.events(Filter(), limit=50)]
    assert kinds.count("deleted") == 2


class Meddled:
    """A store in which another run takes a delivery just before a change is written."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)

    def change(self, *given: Any, **more: Any) -> Any:
        self._store.claims.take_uploads(
            a_run("quicker"), until=START + 3 * HOUR, lease=HOUR, limit=1
        )
        return self._store.change(*given, **more)


@pytest.mark.parametrize("how", [cancel, delete, lambda stage: reschedule(stage, by=HOUR)])
def test_if_another_run_is_first_with_one_of_them_nothing_changes(stage: Stage, how: Any) -> None:
    """B11."""
    some = spring(stage, 1, 2, 3)
    stage.house.store = Meddled(stage.house.store)  # type: ignore[assignment]
    with pytest.raises(Refused, match="One of 3 deliveries has just been changed by another run"):
        how(stage)
    left = [State.UPLOADING, State.SCHEDULED, State.SCHEDULED]
    assert (stage.states(some), dues(stage, some)) == (left, [1, 2, 3])

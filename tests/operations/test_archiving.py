"""Old posts leave the lists and are counted no more; nothing of them is ever lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Invalid, Refused
from postcron.model import Delivery, Filter
from postcron.operations.archiving import archive, restore
from postcron.operations.calendar import Choice, around_now, calendar
from postcron.operations.cancel import cancel
from postcron.operations.listing import deliveries, ledger
from postcron.operations.reading import show, status
from postcron.operations.run import run
from postcron.operations.stats import stats
from postcron.states import State
from tests.builders import NOW
from tests.operations.stage import Stage, build


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW)


def published(stage: Stage, text: str = "hello", **wish: object) -> Delivery:
    [delivery] = stage.schedule(text, **({"at": "in 10m"} | wish))
    stage.pass_time(minutes=10)
    run(stage.house)
    stage.pass_time(minutes=1)
    run(stage.house)
    assert stage.now(delivery).wake_at is None, "it was asked for and seen"
    return stage.now(delivery)


def listed(stage: Stage, *, archived: bool = False) -> list[int]:
    page = deliveries(stage.house, Filter(archived=archived), newest_first=False)
    return [one.post_id for one in page.deliveries]


def test_what_is_archived_is_in_no_list_and_counted_nowhere_until_it_is_restored(
    stage: Stage,
) -> None:
    one, other = published(stage, "one"), published(stage, "other")
    assert archive(stage.house, ["1"], older=None, actor="ada").ids == (1,)
    assert (listed(stage), listed(stage, archived=True)) == ([2], [1])
    assert status(stage.house).counts == {State.PUBLISHED: 1}
    seen = calendar(stage.house, around_now(stage.house), Choice())
    assert [entry.post.id for entry in seen.entries] == [other.post_id]
    assert archive(stage.house, ["1"], older=None, actor="ada").ids == (), "it is there already"
    assert restore(stage.house, ["1", "2"], actor="ada").ids == (1,)
    assert listed(stage) == [1, 2]
    assert status(stage.house).counts == {State.PUBLISHED: 2}
    assert stage.now(one) == one


def test_nothing_is_lost_by_it(stage: Stage) -> None:
    one = published(stage)
    before = stage.house.store.attempts(one.id)
    archive(stage.house, ["1"], older=None, actor="ada")
    assert show(stage.house, "1").post.archived_at == stage.clock.now()
    assert stage.house.store.attempts(one.id) == before
    assert [entry.event.kind for entry in ledger(stage.house, post="1")][-1] == "archived"
    assert stats(stage.house, Filter(archived=None)).total.counts == {State.PUBLISHED: 1}, (
        "it did go out"
    )


@pytest.mark.parametrize("state", [State.SCHEDULED, State.LATE, State.DRAFT])
def test_only_what_is_over_is_archived(stage: Stage, state: State) -> None:
    published(stage)
    wish = {"at": None, "draft": True} if state is State.DRAFT else {"at": "in 10m"}
    stage.schedule(**wish)
    if state is State.LATE:
        stage.clock.advance(timedelta(hours=2))
        run(stage.house)
    with pytest.raises(Refused, match=f"2.1 is {state}: only what is published or cancelled"):
        archive(stage.house, ["1", "2"], older=None, actor="ada")
    assert listed(stage) == [1, 2] if state is not State.DRAFT else True
    assert stage.house.store.archive.put([2], run=stage.house.run("archive")) == [], (
        "nor by the store"
    )


def test_what_has_just_gone_out_is_looked_for_first(stage: Stage) -> None:
    stage.schedule(at="in 10m")
    stage.pass_time(minutes=10)
    run(stage.house)
    with pytest.raises(Refused, match="was published a moment ago"):
        archive(stage.house, ["1"], older=None, actor="ada")


def test_all_that_is_over_for_so_long_goes_at_once(stage: Stage) -> None:
    old = published(stage, "old")
    [dropped] = stage.schedule("dropped")
    cancel(stage.house, [dropped.ref], actor="ada")
    stage.clock.advance(timedelta(days=60))
    published(stage, "young")
    stage.schedule("to come", at="in 2d")
    stage.clock.advance(timedelta(days=1))
    rehearsal = archive(stage.house, [], older="30d", actor="ada", dry_run=True)
    assert rehearsal.ids == (old.post_id, dropped.post_id)
    assert listed(stage, archived=True) == []
    assert archive(stage.house, [], older="30d", actor="ada") == rehearsal
    assert sorted(listed(stage, archived=True)) == [1, 2]
    assert archive(stage.house, [], older="30d", actor="ada").ids == ()


def test_more_accounts_under_its_key_bring_a_post_back(stage: Stage) -> None:
    published(stage, key="k")
    archive(stage.house, ["1"], older=None, actor="ada")
    stage.schedule(key="k", accounts=["acme", "other"], at="in 10m")
    assert listed(stage) == [1, 1]
    assert status(stage.house).counts == {State.PUBLISHED: 1, State.SCHEDULED: 1}


@pytest.mark.parametrize(
    ("ids", "older", "says"),
    [
        ([], None, "Name posts, or say --older 90d"),
        (["1"], "90d", "Name posts, or say --older 90d"),
        (["1.1"], None, "Only whole posts are archived"),
        ([], "soon", "is not a length of time"),
        (["9"], None, "There is no post 9"),
    ],
)
def test_what_does_not_make_sense_is_said(
    stage: Stage, ids: list[str], older: str | None, says: str
) -> None:
    published(stage)
    with pytest.raises(Invalid, match=says):
        archive(stage.house, ids, older=older, actor="ada")
    assert stage.house.store.count(Filter(archived=True)) == 0

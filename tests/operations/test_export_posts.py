"""Exporting: what is still to go out comes back as it was, and what is left out is said."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from postcron.model import Approval, Delivery, Filter, NewPost, Post, PostType
from postcron.operations.approving import approve, reject
from postcron.operations.cancel import cancel
from postcron.operations.columns import Columns, in_order
from postcron.operations.edit import Change, edit
from postcron.operations.export_posts import Export
from postcron.operations.import_posts import Listing, import_posts
from postcron.operations.publish import publish
from postcron.operations.schedule import schedule
from postcron.operations.schedule_many import ScheduledMany
from postcron.operations.wishes import Wish
from postcron.rules.sheets import Record, csv_lines, csv_records
from postcron.states import State
from tests.builders import a_new_delivery, a_new_post, a_run
from tests.operations.stage import START, Stage, build

BOTH = pytest.mark.parametrize("format", ["csv", "jsonl"])


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Callable[[], Stage]]:
    """Set one stage after the other, each with its own empty store."""
    opened: list[Stage] = []

    def another() -> Stage:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(build(folder, at=START))
        return opened[-1]

    yield another
    for stage in opened:
        stage.house.close()


@pytest.fixture
def stage(stages: Callable[[], Stage]) -> Stage:
    return stages()


def plan(stage: Stage, **changes: Any) -> Post:
    wish = Wish(**({"text": "hello", "accounts": ["acme"], "at": "in 2h"} | changes))
    saved = schedule(stage.house, wish, actor="me")
    assert saved.post is not None
    return saved.post


def written(stage: Stage, format: str = "csv", **how: Any) -> tuple[str, Export]:
    going = Export(stage.house, Filter(**how, archived=None), format)
    return "".join(going.lines()), going


def bring(stage: Stage, text: str, format: str) -> ScheduledMany:
    listing = Listing(io.BytesIO(text.encode()), f"a.{format}", Path("/nowhere"), format)
    return import_posts(stage.house, listing, actor="me")


def told(stage: Stage) -> list[tuple[Any, ...]]:
    """Return all that a reader of the posts could tell, without ids and keys."""
    found = stage.house.store.posts_after(0, Filter(), limit=100)
    return [(_of_post(one.post), [_of_delivery(each) for each in one.deliveries]) for one in found]


def _of_post(post: Post) -> tuple[Any, ...]:
    files = [(each.name, each.alt, each.file.sha256) for each in post.attachments]
    words = (post.text, post.type, post.campaign, post.notes, post.labels, post.scheduled_by)
    return *words, post.window_end, post.approval, files


def _of_delivery(one: Delivery) -> tuple[Any, ...]:
    said = (one.account, one.state, one.text, one.options, one.due_at, one.wake_at, one.priority)
    return *said, one.follows, one.followed


@BOTH
def test_an_empty_store_gets_equal_posts(stages: Callable[[], Stage], format: str) -> None:
    here, there = stages(), stages()
    photo = Path(here.house.config.path).parent / "photo.png"
    Image.new("RGB", (32, 32), "teal").save(photo)
    plan(here, text="=1+1\nand 'more'", campaign="@spring", notes="-x", labels=["a b", "c"])
    plan(here, media=[str(photo), str(photo)], alts=["", 'A "dog"; teal'], text=None, key="k")
    plan(
        here,
        accounts=["acme", "other"],
        ats={"other": "2026-12-01T09:00:00.25Z"},
        texts={"other": "Hello, other"},
        options={"other": {"mood": "calm"}},
        priority=-3,
    )
    plan(here, accounts=["acme", "other"], then=["two; three", "+4"], key="thread")
    plan(here, at=None, draft=True, scheduled_by="robot")
    plan(here, window_end="in 3h", draft=True)
    plan(here, then=["two"], approval=True)
    plan(here, at=None, draft=True, approval=True)
    text, going = written(here, format)
    assert (going.posts, going.deliveries, going.left_out) == (8, 15, {})
    bring(there, text, format)
    assert told(there) == told(here)
    assert there.house.store.taken({"k", "thread/3"}).keys() == {"k", "thread/3"}


def test_what_was_approved_here_is_approved_and_what_was_rejected_waits_again_elsewhere(
    stages: Callable[[], Stage],
) -> None:
    here, there = stages(), stages()
    plan(here, approval=True)
    plan(here, text="bye", approval=True)
    approve(here.house, ["1"], actor="bob")
    reject(here.house, ["2"], why="too loud", actor="bob")
    bring(there, written(here)[0], "csv")
    asked = [one.post.approval for one in there.house.store.posts_after(0, Filter(), limit=9)]
    assert asked == [None, Approval.PENDING]


@BOTH
def test_the_store_it_came_from_changes_nothing(stage: Stage, format: str) -> None:
    plan(stage)
    plan(stage, then=["two", "three"])
    plan(stage, key="k")
    before = told(stage)
    answer = bring(stage, written(stage, format)[0], format)
    assert [(row.post_id, row.news) for row in answer.rows] == [(1, ()), (2, ()), (5, ())]
    assert told(stage) == before


def test_another_store_knows_what_came_before(stages: Callable[[], Stage]) -> None:
    here, there = stages(), stages()
    plan(here)
    text, _ = written(here)
    bring(there, text, "csv")
    bring(there, text, "csv")
    bring(there, written(there)[0], "csv")
    assert len(told(there)) == 1


def test_what_is_over_or_under_way_is_left_out_and_counted(stage: Stage) -> None:
    plan(stage, at="now")
    publish(stage.house)
    cancel(stage.house, [str(plan(stage).id)], actor="me")
    plan(stage, text="to come")
    text, going = written(stage, "jsonl")
    assert going.posts == text.count("\n") == 1
    assert "to come" in text
    assert going.left_out == {State.PUBLISHED: 1, State.CANCELLED: 1}


def test_a_thread_that_has_begun_is_left_out(stage: Stage) -> None:
    plan(stage, at="now", then=["two"])
    publish(stage.house)
    text, going = written(stage, "jsonl")
    assert text == ""
    assert sum(going.left_out.values()) == 2


def test_series_and_batches_are_left_out(stage: Stage) -> None:
    def one(**more: Any) -> NewPost:
        delivery = a_new_delivery(due=START + timedelta(hours=3), platform="fake")
        return a_new_post(delivery, **more)

    news = [one(batch_id=1), one(series_id=1, occurrence=START), one(text="alone")]
    for new in news:
        stage.house.store.add_posts([new], run=a_run())
    text, going = written(stage, "jsonl")
    assert "alone" in text
    assert going.left_out == {"of a batch": 1, "of a series": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"priority": 5},
        {"state": State.DRAFT, "due_at": None, "wake_at": None},
        {"text": " "},
    ],
)
def test_what_no_row_can_say_is_left_out(stage: Stage, change: dict[str, Any]) -> None:
    due = START + timedelta(hours=3)
    one, other = a_new_delivery("acme", due=due), a_new_delivery("other", due=due)
    new = a_new_post(one, replace(other, **change))
    stage.house.store.add_posts([new], run=a_run())
    text, going = written(stage, "csv")
    assert text == "text,accounts,at\r\n"
    assert going.left_out == {"that no row can say": 2}


def test_a_thread_whose_parts_differ_is_left_out(stage: Stage) -> None:
    plan(stage, accounts=["acme", "other"], then=["two"])
    edit(stage.house, "2.1", Change(text="two of acme"), actor="me")
    assert written(stage)[1].left_out == {"that no row can say": 4}


def test_filters_choose_what_is_written(stage: Stage) -> None:
    plan(stage, text="one", accounts=["acme", "other"], campaign="spring")
    plan(stage, text="two", at="in 5h")
    assert "other" not in written(stage, account="acme")[0]
    assert "two" not in written(stage, campaign="spring")[0]
    text, going = written(stage, since=datetime(2026, 11, 21, 14, tzinfo=UTC))
    assert "one" not in text
    assert (going.posts, going.left_out) == (1, {})


def test_many_more_posts_than_are_read_at_once_come_in_order(stage: Stage) -> None:
    for number in range(5):
        plan(stage, text=f"post {number}", then=["more"])
    going = Export(stage.house, Filter(), "jsonl", at_once=2)
    assert [f"post {number}" in line for number, line in enumerate(going.lines())] == [True] * 5
    assert going.deliveries == 10


SIGNS = st.text(st.sampled_from("'=+-@\t\r\n ,;\"a[]{}\u00e9\U0001f600.|"), max_size=8)
SAID = SIGNS.filter(str.strip)
TIDY = SAID.map(str.strip)
LABEL = TIDY.map(lambda text: text.replace(";", "")).map(str.strip).filter(bool)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
    database=None,
    deadline=None,
)
@given(
    text=SAID | st.none(), notes=SAID | st.none(), campaign=TIDY | st.none(), key=TIDY | st.none(),
    labels=st.lists(LABEL, max_size=3), then=st.lists(SAID, max_size=3), other=SAID,
    media=st.lists(st.tuples(TIDY.map(lambda name: f"/m/{name}"), SAID | st.just(""), SAID), max_size=3),
    mood=SAID, priority=st.integers(-9999, 9999), kind=st.sampled_from(PostType), by=TIDY,
)  # fmt: skip
def test_a_row_is_read_as_the_wish_it_was_written_for(stage: Stage, **given: Any) -> None:
    wish = Wish(
        text=given["text"],
        accounts=("acme", "other"),
        at="2026-12-01T09:00:00+01:00",
        notes=given["notes"],
        campaign=given["campaign"],
        key=given["key"],
        labels=tuple(given["labels"]),
        then=tuple(given["then"]),
        texts={"other": given["other"]},
        media=tuple(str(Path(source)) for source, _, _ in given["media"]),
        alts=tuple(alt for _, alt, _ in given["media"]),
        names=tuple(name for _, _, name in given["media"]),
        options={"other": {"mood": given["mood"]}},
        priority=given["priority"],
        type=given["kind"],
        scheduled_by=given["by"],
    )
    columns = Columns(stage.house, Path())
    row = columns.row(wish, in_cells=True)
    assert row is not None
    sheet = csv_lines(in_order(row), [{name: str(cell) for name, cell in row.items()}])
    [record] = csv_records(
        "".join(sheet).splitlines(keepends=True), "a.csv", columns.objections, delimiter=","
    )
    assert isinstance(record, Record)
    assert columns.wish(record) == wish

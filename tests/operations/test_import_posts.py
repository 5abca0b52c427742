"""Importing: every row is checked as a post is, and told by its line; the same list again changes nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from postcron.errors import DoesNotFit
from postcron.model import Delivery, Filter, Post, PostType
from postcron.operations.cancel import cancel
from postcron.operations.import_posts import Listing, import_posts
from postcron.operations.schedule_many import ScheduledMany
from postcron.states import State
from tests.operations.stage import Stage


def bring(stage: Stage, text: str, format: str = "csv", **how: Any) -> ScheduledMany:
    folder = stage.house.config.path.parent
    listing = Listing(io.BytesIO(text.encode()), f"posts.{format}", folder, format)
    return import_posts(stage.house, listing, actor="me", **how)


def only(stage: Stage) -> tuple[Post, list[Delivery]]:
    """Return the one post there is, and its deliveries."""
    [post_id] = {one.post_id for one in stage.house.store.page(Filter()).deliveries}
    post = stage.house.store.post(post_id)
    assert post is not None
    return post, stage.house.store.deliveries(post_id)


def count(stage: Stage) -> int:
    return len(stage.house.store.page(Filter()).deliveries)


def test_a_row_says_all_that_schedule_can(stage: Stage, tmp_path: Path) -> None:
    for name in ("one", "two"):
        Image.new("RGB", (32, 32), "teal").save(tmp_path / f"{name}.png")
    bring(
        stage,
        "text,accounts,at,tz,media,alt,media.2,alt.2,name.2,key,campaign,labels,notes,priority,by,"
        "text.other,at.other,option.acme.mood\n"
        '"Hello\nthere",acme; other,2026-12-01 09:00,America/New_York,one.png,One,two.png,,b.png,k,'
        'spring,"red; dark blue",mind the gap,-2,robot,Hello other,2026-12-02T09:00Z,angry\n'.replace(
            "angry", "calm"
        ),
    )
    post, [one, other] = only(stage)
    assert (post.text, post.key, post.campaign) == ("Hello\nthere", "k", "spring")
    assert (post.labels, post.notes) == (("red", "dark blue"), "mind the gap")
    assert post.scheduled_by == "robot"
    assert [(a.name, a.alt) for a in post.attachments] == [("one.png", "One"), ("b.png", "")]
    assert one.due_at == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert other.due_at == datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert (one.text, other.text) == (None, "Hello other")
    assert (one.options["mood"], one.priority) == ("calm", -2)


def test_json_says_it_in_the_same_words(stage: Stage) -> None:
    line = '{"text": "a", "to": ["acme", "other"], "draft": true, "labels": ["x y"], "priority": 3}'
    bring(stage, line, "jsonl")
    post, [one, other] = only(stage)
    assert (post.text, post.labels, post.type) == ("a", ("x y",), PostType.POST)
    assert (one.state, other.state, one.due_at) == (State.DRAFT, State.DRAFT, None)
    assert one.priority == 3


def test_the_parts_of_a_thread_stand_in_columns_or_in_a_list(stage: Stage) -> None:
    bring(stage, "text,accounts,at,then,then.2\none,acme,2h,two,three\n")
    line = '{"text": "one", "accounts": "acme", "at": "3h", "then": ["two", "three"]}'
    bring(stage, line, "jsonl")
    found = stage.house.store.reload(range(1, 7))
    assert [one.after_id for one in found] == [None, 1, 2, None, 4, 5]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Hi,acmee,2h,,,,,,,", "There is no account 'acmee'"),
        ("Hi,,2h,,,,,,,", "it goes nowhere: name an account in the column accounts"),
        ("Hi,acme,,,,,,,,", "it has no time: give one in the column at"),
        ("Hi,acme,soon,,,,,,,", "'soon' is not a time"),
        ("Hi,acme,2026-11-20T09:00Z,,,,,,,", "ago"),
        ("Hi,acme,2026-11-25 09:00,Europe/Rom,,,,,,", "did you mean Europe/Rome"),
        ("Hi,acme,2027-03-28 02:30,Europe/Rome,,,,,,", "does not exist in Europe/Rome"),
        ("Hi,acme,2027-10-31 02:30,Europe/Rome,,,,,,", "happens twice in Europe/Rome"),
        ("Hi,acme,2h,,tweet,,,,,", "type cannot be 'tweet': known: post, reel, story"),
        ("Hi,acme,2h,,,maybe,,,,", "draft cannot be 'maybe'"),
        ("Hi,acme,2h,,,,high,,,", "priority is 'high': give a whole number"),
        ("Hi,acme,2h,,,,,no.png,,", "There is no file"),
        ("Hi,acme,2h,,,,,,A dog,", "alt 1 has no media 1"),
        ("Hi,acme,2h,,,,,,,Hello", "text.other is for an account it does not go to: add other"),
        (f"{'x' * 41},acme,2h,,,,,,,", "acme: the text has 41 characters, and 40 fit"),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_its_line(stage: Stage, row: str, says: str) -> None:
    """E10, D6."""
    head = "text,accounts,at,tz,type,draft,priority,media,alt,text.other"
    with pytest.raises(DoesNotFit) as refusal:
        bring(stage, f"{head}\nGood,acme,2h,,,,,,,\n{row}\n")
    [problem] = refusal.value.problems
    assert problem.where == "posts.csv:3"
    assert says in problem.what
    assert count(stage) == 0


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("capmaign", "there is no column 'capmaign': did you mean campaign?"),
        ("media.1", "there is no column 'media.1'"),
        ("text.acmee", "column 'text.acmee' is for no account that there is: did you mean acme?"),
        ("option.acme", "column 'option.acme' must be written option.ACCOUNT.NAME."),
        ("", "there is no column ''"),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest(
    stage: Stage, column: str, says: str
) -> None:
    with pytest.raises(DoesNotFit) as refusal:
        bring(stage, f"text,accounts,at,{column}\nHi,acme,2h,\n")
    [problem] = refusal.value.problems
    assert problem.where == "posts.csv:1"
    assert problem.what.startswith(says)


def test_a_sheet_without_accounts_is_refused_once(stage: Stage) -> None:
    with pytest.raises(DoesNotFit, match=r"posts\.csv:1: there is no column accounts") as refusal:
        bring(stage, "text,at\nHi,2h\nHo,2h\n")
    assert len(refusal.value.problems) == 1


def test_several_faults_of_a_row_are_told_at_once(stage: Stage) -> None:
    with pytest.raises(DoesNotFit) as refusal:
        bring(stage, "text,accounts,at,priority,draft\nHi,,,high,maybe\n")
    assert [problem.where for problem in refusal.value.problems] == ["posts.csv:2"] * 3


def test_the_same_list_again_changes_nothing(stage: Stage) -> None:
    sheet = "text,accounts,at\nHi,acme,2h\nHo,acme,tomorrow 9am\n"
    bring(stage, sheet)
    stage.clock.advance(timedelta(days=3))
    again = bring(
        stage, "at,accounts,notes,text\n2h,acme,,Hi\ntomorrow 9am,acme,,Ho\nin 4h,acme,,Ha\n"
    )
    assert [row.post_id for row in again.rows] == [1, 2, 3]
    assert [bool(row.news) for row in again.rows] == [False, False, True]
    assert count(stage) == 3


def test_a_row_that_says_the_same_as_another_is_refused(stage: Stage) -> None:
    with pytest.raises(DoesNotFit, match=r"posts\.csv:4: it says the same as posts\.csv:2"):
        bring(stage, "text,accounts,at\nHi,acme,2h\nHo,acme,2h\nHi,acme,2h\n")
    assert count(stage) == 0


def test_duplicates_come_when_they_are_asked_for(stage: Stage) -> None:
    sheet = "text,accounts,at\nHi,acme,2h\nHi,acme,2h\n"
    bring(stage, sheet, duplicates=True)
    bring(stage, sheet, duplicates=True)
    assert count(stage) == 4


def test_a_key_that_stands_twice_is_refused(stage: Stage) -> None:
    with pytest.raises(DoesNotFit, match=r"posts\.csv:3: Key k stands at posts\.csv:2 already"):
        bring(stage, "text,accounts,at,key\nHi,acme,2h,k\nHo,acme,2h,k\n")


def test_what_was_withdrawn_is_not_scheduled_again_in_silence(stage: Stage) -> None:
    sheet = "text,accounts,at,key\nHi,acme,2h,k\n"
    bring(stage, sheet)
    cancel(stage.house, ["1"], actor="me")
    [note] = bring(stage, sheet).notes
    assert note.startswith("posts.csv:2: Key k stands for post 1, which is cancelled")


def test_partial_saves_the_rows_that_fit(stage: Stage) -> None:
    sheet = "text,accounts,at\nHi,acme,2h\nHo,acme,never\nHa,acme\nHu,acme,3h\n"
    answer = bring(stage, sheet, partial=True)
    assert [row.where for row in answer.rows] == ["posts.csv:2", "posts.csv:5"]
    assert [problem.where for problem in answer.problems] == ["posts.csv:3", "posts.csv:4"]
    assert count(stage) == 2


def test_a_rehearsal_saves_nothing(stage: Stage) -> None:
    answer = bring(stage, "text,accounts,at\nHi,acme,2h\nHo,acme,never\n", dry_run=True)
    assert (len(answer.rows), len(answer.problems), count(stage)) == (1, 1, 0)

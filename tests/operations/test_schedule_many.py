"""Scheduling many: all problems are told at once, and nothing is half-saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from postcron.errors import DoesNotFit
from postcron.model import Filter, Problem
from postcron.operations.schedule import schedule
from postcron.operations.schedule_many import AT_ONCE, Asked, ScheduledMany, schedule_many
from postcron.operations.wishes import Wish
from tests.operations.stage import START, Stage


def asked(line: int, **changes: Any) -> Asked:
    wish = Wish(**({"text": f"post {line}", "accounts": ["acme"], "at": "in 2h"} | changes))
    return Asked(wish, f"posts.csv:{line}")


def many(stage: Stage, *some: Asked | Problem, **how: Any) -> ScheduledMany:
    return schedule_many(stage.house, some, actor="me", **how)


def stored(stage: Stage) -> list[str]:
    return [
        stage.house.store.post(one.post_id).text  # type: ignore[union-attr]
        for one in stage.house.store.page(Filter(), order="created", newest_first=False).deliveries
    ]


def test_every_wish_is_saved_as_if_alone(stage: Stage) -> None:
    alone = schedule(stage.house, asked(1, priority=2, labels=["red"]).wish, actor="me")
    answer = many(stage, asked(1, priority=2, labels=["red"]), asked(2, accounts=["acme", "other"]))
    first, second = answer.rows
    assert first.post_id is not None
    assert second.post_id is not None
    post, [delivery] = (
        stage.house.store.post(first.post_id),
        stage.house.store.deliveries(first.post_id),
    )
    [one] = alone.deliveries
    assert alone.post is not None
    assert post is not None
    assert (post.text, post.labels) == (alone.post.text, ("red",))
    assert (delivery.due_at, delivery.wake_at, delivery.priority) == (
        one.due_at,
        one.wake_at,  # type: ignore[union-attr]
        2,
    )
    assert [one.account for one in stage.house.store.deliveries(second.post_id)] == [
        "acme",
        "other",
    ]


def test_all_problems_are_told_with_where_they_stand_and_nothing_is_saved(stage: Stage) -> None:
    """E10."""
    with pytest.raises(DoesNotFit) as refusal:
        many(
            stage,
            asked(2),
            asked(3, text="x" * 41, accounts=["acme", "other"]),
            Problem("posts.csv:4", "there are 3 cells, and the head has 5."),
            asked(5, at="2027-03-28 02:30"),
            asked(6, accounts=["acmee"]),
        )
    assert [problem.where for problem in refusal.value.problems] == [
        "posts.csv:3",
        "posts.csv:3",
        "posts.csv:4",
        "posts.csv:5",
        "posts.csv:6",
    ]
    assert [problem.what.partition(":")[0] for problem in refusal.value.problems[:2]] == [
        "acme",
        "other",
    ]
    assert "does not exist" in refusal.value.problems[3].what
    assert stored(stage) == []


def test_partial_saves_what_fits_and_answers_the_rest(stage: Stage) -> None:
    answer = many(stage, asked(2), asked(3, at="yesterday"), asked(4), partial=True)
    assert [problem.where for problem in answer.problems] == ["posts.csv:3"]
    assert stored(stage) == ["post 2", "post 4"]


def test_a_rehearsal_answers_with_rows_and_problems_and_saves_nothing(stage: Stage) -> None:
    answer = many(stage, asked(2), asked(3, at="yesterday"), dry_run=True)
    [row] = answer.rows
    assert row.post_id is None
    assert row.news[0].deliveries[0].due_at == START + timedelta(hours=2)
    assert len(answer.problems) == 1
    assert stored(stage) == []


def test_known_keys_are_answered_and_not_doubled(stage: Stage) -> None:
    some = [asked(line, key=f"k{line}") for line in (2, 3)]
    first = many(stage, *some)
    stage.clock.advance(timedelta(days=1))
    again = many(stage, *some, asked(4, key="k4"))
    assert [row.post_id for row in again.rows[:2]] == [row.post_id for row in first.rows]
    assert [bool(row.news) for row in again.rows] == [False, False, True]
    assert stored(stage) == ["post 2", "post 3", "post 4"]


def test_a_known_key_with_another_text_is_pointed_out(stage: Stage) -> None:
    many(stage, asked(2, key="k"))
    [note] = many(stage, asked(7, key="k", text="new")).notes
    assert note.startswith("posts.csv:7: Key k already stands for post 1 with another text")


def test_a_known_key_gets_the_accounts_it_lacks(stage: Stage) -> None:
    many(stage, asked(2, key="k"))
    [row] = many(stage, asked(2, key="k", accounts=["acme", "other"])).rows
    assert [one.account for one in stage.house.store.deliveries(row.post_id or 0)] == [
        "acme",
        "other",
    ]


def test_a_key_that_is_used_twice_is_refused_where_it_is_used_again(stage: Stage) -> None:
    with pytest.raises(DoesNotFit, match=r"posts\.csv:9: Key k stands at posts\.csv:2 already"):
        many(stage, asked(2, key="k"), asked(9, key="k"))
    assert stored(stage) == []


def test_media_is_fetched_once_however_many_name_it(stage: Stage, tmp_path: Path) -> None:
    for side in (32, 64):
        Image.new("RGB", (side, side), "teal").save(tmp_path / f"{side}.png")
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "32.png")

    def some() -> Iterator[Asked]:
        for line in range(2, AT_ONCE + 3):
            yield asked(line, media=[str(link)], alts=[f"Alt {line}"])
        link.unlink()
        link.symlink_to(tmp_path / "64.png")
        yield asked(AT_ONCE + 3, media=[str(link)], alts=["The last"])

    answer = schedule_many(stage.house, some(), actor="me")
    last = stage.house.store.post(answer.rows[-1].post_id or 0)
    assert last is not None
    assert (last.attachments[0].alt, last.attachments[0].file.width) == ("The last", 32)
    files = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert len(files) == 1


def test_the_parts_of_a_thread_follow_each_other(stage: Stage) -> None:
    first, _ = many(stage, asked(2, then=["and then"], key="k"), asked(3)).rows
    assert [new.text for new in first.news] == ["post 2", "and then"]
    found = stage.house.store.reload([1, 2, 3])
    assert [one.after_id for one in found] == [None, 1, None]
    assert [bool(one.wake_at) for one in found] == [True, False, True]
    [again, _] = many(stage, asked(2, then=["and then"], key="k"), asked(4)).rows
    assert (again.post_id, again.news) == (first.post_id, ())


@pytest.mark.parametrize("changes", [{"then": ["b", "c"]}, {"accounts": ["acme", "other"]}])
def test_the_key_of_a_thread_stands_for_the_whole_of_it(
    stage: Stage, changes: dict[str, Any]
) -> None:
    many(stage, asked(2, then=["b"], key="k"))
    with pytest.raises(DoesNotFit, match="take another key"):
        many(stage, asked(2, **({"then": ["b"], "key": "k"} | changes)))


def test_a_file_that_is_not_there_is_told_for_each_wish(stage: Stage) -> None:
    answer = many(
        stage, *(asked(line, media=["/no/such.png"]) for line in (2, 3)), asked(4), partial=True
    )
    assert [problem.where for problem in answer.problems] == ["posts.csv:2", "posts.csv:3"]
    assert stored(stage) == ["post 4"]


def test_an_account_that_joins_a_post_keeps_to_its_windows_end(stage: Stage) -> None:
    many(stage, asked(1, key="launch", accounts=["other"], at="in 2h", window_end="in 3h"))
    late = asked(1, key="launch", accounts=["other", "acme"], at="in 4h")
    with pytest.raises(DoesNotFit, match="acme cannot take it before its window ends"):
        many(stage, late)

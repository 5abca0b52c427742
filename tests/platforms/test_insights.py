"""The numbers of Instagram and Threads: what is counted, what is not, and what proves a post gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Permanent, Temporary
from postcron.model import Receipt
from postcron.platforms.base import Measures
from postcron.platforms.containers import CONTAINER
from tests.platforms.contract import Album, post, went_out
from tests.platforms.subjects.instagram import USAGE, InstagramSubject
from tests.platforms.subjects.threads import ThreadsSubject
from tests.simulators.containers import ContainerServer
from tests.simulators.graph import NOT_THERE, failing

AnySubject = InstagramSubject | ThreadsSubject


class ByInstagram(InstagramSubject):
    """The same account by the other login."""

    login = "instagram"


@pytest.fixture(params=[InstagramSubject, ByInstagram, ThreadsSubject])
def subject(request: pytest.FixtureRequest) -> Iterator[AnySubject]:
    with (built := request.param()).running():
        built.server.counted = {"views": 120, "likes": 3, "shares": 0}
        yield built


@pytest.fixture
def instagram() -> Iterator[InstagramSubject]:
    with (built := InstagramSubject()).running():
        yield built


@pytest.fixture
def threads() -> Iterator[ThreadsSubject]:
    with (built := ThreadsSubject()).running():
        yield built


def measured(subject: AnySubject, id: str) -> Mapping[str, int]:
    platform = subject.platform()
    assert isinstance(platform, Measures)
    return platform.measure(Receipt(id))


def story(server: ContainerServer) -> str:
    return server.already_there("", media_type="STORIES", image_url="https://a.example/b.jpg").id


def test_instagrams_metrics_have_the_names_all_platforms_have(instagram: InstagramSubject) -> None:
    instagram.server.counted = dict.fromkeys(instagram.server.metrics, 7) | {"saved": 2}
    expected = dict.fromkeys(("likes", "comments", "shares", "views", "reach"), 7) | {"saves": 2}
    assert measured(instagram, instagram.server.posts[0].id) == expected


def test_a_repost_on_threads_is_a_share_and_its_shares_are_sends(threads: ThreadsSubject) -> None:
    names = ("views", "likes", "replies", "reposts", "quotes", "shares")
    threads.server.counted = dict(zip(names, range(6), strict=True))
    assert measured(threads, threads.server.posts[0].id) == {
        "views": 0,
        "likes": 1,
        "comments": 2,
        "shares": 3,
        "quotes": 4,
        "sends": 5,
    }


def test_numbers_are_one_question_and_what_is_not_said_is_left_out(
    subject: AnySubject, tmp_path: Path
) -> None:
    asked = post(subject, Album(tmp_path))
    receipt = went_out(subject, asked)
    before = len(subject.server.asked)
    numbers = measured(subject, receipt.remote_id)
    assert {name: numbers.get(name) for name in ("views", "likes", "comments", "saves")} == {
        "views": 120,
        "likes": 3,
        "comments": None,
        "saves": None,
    }
    assert len(subject.server.asked) == before + 1


def test_a_metric_without_a_value_is_left_out(subject: AnySubject) -> None:
    subject.server.counted["likes"] = None  # type: ignore[assignment]
    assert "likes" not in measured(subject, subject.server.posts[0].id)


def test_a_post_is_gone_once_it_is_in_no_list(subject: AnySubject) -> None:
    gone = subject.server.already_there("Later").id
    subject.server.posts.pop()
    with pytest.raises(Permanent) as raised:
        measured(subject, gone)
    assert raised.value.code == "handle_gone"


def test_a_post_that_only_seems_gone_has_no_numbers_today(subject: AnySubject) -> None:
    subject.server.misbehave(NOT_THERE.reply())
    assert measured(subject, subject.server.posts[0].id) == {}


def test_a_post_older_than_the_list_is_read_does_not_stop_the_others(subject: AnySubject) -> None:
    for number in range(300):
        subject.server.already_there(f"Chatter {number}")
    assert measured(subject, subject.nowhere) == {}


def test_too_many_questions_are_followed_by_the_pause_meta_asks_for(subject: AnySubject) -> None:
    headers = {"X-Business-Use-Case-Usage": USAGE.replace('access": 1}', 'access": 7}')}
    subject.server.misbehave(failing(80002, headers=headers))
    with pytest.raises(Temporary) as raised:
        measured(subject, subject.server.posts[0].id)
    assert raised.value.code == "rate_limited"
    assert raised.value.retry_after == timedelta(minutes=7)


def test_a_token_without_the_permission_is_told(subject: AnySubject) -> None:
    subject.server.may_count = False
    with pytest.raises(Permanent, match="does not have permission") as raised:
        measured(subject, subject.server.posts[0].id)
    assert raised.value.code == "account_unusable"


@pytest.mark.parametrize("id", [f"{CONTAINER}17", "https://www.instagram.com/p/Nowhere/", ""])
def test_what_is_live_and_not_known_as_what_is_not_asked_for(subject: AnySubject, id: str) -> None:
    assert measured(subject, id) == {}
    assert subject.server.asked == []


def test_of_a_story_is_told_what_a_story_has(instagram: InstagramSubject) -> None:
    instagram.server.counted = {"views": 120, "likes": 3, "shares": 0, "reach": 90}
    counts = measured(instagram, story(instagram.server))
    assert counts == {"views": 120, "reach": 90, "shares": 0}


def test_what_is_counted_unlike_posts_and_stories_has_no_numbers(subject: AnySubject) -> None:
    other = "The Media Insights API does not support the reach metric for this media product type."
    for _ in range(2):
        subject.server.misbehave(failing(100, None, other))
    assert measured(subject, subject.server.posts[0].id) == {}


def test_a_story_that_few_have_seen_is_not_counted(instagram: InstagramSubject) -> None:
    few = "(#10) Not enough viewers for the media to show insights"
    instagram.server.misbehave(failing(10, None, few))
    assert measured(instagram, story(instagram.server)) == {}


@pytest.mark.parametrize("metric", ["impressions", "likes,plays", ""])
def test_a_metric_there_is_none_of_is_refused(subject: AnySubject, metric: str) -> None:
    platform = subject.platform()
    id = subject.server.posts[0].id
    answer = platform._read(platform._path(id, "insights"), metric=metric)  # type: ignore[attr-defined]
    assert (answer.status, answer.json()["error"]["code"]) == (400, 100)

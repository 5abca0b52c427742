"""What is peculiar to Threads: no bytes, answers to what is live only, emoji that count as bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, Temporary
from postcron.model import PostType, Proposal, Receipt, Session, Sight, Ticket
from postcron.platforms.base import Allowance, Login
from postcron.platforms.threads import REST, Threads
from postcron.rules.limits import problems, threads_length
from postcron.web import Api
from tests.platforms.contract import (
    Album,
    Notebook,
    draft,
    failure,
    looked,
    lost,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.threads import ThreadsSubject
from tests.simulators.containers import Repeats
from tests.simulators.graph import DAY, failing
from tests.simulators.server import Fault
from tests.simulators.threads import TOKEN, USER

NOW = datetime(2026, 11, 21, 17, tzinfo=UTC)


@pytest.fixture
def subject() -> Iterator[ThreadsSubject]:
    with (built := ThreadsSubject()).running():
        yield built


def forms(subject: ThreadsSubject) -> list[dict[str, str]]:
    return [dict(one.form) for one in subject.server.containers.values()]


# --- what is made of a post ------------------------------------------------------------------


def test_nothing_is_ever_published_by_making_it(subject: ThreadsSubject, album: Album) -> None:
    for shape in subject.shapes:
        prepared(subject, draft(album, "Hello", *subject.files(album, shape)))
    assert subject.live() == []
    assert all("auto_publish_text" not in form for form in forms(subject))
    assert all(b"auto_publish" not in asked.body for asked in subject.server.asked)


def test_a_text_is_one_container_with_its_options(subject: ThreadsSubject, album: Album) -> None:
    options = {
        "reply_control": "mentioned_only",
        "topic_tag": "dogs & cats"[:4],
        "link_attachment": "https://example.com",
    }
    went_out(subject, draft(album, "Hello", options=options))
    assert forms(subject) == [{"media_type": "TEXT", "text": "Hello", **options}]


def test_a_carousel_says_its_text_once_and_each_picture_what_it_shows(
    subject: ThreadsSubject, album: Album
) -> None:
    files = [album.image("a", alt="A dog"), album.video(alt=""), album.image("b", alt="")]
    went_out(subject, draft(album, "Three", *files, options={"topic_tag": "dogs"}))
    *children, parent = forms(subject)
    assert [form["media_type"] for form in children] == ["IMAGE", "VIDEO", "IMAGE"]
    assert [form.get("alt_text") for form in children] == ["A dog", None, None]
    assert [form.get("text") for form in children] == [None, None, None]
    assert (parent["media_type"], parent["text"], parent["topic_tag"]) == (
        "CAROUSEL",
        "Three",
        "dogs",
    )
    assert children[1]["video_url"] == album.address(files[1].file)


# --- answers ---------------------------------------------------------------------------------


def test_the_first_answer_of_a_profile_is_not_proved_absent_by_an_empty_list(
    subject: ThreadsSubject, album: Album
) -> None:
    first = went_out(subject, draft(album, "One"))
    ticket = lost(subject, asked := draft(album, "Two", parent=first, root=first))
    subject.server.lag = 3600
    subject.server.containers[ticket.data["containers"]["top"]["id"]].media = None
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


def test_an_answer_is_made_when_its_parent_is_live_and_listed_apart(
    subject: ThreadsSubject, album: Album
) -> None:
    first = went_out(subject, draft(album, "One"))
    asked = draft(album, "Two", parent=first, root=first)
    ticket = lost(subject, asked)
    assert forms(subject)[-1]["reply_to_id"] == first.remote_id
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert subject.server.asked[-1].path.endswith("/me/replies")
    assert subject.live()[-1].parent == first.remote_id


def test_nothing_answers_a_post_that_is_known_by_its_container_only(
    subject: ThreadsSubject, album: Album
) -> None:
    asked = draft(album, "Two", parent=Receipt("container:17"))
    with pytest.raises(Permanent):
        subject.platform().prepare(asked, Ticket(), Notebook().save)
    assert subject.server.asked == []


def test_what_answers_another_post_now_is_made_anew(subject: ThreadsSubject, album: Album) -> None:
    first, second = (went_out(subject, draft(album, text)) for text in ("One", "One again"))
    asked = draft(album, "Two", parent=first)
    ticket = prepared(subject, asked)
    asked = replace(asked, parent=second)
    with pytest.raises(Temporary) as raised:
        started(subject, asked, ticket)
    assert raised.value.code == Code.HANDLE_GONE
    published(subject, asked, started(subject, asked, prepared(subject, asked, ticket)))
    assert subject.live()[-1].parent == second.remote_id


def test_an_answer_with_a_file_lies_a_while_before_it_is_ready(
    subject: ThreadsSubject, album: Album
) -> None:
    first = went_out(subject, draft(album, "One"))
    asked, notebook, ticket = draft(album, "Two", album.video(), parent=first), Notebook(), Ticket()
    waited = []
    while not ticket.ready:
        ticket = subject.platform().prepare(asked, ticket, notebook.save)
        if ticket.check_after is not None:
            waited.append(ticket.check_after)
            subject.server.pass_time(ticket.check_after.total_seconds())
    assert waited[-1] == REST
    published(subject, asked, started(subject, asked, ticket))
    assert subject.live()[-1].parent == first.remote_id


# --- phase 2 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["INVALID_ASPEC_RATIO", "FAILED_PROCESSING_AUDIO"])
def test_a_file_that_never_will_do_is_refused_before_its_time(
    subject: ThreadsSubject, album: Album, why: str
) -> None:
    asked, notebook = draft(album, "Hello", album.image()), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    [container] = subject.server.containers.values()
    container.failed = why
    with pytest.raises(Permanent) as raised:
        prepared(subject, asked, notebook.last())
    assert raised.value.code == Code.MEDIA_REFUSED
    assert why in raised.value.message


@pytest.mark.parametrize("why", ["UNKNOWN", "FAILED_DOWNLOADING_VIDEO"])
def test_a_file_that_failed_for_no_good_reason_is_given_once_more(
    subject: ThreadsSubject, album: Album, why: str
) -> None:
    asked, notebook = draft(album, "Hello", album.image()), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    [container] = subject.server.containers.values()
    container.failed = why
    with pytest.raises(Temporary):
        prepared(subject, asked, notebook.last(), notebook)
    assert prepared(subject, asked, notebook.last()).ready
    assert len(subject.server.containers) == 2


@pytest.mark.parametrize(
    ("reply", "code", "family"),
    [
        (failing(100, None, "Param text must be …"), Code.UNEXPECTED_ANSWER, Permanent),
        (failing(1, 2207051), Code.RATE_LIMITED, Temporary),
        (failing(24, 4279009), Code.HANDLE_GONE, Temporary),
        (failing(10, None), Code.ACCOUNT_UNUSABLE, Permanent),
        (failing(2, None, status=500), Code.SERVER_TROUBLE, Temporary),
    ],
)
def test_what_making_a_container_may_be_answered_with(
    subject: ThreadsSubject, album: Album, reply: object, code: Code, family: type[Exception]
) -> None:
    subject.server.misbehave(reply)  # type: ignore[arg-type]
    with pytest.raises(family) as raised:
        prepared(subject, draft(album, "Hello"))
    assert getattr(raised.value, "code", None) == code


# --- after the call --------------------------------------------------------------------------


def test_a_container_that_is_lost_before_the_first_call_is_made_anew(
    subject: ThreadsSubject, album: Album
) -> None:
    asked = draft(album, "Hello")
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.containers.clear()
    error = failure(subject, asked, ticket)
    assert (error.evidence, error.code) == (Evidence.REFUSED, Code.HANDLE_GONE)


@pytest.mark.parametrize("repeats", Repeats)
def test_a_container_that_is_lost_after_a_call_proves_nothing(
    subject: ThreadsSubject, album: Album, repeats: Repeats
) -> None:
    subject.server.repeats = repeats
    asked = draft(album, "Hello")
    ticket = started(subject, asked, lost(subject, asked, Fault.DROP_BEFORE))
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    if repeats is Repeats.GONE:
        assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


def test_identical_texts_are_told_apart_by_what_was_there_before(
    subject: ThreadsSubject, album: Album
) -> None:
    asked = draft(album, "Good morning")
    first = went_out(subject, asked)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    assert looked(subject, asked, ticket).sight is Sight.ABSENT
    ticket = lost(subject, asked)
    found = looked(subject, asked, ticket).receipt
    assert found is not None
    assert found.remote_id != first.remote_id
    assert found.remote_id == subject.live()[-1].remote_id


def test_a_quota_whose_code_is_not_known_is_looked_into(
    subject: ThreadsSubject, album: Album
) -> None:
    subject.server.quota = 1
    asked = draft(album, "Hello")
    ticket = started(subject, asked, prepared(subject, asked))
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_what_is_left_of_the_quota_is_read(subject: ThreadsSubject) -> None:
    platform = subject.platform()
    assert isinstance(platform, Threads)
    allowed = platform.allowance(NOW)
    assert allowed is not None
    assert allowed.left == 250 - subject.server.used()
    assert allowed.answers == 1000


def test_answers_are_no_part_of_the_posts_a_day_has(subject: ThreadsSubject, album: Album) -> None:
    root = went_out(subject, draft(album, "One"))
    subject.server.quota = subject.server.used()
    went_out(subject, draft(album, "Two", parent=root))
    platform = subject.platform()
    assert isinstance(platform, Threads)
    assert platform.allowance(NOW) == Allowance(0, answers=999)


def test_who_may_not_answer_is_told_all_the_same_how_many_posts_are_left(
    subject: ThreadsSubject,
) -> None:
    subject.server.may_answer = False
    platform = subject.platform()
    assert isinstance(platform, Threads)
    assert platform.allowance(NOW) == Allowance(250 - subject.server.used())


def test_a_post_is_found_by_the_address_a_person_sees(
    subject: ThreadsSubject, album: Album
) -> None:
    first = went_out(subject, draft(album, "One"))
    second = went_out(subject, draft(album, "Two", parent=first))
    platform = subject.platform()
    assert isinstance(platform, Threads)
    for receipt in (first, second):
        seen = platform.visit(receipt.remote_id).receipt
        assert seen is not None
        assert seen.url is not None
        assert platform.visit(f"{seen.url}?xmt=1").receipt == seen
    assert platform.visit("https://www.threads.com/@acme/post/Nowhere").sight is Sight.GONE


# --- tokens ----------------------------------------------------------------------------------


def opened(subject: ThreadsSubject, session: Session | None = None, **more: str) -> Threads:
    settings = {**subject.settings, **more}
    return Threads(Login("acme", settings, lambda name: TOKEN, session), Api)


def test_a_token_is_renewed_at_three_quarters_of_its_life(subject: ThreadsSubject) -> None:
    session = opened(subject).refresh(NOW)
    assert session.data["access"] != TOKEN
    assert session.renew_at == NOW + timedelta(days=45)
    assert (session.expires_at, session.dies_at) == (NOW + timedelta(days=60), None)
    assert opened(subject, session).whoami().remote_id == USER
    assert subject.server.asked[-1].headers["authorization"].endswith(session.data["access"])


def test_a_renewal_that_does_not_say_how_long_it_lasts_lasts_sixty_days(
    subject: ThreadsSubject,
) -> None:
    reply = replace(
        failing(1), status=200, body={"access_token": "THAAnew", "token_type": "bearer"}
    )
    subject.server.misbehave(reply)
    assert opened(subject).refresh(NOW).expires_at == NOW + timedelta(days=60)


def test_a_token_of_today_is_used_as_it_is(subject: ThreadsSubject) -> None:
    subject.server.tokens[TOKEN] = subject.server.now()
    session = opened(subject).refresh(NOW)
    assert session.data["access"] == TOKEN
    assert session.renew_at == NOW + timedelta(hours=25)


def test_a_token_of_yesteryear_is_dead(subject: ThreadsSubject) -> None:
    subject.server.pass_time(70 * DAY)
    with pytest.raises(Permanent) as raised:
        opened(subject).refresh(NOW)
    assert raised.value.code == Code.TOKEN_REFUSED


def test_a_token_of_another_profile_is_told(subject: ThreadsSubject) -> None:
    with pytest.raises(Permanent) as raised:
        opened(subject, user_id="1").whoami()
    assert raised.value.code == Code.ACCOUNT_UNUSABLE


# --- limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("x" * 500, 500),
        ("é", 1),
        ("Cafe\u0301", 5),
        ("🎉", 4),
        ("👩\u200d👩\u200d👧", 18),
        ("🇮🇹", 8),
        ("1\ufe0f\u20e3", 7),
        ("日本", 2),
        ("", 0),
    ],
)
def test_an_emoji_counts_as_its_bytes(text: str, length: int) -> None:
    assert threads_length(text) == length


def test_the_edges_of_what_fits(album: Album) -> None:
    limits = Threads.limits({})

    def fits(text: str, *files: object) -> int:
        return len(problems(text, PostType.POST, files, limits, "acme"))  # type: ignore[arg-type]

    image, clip = album.image(), album.video()
    long = replace(clip, file=replace(clip.file, duration=timedelta(seconds=301)))
    assert [fits("x" * 500), fits("🎉" * 125), fits("", image), fits("", clip)] == [0] * 4
    assert [fits("x" * 501), fits("🎉" * 126), fits("", long), fits("")] == [1] * 4
    for fps, problem in ((23, 0), (22, 1), (60, 0), (61, 1)):
        assert fits("", replace(clip, file=replace(clip.file, fps=fps))) == problem
    assert fits("", *[image] * 19, clip) == 0
    assert fits("", *[image] * 21) == 1


@pytest.mark.parametrize(
    ("text", "options", "count"),
    [
        (" ".join(f"https://example.com/{n}" for n in range(5)), {}, 0),
        (" ".join(f"https://example.com/{n}" for n in range(6)), {}, 1),
        ("https://example.com " * 9, {}, 0),
        (
            " ".join(f"https://example.com/{n}" for n in range(5)),
            {"link_attachment": "https://a.example"},
            1,
        ),
        ("", {"topic_tag": "x" * 50}, 0),
        ("", {"topic_tag": "x" * 51}, 1),
        ("", {"topic_tag": ""}, 1),
        ("", {"topic_tag": "a.b"}, 1),
        ("", {"topic_tag": "a&b"}, 1),
    ],
)
def test_rules_that_are_no_numbers(text: str, options: Mapping[str, str], count: int) -> None:
    proposal = Proposal(text, PostType.POST, (), options, {})
    assert len(list(Threads.objections(proposal))) == count


def test_a_preview_is_for_a_text_alone_and_a_wide_video_is_too_wide(album: Album) -> None:
    one = album.video()
    wide = replace(one, file=replace(one.file, width=1921))
    options = {"link_attachment": "https://a.example"}
    proposal = Proposal("", PostType.POST, (wide,), options, {})
    assert len(list(Threads.objections(proposal))) == 2

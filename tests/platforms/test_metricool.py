"""What is peculiar to Metricool: a planner that publishes by its own clock and says little about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postcron.errors import Evidence, Permanent, PlatformError, Temporary
from postcron.model import Accepted, Draft, PostType, Proposal, Sight, Ticket
from postcron.platforms.metricool import Metricool
from postcron.platforms.onlysocial import OnlySocial
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import noise
from tests.platforms.contract import (
    DUE,
    Album,
    Killed,
    Notebook,
    draft,
    failure,
    looked,
    post,
    prepared,
    published,
    started,
)
from tests.platforms.subjects.metricool import MetricoolSubject
from tests.simulators import metricool
from tests.simulators.server import Asked, Fault, Reply

#: what each network wants of every post
WANTED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "instagram": ({}, {"instagramData": {"type": "POST"}}),
    "linkedin": ({}, {}),
    "youtube": (
        {"title": "A film", "made_for_kids": "false", "privacy": "unlisted"},
        {"youtubeData": {"title": "A film", "madeForKids": False, "privacy": "unlisted"}},
    ),
    "tiktok": ({"title": "A film"}, {"tiktokData": {"title": "A film"}}),
    "pinterest": (
        {"board": "7", "title": "A pin", "link": "https://example.com"},
        {"pinterestData": {"boardId": "7", "pinTitle": "A pin", "pinLink": "https://example.com"}},
    ),
}


@pytest.fixture
def subject() -> Iterator[MetricoolSubject]:
    built = MetricoolSubject()
    with built.running():
        yield built


def bodies(subject: MetricoolSubject) -> list[Any]:
    return [asked.json() for asked in subject.server.asked if subject.is_publish(asked)]


def ready(subject: MetricoolSubject, asked: Draft) -> Ticket:
    return started(subject, asked, prepared(subject, asked))


def sent(subject: MetricoolSubject, asked: Draft) -> Ticket:
    """Publish with a lost answer; return the ticket."""
    ticket = ready(subject, asked)
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    failure(subject, asked, ticket)
    return ticket


def glance(subject: MetricoolSubject, asked: Draft, ticket: Ticket) -> Sight:
    return subject.platform().look(asked, ticket, DUE).sight


# --- the moment ----------------------------------------------------------------------------------


def test_a_post_is_created_for_the_whole_minute_it_is_due_in_or_the_next_one(
    subject: MetricoolSubject, album: Album
) -> None:
    due = datetime.fromtimestamp(subject.server.now(), UTC).replace(second=0, microsecond=0)
    due += timedelta(hours=1)
    asked = draft(album, due_at=due)
    ready(subject, asked)
    for seconds, minutes in ((0, 0), (1, 1), (59, 1)):
        ticket = ready(subject, replace(asked, due_at=due + timedelta(seconds=seconds)))
        date = ticket.data["body"]["publicationDate"]
        wall = (due + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:00")
        assert date == {"dateTime": wall, "timezone": "UTC"}


def test_a_post_that_is_due_now_is_created_for_a_minute_that_lies_a_minute_ahead(
    subject: MetricoolSubject, album: Album
) -> None:
    due = datetime.fromtimestamp(subject.server.now(), UTC)
    date = ready(subject, draft(album, due_at=due)).data["body"]["publicationDate"]["dateTime"]
    ahead = datetime.fromisoformat(date).replace(tzinfo=UTC) - due
    assert timedelta(seconds=58) < ahead < timedelta(minutes=2, seconds=2)


def test_a_post_that_is_late_is_created_by_the_clock_over_there(
    subject: MetricoolSubject, album: Album
) -> None:
    subject.server.pass_time(timedelta(days=400).total_seconds())
    asked = draft(album)
    published(subject, asked, ready(subject, asked))
    assert [one.text for one in subject.live()] == ["Hello"]


def test_a_moment_is_chosen_anew_for_each_call(subject: MetricoolSubject, album: Album) -> None:
    asked = draft(album)
    first = ready(subject, asked)
    subject.server.pass_time(timedelta(days=400).total_seconds())
    again = started(subject, asked, first)
    assert again.data["body"]["publicationDate"] != first.data["body"]["publicationDate"]
    assert again.data["known"] == first.data["known"]


# --- how a post is written -----------------------------------------------------------------------


@pytest.mark.parametrize("network", sorted(WANTED))
def test_each_network_gets_its_own_data(
    subject: MetricoolSubject, album: Album, network: str
) -> None:
    subject.chosen = {"network": network}
    options, data = WANTED[network]
    file = album.video() if network in {"youtube", "tiktok"} else album.image(alt="A dog")
    asked = draft(album, "Hello", file, options=options)
    published(subject, asked, ready(subject, asked))
    [body] = bodies(subject)
    assert body.pop("publicationDate")
    assert body == {
        "text": "Hello",
        "providers": [{"network": network}],
        "media": [f"https://media.metricool.com/planner/1.{file.file.mime[-3:]}"],
        "mediaAltText": [file.alt],
        "autoPublish": True,
        "draft": False,
        **data,
    }
    assert len(subject.live()) == 1


@pytest.mark.parametrize("type", [PostType.REEL, PostType.STORY])
def test_the_type_of_a_post_is_said(
    subject: MetricoolSubject, album: Album, type: PostType
) -> None:
    text = "" if type is PostType.STORY else "Hello"
    asked = draft(album, text, album.video(), type=type)
    published(subject, asked, ready(subject, asked))
    assert bodies(subject)[0]["facebookData"] == {"type": type.upper()}


def test_a_first_comment_goes_with_the_post(subject: MetricoolSubject, album: Album) -> None:
    asked = draft(album, options={"first_comment": "And more"})
    published(subject, asked, ready(subject, asked))
    assert bodies(subject)[0]["firstCommentText"] == "And more"


@pytest.mark.parametrize(
    ("network", "options", "said"),
    [
        ("youtube", {"title": "x"}, "youtube needs a made_for_kids."),
        ("tiktok", {}, "tiktok needs a title."),
        ("facebook", {"title": "x"}, "facebook has no option 'title'."),
        ("pinterest", {"board": "7", "title": "x"}, "pinterest needs a link."),
    ],
)
def test_options_a_network_needs_or_lacks_are_told_beforehand(
    network: str, options: dict[str, str], said: str
) -> None:
    proposal = Proposal("Hello", PostType.POST, (), options, {"network": network})
    assert [what for what, _ in Metricool.objections(proposal)] == [said]


@pytest.mark.parametrize(
    ("network", "text", "title", "count"),
    [
        ("instagram", "#a " * 30, "", 0),
        ("instagram", "#a " * 31, "", 1),
        ("instagram", "@a " * 21, "", 1),
        ("linkedin", "#a " * 31, "", 0),
        ("youtube", "Hello", "x" * 100, 0),
        ("youtube", "Hello", "x" * 101, 1),
    ],
)
@pytest.mark.parametrize("speaks", [Metricool, OnlySocial])
def test_what_the_network_would_refuse_later_is_told_beforehand(
    speaks: type[Metricool | OnlySocial], network: str, text: str, title: str, count: int
) -> None:
    needed = {"made_for_kids": "false"} if speaks is Metricool else {}
    options = {"title": title, **needed} if title else {}
    proposal = Proposal(text, PostType.POST, (), options, {"network": network})
    assert len(list(speaks.objections(proposal))) == count


@pytest.mark.parametrize("network", sorted(WANTED))
def test_what_a_network_needs_is_no_objection(network: str) -> None:
    proposal = Proposal("Hello", PostType.POST, (), WANTED[network][0], {"network": network})
    assert list(Metricool.objections(proposal)) == []


@pytest.mark.parametrize(
    ("network", "type", "text", "change", "fits"),
    [
        ("facebook", PostType.POST, "x" * 16_192, {}, True),
        ("facebook", PostType.POST, "x" * 16_193, {}, False),
        ("instagram", PostType.POST, "x", {"width": 1080, "height": 1440}, True),
        ("instagram", PostType.POST, "x", {"width": 1080, "height": 1441}, False),
        ("instagram", PostType.STORY, "", {"width": 1080, "height": 1920}, True),
        ("instagram", PostType.STORY, "", {"width": 1080, "height": 1900}, False),
        ("instagram", PostType.STORY, "x", {"width": 1080, "height": 1920}, False),
        ("instagram", PostType.POST, "x", {"size": 8_000_001}, False),
        ("bluesky", PostType.POST, "x", {"size": 1_000_000}, True),
        ("bluesky", PostType.POST, "x", {"size": 1_000_001}, False),
        ("tiktok", PostType.POST, "x", {"mime": "image/webp"}, True),
        ("linkedin", PostType.POST, "x", {"mime": "image/webp"}, False),
    ],
)
def test_pictures_fit_as_each_network_says(
    album: Album, network: str, type: PostType, text: str, change: dict[str, Any], fits: bool
) -> None:
    picture = album.image()
    picture = replace(picture, file=replace(picture.file, **change))
    found = problems(text, type, [picture], Metricool.limits({"network": network}), "acme")
    assert (found == []) == fits


@pytest.mark.parametrize(
    ("network", "sign", "most"),
    [
        # two of X's 280 each, and the bytes of an emoji of Threads' 500
        ("twitter", "漢", 140),
        ("threads", "🎉", 125),
        # 25 bytes of 3000, long before there are 300 of them
        ("bluesky", "👩\u200d👩\u200d👧\u200d👦", 120),
    ],
)
def test_a_text_is_counted_as_its_network_counts(network: str, sign: str, most: int) -> None:
    for text, fitting in (sign * most, True), (sign * (most + 1), False):
        found = problems(text, PostType.POST, (), Metricool.limits({"network": network}), "acme")
        assert (found == []) is fitting


@pytest.mark.parametrize(
    ("network", "type", "change", "fits"),
    [
        ("youtube", PostType.POST, {}, True),
        ("twitter", PostType.POST, {"codec": "hevc"}, False),
        ("tiktok", PostType.POST, {"duration": timedelta(seconds=2.9)}, False),
        ("tiktok", PostType.POST, {"duration": timedelta(minutes=10)}, True),
        ("tiktok", PostType.POST, {"duration": timedelta(minutes=10, seconds=1)}, False),
        ("facebook", PostType.REEL, {"duration": timedelta(seconds=90)}, True),
        ("facebook", PostType.REEL, {"duration": timedelta(seconds=91)}, False),
        ("instagram", PostType.REEL, {"duration": timedelta(minutes=15)}, True),
        ("twitter", PostType.REEL, {}, False),
    ],
)
def test_films_fit_as_each_network_says(
    album: Album, network: str, type: PostType, change: dict[str, Any], fits: bool
) -> None:
    film = album.video()
    film = replace(film, file=replace(film.file, **{"duration": timedelta(seconds=9), **change}))
    found = problems("Hello", type, [film], Metricool.limits({"network": network}), "acme")
    assert (found == []) == fits


# --- files ---------------------------------------------------------------------------------------


def large(album: Album) -> Draft:
    """Return a post with a file of three parts."""
    path, file = noise(album.folder / "large", 2 * metricool.PART + 17)
    album.paths[file] = path
    return draft(album, "Hello", replace(album.image(), file=file))


def test_a_large_file_goes_up_in_parts_and_goes_on_where_it_was_cut(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, saves = large(album), 0
    size = asked.attachments[0].file.size
    while True:
        saves += 1
        notebook, before = Notebook(dies_at=saves), subject.server.received
        try:
            subject.platform().prepare(asked, Ticket(), notebook.save)
        except Killed:
            ticket = prepared(subject, asked, notebook.last())
            # What was answered and not saved is sent again: one part of three.
            assert subject.server.received - before <= size + metricool.PART
            assert len(ticket.data["media"]) == 1
            continue
        break
    assert saves == 7
    assert subject.server.received - before == size


def test_a_part_whose_address_is_over_begins_the_file_anew(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, notebook = large(album), Notebook()
    subject.server.misbehave_at(3, Reply(403, b"<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert raised.value.code == "handle_gone"
    published(subject, asked, started(subject, asked, prepared(subject, asked, notebook.last())))
    assert len(subject.live()[0].media) == 1


def test_an_upload_that_is_unknown_at_its_end_begins_anew(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, notebook = large(album), Notebook()
    subject.server.misbehave_at(5, Reply(404, {"status": 404, "title": "NotFound"}))
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert prepared(subject, asked, notebook.last()).ready


def test_our_token_never_goes_to_the_storage(subject: MetricoolSubject, album: Album) -> None:
    prepared(subject, large(album))
    parts = [asked for asked in subject.server.asked if asked.path.startswith("/s3/")]
    assert len(parts) == 3
    assert not any(metricool.TOKEN in str(part.headers) + str(part.query) for part in parts)


def test_the_addresses_of_an_upload_are_kept_sealed(
    subject: MetricoolSubject, album: Album
) -> None:
    login = subject.login()
    sealing = replace(login, seal=lambda text: text[::-1], unseal=lambda text: text[::-1])
    notebook = Notebook()
    ticket = Metricool(sealing, Api).prepare(large(album), Ticket(), notebook.save)
    assert ticket.ready
    assert "1=dengis" in notebook.tickets[0]
    assert not any("signed=1" in ticket for ticket in notebook.tickets)


def test_an_address_whose_key_is_gone_begins_the_file_anew(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, notebook = large(album), Notebook()
    keyless = Metricool(replace(subject.login(), unseal=lambda sealed: ""), Api)
    with pytest.raises(Temporary) as raised:
        keyless.prepare(asked, Ticket(), notebook.save)
    assert raised.value.code == "handle_gone"
    assert prepared(subject, asked, notebook.last()).ready


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_page_of_a_storage_is_not_repeated(
    subject: MetricoolSubject, album: Album, status: int
) -> None:
    page = b"<Error><Resource>/s3/a?signed=1</Resource></Error>"
    subject.server.misbehave(Reply(status, page), lambda asked: asked.path.startswith("/s3/"))
    with pytest.raises(PlatformError, match=str(status)) as raised:
        prepared(subject, large(album))
    assert "signed" not in raised.value.message


def test_who_may_not_upload_is_told_the_other_way(subject: MetricoolSubject, album: Album) -> None:
    subject.server.may_upload = False
    with pytest.raises(Permanent, match='media = "address"'):
        prepared(subject, draft(album, "Hello", album.image()))


def test_files_can_be_fetched_from_their_address(subject: MetricoolSubject, album: Album) -> None:
    subject.chosen = {"network": "twitter", "media": "address"}
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    published(subject, asked, ready(subject, asked))
    assert subject.server.normalized == [album.address(one.file) for one in asked.attachments]
    assert bodies(subject)[0]["media"][0].startswith("https://static.metricool.com/1/")
    kinds = Metricool.limits(subject.settings).fetched
    assert kinds == {one.file.kind for one in [album.image(), album.video()]}


@pytest.mark.parametrize("said", [b"", b"<html>Log in</html>"])
def test_a_file_that_was_not_fetched_is_never_posted_by_its_own_address(
    subject: MetricoolSubject, album: Album, said: bytes
) -> None:
    subject.chosen = {"network": "twitter", "media": "address"}
    subject.server.misbehave(Reply(200, said, {"Content-Type": "text/plain"}))
    with pytest.raises(Temporary):
        prepared(subject, draft(album, "Hello", album.image()))


# --- finding out ---------------------------------------------------------------------------------


def test_a_malformed_request_is_answered_with_500_and_proves_nothing(
    subject: MetricoolSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = ready(subject, asked)
    broken = {**ticket.data["body"], "publicationDate": "2026-05-01T10:00:00Z"}
    error = failure(subject, asked, ticket.having(body=broken))
    assert error.evidence is Evidence.UNCLEAR
    assert "DateTimeInfo" in error.message


def test_a_post_waits_in_the_planner_until_its_minute(
    subject: MetricoolSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = sent(subject, asked)
    assert glance(subject, asked, ticket) is Sight.WORKING
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_a_post_that_metricool_moves_is_waited_for(subject: MetricoolSubject, album: Album) -> None:
    subject.server.moves = timedelta(days=1)
    asked = draft(album)
    ticket = sent(subject, asked)
    sighting = subject.platform().look(asked, ticket, DUE)
    assert sighting.sight is Sight.WORKING
    assert ticket.data["body"]["publicationDate"]["dateTime"] not in sighting.why


def test_a_post_its_network_refused_is_gone_with_the_reason(
    subject: MetricoolSubject, album: Album
) -> None:
    subject.server.fails = "Media too large for the network"
    asked = draft(album)
    ticket = ready(subject, asked)
    accepted = subject.platform().publish(asked, ticket)
    sighting = looked(subject, asked, ticket.having(handle=accepted.handle))
    assert sighting.sight is Sight.GONE
    assert "too large" in sighting.why
    assert not sighting.safe_to_repeat
    assert subject.live() == []


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_post_somebody_changed_there_is_for_a_person(
    subject: MetricoolSubject, album: Album, change: str
) -> None:
    asked = draft(album)
    ticket = ready(subject, asked)
    handle = subject.platform().publish(asked, ticket).handle
    getattr(subject.server, change)(handle)
    sight = glance(subject, asked, ticket.having(handle=handle))
    assert sight is (Sight.WORKING if change == "edit" else Sight.MISSING)


def test_a_draft_in_the_planner_is_for_a_person(subject: MetricoolSubject, album: Album) -> None:
    asked = draft(album)
    ticket = sent(subject, asked)
    for one in subject.server.planner.values():
        one.draft = True
    assert glance(subject, asked, ticket) is Sight.UNCLEAR


def test_a_post_is_found_as_soon_as_it_is_listed_and_never_called_absent_before(
    subject: MetricoolSubject, album: Album
) -> None:
    subject.server.lag = 100
    asked = draft(album)
    ticket = sent(subject, asked)
    assert glance(subject, asked, ticket) is Sight.UNCLEAR
    subject.server.pass_time(100)
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_an_older_post_with_the_same_words_is_not_taken_for_ours(
    subject: MetricoolSubject, album: Album
) -> None:
    for text, network in (("Hello", "facebook"), ("Hello", "twitter"), ("Other", "facebook")):
        body = {"text": text, "media": [], "providers": [{"network": network}]}
        subject.server.already_there(body, published=False)
    asked = draft(album)
    ticket = ready(subject, asked)
    subject.server.misbehave(Fault.DROP_BEFORE, subject.is_publish)
    failure(subject, asked, ticket)
    assert glance(subject, asked, ticket) is Sight.UNCLEAR


def test_two_that_look_like_ours_are_for_a_person(subject: MetricoolSubject, album: Album) -> None:
    asked = draft(album)
    ticket = ready(subject, asked)
    for _ in range(2):
        subject.platform().publish(asked, ticket)
    ids = sorted(map(str, subject.server.planner))
    sighting = subject.platform().look(asked, ticket, DUE)
    assert sighting.sight is Sight.UNCLEAR
    assert all(id in sighting.why for id in ids)


def test_a_post_with_a_file_of_its_own_is_found_whatever_became_of_its_words(
    subject: MetricoolSubject, album: Album
) -> None:
    asked = draft(album, "Hello https://example.com", album.image())
    ticket = sent(subject, asked)
    [planned] = subject.server.planner.values()
    planned.body = {**planned.body, "text": "Hello https://mtr.bio/x"}
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_a_post_is_found_by_the_address_people_see(subject: MetricoolSubject, album: Album) -> None:
    asked = draft(album)
    receipt = published(subject, asked, ready(subject, asked))
    subject.server.pass_time(timedelta(days=40).total_seconds())
    assert receipt.url is not None
    assert subject.platform().visit(receipt.url).receipt == receipt
    assert subject.platform().visit("https://facebook.test/1").sight is Sight.UNCLEAR


# --- having it back ------------------------------------------------------------------------------


def planned(
    subject: MetricoolSubject, album: Album, shape: str = "", *, lost: bool = False
) -> tuple[Draft, Ticket]:
    """Put a post that is due in half an hour into the planner."""
    due = datetime.fromtimestamp(subject.server.now(), UTC) + timedelta(minutes=30)
    asked = replace(post(subject, album, shape), due_at=due) if shape else draft(album, due_at=due)
    if lost:
        return asked, sent(subject, asked)
    ticket = ready(subject, asked)
    accepted = subject.platform().publish(asked, ticket)
    assert isinstance(accepted, Accepted)
    return asked, ticket.having(handle=accepted.handle)


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_a_post_is_had_back_before_its_minute(
    subject: MetricoolSubject, album: Album, lost: bool, empty: bool
) -> None:
    subject.server.answers_empty = empty
    asked, ticket = planned(subject, album, lost=lost)
    subject.platform().withdraw(asked, ticket)
    subject.server.pass_time(3600)
    assert subject.live() == []


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.ERROR_THOUGH_DONE, Fault.GARBLED])
def test_a_lost_answer_to_the_deletion_is_settled_by_reading(
    subject: MetricoolSubject, album: Album, fault: Fault
) -> None:
    asked, ticket = planned(subject, album)
    subject.server.misbehave(fault, lambda one: one.method == "DELETE")
    subject.platform().withdraw(asked, ticket)
    assert subject.server.planner == {}


def test_a_deletion_that_never_arrived_is_an_error(subject: MetricoolSubject, album: Album) -> None:
    asked, ticket = planned(subject, album)
    subject.server.misbehave(Fault.DROP_BEFORE, lambda one: one.method == "DELETE")
    with pytest.raises(Temporary, match="still shows it"):
        subject.platform().withdraw(asked, ticket)
    assert len(subject.server.planner) == 1


@pytest.mark.parametrize("passed", [timedelta(minutes=29, seconds=30), timedelta(minutes=32)])
def test_a_post_whose_minute_is_near_or_over_stays(
    subject: MetricoolSubject, album: Album, passed: timedelta
) -> None:
    due = datetime.fromtimestamp(subject.server.now(), UTC).replace(second=0, microsecond=0)
    asked = draft(album, due_at=due + timedelta(minutes=30))
    ticket = ready(subject, asked)
    handle = subject.platform().publish(asked, ticket).handle
    subject.server.pass_time(passed.total_seconds())
    with pytest.raises(Permanent, match="minute is too near"):
        subject.platform().withdraw(asked, ticket.having(handle=handle))
    assert len(subject.server.planner) == 1


def test_a_post_that_is_not_there_proves_nothing(subject: MetricoolSubject, album: Album) -> None:
    asked, ticket = planned(subject, album)
    subject.server.delete(ticket.data["handle"])
    with pytest.raises(Permanent, match="shows no post"):
        subject.platform().withdraw(asked, ticket)


def test_a_post_somebody_edited_there_is_had_back_by_its_own_files(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, ticket = planned(subject, album, "images")
    subject.server.edit(ticket.data["handle"])
    subject.platform().withdraw(asked, ticket)
    assert subject.server.planner == {}


def test_another_post_of_the_same_words_is_not_deleted_in_the_place_of_ours(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, ticket = planned(subject, album)
    subject.platform().publish(asked, ticket)
    subject.server.delete(ticket.data["handle"])
    with pytest.raises(Permanent, match="in the place of"):
        subject.platform().withdraw(asked, ticket)
    assert len(subject.server.planner) == 1


def test_what_it_has_begun_to_publish_is_not_deleted(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, ticket = planned(subject, album)
    subject.server.begins_early = True
    with pytest.raises(Permanent, match="has begun to publish it"):
        subject.platform().withdraw(asked, ticket)
    assert len(subject.server.planner) == 1


def test_of_two_that_look_like_ours_none_is_deleted(
    subject: MetricoolSubject, album: Album
) -> None:
    asked, ticket = planned(subject, album, lost=True)
    subject.platform().publish(asked, ticket)
    with pytest.raises(Permanent, match="more than one"):
        subject.platform().withdraw(asked, ticket)
    assert len(subject.server.planner) == 2


def test_how_far_ahead_is_for_the_account_to_say() -> None:
    spans = {said: Metricool.ahead({"ahead": said}) for said in ("0m", "10m", "30m")}
    assert spans == {said: timedelta(minutes=int(said[:-1])) for said in spans}


# --- the account ---------------------------------------------------------------------------------


def test_who_we_are(subject: MetricoolSubject) -> None:
    assert subject.platform().whoami().name == "Acme (facebook)"


@pytest.mark.parametrize("when", ["brand", "network", "rights"])
def test_a_brand_that_cannot_publish_there_is_found_before_the_call(
    subject: MetricoolSubject, album: Album, when: str
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    if when == "brand":
        subject.chosen = {"network": "facebook", "blog_id": "1"}
    subject.server.connected["facebook"] = when != "network"
    subject.server.may_publish = when != "rights"
    with pytest.raises(Permanent) as raised:
        started(subject, asked, ticket)
    assert raised.value.code == "account_unusable"
    assert bodies(subject) == []


def test_best_times_are_hours_of_the_week_with_monday_first(subject: MetricoolSubject) -> None:
    moments = subject.platform().best_times(DUE, DUE + timedelta(days=7), "Europe/Rome")
    assert {moment.weekday for moment in moments} == set(range(7))
    best = max(moments, key=lambda moment: moment.worth)
    assert (best.weekday, best.hour, best.worth) == (6, 9, 12.0)
    asked: Asked = subject.server.asked[-1]
    assert asked.query["start"] == "2026-11-21T18:00:00"


def test_a_network_nobody_knows_best_times_for_says_so(subject: MetricoolSubject) -> None:
    subject.chosen = {"network": "threads"}
    with pytest.raises(Permanent, match="no best times"):
        subject.platform().best_times(DUE, DUE + timedelta(days=7), "Europe/Rome")


def test_everything_is_said_of_one_brand(subject: MetricoolSubject, album: Album) -> None:
    asked = post(subject, album, "images")
    published(subject, asked, ready(subject, asked))
    calls = [one for one in subject.server.asked if one.path.startswith("/api/")]
    about = {(one.query["userId"], one.query["blogId"]) for one in calls}
    assert about == {(metricool.USER, metricool.BRAND)}

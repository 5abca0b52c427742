"""What is peculiar to Instagram: containers, two logins, bytes for videos, addresses for pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, Temporary
from postcron.model import (
    Attachment,
    Kind,
    PostType,
    Proposal,
    Session,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Login
from postcron.platforms.instagram import Instagram
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import picture, video
from tests.platforms.contract import (
    Album,
    Notebook,
    draft,
    failure,
    looked,
    lost,
    post,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.instagram import ByInstagram, InstagramSubject
from tests.simulators.containers import Repeats
from tests.simulators.graph import DAY, Refused, failing
from tests.simulators.graph_login import SECRET
from tests.simulators.instagram import TOKEN, USER, children_of
from tests.simulators.server import Asked, Fault

NOW = datetime(2026, 11, 21, 17, tzinfo=UTC)
SPAM = Refused(4, 2207051, "Application request limit reached")


@pytest.fixture
def subject() -> Iterator[InstagramSubject]:
    with (built := InstagramSubject()).running():
        yield built


@pytest.fixture
def by_instagram() -> Iterator[ByInstagram]:
    with (built := ByInstagram()).running():
        yield built


def photo(album: Album, name: str = "dog", alt: str = "") -> Attachment:
    return album._kept(picture(album.folder / f"{name}.jpg", (40, 40)), alt)


def clip(album: Album, tenths: int = 40) -> Attachment:
    return album._kept(video(album.folder / f"{tenths}.mp4", tenths=tenths), "")


def forms(subject: InstagramSubject) -> list[dict[str, str]]:
    """Return the fields of every container that was made."""
    return [dict(one.form) for one in subject.server.containers.values()]


def uploads(subject: InstagramSubject) -> list[Asked]:
    return [asked for asked in subject.server.asked if "ig-api-upload" in asked.path]


# --- what is made of a post ------------------------------------------------------------------


def test_a_photo_is_one_container_with_its_text(subject: InstagramSubject, album: Album) -> None:
    one = photo(album, alt='A "dog"')
    went_out(subject, draft(album, "Hello #dogs", one))
    address = album.address(one.file)
    assert forms(subject) == [
        {"image_url": address, "caption": "Hello #dogs", "alt_text": 'A "dog"'}
    ]


@pytest.mark.parametrize(
    ("type", "more"), [(PostType.POST, {"share_to_feed": "true"}), (PostType.REEL, {})]
)
def test_a_video_is_a_reel(
    subject: InstagramSubject, album: Album, type: PostType, more: dict[str, str]
) -> None:
    went_out(subject, draft(album, "Waves", clip(album), type=type))
    reel = {"media_type": "REELS", "upload_type": "resumable", "caption": "Waves"}
    assert forms(subject) == [reel | more]


def test_the_options_of_a_reel_are_sent_and_nought_is_a_number(
    subject: InstagramSubject, album: Album
) -> None:
    options = {
        "thumb_offset": "0",
        "audio_name": "Sea",
        "share_to_feed": "false",
        "trial": "performance",
        "collaborators": "@one, two",
        "location_id": "7",
    }
    went_out(subject, draft(album, "", clip(album), type=PostType.REEL, options=options))
    [form] = forms(subject)
    assert form == {
        "media_type": "REELS",
        "upload_type": "resumable",
        "thumb_offset": "0",
        "audio_name": "Sea",
        "share_to_feed": "false",
        "trial_params": json.dumps({"graduation_strategy": "SS_PERFORMANCE"}),
        "collaborators": json.dumps(["one", "two"]),
        "location_id": "7",
    }


def test_stories_have_no_text_and_a_list_of_their_own(
    subject: InstagramSubject, album: Album
) -> None:
    for one in (photo(album, alt="unseen"), clip(album)):
        asked = draft(album, "", one, type=PostType.STORY)
        assert looked(subject, asked, lost(subject, asked)).sight is Sight.LIVE
    assert [sorted(form) for form in forms(subject)] == [
        ["image_url", "media_type"],
        ["media_type", "upload_type"],
    ]
    assert len(subject.live()) == 2


def test_a_carousel_says_its_text_once_and_keeps_its_order(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Three", photo(album, "a", "A dog"), clip(album), photo(album, "b"))
    options = {"collaborators": "friend", "location_id": "7"}
    asked = replace(asked, options=options)
    went_out(subject, asked)
    *children, parent = forms(subject)
    assert all(not {"caption", "collaborators", "location_id"} & set(form) for form in children)
    assert [form.get("alt_text") for form in children] == ["A dog", None, None]
    assert (parent["caption"], parent["location_id"]) == ("Three", "7")
    top = subject.server.posts[-1].container
    assert children_of(top) == ["IMAGE", "VIDEO", "IMAGE"]


def test_what_the_call_says_is_the_container_alone(subject: InstagramSubject, album: Album) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = started(subject, asked, prepared(subject, asked))
    before = len(subject.server.asked)
    published(subject, asked, ticket)
    [call] = subject.server.asked[before:]
    assert dict(parse_qsl(call.body.decode())) == {
        "creation_id": ticket.data["containers"]["top"]["id"]
    }
    assert call.headers["authorization"] == f"Bearer {TOKEN}"


# --- phase 2 ---------------------------------------------------------------------------------


def test_an_upload_goes_on_where_it_broke_off(subject: InstagramSubject, album: Album) -> None:
    asked, notebook = draft(album, "Waves", clip(album)), Notebook()
    size = asked.attachments[0].file.size
    subject.server.breaks_at = size // 2
    with pytest.raises(Temporary):
        prepared(subject, asked, notebook=notebook)
    ticket = prepared(subject, asked, notebook.last())
    _, second = uploads(subject)
    assert second.headers["offset"] == str(size // 2)
    assert len(second.body) < 0.6 * size
    published(subject, asked, started(subject, asked, ticket))
    assert len(subject.server.containers) == 1


@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.ERROR_THOUGH_DONE])
def test_bytes_that_have_arrived_are_not_sent_again(
    subject: InstagramSubject, album: Album, how: Fault
) -> None:
    asked, notebook = draft(album, "Waves", clip(album)), Notebook()
    subject.server.misbehave(how, lambda asked: "ig-api-upload" in asked.path)
    with pytest.raises(Temporary):
        prepared(subject, asked, notebook=notebook)
    assert prepared(subject, asked, notebook.last()).ready
    assert len(uploads(subject)) == 1


def test_an_upload_said_to_have_failed_may_have_been_taken(
    subject: InstagramSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Waves", clip(album)), Notebook()
    subject.server.doubts_upload = True
    with pytest.raises(Temporary):
        prepared(subject, asked, notebook=notebook)
    assert prepared(subject, asked, notebook.last()).ready
    assert (len(uploads(subject)), len(subject.server.containers)) == (1, 1)


@pytest.mark.parametrize("code", ["2207026", "2207009"])
def test_a_file_that_never_will_do_is_refused_before_its_time(
    subject: InstagramSubject, album: Album, code: str
) -> None:
    asked, notebook = draft(album, "Hello", photo(album)), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    [container] = subject.server.containers.values()
    container.failed = code
    with pytest.raises(Permanent) as raised:
        prepared(subject, asked, notebook.last())
    assert raised.value.code == Code.MEDIA_REFUSED


def test_a_file_that_failed_for_no_good_reason_is_given_once_more(
    subject: InstagramSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", photo(album)), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    [container] = subject.server.containers.values()
    container.failed = "2207053"
    with pytest.raises(Temporary) as raised:
        prepared(subject, asked, notebook.last(), notebook)
    assert raised.value.code == Code.NOT_READY
    ticket = prepared(subject, asked, notebook.last())
    assert ticket.data["containers"]["top"]["id"] != container.id


def test_a_picture_that_cannot_be_fetched_is_tried_again(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    subject.server.unfetchable.add(album.address(asked.attachments[0].file))
    with pytest.raises(Temporary) as raised:
        prepared(subject, asked)
    assert raised.value.code == Code.NOT_READY


def test_containers_that_have_died_of_age_are_made_anew_with_all_their_parts(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Two", photo(album, "a"), photo(album, "b"))
    ticket = prepared(subject, asked)
    subject.server.pass_time(DAY + 60)
    again = prepared(subject, asked, ticket)
    assert len(subject.server.containers) == 6
    published(subject, asked, started(subject, asked, again))
    assert len(subject.live()) == 1


def test_a_ready_container_is_asked_for_once_and_kept(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Two", photo(album, "a"), photo(album, "b"))
    ticket, before = prepared(subject, asked), len(subject.server.asked)
    again = prepared(subject, asked, ticket)
    assert again.data == ticket.data
    assert len(subject.server.asked) == before + 1


def test_no_address_of_a_file_is_left_in_the_ticket(
    subject: InstagramSubject, album: Album
) -> None:
    ticket = prepared(subject, draft(album, "Hello", photo(album)))
    assert "://" not in json.dumps(ticket.data)


@pytest.mark.parametrize(
    ("reply", "code", "family"),
    [
        (failing(36003, 2207009), Code.MEDIA_REFUSED, Permanent),
        (failing(36004, 2207010), Code.CONTENT_REFUSED, Permanent),
        (failing(4, 2207051), Code.RATE_LIMITED, Temporary),
        (failing(-1, 2207032), Code.SERVER_TROUBLE, Temporary),
        (failing(24, 2207006), Code.HANDLE_GONE, Temporary),
        (failing(100, 33), Code.SERVER_TROUBLE, Temporary),
        (failing(1, None, status=500), Code.SERVER_TROUBLE, Temporary),
        (failing(100, 99), Code.UNEXPECTED_ANSWER, Permanent),
    ],
)
def test_what_making_a_container_may_be_answered_with(
    subject: InstagramSubject, album: Album, reply: Any, code: Code, family: type[Exception]
) -> None:
    subject.server.misbehave(reply)
    with pytest.raises(family) as raised:
        prepared(subject, draft(album, "Hello", photo(album)))
    assert getattr(raised.value, "code", None) == code


# --- after the call --------------------------------------------------------------------------


def test_an_error_that_came_with_a_live_post_is_believed_no_more(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.lies = [SPAM]
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, len(subject.live())) == (Sight.LIVE, 1)


def test_what_is_published_and_not_listed_yet_is_known_by_its_container(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    subject.server.lag = 600
    ticket = lost(subject, asked)
    sighting = looked(subject, asked, ticket)
    assert sighting.receipt is not None
    id = sighting.receipt.remote_id
    assert (sighting.sight, id) == (
        Sight.LIVE,
        f"container:{ticket.data['containers']['top']['id']}",
    )
    assert visited(subject, id).sight is Sight.LIVE


def visited(subject: InstagramSubject, address: str) -> Sighting:
    platform = subject.platform()
    assert isinstance(platform, Instagram)
    return platform.visit(address)


def test_two_posts_that_look_alike_are_each_known_by_their_container(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    tickets = [started(subject, asked, prepared(subject, asked)) for _ in range(2)]
    for ticket in tickets:
        subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
        failure(subject, asked, ticket)
    found = [looked(subject, asked, ticket).receipt for ticket in tickets]
    assert [one.remote_id for one in found if one] == [
        f"container:{ticket.data['containers']['top']['id']}" for ticket in tickets
    ]


def test_a_post_of_somebody_else_with_the_same_words_is_not_adopted_without_proof(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "", photo(album))
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    subject.server.already_there("")
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR
    subject.server.posts.pop()
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_a_status_that_lags_is_overruled_by_the_list(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = lost(subject, asked)
    subject.server.containers[ticket.data["containers"]["top"]["id"]].media = None
    sighting = looked(subject, asked, ticket)
    assert sighting.receipt is not None
    assert sighting.receipt.remote_id == subject.live()[0].remote_id


@pytest.mark.parametrize("end", ["EXPIRED", "ERROR"])
def test_a_container_that_came_to_nothing_after_a_call_proves_nothing(
    subject: InstagramSubject, album: Album, end: str
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    container = subject.server.containers[ticket.data["containers"]["top"]["id"]]
    if end == "EXPIRED":
        container.made_at -= 2 * DAY
    else:
        container.failed = "2207001"
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


def test_a_list_that_does_not_reach_back_proves_no_absence(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    subject.server.posts.clear()
    for number in range(30):
        subject.server.already_there(f"Another {number}")
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


@pytest.mark.parametrize("how", [Fault.DROP_BEFORE, Fault.ANSWER_LOST])
def test_an_account_that_had_no_post_cannot_prove_that_it_has_none(
    subject: InstagramSubject, album: Album, how: Fault
) -> None:
    """An empty list may be one that is behind: nothing in it shows that it is not."""
    subject.server.posts.clear()
    asked = draft(album, "Hello", photo(album))
    ticket = lost(subject, asked, how)
    subject.server.lag = 3600
    subject.server.containers[ticket.data["containers"]["top"]["id"]].media = None
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


def test_an_old_post_with_the_same_words_is_not_this_one(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Good morning", photo(album))
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    old = subject.server.already_there("Good morning")
    old.at -= 3 * DAY
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_an_outage_that_hides_everything_proves_nothing(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = lost(subject, asked)
    subject.server.misbehave(failing(100, 33, "Authorization Error", type="GraphMethodException"))
    with pytest.raises(Temporary):
        subject.platform().look(asked, ticket, NOW)
    assert looked(subject, asked, ticket).sight is Sight.LIVE


@pytest.mark.parametrize("repeats", Repeats)
def test_the_same_container_once_more_never_makes_two(
    subject: InstagramSubject, album: Album, repeats: Repeats
) -> None:
    subject.server.repeats = repeats
    asked = draft(album, "Hello", photo(album))
    ticket = started(subject, asked, lost(subject, asked, Fault.DROP_BEFORE))
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    if repeats is Repeats.GONE:
        # A first call would be refused with this; after one that is unresolved it proves nothing.
        assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


def test_what_an_earlier_call_has_published_is_not_sent_again(
    subject: InstagramSubject, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = started(subject, asked, lost(subject, asked))
    before = len(subject.server.asked)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    assert len(subject.server.asked) == before
    assert prepared(subject, asked, ticket).ready
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_a_call_that_comes_too_early_is_refused_for_now(
    subject: InstagramSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Waves", clip(album)), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    ticket = started(subject, asked, notebook.last())
    error = failure(subject, asked, ticket)
    assert (error.evidence, error.code) == (Evidence.REFUSED, Code.NOT_READY)


def test_a_quota_that_is_used_up_is_a_refusal(subject: InstagramSubject, album: Album) -> None:
    subject.server.quota = 1
    asked = draft(album, "Hello", photo(album))
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.posts[0].at = subject.server.now()
    error = failure(subject, asked, ticket)
    assert (error.evidence, error.code) == (Evidence.REFUSED, Code.RATE_LIMITED)
    assert error.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("length", [1000, 1001])
def test_a_description_is_not_longer_than_it_may_be(
    subject: InstagramSubject, album: Album, length: int
) -> None:
    asked = draft(album, "Hello", replace(photo(album), alt="x" * length))
    if length == 1000:
        assert prepared(subject, asked).ready
        return
    with pytest.raises(Permanent):
        prepared(subject, asked)


@pytest.mark.parametrize("at", ["-1", "soon"])
def test_a_cover_is_a_moment_of_the_video(subject: InstagramSubject, album: Album, at: str) -> None:
    with pytest.raises(Permanent) as raised:
        prepared(
            subject, draft(album, "", clip(album), type=PostType.REEL, options={"thumb_offset": at})
        )
    assert raised.value.code == "content_refused"


def test_what_is_left_of_the_quota_is_read(subject: InstagramSubject) -> None:
    subject.server.already_there("Today's")
    platform = subject.platform()
    assert isinstance(platform, Instagram)
    allowed = platform.allowance(NOW)
    assert allowed is not None
    assert allowed.left == 50 - subject.server.used()


def test_a_post_is_found_by_the_address_a_person_sees(
    subject: InstagramSubject, album: Album
) -> None:
    id = went_out(subject, draft(album, "Waves", clip(album), type=PostType.REEL)).remote_id
    url = visited(subject, id).receipt
    assert url is not None
    assert url.url is not None
    for address in (url.url, f"{url.url}?igsh=1", url.url.replace("/reel/", "/acme/p/")):
        found = visited(subject, address)
        assert (found.sight, found.receipt) == (Sight.LIVE, url)
    assert visited(subject, "https://www.instagram.com/p/Nowhere/").sight is Sight.GONE


def test_what_cannot_be_read_is_gone_only_if_all_posts_were_read(
    subject: InstagramSubject, album: Album
) -> None:
    for number in range(250):
        subject.server.already_there(f"Old {number}")
    assert visited(subject, subject.nowhere).sight is Sight.UNCLEAR


# --- the two logins --------------------------------------------------------------------------


def test_without_the_facebook_login_a_video_needs_an_address(
    by_instagram: ByInstagram, album: Album
) -> None:
    one = clip(album)
    went_out(by_instagram, draft(album, "Waves", one))
    [form] = forms(by_instagram)
    assert form["video_url"] == album.address(one.file)
    assert uploads(by_instagram) == []
    fetched = Instagram.limits(by_instagram.settings).fetched
    assert fetched == {Kind.IMAGE, Kind.VIDEO}
    assert Instagram.limits({"login": "facebook"}).fetched == {Kind.IMAGE}


def test_where_texts_are_not_shown_only_the_container_proves_a_post(
    by_instagram: ByInstagram, album: Album
) -> None:
    asked = draft(album, "Hello", photo(album))
    ticket = lost(by_instagram, asked)
    assert looked(by_instagram, asked, ticket).sight is Sight.LIVE
    by_instagram.server.containers[ticket.data["containers"]["top"]["id"]].media = None
    assert looked(by_instagram, asked, ticket).sight is Sight.UNCLEAR


@pytest.mark.parametrize("login", [InstagramSubject, ByInstagram])
def test_who_we_are(login: type[InstagramSubject]) -> None:
    with (subject := login()).running():
        platform = subject.platform()
        assert isinstance(platform, Instagram)
        found = platform.whoami()
    assert (found.remote_id, found.name) == (USER, "@acme")


def test_a_token_of_another_account_is_told(by_instagram: ByInstagram) -> None:
    with pytest.raises(Permanent) as raised:
        opened(by_instagram, user_id="9000000001").whoami()
    assert raised.value.code == Code.ACCOUNT_UNUSABLE


@pytest.mark.parametrize(
    ("login", "host"), [("facebook", "facebook.com"), ("instagram", "instagram.com")]
)
def test_each_login_has_its_host(login: str, host: str) -> None:
    bases: list[str] = []
    keys = {key.name: key.default for key in Instagram.keys if key.default is not None}
    settings = {**keys, "login": login, "user_id": USER}

    def api(base: str) -> Api:
        bases.append(base)
        return Api(base)

    Instagram(Login("acme", settings, lambda name: ""), api)
    others = ["https://rupload.facebook.com", "https://api.instagram.com"]
    assert bases == [f"https://graph.{host}", *others]


# --- tokens ----------------------------------------------------------------------------------


def opened(
    subject: InstagramSubject,
    session: Session | None = None,
    *,
    token: str = TOKEN,
    secret: str = "",
    **more: str,
) -> Instagram:
    secrets = {"token": token, "client_secret": secret}
    settings = {**subject.settings, **more}
    return Instagram(Login("acme", settings, lambda name: secrets.get(name, ""), session), Api)


def test_a_token_is_renewed_at_three_quarters_of_its_life_and_used_from_then_on(
    by_instagram: ByInstagram,
) -> None:
    session = opened(by_instagram).refresh(NOW)
    assert session.data["access"] != TOKEN
    assert session.renew_at == NOW + timedelta(days=45)
    assert (session.expires_at, session.dies_at) == (NOW + timedelta(days=60), None)
    opened(by_instagram, session).whoami()
    assert by_instagram.server.asked[-1].headers["authorization"].endswith(session.data["access"])


def test_a_token_renews_itself_again_and_again(by_instagram: ByInstagram) -> None:
    session = opened(by_instagram).refresh(NOW)
    by_instagram.server.pass_time(46 * DAY)
    later = opened(by_instagram, session).refresh(NOW + timedelta(days=46))
    assert later.data["access"] not in {TOKEN, session.data["access"]}
    opened(by_instagram, later).whoami()


def test_a_token_of_today_is_used_as_it_is_and_renewed_tomorrow(by_instagram: ByInstagram) -> None:
    by_instagram.server.tokens[TOKEN] = by_instagram.server.now()
    session = opened(by_instagram).refresh(NOW)
    assert session.data["access"] == TOKEN
    assert session.renew_at == NOW + timedelta(hours=25)
    assert session.expires_at < NOW + timedelta(days=60)
    by_instagram.server.pass_time(DAY + 3600)
    assert opened(by_instagram, session).refresh(NOW).data["access"] != TOKEN


def test_a_token_that_is_dead_is_not_believed(by_instagram: ByInstagram) -> None:
    by_instagram.server.pass_time(70 * DAY)
    with pytest.raises(Permanent) as raised:
        opened(by_instagram).refresh(NOW)
    assert raised.value.code == Code.TOKEN_REFUSED


def test_a_renewed_token_that_is_refused_another_life_gets_none_by_guessing(
    by_instagram: ByInstagram,
) -> None:
    session = opened(by_instagram).refresh(NOW)
    with pytest.raises(Permanent):
        opened(by_instagram, session).refresh(NOW)


def test_a_token_put_into_the_configuration_is_newer_than_what_was_renewed(
    by_instagram: ByInstagram,
) -> None:
    session = opened(by_instagram).refresh(NOW)
    by_instagram.server.tokens["IGAAanother"] = by_instagram.server.now()
    opened(by_instagram, session, token="IGAAanother").whoami()
    assert by_instagram.server.asked[-1].headers["authorization"] == "Bearer IGAAanother"


def test_a_user_token_of_the_facebook_login_is_exchanged_with_the_secret_of_the_app(
    subject: InstagramSubject,
) -> None:
    session = opened(subject, secret=SECRET, client_id="4711").refresh(NOW)
    assert session.data["access"] != TOKEN
    assert session.renew_at == NOW + timedelta(days=45)


def test_a_token_of_a_page_ends_with_nobodys_day(subject: InstagramSubject) -> None:
    before = len(subject.server.asked)
    session = opened(subject).refresh(NOW)
    assert (session.data["access"], session.renew_at) == (TOKEN, None)
    assert session.expires_at > NOW + timedelta(days=300)
    assert len(subject.server.asked) == before


# --- limits ----------------------------------------------------------------------------------


def fits(type: PostType, *files: Attachment, text: str = "") -> list[str]:
    limits = Instagram.limits({"login": "facebook"})
    return [str(problem) for problem in problems(text, type, files, limits, "acme")]


def test_text_is_counted_as_the_most_it_can_count() -> None:
    count = Instagram.limits({}).count
    assert [count(text) for text in ("é", "🎉", "x" * 2200)] == [1, 2, 2200]


def test_the_edges_of_what_fits(album: Album) -> None:
    one, moving = photo(album), clip(album)
    wide = replace(one, file=replace(one.file, width=191, height=100))
    wider = replace(one, file=replace(one.file, width=192, height=100))
    tall = replace(one, file=replace(one.file, width=80, height=100))
    taller = replace(one, file=replace(one.file, width=79, height=100))
    long = replace(moving, file=replace(moving.file, duration=timedelta(seconds=61)))
    short = replace(moving, file=replace(moving.file, duration=timedelta(seconds=2)))
    for fps, good in ((23, True), (22, False), (60, True), (61, False)):
        film = replace(moving, file=replace(moving.file, fps=fps))
        told = [
            fits(PostType.REEL, film),
            fits(PostType.STORY, film),
            fits(PostType.POST, one, film),
        ]
        assert [each == [] for each in told] == [good] * 3
    assert [fits(PostType.POST, each) for each in (wide, tall, moving, long)] == [[]] * 4
    assert [len(fits(PostType.POST, each)) for each in (wider, taller, short)] == [1, 1, 1]
    assert fits(PostType.STORY, moving) == fits(PostType.STORY, wider) == []
    assert len(fits(PostType.STORY, long)) == 1
    assert len(fits(PostType.STORY, one, text="Hello")) == 1
    assert len(fits(PostType.STORY, one, one)) == 1
    assert len(fits(PostType.REEL, one)) == 1
    assert fits(PostType.POST, *[one] * 9, moving) == []
    assert len(fits(PostType.POST, *[one] * 11)) == 1
    assert fits(PostType.POST, text="Hello")
    assert "JPEG" in fits(PostType.POST, album.image())[0].upper()


@pytest.mark.parametrize(
    ("text", "type", "options", "count"),
    [
        ("#" * 30 + "@" * 20, PostType.REEL, {}, 0),
        ("#" * 31 + "@" * 21, PostType.REEL, {}, 2),
        ("", PostType.REEL, {"collaborators": "a,b,c"}, 0),
        ("", PostType.REEL, {"collaborators": "a,b,c,d"}, 1),
        ("", PostType.STORY, {"collaborators": "a", "location_id": "7"}, 2),
        ("", PostType.STORY, {"audio_name": "Sea"}, 1),
        ("", PostType.REEL, {"audio_name": "Sea", "trial": "manual"}, 0),
        ("", PostType.REEL, {"thumb_offset": "0"}, 0),
        ("", PostType.REEL, {"thumb_offset": "3999"}, 0),
        ("", PostType.REEL, {"thumb_offset": "4000"}, 1),
        ("", PostType.REEL, {"thumb_offset": "-1"}, 1),
    ],
)
def test_rules_that_are_no_numbers(
    album: Album, text: str, type: PostType, options: Mapping[str, str], count: int
) -> None:
    proposal = Proposal(text, type, (clip(album),), options, {})
    assert len(list(Instagram.objections(proposal))) == count


def test_what_only_a_reel_has_is_nothing_for_a_photo_and_a_wide_video_is_too_wide(
    album: Album,
) -> None:
    proposal = Proposal("", PostType.POST, (photo(album),), {"audio_name": "Sea"}, {})
    assert len(list(Instagram.objections(proposal))) == 1
    one = clip(album)
    wide = replace(one, file=replace(one.file, width=1921))
    proposal = Proposal("", PostType.POST, (wide,), {}, {})
    assert len(list(Instagram.objections(proposal))) == 1


def test_a_post_of_every_kind_goes_out_by_both_logins(album: Album) -> None:
    for login in (InstagramSubject, ByInstagram):
        with (subject := login()).running():
            for shape in subject.shapes:
                went_out(subject, post(subject, album, shape, f"By {shape}"))
            assert len(subject.live()) == len(subject.shapes)

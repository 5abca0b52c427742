"""What is peculiar to X: tokens good for one time, media in segments, a list that has to be read well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postcron.errors import Evidence, Invalid, OutcomeUnknown, Permanent, Temporary
from postcron.model import (
    Attachment,
    Draft,
    Kind,
    MediaFile,
    PostType,
    Proposal,
    Receipt,
    Sight,
    Ticket,
)
from postcron.platforms.oauth import challenge
from postcron.platforms.x import X
from postcron.platforms.x_media import SEGMENT
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import animation, noise
from tests.platforms.contract import (
    Album,
    Killed,
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
from tests.platforms.subjects.x import DUPLICATE, UNAVAILABLE, XSubject
from tests.simulators import x as simulator
from tests.simulators.allowance import Allowance
from tests.simulators.server import Asked, Fault, Reply

NOW = datetime.now(UTC)


@pytest.fixture
def subject() -> Iterator[XSubject]:
    built = XSubject()
    with built.running():
        built.platform()
        yield built


def is_list(asked: Asked) -> bool:
    return asked.path.startswith("/2/users/") and asked.path.endswith("/tweets")


def is_call(name: str) -> Any:
    return lambda asked: asked.path.endswith(name)


# --- X's own contract ----------------------------------------------------------------------------


def test_every_call_and_every_answer_is_as_xs_own_document_says(
    subject: XSubject, album: Album
) -> None:
    for number, shape in enumerate(subject.shapes):
        asked = post(subject, album, shape, f"Hello {number}", key=str(number))
        receipt = went_out(subject, asked)
        looked(subject, asked, prepared(subject, asked))
        subject.platform().visit(receipt.remote_id)
        subject.platform().measure(receipt)
    subject.platform().whoami()
    calls = {(asked.method, asked.path.rpartition("/")[2]) for asked, _, _ in subject.server.said}
    assert len(subject.server.said) > 20
    assert calls >= {("POST", "tweets"), ("POST", "append"), ("GET", "upload"), ("GET", "me")}
    wrong = [
        objection
        for asked, status, body in subject.server.said
        for objection in simulator.CONTRACT.answered(asked.method, asked.path, status, body)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "foo": 1},
        {"text": "a", "media": {"media_ids": [123]}},
        {"text": "a", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "a", "reply": {}},
        {"text": "a", "reply_settings": "everyone"},
    ],
)
def test_what_xs_own_document_forbids_the_simulator_refuses(subject: XSubject, body: Any) -> None:
    assert subject.session is not None
    headers = {"Authorization": f"Bearer {subject.session.data['access']}"}
    answer = Api(subject.server.url).call("POST", "/2/tweets", json=body, headers=headers)
    assert (answer.status, subject.live()) == (400, [])


# --- who we are ----------------------------------------------------------------------------------


def test_who_we_are(subject: XSubject) -> None:
    assert subject.platform().whoami().name == "@acme"


def test_a_token_of_somebody_else_is_told_with_both_numbers(subject: XSubject) -> None:
    other = replace(subject.login(), settings={**subject.settings, "user_id": "783214"})
    with pytest.raises(Permanent, match="belongs to @acme, whose user_id is 2244994945"):
        X(other, Api).whoami()


@pytest.mark.parametrize("confidential", [True, False])
def test_a_person_logs_in_once_and_the_session_renews_itself(
    subject: XSubject, confidential: bool
) -> None:
    subject.server.confidential = confidential
    secrets = {"client_secret": simulator.SECRET} if confidential else {}
    login = replace(subject.login(), session=None, secret=lambda name: secrets.get(name, ""))
    page = urlsplit(X(login, Api).authorization("http://127.0.0.1:5000/", "st", "v" * 43))
    asked = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert page.path == "/i/oauth2/authorize"
    assert (asked["state"], asked["code_challenge"]) == ("st", challenge("v" * 43))
    assert set(asked["scope"].split()) == simulator.SCOPES
    code = subject.server.consented(asked["redirect_uri"], asked["code_challenge"])
    session = X(login, Api).redeem(code, asked["redirect_uri"], "v" * 43, NOW)
    assert session.expires_at == NOW + timedelta(hours=2)
    later = X(replace(login, session=session), Api).refresh(NOW)
    assert later.data["refresh"] != session.data["refresh"]
    assert X(replace(login, session=later), Api).whoami().name == "@acme"


def test_a_code_is_good_for_who_asked_for_it_and_for_half_a_minute(subject: XSubject) -> None:
    for verifier, wait in (("another", 0), ("v" * 43, 31)):
        code = subject.server.consented("http://127.0.0.1:5000/", challenge("v" * 43))
        subject.server.pass_time(wait)
        with pytest.raises(Permanent) as raised:
            subject.platform().redeem(code, "http://127.0.0.1:5000/", verifier, NOW)
        assert raised.value.code == "token_refused"


@pytest.mark.fault("F97")
def test_a_refresh_token_is_good_for_one_time(subject: XSubject) -> None:
    """A crash between the answer and its saving: the next run asks for a login, and no more."""
    subject.platform().refresh(NOW)
    with pytest.raises(Permanent) as raised:
        subject.platform().refresh(NOW)
    assert raised.value.code == "token_refused"


@pytest.mark.fault("F98")
def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(subject: XSubject) -> None:
    assert subject.session is not None
    grant = {"access_token": "new", "expires_in": 60, "token_type": "bearer"}
    subject.server.misbehave(Reply(200, grant), is_call("/token"))
    session = subject.platform().refresh(NOW)
    assert session.data["refresh"] == subject.session.data["refresh"]
    assert session.expires_at == NOW + timedelta(seconds=60)


def test_without_any_refresh_token_a_person_is_asked_to_log_in(subject: XSubject) -> None:
    login = replace(subject.login(), session=None, secret=lambda name: "")
    with pytest.raises(Permanent, match="accounts login acme"):
        X(login, Api).refresh(NOW)


@pytest.mark.fault("F94")
def test_a_token_that_ended_is_renewed_and_the_post_goes_out_once(
    subject: XSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.pass_time(3 * 3600)
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("token_expired", Evidence.REFUSED)
    subject.session = subject.platform().refresh(NOW)
    published(subject, asked, ticket)
    assert len(subject.live()) == 1


# --- the call ------------------------------------------------------------------------------------


def sent(subject: XSubject) -> Any:
    return [asked.json() for asked in subject.server.asked if subject.is_publish(asked)][-1]


def test_only_what_was_chosen_is_sent(subject: XSubject, album: Album) -> None:
    asked = draft(album, options={"reply_settings": "everyone"})
    went_out(subject, asked)
    assert sent(subject) == {"text": "Hello"}


def test_the_options_of_a_post_are_sent(subject: XSubject, album: Album) -> None:
    options = {"reply_settings": "following", "made_with_ai": "true", "paid_partnership": "false"}
    asked = draft(album, options=options)
    went_out(subject, asked)
    assert sent(subject) == {
        "text": "Hello",
        "reply_settings": "following",
        "made_with_ai": True,
        "paid_partnership": False,
    }


@pytest.mark.fault("F56")
def test_an_id_is_kept_as_it_is_written(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    odd = {"data": {"id": 9007199254740993, "text": "Hello", "mood": ["new"]}}
    subject.server.misbehave(Reply(201, odd), subject.is_publish)
    assert published(subject, asked, ticket).remote_id == "9007199254740993"


def part(subject: XSubject, album: Album, text: str, parent: Receipt | None = None) -> Draft:
    return draft(album, text, parent=parent, root=parent, key=text)


def test_a_part_that_comes_too_soon_is_sent_again_later(subject: XSubject, album: Album) -> None:
    first = published(subject, part(subject, album, "1/2"), Ticket({"media": []}))
    second = part(subject, album, "2/2", first)
    subject.server.too_soon = 5
    error = failure(subject, second, Ticket({"media": []}))
    assert (error.code, error.evidence) == ("not_ready", Evidence.REFUSED)
    subject.server.pass_time(5)
    published(subject, second, Ticket({"media": []}))


def test_a_reply_that_programs_may_not_make_is_refused_for_good(
    subject: XSubject, album: Album
) -> None:
    first = published(subject, part(subject, album, "1/2"), Ticket({"media": []}))
    subject.server.replies = False
    error = failure(subject, part(subject, album, "2/2", first), Ticket({"media": []}))
    assert isinstance(error, Permanent)
    assert "not permitted to reply" in error.message


def test_a_lost_part_is_found_in_its_thread_and_not_beside_it(
    subject: XSubject, album: Album
) -> None:
    first = published(subject, part(subject, album, "1/2"), Ticket({"media": []}))
    second = part(subject, album, "2/2", first)
    subject.server.already_there("2/2", ago=0)
    assert looked(subject, second, Ticket({"media": []})).sight is Sight.UNCLEAR
    subject.server.posts.pop()
    assert looked(subject, second, lost(subject, second)).sight is Sight.LIVE


# --- media ---------------------------------------------------------------------------------------


def large(album: Album, size: int = 5 * SEGMENT + 17) -> Attachment:
    """Return a file of several segments; what is in it nobody looks at before the call."""
    path, file = noise(album.folder / "large.bin", size)
    file = replace(file, kind=Kind.VIDEO, mime="video/mp4")
    album.paths[file] = path
    return Attachment(file, "large.mp4")


def test_a_file_goes_up_in_segments_and_arrives_whole(subject: XSubject, album: Album) -> None:
    asked = draft(album, "Hello", large(album))
    prepared(subject, asked)
    (media,) = subject.server.media.values()
    assert [len(media.segments[number]) for number in range(6)] == [SEGMENT] * 5 + [17]
    assert media.content == album.paths[asked.attachments[0].file].read_bytes()


@pytest.mark.fault("F06")
def test_a_run_killed_at_any_save_costs_few_bytes_more(subject: XSubject, album: Album) -> None:
    for saves in range(1, 10):
        asked, notebook = draft(album, "Hello", large(album)), Notebook(dies_at=saves)
        before = subject.server.carried
        with pytest.raises(Killed):
            subject.platform().prepare(asked, Ticket(), notebook.save)
        prepared(subject, asked, notebook.last())
        assert subject.server.carried - before < 1.2 * asked.attachments[0].file.size


@pytest.mark.fault("F06")
@pytest.mark.parametrize("how", [Fault.DROP_BEFORE, Fault.ANSWER_LOST, Fault.HALF_REPLY])
def test_a_file_cut_off_at_any_request_costs_few_bytes_more(
    subject: XSubject, album: Album, how: Fault
) -> None:
    # All three are the same to the client; that any request may meet any of them the contract shows.
    for number in range(1, 9, 1 if how is Fault.ANSWER_LOST else 3):
        asked, notebook = draft(album, "Hello", large(album), key=str(number)), Notebook()
        before = subject.server.carried
        subject.server.misbehave_at(number, how)
        with pytest.raises(Temporary):
            subject.platform().prepare(asked, Ticket(), notebook.save)
        prepared(subject, asked, notebook.last())
        assert subject.server.carried - before < 1.2 * asked.attachments[0].file.size


def test_a_video_is_waited_for_without_being_uploaded_twice(
    subject: XSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", album.video()), Notebook()
    first = subject.platform().prepare(asked, Ticket(), notebook.save)
    assert (first.ready, first.check_after) == (False, timedelta(seconds=1))
    assert prepared(subject, asked, notebook.last()).ready
    assert len(subject.server.media) == 1


def test_a_video_x_cannot_use_is_refused_before_its_time(subject: XSubject, album: Album) -> None:
    asked, notebook = draft(album, "Hello", album.video()), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    (media,) = subject.server.media.values()
    media.failed = True
    with pytest.raises(Permanent) as raised:
        prepared(subject, asked, notebook.last())
    assert raised.value.code == "media_refused"


def test_an_animation_goes_out_and_says_what_it_shows(subject: XSubject, album: Album) -> None:
    moving = album._kept(animation(album.folder / "moving.gif"), "Red, and then not")
    asked = draft(album, "Hello", moving)
    went_out(subject, asked)
    (media,) = subject.server.media.values()
    assert (media.category, media.alt) == ("tweet_gif", "Red, and then not")


def test_alt_text_goes_with_pictures_and_not_with_videos(subject: XSubject, album: Album) -> None:
    prepared(subject, draft(album, "Hello", album.image(alt="A 🐕"), album.image("cat", alt="")))
    prepared(subject, draft(album, "Hello", album.video(alt="Waves")))
    assert [media.alt for media in subject.server.media.values()] == ["A 🐕", None, None]


def test_an_upload_that_x_knows_no_more_begins_anew(subject: XSubject, album: Album) -> None:
    asked, notebook = draft(album, "Hello", large(album)), Notebook(dies_at=4)
    with pytest.raises(Killed):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    subject.server.media.clear()
    notebook.dies_at = None
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "handle_gone"
    assert prepared(subject, asked, notebook.last()).ready


def test_a_file_refused_at_its_end_is_not_carried_up_again_and_again(
    subject: XSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", large(album)), Notebook()
    size = asked.attachments[0].file.size
    no = Reply(400, {"title": "Invalid Request", "detail": "No.", "type": "about:blank"})
    tries: list[str] = []
    for _ in range(4):
        subject.server.misbehave(no, is_call("/finalize"))
        try:
            subject.platform().prepare(asked, notebook.last(), notebook.save)
        except (Permanent, Temporary) as error:
            tries.append(error.code)
            if isinstance(error, Permanent):
                break
    assert tries == ["media_refused"]
    assert subject.server.carried <= size


def test_media_too_old_to_be_used_are_asked_for_again(subject: XSubject, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(subject, asked)
    subject.server.pass_time(25 * 3600)
    subject.session = subject.platform().refresh(NOW)
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("handle_gone", Evidence.REFUSED)
    published(subject, asked, prepared(subject, asked, ticket))
    assert len(subject.live()) == 1


# --- looking -------------------------------------------------------------------------------------


def test_the_simulator_lets_a_second_call_be_a_second_post(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    published(subject, asked, ticket)
    assert len(subject.live()) == 2


def test_a_duplicate_may_be_our_own_and_is_looked_for(subject: XSubject, album: Album) -> None:
    subject.server.remembers_duplicates = True
    asked = draft(album)
    ticket = lost(subject, asked)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


@pytest.mark.fault("F43")
def test_not_available_means_both_and_is_looked_for(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(UNAVAILABLE, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_an_x_that_cannot_be_read_says_to_look_after_the_credits(
    subject: XSubject, album: Album
) -> None:
    subject.server.misbehave(UNAVAILABLE, is_list)
    with pytest.raises(Temporary, match="credits"):
        subject.platform().look(draft(album), Ticket({"media": []}), NOW)


@pytest.mark.fault("F50")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("A & B https://example.com/x", "A &amp; B https://t.co/abc"),
        ("a < b > c &amp; d", "a &lt; b &gt; c &amp;amp; d"),
        ("see example.com, there", "see https://t.co/abc, there"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("one\r\ntwo ", "one\ntwo"),
    ],
)
def test_a_text_is_found_as_x_rewrites_it(
    subject: XSubject, album: Album, sent: str, shown: str
) -> None:
    asked = draft(album, sent)
    page = {"data": [{"id": "199", "text": shown}], "meta": {"result_count": 1}}
    subject.server.misbehave(Reply(200, page), is_list)
    assert looked(subject, asked, Ticket({"media": []})).receipt == Receipt(
        "199", "https://x.com/i/status/199"
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("see\u2060example.com/x(y today", "see https://t.co/abc(y today"),
        ("Hello, world", "hello world"),
        ("word " * 100, "word " * 50 + "… https://t.co/abc"),
    ],
)
def test_what_is_almost_it_is_shown_to_a_person(
    subject: XSubject, album: Album, sent: str, shown: str
) -> None:
    page = {"data": [{"id": "199", "text": shown}], "meta": {"result_count": 1}}
    subject.server.misbehave(Reply(200, page), is_list)
    sighting = looked(subject, draft(album, sent), Ticket({"media": []}))
    assert sighting.sight is Sight.UNCLEAR
    assert "https://x.com/i/status/199" in sighting.why


@pytest.mark.parametrize("name", ["post.fields", "tweet.fields", "none.of.them"])
def test_a_post_is_found_whatever_the_parameter_for_fields_is_called(
    subject: XSubject, album: Album, name: str
) -> None:
    subject.server.fields = name
    for number, asked in enumerate((draft(album, "A"), draft(album, "B", album.image()))):
        ticket = lost(subject, asked)
        assert looked(subject, asked, ticket).sight is Sight.LIVE, number


@pytest.mark.parametrize("name", ["post.fields", "none.of.them"])
def test_a_picture_without_words_is_found_by_its_key_and_else_by_nobody(
    subject: XSubject, album: Album, name: str
) -> None:
    asked = draft(album, "", album.image())
    ticket = lost(subject, asked)
    subject.server.fields = name
    known = name == "post.fields"
    assert looked(subject, asked, ticket).sight is (Sight.LIVE if known else Sight.UNCLEAR)


def test_the_same_words_with_another_picture_are_a_persons_to_judge(
    subject: XSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = lost(subject, asked)
    subject.server.posts[-1].media[0].key = "3_1"
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


@pytest.mark.fault("F47")
def test_two_that_look_like_it_are_shown_to_a_person(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    subject.server.already_there("Hello", ago=0)
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, sighting.why.count("https://")) == (Sight.UNCLEAR, 2)


def test_the_same_words_of_last_week_and_of_others_are_not_ours(
    subject: XSubject, album: Album
) -> None:
    subject.server.already_there("Hello", ago=7 * 86_400)
    subject.server.already_there("Hello", author=simulator.OTHER, ago=0)
    assert looked(subject, draft(album), Ticket({"media": []})).sight is Sight.ABSENT


@pytest.mark.fault("F48")
def test_a_list_that_shows_nothing_at_all_proves_nothing(subject: XSubject, album: Album) -> None:
    subject.server.posts.clear()
    assert looked(subject, draft(album), Ticket({"media": []})).sight is Sight.UNCLEAR


def test_a_post_the_list_does_not_have_yet_is_found_when_it_has(
    subject: XSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    subject.server.lag = 60
    assert looked(subject, asked, ticket).sight is Sight.ABSENT
    subject.server.pass_time(61)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert subject.platform().settle > timedelta(minutes=1)


@pytest.mark.parametrize(("others", "sight"), [(150, Sight.LIVE), (400, Sight.UNCLEAR)])
def test_a_busy_account_is_read_page_by_page_and_not_for_ever(
    subject: XSubject, album: Album, others: int, sight: Sight
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    for number in range(others):
        subject.server.already_there(f"Something else {number}", ago=0)
    assert looked(subject, asked, ticket).sight is sight


# --- one post ------------------------------------------------------------------------------------


def test_a_post_is_visited_by_its_page(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    for page in (receipt.url, f"https://twitter.com/acme/status/{receipt.remote_id}?s=20"):
        assert page is not None
        assert subject.platform().visit(page).receipt == receipt


def test_a_post_of_somebody_else_is_not_ours(subject: XSubject) -> None:
    theirs = subject.server.already_there("Not ours", author=simulator.OTHER)
    assert subject.platform().visit(theirs.id).sight is Sight.GONE


def test_a_post_that_does_not_say_whose_it_is_proves_nothing(subject: XSubject) -> None:
    subject.server.misbehave(Reply(200, {"data": {"id": "199", "text": "Hello"}}))
    assert subject.platform().visit("199").sight is Sight.UNCLEAR


# --- what fits -----------------------------------------------------------------------------------


def fits(text: str = "Hello", *files: Attachment, **settings: str) -> bool:
    return problems(text, PostType.POST, files, X.limits(settings), "acme") == []


def clip(seconds: float, width: int = 1280, height: int = 720, size: int = 1000) -> Attachment:
    lasts = timedelta(seconds=seconds)
    file = MediaFile("0" * 64, size, Kind.VIDEO, "video/mp4", width, height, lasts)
    return Attachment(file, "clip.mp4")


def test_what_fits_is_known_to_the_edge() -> None:
    assert fits("x" * 280)
    assert not fits("x" * 281)
    assert fits("x" * 281, max_characters="4000")
    assert fits("x" * 256 + " https://example.com/" + "y" * 200)
    assert not fits("の" * 141)
    for seconds, good in ((0.4, False), (0.5, True), (140, True), (140.1, False)):
        assert fits("Hello", clip(seconds)) == good
    for width, height, good in (
        (1280, 1024, True),
        (1280, 1025, False),
        (1281, 720, False),
        (720, 1280, True),
        (300, 100, True),
        (301, 100, False),
        (32, 32, True),
        (31, 32, False),
    ):
        assert fits("Hello", clip(5, width, height)) == good, (width, height)
    assert fits("Hello", clip(5, size=512_000_000))
    assert not fits("Hello", clip(5, size=512_000_001))
    assert not fits("Hello", clip(5), clip(6))
    for fps, good in ((60, True), (61, False), (5, True)):
        one = clip(5)
        assert fits("Hello", replace(one, file=replace(one.file, fps=fps))) == good
    for frames, width, height, good in (
        (350, 500, 500, True),
        (351, 500, 500, False),
        (300, 1000, 1000, True),
        (301, 1000, 1000, False),
    ):
        gif = MediaFile("1" * 64, 1000, Kind.GIF, "image/gif", width, height, frames=frames)
        assert fits("Hello", Attachment(gif, "a.gif")) == good


def test_max_characters_is_a_number() -> None:
    with pytest.raises(Invalid, match="max_characters"):
        X.limits({"max_characters": "many"})


@pytest.mark.parametrize(
    ("text", "objections"), [("$ACME and $1 up", 0), ("$ACME or $FOO.B", 1), ("a$ACME b$FOO", 0)]
)
def test_one_cashtag_is_all_that_x_takes(text: str, objections: int) -> None:
    proposal = Proposal(text, PostType.POST, (), {}, {})
    assert len(list(X.objections(proposal))) == objections


def test_a_duplicate_says_so_to_a_person(subject: XSubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(DUPLICATE, subject.is_publish)
    assert "duplicate content" in failure(subject, asked, ticket).message


# --- numbers -------------------------------------------------------------------------------------


def test_a_posts_numbers_are_one_question(subject: XSubject) -> None:
    subject.server.counts = dict(zip(simulator.METRICS, range(1, 7), strict=True))
    id = subject.server.already_there("Older").id
    before = len(subject.server.asked)
    numbers = subject.platform().measure(Receipt(id))
    assert numbers == {
        "shares": 1,
        "comments": 2,
        "likes": 3,
        "quotes": 4,
        "saves": 5,
        "views": 6,
    }
    assert len(subject.server.asked) == before + 1


def test_a_repost_is_a_share_by_its_older_name_too_and_what_is_not_said_is_left_out(
    subject: XSubject,
) -> None:
    subject.server.fields = "tweet.fields"
    subject.server.counts = {"retweet_count": 4, "like_count": 0}
    id = subject.server.already_there("Older").id
    assert subject.platform().measure(Receipt(id)) == {"shares": 4, "likes": 0}


def test_where_x_shows_no_numbers_there_are_none(subject: XSubject) -> None:
    subject.server.fields = "shown"
    id = subject.server.already_there("Older").id
    assert subject.platform().measure(Receipt(id)) == {}


def test_what_is_known_by_what_a_person_said_is_not_asked_about(subject: XSubject) -> None:
    before = len(subject.server.asked)
    assert subject.platform().measure(Receipt("https://x.com/acme/status/1/photo")) == {}
    assert len(subject.server.asked) == before


def test_a_post_that_was_deleted_has_no_numbers(subject: XSubject) -> None:
    with pytest.raises(Permanent) as raised:
        subject.platform().measure(Receipt("1000000000000000000"))
    assert raised.value.code == "handle_gone"


def test_too_many_questions_are_followed_by_a_pause(subject: XSubject) -> None:
    subject.server._allowed[r"GET /2/tweets/\d+"] = none = Allowance(1, 900.0)
    none.take(subject.server.now())
    id = subject.server.already_there("Older").id
    with pytest.raises(Temporary) as raised:
        subject.platform().measure(Receipt(id))
    assert raised.value.code == "rate_limited"
    assert raised.value.retry_after is not None
    assert raised.value.retry_after > timedelta(minutes=10)


def test_a_login_that_may_not_read_is_told(subject: XSubject) -> None:
    subject.server.scopes = {
        token: scopes - {"tweet.read"} for token, scopes in subject.server.scopes.items()
    }
    id = subject.server.already_there("Older").id
    with pytest.raises(Permanent) as raised:
        subject.platform().measure(Receipt(id))
    assert raised.value.code == "token_refused"

"""What is peculiar to LinkedIn: pages and members, little text, bytes by parts, an id without a body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postcron.errors import Evidence, Invalid, OutcomeUnknown, Permanent, Temporary
from postcron.model import (
    Act,
    Attachment,
    Kind,
    MediaFile,
    PostType,
    Proposal,
    Receipt,
    Session,
    Sight,
    Ticket,
)
from postcron.platforms.linkedin import LinkedIn
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import noise
from tests.platforms.contract import (
    Album,
    Killed,
    Notebook,
    draft,
    failure,
    looked,
    lost,
    prepared,
    published,
    went_out,
)
from tests.platforms.subjects.linkedin import LinkedInSubject, MemberSubject, duplicate, said
from tests.simulators import linkedin as simulator
from tests.simulators.server import Asked, Fault, Reply

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
#: much smaller than LinkedIn's own, which its answers name: nobody counts on one size
PART = 300_000
WORDS = Ticket({"media": []})


@pytest.fixture
def page() -> Iterator[LinkedInSubject]:
    built = LinkedInSubject()
    built.server.part = PART
    with built.running():
        yield built


@pytest.fixture
def member() -> Iterator[MemberSubject]:
    built = MemberSubject()
    with built.running():
        yield built


def sent(subject: LinkedInSubject) -> Asked:
    return [asked for asked in subject.server.asked if subject.is_publish(asked)][-1]


# --- who we are ----------------------------------------------------------------------------------


def test_a_member_is_who_the_token_says(member: MemberSubject) -> None:
    assert member.platform().whoami().name == "Ada Acme"
    other = {**member.settings, "author": "urn:li:person:another"}
    with pytest.raises(Permanent, match="belongs to Ada Acme, who is urn:li:person:8675309"):
        LinkedIn(replace(member.login(), settings=other), Api).whoami()


@pytest.mark.parametrize(
    "role", ["ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"]
)
def test_a_page_is_posted_for_by_who_has_a_role_in_it(page: LinkedInSubject, role: str) -> None:
    page.server.roles = {role: [simulator.PAGE]}
    assert page.platform().whoami().remote_id == simulator.PAGE
    page.server.roles = {role: ["urn:li:organization:1"]}
    with pytest.raises(Permanent, match="needs a role"):
        page.platform().whoami()


def test_a_token_that_may_not_ask_for_roles_is_not_doubted(page: LinkedInSubject) -> None:
    page.server.scopes[simulator.TOKEN] = frozenset({"w_organization_social"})
    assert page.platform().whoami().remote_id == simulator.PAGE


def test_the_class_of_act_is_that_of_the_author(
    page: LinkedInSubject, member: MemberSubject
) -> None:
    assert (page.act, member.act, LinkedIn.act) == (Act.READBACK, Act.BLIND, Act.BLIND)


@pytest.mark.parametrize(
    "author", ["", "5515715", "urn:li:person:urn:li:person:1", "urn:li:company:1"]
)
def test_an_author_is_a_person_or_an_organisation(author: str) -> None:
    with pytest.raises(Invalid, match="urn:li:organization:"):
        LinkedIn.limits({"author": author})


# --- tokens that last 60 days --------------------------------------------------------------------


def opened(subject: LinkedInSubject, session: Session | None, **secrets: str) -> LinkedIn:
    login = replace(subject.login(), session=session, secret=lambda name: secrets.get(name, ""))
    return LinkedIn(login, Api)


def logged_in(subject: LinkedInSubject) -> Session:
    platform = opened(subject, None, client_secret=simulator.SECRET)
    asked = parse_qs(urlsplit(platform.authorization("http://127.0.0.1:5/", "st", "v")).query)
    code = subject.server.consented(asked["redirect_uri"][0])
    return platform.redeem(code, "http://127.0.0.1:5/", "v", NOW)


def test_each_kind_of_author_asks_for_its_own_scopes(
    page: LinkedInSubject, member: MemberSubject
) -> None:
    for subject in (page, member):
        address = urlsplit(subject.platform().authorization("http://127.0.0.1:5/", "st", "v"))
        asked = parse_qs(address.query)
        assert address.path == "/oauth/v2/authorization"
        assert set(asked["scope"][0].split()) == simulator.SCOPES[subject.author]
        assert asked["state"] == ["st"]


def test_with_a_refresh_token_a_session_is_renewed_for_a_year(page: LinkedInSubject) -> None:
    session = logged_in(page)
    assert (session.expires_at, session.dies_at) == (NOW + 60 * DAY, NOW + 365 * DAY)
    assert session.renew_at == NOW + 45 * DAY
    later = opened(page, session, client_secret=simulator.SECRET).refresh(NOW + 45 * DAY)
    assert later.data["access"] != session.data["access"]
    assert opened(page, later).whoami().remote_id == simulator.PAGE


def test_without_a_refresh_token_a_person_is_told_when_it_ends(member: MemberSubject) -> None:
    member.server.partner = False
    session = logged_in(member)
    assert (session.expires_at, session.dies_at) == (NOW + 60 * DAY, NOW + 60 * DAY)
    assert opened(member, session).whoami().name == "Ada Acme"
    with pytest.raises(Permanent, match="accounts login acme") as raised:
        opened(member, session).refresh(NOW + 60 * DAY)
    assert (raised.value.code, raised.value.evidence) == ("token_refused", Evidence.NOT_SENT)


def test_a_token_written_down_is_believed_for_its_60_days_and_not_renewed(
    member: MemberSubject,
) -> None:
    session = opened(member, None, token=simulator.TOKEN).refresh(NOW)
    assert (session.expires_at, session.dies_at) == (NOW + 60 * DAY, NOW + 60 * DAY)
    assert opened(member, session, token=simulator.TOKEN).whoami().name == "Ada Acme"
    with pytest.raises(Permanent, match="gave nothing to renew it by"):
        opened(member, session, token=simulator.TOKEN).refresh(NOW + 60 * DAY)


def test_a_newer_token_in_the_configuration_counts_at_once(member: MemberSubject) -> None:
    session = opened(member, None, token="an-older-one").refresh(NOW)
    newer = opened(member, session, token=simulator.TOKEN)
    assert newer.whoami().name == "Ada Acme"
    assert newer.refresh(NOW).data["access"] == simulator.TOKEN


def test_a_refresh_token_of_the_configuration_makes_the_first_session(
    page: LinkedInSubject,
) -> None:
    secrets = {"client_secret": simulator.SECRET, "refresh_token": simulator.REFRESH}
    session = opened(page, None, **secrets).refresh(NOW)
    assert opened(page, session, **secrets).whoami().remote_id == simulator.PAGE
    page.server.partner = False
    with pytest.raises(Permanent) as raised:
        opened(page, session, **secrets).refresh(NOW)
    assert raised.value.code == "token_refused"


def test_without_any_token_a_person_is_asked_to_log_in(member: MemberSubject) -> None:
    with pytest.raises(Permanent, match="accounts login acme"):
        opened(member, None).refresh(NOW)


# --- the call ------------------------------------------------------------------------------------


def test_a_post_is_sent_with_all_that_linkedin_asks_for(
    page: LinkedInSubject, album: Album
) -> None:
    receipt = went_out(page, draft(album, "Hello (world) #ok"))
    assert sent(page).json() == {
        "author": simulator.PAGE,
        "commentary": "Hello \\(world\\) #ok",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    assert sent(page).headers["linkedin-version"] == "202609"
    assert receipt.url == f"https://www.linkedin.com/feed/update/{receipt.remote_id}/"


def test_the_options_of_a_post_are_sent(member: MemberSubject, album: Album) -> None:
    went_out(member, draft(album, options={"visibility": "CONNECTIONS", "reshare": "false"}))
    body = sent(member).json()
    assert (body["visibility"], body["isReshareDisabledByAuthor"]) == ("CONNECTIONS", True)


@pytest.mark.parametrize(
    "text",
    ["Price (5) and more", r"\ | { } @ [ ] ( ) < > # * _ ~ end", "C# is #1, a_b, me@acme.com *!*"],
)
def test_no_sign_cuts_a_text_off(page: LinkedInSubject, album: Album, text: str) -> None:
    went_out(page, draft(album, text))
    assert page.live()[0].text == text


def test_a_sign_that_is_not_escaped_would_cut_it_off(page: LinkedInSubject, album: Album) -> None:
    went_out(page, draft(album))
    body = {**sent(page).json(), "commentary": "Price (5) and more"}
    headers = {n: v for n, v in sent(page).headers.items() if n.startswith(("a", "l", "x"))}
    Api(page.server.url).call("POST", "/rest/posts", json=body, headers=headers)
    assert page.live()[-1].text == "Price "


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        ("image", {"media": {"id": "image", "altText": "A dog on a beach"}}),
        ("video", {"media": {"id": "video", "title": "film.mp4"}}),
        ("document", {"media": {"id": "document", "title": "plan.pdf"}}),
        (
            "images",
            {
                "multiImage": {
                    "images": [{"id": "image", "altText": "A dog on a beach"}, {"id": "image"}]
                }
            },
        ),
    ],
)
def test_each_shape_has_its_place_in_the_post(
    page: LinkedInSubject, album: Album, shape: str, content: Any
) -> None:
    receipt = went_out(page, draft(album, "Hello", *page.files(album, shape)))
    assert _kinds(sent(page).json()["content"]) == content
    assert receipt.remote_id.startswith("urn:li:ugcPost:" if shape == "video" else "urn:li:share:")


def _kinds(content: Any) -> Any:
    """Return a post's content with the kind of each file in the place of its urn."""
    if isinstance(content, dict):
        return {
            name: value.split(":")[2] if name == "id" else _kinds(value)
            for name, value in content.items()
        }
    return [_kinds(one) for one in content] if isinstance(content, list) else content


def test_a_document_may_have_a_title_of_its_own(page: LinkedInSubject, album: Album) -> None:
    files = page.files(album, "document")
    went_out(page, draft(album, "Hello", *files, options={"title": "The plan"}))
    assert sent(page).json()["content"]["media"]["title"] == "The plan"


def test_a_member_hears_of_a_version_that_is_over_before_a_post_does(
    member: MemberSubject,
) -> None:
    over = replace(member.login(), settings={**member.settings, "version": "202401"})
    with pytest.raises(Permanent, match=r"not active.*Write a newer month") as raised:
        LinkedIn(over, Api).whoami()
    assert raised.value.code == "not_configured"
    assert LinkedIn(member.login(), Api).whoami().remote_id == simulator.MEMBER


def test_a_version_that_is_over_is_told_and_nothing_is_posted(
    page: LinkedInSubject, album: Album
) -> None:
    page.platform()
    over = replace(page.login(), settings={**page.settings, "version": "202401"})
    with pytest.raises(Permanent, match="version 20240101 is not active") as raised:
        LinkedIn(over, Api).publish(draft(album), WORDS)
    assert (raised.value.code, raised.value.evidence) == ("not_configured", Evidence.REFUSED)
    with pytest.raises(Invalid, match="write a month"):
        LinkedIn.limits({"author": simulator.PAGE, "version": "2026-09"})


# --- media ---------------------------------------------------------------------------------------


def large(album: Album, kind: Kind, mime: str, size: int = 5 * PART + 17) -> Attachment:
    """Return a file of several parts, in which LinkedIn's simulator does not look."""
    path, file = noise(album.folder / "large.bin", size)
    file = replace(file, kind=kind, mime=mime)
    album.paths[file] = path
    return Attachment(file, "large")


def large_video(album: Album) -> Attachment:
    return large(album, Kind.VIDEO, "video/mp4")


@pytest.mark.parametrize("quoted", [False, True])
def test_a_video_goes_up_by_parts_which_are_named_in_their_order(
    page: LinkedInSubject, album: Album, quoted: bool
) -> None:
    page.server.quoted = quoted
    asked = draft(album, "Hello", large_video(album))
    went_out(page, asked)
    (asset,) = page.server.assets.values()
    content = b"".join(asset.parts[first] for first in sorted(asset.parts))
    assert content == album.paths[asked.attachments[0].file].read_bytes()
    assert [len(part) for part in asset.parts.values()] == [PART] * 5 + [17]


def test_the_token_goes_with_images_and_never_with_parts_of_videos(
    page: LinkedInSubject, album: Album
) -> None:
    for shape, goes in (("image", True), ("document", True), ("video", False)):
        prepared(page, draft(album, "Hello", *page.files(album, shape)))
        put = [asked for asked in page.server.asked if asked.method == "PUT"][-1]
        assert ("authorization" in put.headers) == goes


def test_the_token_goes_to_no_other_host(page: LinkedInSubject, album: Album) -> None:
    page.platform()
    elsewhere = {**page.settings, "upload_url": "https://www.linkedin.com"}
    platform = LinkedIn(replace(page.login(), settings=elsewhere), Api)
    with pytest.raises(Temporary):
        platform.prepare(draft(album, "Hello", album.image()), Ticket(), Notebook().save)
    assert "authorization" not in page.server.asked[-1].headers


def test_upload_addresses_are_sealed_in_the_ticket(page: LinkedInSubject, album: Album) -> None:
    page.platform()
    login = replace(page.login(), seal=lambda text: text[::-1], unseal=lambda text: text[::-1])
    asked, notebook = draft(album, "Hello", large_video(album)), Notebook(dies_at=3)
    with pytest.raises(Killed):
        LinkedIn(login, Api).prepare(asked, Ticket(), notebook.save)
    assert "dms-uploads" not in "".join(notebook.tickets)
    notebook.dies_at = None
    keyless = replace(login, unseal=lambda text: "")
    with pytest.raises(Temporary) as raised:
        LinkedIn(keyless, Api).prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "handle_gone"
    LinkedIn(login, Api).prepare(asked, notebook.last(), notebook.save)
    assert len(page.server.assets) == 2


@pytest.mark.fault("F06")
def test_a_run_killed_at_any_save_costs_few_bytes_more(page: LinkedInSubject, album: Album) -> None:
    asked = draft(album, "Hello", large_video(album))
    for saves in range(1, 10):
        notebook, before = Notebook(dies_at=saves), page.server.carried
        with pytest.raises(Killed):
            page.platform().prepare(asked, Ticket(), notebook.save)
        prepared(page, asked, notebook.last())
        assert page.server.carried - before < 1.2 * asked.attachments[0].file.size


@pytest.mark.fault("F06")
@pytest.mark.parametrize("how", [Fault.DROP_BEFORE, Fault.ANSWER_LOST, Fault.HALF_REPLY])
@pytest.mark.parametrize("kind", ["video", "document"])
def test_a_file_cut_off_at_any_request_costs_few_bytes_more(
    page: LinkedInSubject, album: Album, how: Fault, kind: str
) -> None:
    file = large_video(album) if kind == "video" else large(album, Kind.DOCUMENT, "application/pdf")
    asked = draft(album, "Hello", file)
    for number in range(1, 9 if kind == "video" else 4):
        notebook, before = Notebook(), page.server.carried
        page.platform()
        page.server.misbehave_at(number, how)
        with pytest.raises(Temporary):
            page.platform().prepare(asked, Ticket(), notebook.save)
        prepared(page, asked, notebook.last())
        # What never arrived at all has to be sent as a whole.
        arrived = page.server.carried - before
        assert arrived < 1.2 * file.file.size


def test_a_finish_that_was_carried_out_is_not_asked_for_again(
    page: LinkedInSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", large_video(album)), Notebook()
    page.server.misbehave(Fault.ANSWER_LOST, lambda asked: "finalizeUpload" in str(asked.query))
    with pytest.raises(Temporary):
        page.platform().prepare(asked, Ticket(), notebook.save)
    prepared(page, asked, notebook.last())
    finishing = [one for one in page.server.asked if "finalizeUpload" in str(one.query)]
    assert len(finishing) == 1


def test_a_video_is_waited_for_without_being_uploaded_twice(
    page: LinkedInSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", *page.files(album, "video")), Notebook()
    first = page.platform().prepare(asked, Ticket(), notebook.save)
    assert (first.ready, first.check_after) == (False, timedelta(seconds=30))
    assert prepared(page, asked, notebook.last()).ready
    assert len(page.server.assets) == 1


def test_a_video_linkedin_cannot_use_is_refused_before_its_time(
    page: LinkedInSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", *page.files(album, "video")), Notebook()
    page.platform().prepare(asked, Ticket(), notebook.save)
    (asset,) = page.server.assets.values()
    asset.failed = True
    with pytest.raises(Permanent, match="codec is not supported") as raised:
        prepared(page, asked, notebook.last())
    assert raised.value.code == "media_refused"


def test_an_upload_that_linkedin_knows_no_more_begins_anew(
    page: LinkedInSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", large_video(album)), Notebook(dies_at=4)
    with pytest.raises(Killed):
        page.platform().prepare(asked, Ticket(), notebook.save)
    page.server.assets.clear()
    notebook.dies_at = None
    with pytest.raises(Temporary) as raised:
        page.platform().prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "handle_gone"
    assert prepared(page, asked, notebook.last()).ready


def test_a_members_image_is_given_a_minute_because_it_cannot_be_asked_for(
    member: MemberSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", album.image()), Notebook()
    first = member.platform().prepare(asked, Ticket(), notebook.save)
    assert (first.ready, first.check_after) == (False, timedelta(seconds=60))
    assert member.platform().prepare(asked, notebook.last(), notebook.save).ready


def test_a_members_image_that_took_longer_is_waited_for_at_the_call(
    member: MemberSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(member, asked)
    member.server._seconds = 90
    error = failure(member, asked, ticket)
    assert (error.code, error.evidence) == ("not_ready", Evidence.REFUSED)
    member.server.pass_time(90)
    published(member, asked, ticket)
    assert len(member.live()) == 1


# --- looking -------------------------------------------------------------------------------------


def test_a_member_is_never_looked_up(member: MemberSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(member, asked)
    questions = len(member.server.asked)
    assert looked(member, asked, ticket).sight is Sight.UNCLEAR
    assert member.platform().visit(member.server.posts[-1].urn).sight is Sight.UNCLEAR
    assert len(member.server.asked) == questions


def test_the_simulator_lets_a_second_call_be_a_second_post(
    page: LinkedInSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(page, asked)
    published(page, asked, ticket)
    assert len(page.live()) == 2


@pytest.mark.fault("F45")
def test_a_duplicate_may_be_our_own_or_a_ghost_and_is_looked_for(
    page: LinkedInSubject, album: Album
) -> None:
    page.server.remembers_duplicates = True
    asked = draft(album)
    page.server.misbehave(duplicate(), page.is_publish)
    error = failure(page, asked, WORDS)
    assert isinstance(error, OutcomeUnknown)
    assert "urn:li:share:7141138937766391808" in error.message
    assert looked(page, asked, WORDS).sight is Sight.ABSENT
    ticket = lost(page, asked)
    assert isinstance(failure(page, asked, ticket), OutcomeUnknown)
    assert looked(page, asked, ticket).sight is Sight.LIVE
    assert len(page.live()) == 1


@pytest.mark.fault("F50")
def test_a_text_is_found_as_linkedin_rewrites_it(page: LinkedInSubject, album: Album) -> None:
    asked = draft(album, "A (b) #News @[Acme](urn:li:organization:1)\n{c} https://e.com/a_b#x")
    assert looked(page, asked, lost(page, asked)).sight is Sight.LIVE


def test_a_picture_is_found_by_its_urn_whatever_became_of_the_words(
    page: LinkedInSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    ticket = lost(page, asked)
    page.server.posts[-1].body = {**page.server.posts[-1].body, "commentary": "He"}
    assert looked(page, asked, ticket).sight is Sight.LIVE


def test_the_same_words_with_another_picture_are_a_persons_to_judge(
    page: LinkedInSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(page, asked)
    went_out(page, replace(asked, key="another"))
    assert looked(page, asked, ticket).sight is Sight.UNCLEAR
    assert looked(page, draft(album), WORDS).sight is Sight.UNCLEAR, "nor with none"


def test_words_that_are_almost_the_same_are_shown_to_a_person(
    page: LinkedInSubject, album: Album
) -> None:
    urn = page.server.already_there("hello — WORLD", ago=0).urn
    sighting = looked(page, draft(album, "Hello, world!"), WORDS)
    assert (sighting.sight, urn in sighting.why) == (Sight.UNCLEAR, True)


@pytest.mark.parametrize(
    ("state", "sight"),
    [
        ("PROCESSING", Sight.WORKING),
        ("PUBLISH_REQUESTED", Sight.WORKING),
        ("PUBLISH_FAILED", Sight.GONE),
        ("PUBLISHED", Sight.LIVE),
    ],
)
def test_each_state_of_a_post_has_its_meaning(
    page: LinkedInSubject, album: Album, state: str, sight: Sight
) -> None:
    asked = draft(album)
    ticket = lost(page, asked)
    page.server.posts[-1].state = state
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert page.platform().look(asked, ticket, since).sight is sight


@pytest.mark.fault("F47")
def test_two_that_look_like_it_are_shown_to_a_person(page: LinkedInSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(page, asked)
    page.server.already_there("Hello", ago=0)
    sighting = looked(page, asked, ticket)
    assert (sighting.sight, sighting.why.count("https://")) == (Sight.UNCLEAR, 2)


@pytest.mark.fault("F48")
def test_a_list_that_shows_nothing_older_proves_nothing(
    page: LinkedInSubject, album: Album
) -> None:
    page.server.posts.clear()
    assert looked(page, draft(album), WORDS).sight is Sight.UNCLEAR
    for number in range(60):
        page.server.already_there(f"Something else {number}", ago=number)
    assert looked(page, draft(album), WORDS).sight is Sight.UNCLEAR


def test_a_page_that_may_not_be_read_is_not_looked_up(page: LinkedInSubject, album: Album) -> None:
    page.server.scopes[simulator.TOKEN] = frozenset({"w_organization_social"})
    with pytest.raises(Permanent, match="ACCESS_DENIED"):
        looked(page, draft(album), WORDS)


def test_the_same_words_of_last_week_and_of_others_are_not_ours(
    page: LinkedInSubject, album: Album
) -> None:
    page.server.already_there("Hello", ago=7 * 86_400)
    page.server.already_there("Hello", author=simulator.MEMBER, ago=0)
    assert looked(page, draft(album), WORDS).sight is Sight.ABSENT


def test_a_post_the_list_does_not_have_yet_is_found_when_it_has(
    page: LinkedInSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(page, asked)
    page.server.lag = 60
    assert looked(page, asked, ticket).sight is Sight.ABSENT
    page.server.pass_time(61)
    assert looked(page, asked, ticket).sight is Sight.LIVE
    assert page.platform().settle > timedelta(minutes=1)


def test_a_post_is_visited_by_its_page_and_only_if_it_is_ours(
    page: LinkedInSubject, album: Album
) -> None:
    receipt = went_out(page, draft(album))
    assert receipt.url is not None
    for address in (receipt.remote_id, receipt.url, f"{receipt.url}?utm=x"):
        assert page.platform().visit(address).receipt == receipt
    theirs = page.server.already_there("Not ours", author=simulator.MEMBER)
    assert page.platform().visit(theirs.urn).sight is Sight.GONE


# --- what fits -----------------------------------------------------------------------------------


def fits(text: str = "Hello", *files: Attachment) -> bool:
    limits = LinkedIn.limits({"author": simulator.PAGE})
    return problems(text, PostType.POST, files, limits, "acme") == []


def file(kind: Kind, mime: str, **more: Any) -> Attachment:
    given = {"size": 100_000, **more}
    return Attachment(MediaFile("0" * 64, kind=kind, mime=mime, **given), "file")


def test_what_fits_is_known_to_the_edge() -> None:
    assert fits("x" * 3000)
    assert not fits("x" * 3001)
    assert fits("(" * 1500)
    assert not fits("(" * 1501)
    for seconds, good in ((2.9, False), (3, True), (1800, True), (1801, False)):
        lasts = timedelta(seconds=seconds)
        assert fits("Hello", file(Kind.VIDEO, "video/mp4", duration=lasts)) == good
    for size, good in ((76_799, False), (500_000_000, True), (500_000_001, False)):
        lasts = timedelta(seconds=5)
        assert fits("Hello", file(Kind.VIDEO, "video/mp4", duration=lasts, size=size)) == good
    image = file(Kind.IMAGE, "image/jpeg", width=6000, height=6000)
    assert fits("Hello", *[image] * 20)
    assert not fits("Hello", *[image] * 21)
    assert not fits("Hello", file(Kind.IMAGE, "image/jpeg", width=6024, height=6002))
    pdf = file(Kind.DOCUMENT, "application/pdf")
    assert fits("Hello", pdf)
    assert not fits("Hello", pdf, pdf)
    assert not fits("Hello", pdf, image)
    for pages, good in ((300, True), (301, False)):
        assert fits("Hello", file(Kind.DOCUMENT, "application/pdf", pages=pages)) == good
    for frames, good in ((250, True), (251, False)):
        assert fits("Hello", file(Kind.GIF, "image/gif", frames=frames)) == good
    assert not fits("Hello", file(Kind.DOCUMENT, "application/vnd.ms-excel"))


@pytest.mark.parametrize(
    ("author", "visibility", "text", "said"),
    [
        (simulator.PAGE, "CONNECTIONS", "Hello", ["an organisation has no connections."]),
        (simulator.MEMBER, "CONNECTIONS", "Hello", []),
        (
            simulator.PAGE,
            "PUBLIC",
            " ",
            ["LinkedIn does not promise to take a post without words."],
        ),
    ],
)
def test_what_linkedin_would_not_take_is_said_before(
    author: str, visibility: str, text: str, said: list[str]
) -> None:
    options = {"visibility": visibility}
    proposal = Proposal(text, PostType.POST, (), options, {"author": author})
    assert [what for what, _ in LinkedIn.objections(proposal)] == said


def test_an_id_without_the_header_is_nobodys(page: LinkedInSubject, album: Album) -> None:
    for reply in (Reply(201, {"id": "urn:li:share:1"}), said(201, "CREATED")):
        page.server.misbehave(reply, page.is_publish)
        assert isinstance(failure(page, draft(album), WORDS), OutcomeUnknown)


# --- numbers -------------------------------------------------------------------------------------

COUNTED = {
    **{f"{name}Count": number for number, name in enumerate(("like", "comment", "share", "click"))},
    "impressionCount": 800,
    "uniqueImpressionsCount": 500,
    "engagement": 0.0228,
}


@pytest.mark.parametrize("shape", ["text", "video"])
def test_a_pages_post_is_counted_by_one_question(
    page: LinkedInSubject, album: Album, shape: str
) -> None:
    receipt = went_out(page, draft(album, "Hello", *page.files(album, shape)))
    assert (":ugcPost:" in receipt.remote_id) == (shape == "video")
    page.server.counts = COUNTED
    before = len(page.server.asked)
    assert page.platform().measure(receipt) == {
        "likes": 0,
        "comments": 1,
        "shares": 2,
        "clicks": 3,
        "views": 800,
        "reach": 500,
    }
    assert len(page.server.asked) == before + 1


def test_what_linkedin_does_not_count_is_left_out(page: LinkedInSubject) -> None:
    page.server.counts = {"likeCount": 4}
    assert page.platform().measure(Receipt(page.server.posts[0].urn)) == {"likes": 4}


def test_what_is_counted_of_all_posts_together_is_not_one_posts(page: LinkedInSubject) -> None:
    together = {"elements": [{"totalShareStatistics": COUNTED}]}
    page.server.misbehave(Reply(200, together))
    assert page.platform().measure(Receipt(page.server.posts[0].urn)) == {}


def test_a_post_nobody_has_seen_has_no_numbers_and_one_that_was_deleted_is_gone(
    page: LinkedInSubject,
) -> None:
    urn = page.server.posts[0].urn
    page.server.uncounted.add(urn)
    assert page.platform().measure(Receipt(urn)) == {}
    page.server.posts.clear()
    with pytest.raises(Permanent) as raised:
        page.platform().measure(Receipt(urn))
    assert raised.value.code == "handle_gone"


def test_too_many_questions_are_followed_by_a_pause(page: LinkedInSubject) -> None:
    busy = said(429, "TOO_MANY_REQUESTS", "Resource level throttle limit reached")
    page.server.misbehave(replace(busy, headers={"Retry-After": "600"}))
    with pytest.raises(Temporary) as raised:
        page.platform().measure(Receipt(page.server.posts[0].urn))
    assert raised.value.code == "rate_limited"
    assert raised.value.retry_after == timedelta(minutes=10)


def test_a_token_that_may_not_read_reports_is_told(page: LinkedInSubject) -> None:
    page.server.scopes[simulator.TOKEN] -= {"rw_organization_admin"}
    with pytest.raises(Permanent) as raised:
        page.platform().measure(Receipt(page.server.posts[0].urn))
    assert raised.value.code == "account_unusable"


def test_what_is_known_by_what_a_person_said_is_not_asked_about(page: LinkedInSubject) -> None:
    before = len(page.server.asked)
    assert page.platform().measure(Receipt("https://www.linkedin.com/posts/acme-1")) == {}
    assert len(page.server.asked) == before


def test_a_members_posts_are_not_asked_about(member: MemberSubject) -> None:
    before = len(member.server.asked)
    assert member.platform().measure(Receipt(member.server.posts[0].urn)) == {}
    assert len(member.server.asked) == before


@pytest.mark.parametrize(
    "query",
    [
        "shares=List%28urn%3Ali%3Ashare%3A1%29",
        "shares=List(urn:li:share:1)",
        "shares=List(urn%3Ali%3AugcPost%3A1)",
        "shares[0]=urn%3Ali%3Ashare%3A1",
    ],
)
def test_a_list_that_linkedin_does_not_read_is_refused(page: LinkedInSubject, query: str) -> None:
    rest = page.platform()._rest
    params = {"q": "organizationalEntity", "organizationalEntity": simulator.PAGE}
    path = f"/rest/organizationalEntityShareStatistics?{query}"
    assert rest.call("GET", path, params=params).status == 400

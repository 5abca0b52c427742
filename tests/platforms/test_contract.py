"""The contract every platform stands: three phases, killed and cut anywhere, never two posts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from postcron.errors import Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import Act, Draft, Receipt, Sight
from postcron.platforms.base import Authorizes, Identifies, Refreshes, Visits
from postcron.rules.limits import problems
from tests.platforms.contract import (
    Album,
    Killed,
    Notebook,
    Subject,
    awaited,
    draft,
    failure,
    fits,
    looked,
    post,
    prepared,
    published,
    shown,
    started,
    went_out,
)
from tests.platforms.subjects import SUBJECTS
from tests.simulators.server import Fault, Misbehaviour, Reply

KEY = "5d1f7a9e-5d57-4f3f-8b3e-0d3c5c1f0a1"
HTML = {"Content-Type": "text/html"}
CARRIED_OUT = [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE]
#: answers that prove nothing, whatever status they have: some come from something in between
PROVES_NOTHING = [
    Reply(500, {"error": "InternalServerError", "message": "Internal Server Error"}),
    Reply(502, b"<h1>Bad Gateway</h1>", HTML),
    Reply(503, {"error": "There was a temporary problem serving your request, please try again"}),
    Reply(504, b"<h1>Gateway Timeout</h1>", HTML),
    Reply(408, b"", HTML),
    Reply(409, {"error": "Conflict"}),
    Reply(302, b"", {"Location": "https://example.com/login"}),
    Reply(200, b"<h1>Please accept our terms</h1>", HTML),
]


@pytest.fixture(params=sorted(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    built = SUBJECTS[request.param](None)
    with built.running():
        built.platform()
        yield built


def visiting(subject: Subject) -> Visits:
    """Return the platform, if one post of it can be asked for."""
    platform = subject.platform()
    if not isinstance(platform, Visits) or not subject.nowhere:
        pytest.skip("a single post cannot be asked for here")
    return platform


def requests_of_phase_2(subject: Subject, asked: Draft) -> int:
    before = len(subject.server.asked)
    prepared(subject, asked)
    return len(subject.server.asked) - before


def test_three_phases_put_one_post_live(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1], "Hello, wörld 🎉")
    ticket = prepared(subject, asked)
    assert subject.live() == []
    receipt = published(subject, asked, started(subject, asked, ticket))
    (one,) = subject.live()
    media, name = len(asked.attachments), subject.receipt_id(one, asked)
    assert (name, one.text, len(one.media)) == (receipt.remote_id, asked.text, media)
    assert shown(subject, receipt).url is not None or subject.act is Act.BLIND


def test_a_post_of_every_shape_goes_out(subject: Subject, album: Album) -> None:
    receipts = {}
    for number, shape in enumerate(subject.shapes):
        asked = post(subject, album, shape, f"Hello {number}", key=f"{KEY}{number}")
        ticket = started(subject, asked, prepared(subject, asked))
        receipts[asked.text] = asked, published(subject, asked, ticket).remote_id
    live = {one.text: subject.receipt_id(one, receipts[one.text][0]) for one in subject.live()}
    assert live == {text: receipt for text, (_, receipt) in receipts.items()}


@pytest.mark.parametrize("moves", [False, True])
def test_a_gif_that_fits_goes_out(subject: Subject, album: Album, moves: bool) -> None:
    asked = draft(album, "Hello", album.gif(moves=moves), options=subject.options)
    if not fits(subject, asked):
        pytest.skip("it does not fit here, and is never scheduled")
    went_out(subject, asked)
    (one,) = subject.live()
    assert len(one.media) == 1


def test_preparing_again_changes_nothing_that_matters(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1])
    ticket = prepared(subject, asked)
    again = prepared(subject, asked, ticket)
    published(subject, asked, started(subject, asked, again))
    assert len(subject.live()) == 1


def test_what_was_prepared_for_another_revision_is_not_published(
    subject: Subject, album: Album
) -> None:
    ticket = prepared(subject, post(subject, album, subject.shapes[-1], "Before"))
    asked = post(subject, album, text="After", revision=2)
    published(subject, asked, started(subject, asked, prepared(subject, asked, ticket)))
    (one,) = subject.live()
    assert (one.text, len(one.media)) == ("After", len(asked.attachments))


def test_a_run_killed_at_any_save_is_carried_on(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1])
    for saves in range(1, 50):
        notebook = Notebook(dies_at=saves)
        try:
            prepared(subject, asked, notebook=notebook)
        except Killed:
            assert prepared(subject, asked, notebook.last()).ready
            continue
        break
    assert saves > len(asked.attachments) or not subject.carries_early
    published(subject, asked, started(subject, asked, prepared(subject, asked, notebook.last())))
    (one,) = subject.live()
    assert len(one.media) == len(asked.attachments)


@pytest.mark.parametrize("how", [Fault.DROP_BEFORE, Fault.ANSWER_LOST, Fault.HALF_REPLY])
def test_phase_2_cut_off_at_any_request_is_carried_on(
    subject: Subject, album: Album, how: Fault
) -> None:
    asked = post(subject, album, subject.shapes[-1], "Hello @friend.test")
    ticket = prepared(subject, asked)
    for number in range(1, requests_of_phase_2(subject, asked) + 1):
        notebook = Notebook()
        subject.server.misbehave_at(number, how)
        with pytest.raises(Temporary):
            prepared(subject, asked, notebook=notebook)
        ticket = prepared(subject, asked, notebook.last())
    published(subject, asked, started(subject, asked, ticket))
    (one,) = subject.live()
    assert len(one.media) == len(asked.attachments)


@pytest.mark.fault("F50")
@pytest.mark.parametrize(
    "text",
    [
        "Fish & chips <3 &amp; more",
        "Cafe\u0301 and Café",
        "first\r\nsecond\n\nlast",
        "  https://example.com/?a=1&b=2#x #News @friend.test  ",
        "👩\u200d👩\u200d👧 \u202eodd\u202c ﷽",
    ],
)
def test_a_post_is_recognised_whatever_its_words_are(
    subject: Subject, album: Album, text: str
) -> None:
    asked = post(subject, album, text=text)
    if not fits(subject, asked):
        pytest.skip("these words do not fit here, and are never scheduled")
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    failure(subject, asked, ticket)
    assert looked(subject, asked, ticket).sight is (
        Sight.UNCLEAR if subject.act is Act.BLIND else Sight.LIVE
    )


@pytest.mark.fault("F43")
@pytest.mark.parametrize("how", CARRIED_OUT)
@pytest.mark.parametrize("shape", [0, -1])
def test_a_post_whose_answer_was_lost_is_found_again(
    subject: Subject, album: Album, how: Fault, shape: int
) -> None:
    text = "Hello #news https://example.com"
    asked = post(subject, album, subject.shapes[shape], text)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(how, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(subject, asked, ticket)
    (one,) = subject.live()
    found = sighting.receipt and sighting.receipt.remote_id
    if subject.act is Act.BLIND:
        assert (sighting.sight, found) == (Sight.UNCLEAR, None)
    else:
        assert (sighting.sight, found) == (Sight.LIVE, one.remote_id)


def test_the_receipt_found_is_the_one_that_was_lost(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    receipt = published(subject, asked, ticket)
    if subject.act is not Act.BLIND:
        assert looked(subject, asked, ticket).receipt == shown(subject, receipt)


def test_what_is_live_is_shown_by_its_address(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    receipt = went_out(subject, asked)
    platform = visiting(subject)
    sighting = platform.visit(receipt.remote_id)
    assert (sighting.sight, sighting.receipt) == (Sight.LIVE, shown(subject, receipt))
    assert shown(subject, receipt).remote_id == receipt.remote_id


def test_what_is_not_there_is_gone_and_a_strange_address_says_nothing(subject: Subject) -> None:
    platform = visiting(subject)
    assert platform.visit(subject.nowhere).sight is Sight.GONE
    assert platform.visit("https://example.org/?").sight is Sight.UNCLEAR


@pytest.mark.parametrize("status", [401, 404, 500, 502])
def test_a_visit_that_was_not_answered_proves_nothing(subject: Subject, status: int) -> None:
    platform = visiting(subject)
    subject.server.misbehave(Reply(status, b"<h1>No</h1>", HTML))
    with pytest.raises(PlatformError):
        platform.visit(subject.nowhere)


def test_a_slow_answer_is_an_answer(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(Fault.SLOW, subject.is_publish)
    published(subject, asked, ticket)
    assert len(subject.live()) == 1


@pytest.mark.parametrize("shape", [0, -1])
def test_a_call_that_was_never_carried_out_is_not_seen(
    subject: Subject, album: Album, shape: int
) -> None:
    asked = post(subject, album, subject.shapes[shape])
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(Fault.DROP_BEFORE, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    assert looked(subject, asked, ticket).sight in {
        Act.BLIND: {Sight.UNCLEAR},
        Act.HANDLE: {Sight.ABSENT, Sight.UNCLEAR},
    }.get(subject.act, {Sight.ABSENT if subject.proves_absence else Sight.UNCLEAR})
    assert subject.live() == []


def test_a_call_that_may_be_repeated_makes_one_post_however_often(
    subject: Subject, album: Album
) -> None:
    if subject.act not in {Act.REPEATABLE, Act.HANDLE}:
        pytest.skip("nothing promises that here, so it is never repeated without proof")
    asked = post(subject, album, subject.shapes[-1])
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    failure(subject, asked, ticket)
    for _ in range(3):
        with contextlib.suppress(OutcomeUnknown):
            published(subject, asked, ticket)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


def test_no_byte_leaves_when_nobody_listens(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    platform = subject.platform()
    subject.server.__exit__()
    with pytest.raises(Temporary) as raised:
        platform.publish(asked, ticket)
    assert raised.value.evidence is Evidence.NOT_SENT


def test_a_part_of_a_thread_answers_the_one_before(subject: Subject, album: Album) -> None:
    if subject.platform().limits(subject.settings).max_parts == 1:
        pytest.skip("there are no threads here")
    receipts: list[Receipt] = []
    for number in range(3):
        before: dict[str, Any] = {"parent": receipts[-1], "root": receipts[0]} if receipts else {}
        asked = post(subject, album, text=f"Part {number}", key=f"{KEY}{number}", **before)
        ticket = started(subject, asked, prepared(subject, asked))
        if number == 2:
            subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
            assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
            receipts.append(awaited(subject, asked, ticket))
        else:
            receipts.append(published(subject, asked, ticket))
    shown = sorted(subject.live(), key=lambda one: one.text)
    first, second, third = (one.remote_id for one in receipts)
    assert [one.remote_id for one in shown] == [first, second, third]
    assert [one.parent for one in shown] == [None, first, second]


def test_each_listed_refusal_is_believed(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    for refusal in subject.refusals:
        subject.server.misbehave(refusal.reply, subject.is_publish)
        error = failure(subject, asked, ticket)
        family = Temporary if refusal.temporary else Permanent
        assert (type(error), error.evidence, error.code) == (
            family,
            Evidence.REFUSED,
            refusal.code,
        )
        assert (error.retry_after is not None) == (error.code == "rate_limited")
    assert subject.live() == []


@pytest.mark.fault("F43")
@pytest.mark.parametrize("how", PROVES_NOTHING, ids=lambda reply: str(reply.status))
def test_everything_that_is_not_listed_is_unknown(
    subject: Subject, album: Album, how: Misbehaviour
) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(how, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR


def test_what_only_looks_like_a_refusal_is_unknown_too(subject: Subject, album: Album) -> None:
    asked = post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    for reply in subject.proves_nothing:
        subject.server.misbehave(reply, subject.is_publish)
        assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR


@pytest.mark.fault("F42")
def test_a_page_in_the_platforms_place_passes_and_is_no_verdict_on_the_post(
    subject: Subject, album: Album
) -> None:
    page = Reply(200, b"<h1>Please accept our terms</h1>", HTML)
    platform = subject.platform()
    if isinstance(platform, Identifies):
        subject.server.misbehave(page)
        with pytest.raises(Temporary):
            platform.whoami()
    asked = post(subject, album, subject.shapes[-1])
    for number in range(1, requests_of_phase_2(subject, asked) + 1):
        subject.server.misbehave_at(number, page)
        with pytest.raises(Temporary):
            prepared(subject, asked)


def test_a_platform_that_is_busy_says_for_how_long(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1])
    requests = requests_of_phase_2(subject, asked)
    for reply, number in product(subject.busy, range(1, requests + 1)):
        subject.server.misbehave_at(number, reply)
        with pytest.raises(Temporary) as raised:
            prepared(subject, asked)
        assert raised.value.code == "rate_limited"
        assert raised.value.retry_after is not None
        assert timedelta(seconds=50) < raised.value.retry_after <= timedelta(seconds=61)


def test_phase_2_says_at_each_call_that_a_login_is_no_good(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1])
    unheeded, codes = 0, []
    requests = requests_of_phase_2(subject, asked)
    for number in range(1, requests + 1):
        subject.server.misbehave_at(number, subject.turned_away)
        try:
            unheeded += prepared(subject, asked).ready
        except Permanent as error:
            codes.append(error.code)
    assert codes == ["token_refused"] * (requests - subject.unheeded)
    assert unheeded == subject.unheeded
    assert subject.live() == []


def test_fresh_tokens_are_not_quoted_when_their_answer_is_not_as_expected(subject: Subject) -> None:
    now, platform, fresh = datetime.now(UTC), subject.platform(), "fresh-and-never-seen-before"
    names = ("access_token", "refresh_token", "accessJwt", "refreshJwt")
    said: list[str] = []
    asks: list[Callable[[], object]] = []
    if isinstance(platform, Authorizes):
        come = ("code-1", "http://127.0.0.1:8400/", "a-verifier", now)
        asks.append(partial(platform.redeem, *come))
    if isinstance(platform, Refreshes):
        asks.append(partial(platform.refresh, now))
    for status in (201, 400, 500):
        for ask in asks:
            subject.server.misbehave(Reply(status, dict.fromkeys(names, fresh)))
            try:
                ask()
            except PlatformError as error:
                said.append(error.message)
    if not said:
        pytest.skip("nothing gives tokens here, or the one there is is believed")
    assert fresh not in "".join(said)


def test_what_does_not_fit_is_found_before_anything_is_sent(subject: Subject, album: Album) -> None:
    limits = subject.platform().limits(subject.settings)
    fitting = post(subject, album, subject.shapes[-1])
    assert fits(subject, fitting)
    files = list(fitting.attachments)
    wrong = [("x" * (limits.text_max + 1), files), ("", [])]
    for one in files[:1]:
        rule = limits.media[one.file.kind]
        large = replace(one, file=replace(one.file, size=rule.max_bytes + 1))
        strange = replace(one, file=replace(one.file, mime="image/x-unheard-of"))
        crowd = [one] * (limits.max_attachments + 1)
        wrong += [("Hello", [large]), ("Hello", [strange]), ("Hello", crowd)]
    for text, attachments in wrong:
        assert problems(text, fitting.type, attachments, limits, "acme")


def test_a_login_never_shows_its_secrets(subject: Subject, album: Album) -> None:
    asked = post(subject, album, subject.shapes[-1])
    ticket = started(subject, asked, prepared(subject, asked))
    tokens = [
        value.partition(" ")[2]
        for request in subject.server.asked
        if (value := request.headers.get("authorization"))
    ]
    secrets = {*tokens, *subject.secrets.values()}
    assert secrets
    for reply in (*(refusal.reply for refusal in subject.refusals), *PROVES_NOTHING):
        subject.server.misbehave(reply, subject.is_publish)
        said = f"{failure(subject, asked, ticket)!r} {vars(subject.platform())!r}"
        assert not any(secret in said for secret in secrets)

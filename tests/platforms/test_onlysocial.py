"""What is peculiar to OnlySocial and Mixpost: drafts, their one call, and what is made of a post."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import (
    Accepted,
    Draft,
    Identity,
    Kind,
    PostType,
    Proposal,
    Receipt,
    Sight,
    Ticket,
)
from postcron.platforms.base import Login, judge
from postcron.platforms.onlysocial import Mixpost, OnlySocial, as_html
from postcron.platforms.onlysocial_answers import MIXPOST_REFUSALS, known, sighting
from postcron.platforms.onlysocial_networks import NETWORKS
from postcron.rules.limits import problems
from postcron.sandbox import Sandbox
from postcron.sandbox.text import plain
from postcron.web import Answer, Api
from tests.builders import StoppedClock
from tests.platforms.contract import Album, Killed, Notebook, draft
from tests.sandbox.raw import Caller
from tests.wire import Server, Visit, http

PACE = timedelta(seconds=60)


@dataclass
class Desk:
    """An account at a sandbox, and postcron's side of it: each call is a new process."""

    sandbox: Sandbox
    clock: StoppedClock
    settings: dict[str, str] = field(default_factory=dict)
    notebook: Notebook = field(default_factory=Notebook)
    platform_class: type[OnlySocial] = OnlySocial

    def platform(self, api: Callable[[str], Api] = Api, token: str | None = None) -> OnlySocial:
        settings = {
            "api_url": self.sandbox.url,
            "core_path": "os",
            "workspace": self.sandbox.workspace,
            "account_id": "1",
            "network": "instagram",
        }
        secret = token or self.sandbox.token
        login = Login("acme", settings | self.settings, lambda name: secret)
        return self.platform_class(login, api)

    def prepare(self, asked: Draft, api: Callable[[str], Api] = Api) -> Ticket:
        return self.platform(api).prepare(asked, self.notebook.last(), self.notebook.save)

    def publish(self, asked: Draft, ticket: Ticket) -> Receipt | Accepted:
        return self.platform().publish(asked, ticket)

    def failure(self, asked: Draft, ticket: Ticket) -> PlatformError:
        with pytest.raises(PlatformError) as raised:
            self.publish(asked, ticket)
        return raised.value

    def sight(self, asked: Draft, ticket: Ticket) -> Sight:
        return self.platform().look(asked, ticket, self.clock.now()).sight

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return Caller(self.sandbox)(method, path, body).json()

    def drafts(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.call("GET", "/posts?status=draft")["data"]
        return listed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = StoppedClock()
    with Sandbox(tmp_path / "platform", clock=clock.now, pace=PACE) as sandbox:
        yield Desk(sandbox, clock)


# --- three phases ------------------------------------------------------------------------------


def test_three_phases_put_a_post_live_with_its_media(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image(alt="A dog"), album.video())
    ticket = desk.prepare(asked)
    assert ticket.ready
    assert desk.publish(asked, ticket) == Accepted(ticket.data["post"], timedelta(seconds=2))
    assert desk.sight(asked, ticket) is Sight.WORKING
    desk.clock.forward(seconds=60)
    assert desk.sight(asked, ticket) is Sight.WORKING
    desk.clock.forward(seconds=60)
    (live,) = desk.sandbox.live()
    seen = desk.platform().look(asked, ticket, desk.clock.now())
    assert seen.receipt == Receipt(live.uuid, f"{desk.sandbox.url}/live/{live.id}")
    assert [(each.mime, each.alt) for each in live.media] == [
        ("image/png", "A dog"),
        ("video/mp4", "Waves"),
    ]


def test_files_have_names_that_can_be_found_again(desk: Desk, album: Album) -> None:
    image = album.image()
    desk.prepare(draft(album, "Hello", image, key="0123456789abcdef"))
    (record,) = (desk.sandbox.folder / "media").glob("*.json")
    assert f'"pc-01234567-1-{image.file.sha256[:8]}.png"' in record.read_text()


def test_mixpost_is_the_same_under_another_core_path(desk: Desk, album: Album) -> None:
    desk.settings, desk.platform_class = {"core_path": "mixpost"}, Mixpost
    asked = draft(album, "Hello", album.image())
    desk.publish(asked, desk.prepare(asked))
    desk.clock.forward(minutes=2)
    assert len(desk.sandbox.live()) == 1


def test_only_a_mixpost_has_to_say_where_it_is() -> None:
    keys = {cls.name: {key.name: key for key in cls.keys} for cls in (OnlySocial, Mixpost)}
    assert keys["mixpost"]["api_url"].required
    assert keys["onlysocial"]["api_url"].default == "https://app.onlysocial.io"
    assert [keys[name]["core_path"].default for name in ("onlysocial", "mixpost")] == [
        "os",
        "mixpost",
    ]


# --- phase 2, interrupted ----------------------------------------------------------------------


@dataclass
class Death:
    """Ends the process after its n-th step, be it a call or a save."""

    after: int
    steps: Iterator[int] = field(default_factory=lambda: count(1))

    def step(self) -> None:
        if next(self.steps) == self.after:
            raise Killed


class Mortal(Api):
    """A wire whose caller may die right after the other side has done its part."""

    def __init__(self, base_url: str, death: Death) -> None:
        super().__init__(base_url)
        self._death = death

    def call(self, *args: Any, **more: Any) -> Answer:
        answer = super().call(*args, **more)
        self._death.step()
        return answer


@dataclass
class MortalNotebook(Notebook):
    death: Death = field(default_factory=lambda: Death(0))

    def save(self, ticket: Ticket) -> None:
        super().save(ticket)
        self.death.step()


#: accounts, begun, two files with their ids, the draft with its id, read back, ready
STEPS = range(1, 11)


def die(desk: Desk, asked: Draft, after: int) -> None:
    death = Death(after)
    notebook = MortalNotebook(desk.notebook.tickets, death=death)
    with pytest.raises(Killed):
        desk.platform(lambda url: Mortal(url, death)).prepare(asked, notebook.last(), notebook.save)


@pytest.mark.parametrize("after", STEPS)
def test_killed_between_any_two_steps_it_leaves_one_draft(
    desk: Desk, album: Album, after: int
) -> None:
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    die(desk, asked, after)
    ticket = desk.prepare(asked)
    (only,) = desk.drafts()
    assert only["uuid"] == ticket.data["post"]
    assert only["versions"][0]["content"][0]["media"] == ticket.data["media"]
    desk.publish(asked, ticket)
    desk.clock.forward(minutes=2)
    assert [len(live.media) for live in desk.sandbox.live()] == [2]


def test_there_is_no_step_more(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    death = Death(STEPS.stop)
    notebook = MortalNotebook(death=death)
    desk.platform(lambda url: Mortal(url, death)).prepare(asked, Ticket(), notebook.save)
    assert next(death.steps) == STEPS.stop


@pytest.mark.parametrize("after", STEPS)
def test_killed_and_then_edited_it_leaves_only_the_new_draft(
    desk: Desk, album: Album, after: int
) -> None:
    image = album.image()
    die(desk, draft(album, "Before", image, album.image("cat")), after)
    desk.prepare(draft(album, "After", image, revision=2))
    (only,) = desk.drafts()
    assert only["versions"][0]["content"][0]["body"] == "After"


def test_words_alone_are_never_taken_for_ours(desk: Desk, album: Album) -> None:
    desk.settings = {"account_id": "2", "network": "mastodon"}
    asked = draft(album, "Good morning")
    other = desk.platform().prepare(asked, Ticket(), lambda ticket: None)
    die(desk, asked, after=3)
    ticket = desk.prepare(asked)
    assert ticket.data["post"] != other.data["post"]


def test_media_that_are_there_do_not_go_up_again(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    die(desk, asked, after=4)
    desk.prepare(asked)
    assert len(list((desk.sandbox.folder / "media").glob("*.json"))) == 2


@pytest.mark.fault("F52")
def test_a_draft_that_was_removed_is_made_anew(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    old = desk.prepare(asked)
    desk.call("DELETE", f"/posts/{old.data['post']}", {"trash": False})
    with pytest.raises(Temporary) as raised:
        desk.prepare(asked)
    assert raised.value.code == Code.HANDLE_GONE
    new = desk.prepare(asked)
    assert [each["uuid"] for each in desk.drafts()] == [new.data["post"]]


def test_a_draft_that_lost_its_media_is_made_anew(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    desk.notebook.save(Ticket({"revision": 1, "media": [12]}))
    with pytest.raises(Temporary):
        desk.prepare(asked)
    ticket = desk.prepare(asked)
    assert [each["uuid"] for each in desk.drafts()] == [ticket.data["post"]]
    assert ticket.data["media"] != [12]


def test_what_somebody_scheduled_there_is_not_made_again(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    Caller(desk.sandbox).schedule(ticket.data["post"])
    again = desk.prepare(asked)
    assert again.data["post"] == ticket.data["post"]
    desk.publish(asked, again)
    desk.clock.forward(minutes=2)
    assert len(desk.sandbox.live()) == 1


def test_what_somebody_scheduled_and_trashed_is_left_to_them(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    uuid = desk.prepare(asked).data["post"]
    Caller(desk.sandbox).schedule(uuid)
    desk.call("DELETE", f"/posts/{uuid}", {"trash": True})
    assert desk.prepare(asked).data["post"] == uuid
    assert desk.drafts() == []


def test_an_edit_never_deletes_what_is_no_draft_any_more(desk: Desk, album: Album) -> None:
    asked = draft(album, "Before", album.image())
    ticket = desk.prepare(asked)
    Caller(desk.sandbox).schedule(ticket.data["post"])
    desk.prepare(draft(album, "After", album.image(), revision=2))
    assert Caller(desk.sandbox).status(ticket.data["post"]) == "scheduled"


# --- the one call ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["answer_lost", "error_though_published"])
def test_a_lost_answer_is_found_again(desk: Desk, album: Album, kind: str) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.sandbox.misbehave(on="schedule", kind=kind)
    assert isinstance(desk.failure(asked, ticket), OutcomeUnknown)
    assert desk.sight(asked, ticket) is Sight.WORKING
    desk.clock.forward(minutes=2)
    assert desk.sight(asked, ticket) is Sight.LIVE
    assert len(desk.sandbox.live()) == 1


def test_a_call_that_never_arrived_may_be_made_once_more(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.sandbox.misbehave(on="schedule", kind="drop_before")
    assert isinstance(desk.failure(asked, ticket), OutcomeUnknown)
    seen = desk.platform().look(asked, ticket, desk.clock.now())
    assert (seen.sight, seen.safe_to_repeat) == (Sight.ABSENT, True)
    desk.publish(asked, ticket)
    desk.clock.forward(minutes=2)
    assert len(desk.sandbox.live()) == 1


@pytest.mark.parametrize("later", [60, 120])
def test_a_repeat_that_comes_too_late_leads_to_a_look(desk: Desk, album: Album, later: int) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.publish(asked, ticket)
    desk.clock.forward(seconds=later)
    assert isinstance(desk.failure(asked, ticket), OutcomeUnknown)
    desk.clock.forward(minutes=2)
    assert desk.sight(asked, ticket) is Sight.LIVE
    assert len(desk.sandbox.live()) == 1


def test_a_visit_tells_whose_a_post_is_and_what_only_the_network_knows(
    desk: Desk, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    uuid = desk.prepare(asked).data["post"]
    desk.publish(asked, desk.notebook.last())
    desk.clock.forward(minutes=2)
    page = f"https://app.onlysocial.io/os/{desk.sandbox.workspace}/posts/{uuid}"
    assert [desk.platform().visit(each).sight for each in (uuid, page)] == [Sight.LIVE] * 2
    assert desk.platform().visit(f"https://www.instagram.com/p/{uuid}/").sight is Sight.UNCLEAR
    desk.settings["account_id"] = "2"
    assert desk.platform().visit(uuid).sight is Sight.GONE


@pytest.mark.fault("F54")
def test_published_without_an_address_is_said_to_be_unproven(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.sandbox.misbehave(on="schedule", kind="no_address")
    desk.publish(asked, ticket)
    desk.clock.forward(minutes=2)
    seen = desk.platform().look(asked, ticket, desk.clock.now())
    assert seen.receipt == Receipt(ticket.data["post"], None)
    assert "unproven" in seen.why


@pytest.mark.fault("F54")
def test_what_the_network_refuses_is_told_and_not_repeated(desk: Desk, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.sandbox.misbehave(on="schedule", kind="network_refuses")
    desk.publish(asked, ticket)
    desk.clock.forward(minutes=2)
    seen = desk.platform().look(asked, ticket, desk.clock.now())
    assert (seen.sight, seen.safe_to_repeat) == (Sight.GONE, False)
    assert "The network refused this post." in seen.why


def test_a_draft_that_was_removed_before_the_call_is_not_made_anew(
    desk: Desk, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = desk.prepare(asked)
    desk.call("DELETE", f"/posts/{ticket.data['post']}", {"trash": False})
    error = desk.failure(asked, ticket)
    assert error.evidence is Evidence.UNCLEAR, "only Mixpost's code says that this is a refusal"
    assert desk.sight(asked, ticket) is Sight.GONE


@pytest.mark.fault("F54")
def test_two_reasons_at_once_prove_nothing() -> None:
    one, two = ({"cannot_scheduled": ["no"]}, {"cannot_scheduled": ["no"], "in_history": ["yes"]})
    for errors, evidence in ((one, Evidence.REFUSED), (two, Evidence.UNCLEAR)):
        answer = Answer(422, {}, json.dumps({"message": "no", "errors": errors}).encode())
        error = judge(answer, MIXPOST_REFUSALS, known(answer, MIXPOST_REFUSALS))
        assert error.evidence is evidence


def a_post(status: str, **more: Any) -> dict[str, Any]:
    return {"uuid": "U", "status": status, "accounts": [{"id": 1}], **more}


@pytest.mark.fault("F56")
@pytest.mark.parametrize(
    ("post", "sight", "safe"),
    [
        (a_post("draft"), Sight.ABSENT, True),
        (a_post("DRAFT"), Sight.ABSENT, True),
        (a_post("scheduled"), Sight.WORKING, False),
        (a_post("PUBLISHING"), Sight.WORKING, False),
        (a_post("shimmering"), Sight.WORKING, False),
        (a_post("published"), Sight.LIVE, False),
        (a_post("published", trashed=True), Sight.LIVE, False),
        (a_post("published", accounts=[1]), Sight.LIVE, False),
        (a_post("failed"), Sight.GONE, False),
        (a_post("needs_approval"), Sight.UNCLEAR, False),
        (a_post("draft", trashed=True), Sight.GONE, False),
        (None, Sight.GONE, False),
    ],
)
def test_each_status_has_its_meaning(
    post: dict[str, Any] | None, sight: Sight, *, safe: bool
) -> None:
    seen = sighting(post, "1")
    assert (seen.sight, seen.safe_to_repeat) == (sight, safe)
    assert seen.why.endswith(".") or "refused" in seen.why


# --- accounts ----------------------------------------------------------------------------------


def test_it_says_who_we_are(desk: Desk) -> None:
    identity = desk.platform().whoami()
    assert identity == Identity(desk.sandbox.accounts[0].uuid, "demo-instagram (instagram)")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"account_id": "77"}, "There is no account 77 in this workspace: 1 (demo-instagram), "),
        ({"network": "tiktok"}, "Account 1 is on instagram, not tiktok."),
        ({"account_id": "9"}, "Account 9 has to be connected again in onlysocial."),
        ({"workspace": "other"}, "Workspace not found."),
    ],
)
def test_an_account_that_cannot_publish_is_found_early(
    desk: Desk, album: Album, settings: dict[str, str], sentence: str
) -> None:
    desk.settings = settings
    for act in (desk.platform().whoami, lambda: desk.prepare(draft(album, "Hello"))):
        with pytest.raises(Permanent) as raised:
            act()
        assert sentence in raised.value.message
        assert raised.value.code == Code.ACCOUNT_UNUSABLE
    assert desk.drafts() == []


def test_a_wrong_token_is_named_and_not_shown(desk: Desk, album: Album) -> None:
    with pytest.raises(Permanent) as raised:
        desk.platform(token="a-wrong-secret").whoami()
    assert raised.value.code == Code.TOKEN_REFUSED
    assert "a-wrong-secret" not in repr(raised.value)


def test_a_redirect_is_a_mistake_in_the_configuration(desk: Desk) -> None:
    def elsewhere(visit: Visit) -> None:
        visit.read()
        visit.send(http("301 Moved Permanently", b"", "Location: http://127.0.0.1/elsewhere"))

    with Server(elsewhere) as server:
        desk.settings = {"api_url": server.url}
        with pytest.raises(Permanent, match="api_url or core_path is not quite right"):
            desk.platform().whoami()
        assert len(server.visits) == 1


# --- what is made of a post --------------------------------------------------------------------


@pytest.mark.fault("F50")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\n\ntwo", "one\n\ntwo"),
        ("R&D at Q&A; really", "R&D at Q&A; really"),
        ("&lt;b&gt; &#64; &amp; &copy;", "&lt;b&gt; &#64; &amp; &copy;"),
        ("a < b, c <\nd", "a < b, c <\nd"),
        ("a <b c", "a ＜b c"),
        ("I <3 you > me", "I ＜3 you > me"),
        ("<div>not a line</div>", "＜div>not a line＜/div>"),
        ("the end <", "the end ＜"),
        ("👩‍👩‍👧 ünï", "👩‍👩‍👧 ünï"),
    ],
)
def test_a_text_survives_being_read_as_html(text: str, shown: str) -> None:
    assert plain(as_html(text)) == shown


@pytest.mark.parametrize("type", PostType)
def test_the_type_of_a_post_arrives(desk: Desk, album: Album, type: PostType) -> None:
    asked = draft(album, "", album.video(), type=type)
    desk.publish(asked, desk.prepare(asked))
    desk.clock.forward(minutes=2)
    assert [live.type for live in desk.sandbox.live()] == [type]


@pytest.mark.parametrize(
    ("account", "options", "wire"),
    [
        ("1 instagram", {}, {"instagram": {"type": "post"}}),
        ("2 mastodon", {}, {}),
        ("2 mastodon", {"sensitive": "true"}, {"mastodon": {"sensitive": True}}),
        ("5 youtube", {"title": "true"}, {"youtube": {"title": "true"}}),
        ("6 linkedin", {"visibility": "PUBLIC"}, {"linkedin": {"visibility": "PUBLIC"}}),
        (
            "4 tiktok",
            {"privacy_level": "SELF_ONLY", "allow_comments": "false"},
            {
                "tiktok": {
                    "privacy_level": {"account-4": "SELF_ONLY"},
                    "allow_comments": {"account-4": False},
                }
            },
        ),
    ],
)
def test_options_are_said_as_the_network_wants_them(
    desk: Desk, album: Album, account: str, options: dict[str, str], wire: dict[str, Any]
) -> None:
    desk.settings = dict(zip(("account_id", "network"), account.split(), strict=True))
    desk.prepare(draft(album, "Hello", album.video(), options=options))
    assert desk.drafts()[0]["versions"][0]["options"] == wire


@pytest.mark.parametrize("speaks", [OnlySocial, Mixpost])
def test_an_option_of_another_network_is_told_when_it_is_scheduled(
    speaks: type[OnlySocial],
) -> None:
    for network, times in ("instagram", 1), ("linkedin", 0):
        proposal = Proposal(
            "Hello", PostType.POST, (), {"visibility": "PUBLIC"}, {"network": network}
        )
        told = [what for what, _ in speaks.objections(proposal)]
        assert told == ["instagram has no option 'visibility'."] * times


def test_an_option_of_a_former_network_is_told_before_the_moment(desk: Desk, album: Album) -> None:
    with pytest.raises(Permanent, match="instagram has no option 'visibility'"):
        desk.prepare(draft(album, "Hello", album.image(), options={"visibility": "PUBLIC"}))


# --- what fits ---------------------------------------------------------------------------------


def said(network: str, asked: Draft) -> list[str]:
    limits = OnlySocial.limits({"network": network})
    return [str(each) for each in problems(asked.text, asked.type, asked.attachments, limits, "")]


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_a_film_and_a_few_words_fit_everywhere(album: Album, network: str) -> None:
    assert said(network, draft(album, "Hello", album.video())) == []


@pytest.mark.parametrize(
    ("network", "length"),
    [
        ("bluesky", 300),
        ("facebook_page", 5000),
        ("instagram", 2200),
        ("linkedin", 3000),
        ("mastodon", 500),
        ("pinterest", 5000),
        ("threads", 500),
        ("tiktok", 2200),
        ("twitter", 280),
    ],
)
def test_each_network_has_its_length(album: Album, network: str, length: int) -> None:
    assert said(network, draft(album, "x" * length, album.video())) == []
    assert said(network, draft(album, "x" * (length + 1), album.video())) != []


@pytest.mark.parametrize(
    ("network", "sign", "most"),
    [
        # two of X's 280 each, and the bytes of an emoji of Threads' 500
        ("twitter", "漢", 140),
        ("threads", "🎉", 125),
        # 25 bytes of 3000, long before there are 300 of them
        ("bluesky", "👩\u200d👩\u200d👧\u200d👦", 120),
        ("mastodon", "👩\u200d👩\u200d👧\u200d👦", 500),
    ],
)
def test_a_text_is_counted_as_its_network_counts(
    album: Album, network: str, sign: str, most: int
) -> None:
    for text, fitting in (sign * most, True), (sign * (most + 1), False):
        assert (said(network, draft(album, text)) == []) is fitting


@pytest.mark.parametrize("network", ["instagram", "instagram_direct", "tiktok", "youtube"])
def test_some_networks_are_nothing_without_media(album: Album, network: str) -> None:
    assert "needs media" in " ".join(said(network, draft(album, "Hello")))
    assert said("mastodon", draft(album, "Hello")) == []


def test_films_and_pictures_go_together_only_where_the_network_can(album: Album) -> None:
    both = draft(album, "Hello", album.image(), album.video())
    assert said("instagram", both) == []
    assert said("mastodon", both) != []


def test_sizes_and_alt_text_are_those_of_the_platform(album: Album) -> None:
    image = album.image()
    large = replace(image, file=replace(image.file, size=5 * 1024 * 1024 + 1))
    assert said("mastodon", draft(album, "Hello", large)) != []
    assert said("mastodon", draft(album, "Hello", replace(image, alt="x" * 256))) != []
    webm = replace(image, file=replace(image.file, kind=Kind.VIDEO, mime="video/webm"))
    assert said("mastodon", draft(album, "Hello", webm)) != []

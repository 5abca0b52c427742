"""Logging in at Meta with a browser: by way of an address of one's own, which a person copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Code, Invalid, Permanent, PlatformError
from postcron.model import Session
from postcron.operations.doors import Doors
from postcron.operations.login import Asking, LoggedIn, login
from postcron.operations.sessions import unsealed
from postcron.platforms import find
from postcron.platforms.base import Login
from postcron.web import Api
from tests.operations.stage import Stage, build
from tests.platforms.contract import Subject
from tests.platforms.subjects.facebook import FacebookSubject
from tests.platforms.subjects.instagram import InstagramSubject
from tests.platforms.subjects.threads import ThreadsSubject
from tests.simulators.facebook import PAGE
from tests.simulators.graph import NOT_THERE, failing
from tests.simulators.graph_login import APP, CONFIG, REDIRECT, SECRET, NotShown, Window
from tests.simulators.server import Fault, Reply

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class ByInstagram(InstagramSubject):
    """The same account by the other login."""

    login = "instagram"


BY_FACEBOOK = [InstagramSubject, FacebookSubject]
BY_THEMSELVES = [ByInstagram, ThreadsSubject]
ALL = [*BY_FACEBOOK, *BY_THEMSELVES]
#: what each asks for by itself

SCOPES: dict[type[Subject], set[str]] = {
    InstagramSubject: {
        *("instagram_basic", "instagram_content_publish"),
        *("pages_read_engagement", "pages_show_list"),
    },
    FacebookSubject: {"pages_manage_posts", "pages_read_engagement", "pages_show_list"},
    ByInstagram: {"instagram_business_basic", "instagram_business_content_publish"},
    ThreadsSubject: {
        *("threads_basic", "threads_content_publish"),
        *("threads_manage_replies", "threads_read_replies"),
    },
}


@dataclass
class Person:
    """Somebody who consents, and copies the address their browser ends at."""

    window: Window
    declines: bool = False
    shown: list[str] = field(default_factory=list)
    #: what is copied of where the browser ends
    copies: Callable[[str], str] = str

    def asking(self, **more: Any) -> Asking:
        return Asking(self.shown.append, self._pasted, **more)

    def _pasted(self) -> str:
        end = self.window.consented(self.shown[-1], declines=self.declines)
        return self.copies(end) + "\n"


@dataclass
class Meta:
    """An account that nobody has logged in for yet, and a person who may."""

    stage: Stage
    subject: Subject
    person: Person

    def log_in(self, **asking: Any) -> LoggedIn:
        return login(self.stage.house, "acme", self.person.asking(**asking))

    @property
    def kept(self) -> Session | None:
        return unsealed(self.stage.house, "acme")

    def pass_time(self, span: timedelta) -> None:
        self.stage.clock.advance(span)


def account(subject: Subject, **more: str) -> str:
    keys = {**subject.settings, "client_id": APP, "redirect_uri": REDIRECT, **more}
    lines = [f'{name} = "{value}"' for name, value in keys.items() if value]
    return "\n".join([*lines, 'client_secret = { env = "SECRET" }'])


@contextmanager
def at_meta(kind: type[Subject], folder: Path, **more: str) -> Iterator[Meta]:
    """Set the stage with an account of one kind; `more` are its keys, left out where empty."""
    subject: Any = kind()
    with subject.running():
        name = type(subject.platform()).name
        stage = build(folder, at=NOW, platform=name, account=account(subject, **more))
        stage.house.environ = {"SECRET": SECRET}
        stage.house.find_platform = find
        subject.server.now = lambda: stage.clock.now().timestamp()
        subject.server.window.now = subject.server.now
        subject.server.tokens = {}
        yield Meta(stage, subject, Person(subject.server.window))


@pytest.fixture
def meta(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Meta]:
    with at_meta(getattr(request, "param", ThreadsSubject), tmp_path) as meta:
        yield meta


def any_of(kinds: list[Any]) -> Any:
    return pytest.mark.parametrize("meta", kinds, ids=lambda kind: kind.__name__, indirect=True)


# --- the way there and back ----------------------------------------------------------------------


@any_of(ALL)
def test_a_person_copies_the_address_and_the_account_is_logged_in_for_months(meta: Meta) -> None:
    done = meta.log_in()
    assert meta.kept is not None
    assert meta.kept.expires_at > NOW + 59 * DAY
    assert done.identity is not None
    assert done.identity.remote_id in meta.subject.settings.values()
    meta.pass_time(30 * DAY)
    assert Doors(meta.stage.house).open(meta.stage.house.account("acme"), asked=True)


@pytest.mark.parametrize(("kind", "scopes"), SCOPES.items())
def test_the_page_asks_for_what_posts_need_unless_the_account_says_more(
    kind: type[Subject], scopes: set[str], tmp_path: Path
) -> None:
    for said, wanted in (("", scopes), (",".join(sorted(scopes)[:1]), set(sorted(scopes)[:1]))):
        (folder := tmp_path / (said or "unsaid")).mkdir()
        with at_meta(kind, folder, scopes=said) as meta:
            meta.log_in()
            asked = meta.person.window.asked
            assert asked.keys() == {"client_id", "redirect_uri", "response_type", "state", "scope"}
            assert set(asked["scope"].split(",")) == wanted


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (InstagramSubject, "https://www.facebook.com/v26.0/dialog/oauth?"),
        (FacebookSubject, "https://www.facebook.com/v26.0/dialog/oauth?"),
        (ByInstagram, "https://www.instagram.com/oauth/authorize?"),
        (ThreadsSubject, "https://threads.com/oauth/authorize?"),
    ],
)
def test_each_login_has_its_page(kind: Any, page: str) -> None:
    subject = kind()
    subject.put_away()
    platform = type(subject.platform())
    defaults = {key.name: key.default for key in platform.keys if key.default is not None}
    given = {name: subject.settings[name] for name in subject.settings if "_url" not in name}
    settings = {**defaults, **given, "client_id": APP}
    opened = platform(Login("acme", settings, lambda name: SECRET), Api)
    assert opened.authorization(REDIRECT, "st", "v").startswith(page)


@any_of(BY_THEMSELVES)
def test_a_token_of_an_hour_is_exchanged_at_once_and_thrown_away(meta: Meta) -> None:
    meta.log_in()
    server: Any = meta.subject.server
    assert meta.kept is not None
    assert meta.kept.data["access"] in server.tokens
    assert not set(meta.kept.data.values()) & set(server.brief)
    paths = [asked.path for asked in server.asked[:2]]
    assert paths == ["/oauth/access_token", "/access_token"]


@any_of([ByInstagram, ThreadsSubject, InstagramSubject])
def test_what_a_login_gave_is_renewed_at_three_quarters_of_its_life(meta: Meta) -> None:
    meta.log_in()
    first = meta.kept
    meta.pass_time(46 * DAY)
    Doors(meta.stage.house).open(meta.stage.house.account("acme"))
    later = meta.kept
    assert first is not None
    assert later is not None
    assert later.data["access"] != first.data["access"]
    assert later.expires_at > NOW + 100 * DAY


@any_of([ByInstagram])
def test_the_token_is_found_where_other_clients_have_it(meta: Meta) -> None:
    server: Any = meta.subject.server
    server.flat = True
    assert meta.log_in().identity is not None


# --- where a browser may be sent to --------------------------------------------------------------


@any_of(ALL)
@pytest.mark.parametrize(
    "redirect",
    ["http://acme.example/done", "http://127.0.0.1:8723/callback", "acme.example", "https://[x"],
)
def test_an_address_that_meta_sends_nobody_to_is_refused_before_anybody_is_sent(
    meta: Meta, redirect: str
) -> None:
    with pytest.raises(Invalid, match="https address only") as raised:
        meta.log_in(redirect=redirect, lands=False)
    assert raised.value.code == "no_redirect"
    assert meta.person.shown == []


def test_without_an_address_of_ones_own_it_is_said_what_to_do(tmp_path: Path) -> None:
    what = "redirect_uri in the configuration or with --redirect"
    with (
        at_meta(ByInstagram, tmp_path, redirect_uri="") as meta,
        pytest.raises(Invalid, match=what),
    ):
        meta.log_in()


def test_an_app_of_facebook_that_is_in_development_comes_back_to_this_machine(
    tmp_path: Path,
) -> None:
    with at_meta(FacebookSubject, tmp_path, redirect_uri="http://localhost:8723/callback") as meta:
        assert meta.log_in(lands=False).identity is not None


@pytest.mark.parametrize("kind", BY_THEMSELVES)
def test_no_other_login_comes_back_to_this_machine(kind: type[Subject], tmp_path: Path) -> None:
    with (
        at_meta(kind, tmp_path, redirect_uri="http://localhost:8723/callback") as meta,
        pytest.raises(Invalid, match="https address only"),
    ):
        meta.log_in(lands=False)


def test_an_address_that_is_not_in_the_list_of_the_app_shows_an_error_there(meta: Meta) -> None:
    with pytest.raises(NotShown, match="redirect_uri"):
        meta.log_in(redirect=REDIRECT.rstrip("/"))


# --- what a person may do wrong ------------------------------------------------------------------


@any_of(ALL)
def test_whoever_declines_is_told_that_nothing_was_agreed(meta: Meta) -> None:
    meta.person.declines = True
    with pytest.raises(Invalid, match="did not agree: The user denied your request"):
        meta.log_in()
    assert meta.kept is None


@any_of(ALL)
@pytest.mark.parametrize(
    ("copies", "code"),
    [
        (lambda end: end.replace("state=", "state=x"), "wrong_state"),
        (lambda end: end.partition("&state")[0], "wrong_state"),
        (lambda end: end.replace("code=", "c="), "no_code"),
        (lambda end: "", "wrong_state"),
    ],
)
def test_an_address_that_is_not_all_of_the_right_one_changes_nothing(
    meta: Meta, copies: Callable[[str], str], code: str
) -> None:
    meta.person.copies = copies
    with pytest.raises(Invalid) as raised:
        meta.log_in()
    assert raised.value.code == code
    assert meta.subject.server.asked == []


@any_of(ALL)
def test_a_code_is_good_once_and_for_an_hour(meta: Meta) -> None:
    def late(end: str) -> str:
        meta.pass_time(HOUR + timedelta(seconds=1))
        return end

    meta.person.copies = late
    with pytest.raises(PlatformError, match="not found or was already used"):
        meta.log_in()
    assert meta.kept is None


@pytest.mark.parametrize("kind", BY_THEMSELVES)
def test_the_login_of_another_than_the_configurations_is_not_kept(
    kind: type[Subject], tmp_path: Path
) -> None:
    with at_meta(kind, tmp_path, user_id="1") as meta:
        with pytest.raises(Permanent, match="not to 1"):
            meta.log_in()
        assert meta.kept is None


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
@any_of(ALL)
def test_an_app_that_is_not_said_in_full_is_asked_for(meta: Meta, missing: str) -> None:
    platform = find(meta.stage.house.account("acme").platform)
    settings = {**meta.subject.settings, "client_id": APP}
    secrets = {"client_secret": SECRET}
    settings.pop(missing, None)
    secrets.pop(missing, None)
    opened: Any = platform(Login("acme", settings, lambda name: secrets.get(name, "")), Api)
    with pytest.raises(Invalid, match="client_id and client_secret of its app"):
        opened.authorization(REDIRECT, "st", "v")


def test_a_wrong_secret_is_what_the_platform_says_it_is(meta: Meta) -> None:
    meta.stage.house.environ = {"SECRET": "another"}
    with pytest.raises(Permanent, match="Error validating client secret"):
        meta.log_in()


# --- what reaches no message ---------------------------------------------------------------------


@any_of(ALL)
def test_a_token_of_an_hour_that_meta_repeats_is_not_shown(meta: Meta) -> None:
    server: Any = meta.subject.server
    answered = failing(190, None, "Malformed access token brief-token-1", status=400)
    server.misbehave(answered, lambda asked: "exchange_token" in asked.raw_query)
    with pytest.raises(Permanent, match=r"Malformed access token \*\*\*"):
        meta.log_in()
    assert meta.kept is None


@any_of([FacebookSubject])
def test_nor_is_the_token_of_the_person_who_asks_for_their_pages(meta: Meta) -> None:
    token = f"long-token-{len(meta.subject.server.tokens) + 1}"  # type: ignore[attr-defined]
    answered = failing(190, None, f"Malformed access token {token}", status=400)
    meta.subject.server.misbehave(answered, lambda asked: asked.path.endswith(f"/{PAGE}"))
    with pytest.raises(Permanent, match=r"Malformed access token \*\*\*"):
        meta.log_in()


@any_of(ALL)
def test_an_answer_that_is_lost_costs_another_login_and_nothing_else(meta: Meta) -> None:
    for number in (1, 2):
        meta.subject.server.misbehave_at(number, Fault.ANSWER_LOST)
        with pytest.raises(PlatformError):
            meta.log_in()
        assert meta.kept is None
    assert meta.log_in().identity is not None


# --- Facebook ------------------------------------------------------------------------------------


@any_of([FacebookSubject])
def test_the_pages_own_token_is_kept_and_never_ends(meta: Meta) -> None:
    done = meta.log_in()
    assert meta.kept is not None
    assert meta.kept.data["access"].startswith(f"page-{PAGE}-by-long-token")
    assert (done.identity and done.identity.remote_id, meta.kept.dies_at) == (PAGE, None)
    meta.pass_time(400 * DAY)
    assert Doors(meta.stage.house).open(meta.stage.house.account("acme"), asked=True)


@any_of([FacebookSubject])
def test_a_page_of_a_business_need_not_be_in_the_list_of_a_persons_pages(meta: Meta) -> None:
    meta.log_in()
    paths = [asked.path.rpartition("/")[2] for asked in meta.subject.server.asked]
    assert paths == ["access_token", "access_token", PAGE, PAGE]


@any_of([FacebookSubject])
@pytest.mark.parametrize("answered", [None, NOT_THERE.reply()])
def test_a_page_that_was_not_ticked_is_named(meta: Meta, answered: Reply | None) -> None:
    server: Any = meta.subject.server
    server.ticked = []
    if answered is not None:
        server.misbehave(answered, lambda asked: asked.path.endswith(f"/{PAGE}"))
    with pytest.raises(Permanent, match=f"no access to the Page {PAGE}") as raised:
        meta.log_in()
    assert raised.value.code == Code.ACCOUNT_UNUSABLE
    assert meta.kept is None


@pytest.mark.parametrize("kind", BY_FACEBOOK)
def test_a_configuration_of_the_business_login_stands_for_the_scopes(
    kind: type[Subject], tmp_path: Path
) -> None:
    with at_meta(kind, tmp_path, config_id=CONFIG) as meta:
        assert meta.log_in().identity is not None
        asked = meta.person.window.asked
        assert ("scope" in asked, asked["config_id"]) == (False, CONFIG)


@any_of([FacebookSubject])
def test_a_token_put_into_the_configuration_is_newer_than_a_login(meta: Meta) -> None:
    meta.log_in()
    platform = find("facebook")
    secrets = {"token": "another"}
    login = Login("acme", meta.subject.settings, lambda name: secrets.get(name, ""), meta.kept)
    opened: Any = platform(login, Api)
    with pytest.raises(Permanent, match="Cannot parse access token"):
        opened.whoami()
    assert meta.subject.server.asked[-1].headers["authorization"] == "Bearer another"


@any_of(ALL)
def test_before_a_login_it_is_said_how_to_log_in(meta: Meta) -> None:
    with pytest.raises(Permanent, match="postcron accounts login acme"):
        Doors(meta.stage.house).open(meta.stage.house.account("acme"))

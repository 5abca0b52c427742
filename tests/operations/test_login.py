"""Logging in with a browser: only the page of this login counts, and only the right account is kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from postcron.errors import Code, Invalid, Permanent, PlatformError, Temporary
from postcron.model import Identity, Session
from postcron.operations.accounts import check
from postcron.operations.breaking import learn
from postcron.operations.doors import Doors
from postcron.operations.login import Asking, LoggedIn, login
from postcron.operations.schedule import schedule
from postcron.operations.sessions import keep, unsealed
from postcron.operations.wishes import Wish
from postcron.platforms import oauth
from postcron.platforms.base import Login, Platform
from postcron.web import Api
from tests.operations.stage import START, Remote, Stage, build, fake_platform

CONSENT = "https://login.example.test/authorize"


@dataclass
class Consent:
    """The platform's side of a login."""

    #: by code: what proves that it was asked for here
    challenges: dict[str, str]
    redirect: str = ""
    lasts: timedelta = timedelta(hours=2)
    dies_in: timedelta | None = None
    #: when renewals were refused, as all are
    refusals: list[datetime] = field(default_factory=list)

    def page(self, redirect: str, state: str, verifier: str) -> str:
        self.redirect = redirect
        self.challenges["c0de"] = oauth.challenge(verifier)
        return oauth.page(CONSENT, redirect_uri=redirect, state=state)

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        assert redirect == self.redirect
        assert self.challenges.pop(code) == oauth.challenge(verifier)
        dies_at = None if self.dies_in is None else now + self.dies_in
        return Session({"access": "fresh-t0ken", "refresh": "r"}, now + self.lasts, dies_at=dies_at)


def platform_of(remote: Remote, consent: Consent) -> Callable[[str], type[Platform]]:
    class Consenting(fake_platform(remote)):  # type: ignore[misc]
        def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
            super().__init__(login, api)
            self.session = login.session

        def authorization(self, redirect: str, state: str, verifier: str) -> str:
            return consent.page(redirect, state, verifier)

        def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
            return consent.redeem(code, redirect, verifier, now)

        def refresh(self, now: datetime) -> Session:
            consent.refusals.append(now)
            raise Permanent("This token is too young to be renewed.")

    return lambda name: Consenting


@pytest.fixture
def consent() -> Consent:
    return Consent({})


@pytest.fixture
def stage(tmp_path: Path, consent: Consent) -> Iterator[Stage]:
    stage = build(tmp_path, at=START)
    stage.house.find_platform = platform_of(stage.remote, consent)
    yield stage
    stage.house.close()


def state_of(page: str) -> str:
    return parse_qs(urlsplit(page).query)["state"][0]


def pasting(bring: Callable[[str], str]) -> Asking:
    """Ask a person who copies an address, made of the state they were shown."""
    shown: list[str] = []
    return Asking(shown.append, lambda: bring(state_of(shown[-1])), lands=False)


def nobody() -> str:
    raise AssertionError("nobody is asked")


def good(state: str) -> str:
    return f"http://127.0.0.1:8723/callback?code=c0de&state={state}\n"


def kept(stage: Stage) -> Session | None:
    return unsealed(stage.house, "acme")


def logged_in(stage: Stage, asking: Asking | None = None) -> LoggedIn:
    return login(stage.house, "acme", asking or pasting(good))


def test_a_login_is_kept_sealed_with_whom_it_belongs_to(stage: Stage) -> None:
    done = logged_in(stage)
    session = kept(stage)
    assert session is not None
    assert session.data["access"] == "fresh-t0ken"
    assert done.identity == Identity("r-1", "Acme")
    assert done.state.remote_id == "r-1"
    raw = stage.house.store.accounts.sealed()[0].session
    assert b"fresh-t0ken" not in raw


def test_the_browser_comes_back_to_a_port_of_this_machine(stage: Stage) -> None:
    answers: list[int] = []

    def browse(page: str) -> None:
        redirect = parse_qs(urlsplit(page).query)["redirect_uri"][0]

        def follow() -> None:
            for query in ("code=evil&state=guessed", f"code=c0de&state={state_of(page)}"):
                try:
                    with urlopen(f"{redirect}?{query}", timeout=5) as answer:
                        answers.append(answer.status)
                except OSError as error:
                    answers.append(getattr(error, "code", 0))

        threading.Thread(target=follow).start()

    logged_in(stage, Asking(browse, nobody))
    assert kept(stage) is not None
    assert answers[0] == 404


def test_an_address_the_platform_knows_may_lead_to_a_port_of_this_machine(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def browse(page: str) -> None:
        assert parse_qs(urlsplit(page).query)["redirect_uri"] == [
            f"http://localhost:{port}/callback"
        ]
        end = f"http://127.0.0.1:{port}/callback?code=c0de&state={state_of(page)}"
        threading.Thread(target=lambda: urlopen(end, timeout=5).close()).start()

    logged_in(
        stage, Asking(browse, nobody, port=port, redirect=f"http://localhost:{port}/callback")
    )
    assert kept(stage) is not None


def test_where_a_browser_ended_that_was_sent_elsewhere_is_asked_for(stage: Stage) -> None:
    asking = replace(pasting(good), lands=True, redirect="https://acme.example/done")
    assert logged_in(stage, asking).identity is not None


def test_a_port_that_is_taken_is_told(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Invalid, match=f"Port {port} cannot be listened on"):
            logged_in(stage, Asking(lambda page: None, nobody, port=port))


@pytest.mark.parametrize(
    ("brought", "code"),
    [
        ("http://127.0.0.1/callback?code=c0de&state=another", "wrong_state"),
        ("http://127.0.0.1/callback?code=c0de", "wrong_state"),
        ("http://127.0.0.1/callback?error=access_denied&error_description=No", "login_refused"),
        ("", "wrong_state"),
        ("http://127.0.0.1/callback?code=c0de&state=\N{SNOWMAN}", "wrong_state"),
        ("http://[x?code=c0de", "no_address"),
    ],
)
def test_an_address_of_another_login_changes_nothing(stage: Stage, brought: str, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        logged_in(stage, pasting(lambda state: brought))
    assert raised.value.code == code
    assert stage.house.store.accounts.sealed() == []


def test_nobody_who_comes_back_in_time_is_told(stage: Stage) -> None:
    with pytest.raises(Invalid, match="Nobody came back"):
        logged_in(stage, Asking(lambda page: None, nobody, patience=timedelta(seconds=1)))


def test_the_login_of_another_account_is_not_kept(stage: Stage) -> None:
    logged_in(stage)
    before = stage.house.store.accounts.sealed()
    stage.remote.identity = "666"
    with pytest.raises(Permanent, match="now belongs to Acme"):
        logged_in(stage)
    assert stage.house.store.accounts.sealed() == before
    done = login(stage.house, "acme", pasting(good), accept=True)
    assert done.state.remote_id == "666"


def test_a_login_lifts_the_block_of_a_dead_token(stage: Stage) -> None:
    stage.house.store.accounts.set("acme", block_code="token_refused", block_why="It is dead.")
    assert logged_in(stage).state.block_code is None
    assert Doors(stage.house).open(stage.house.account("acme"))


def test_a_login_tries_again_at_once_an_account_that_was_left_alone(stage: Stage) -> None:
    slow = Temporary("It is busy.", code=Code.RATE_LIMITED, retry_after=timedelta(hours=1))
    learn(stage.house, "acme", slow, ref="dl-1")
    assert stage.house.store.accounts.one("acme").blocked_until
    assert logged_in(stage).state.blocked_until is None
    assert Doors(stage.house).open(stage.house.account("acme"))


def test_a_login_that_is_not_kept_reaches_no_message_either(stage: Stage) -> None:
    stage.remote.away = True
    with pytest.raises(PlatformError):
        logged_in(stage)
    assert kept(stage) is None
    assert stage.house.secrets.redact("c0de fresh-t0ken") == "*** ***"


def test_a_platform_without_a_login_says_where_its_token_stands(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START)
    with pytest.raises(Invalid, match="has no login with a browser"):
        logged_in(stage)
    stage.house.close()


# --- when it ends -------------------------------------------------------------------------------


def test_a_login_that_ends_before_queued_posts_is_told_with_their_number(
    stage: Stage, consent: Consent
) -> None:
    consent.dies_in = timedelta(days=9)
    logged_in(stage)
    for days in (1, 10, 11, 12):
        stage.schedule(f"in {days} days", at=f"in {days}d")
    [checked] = check(stage.house, ["acme"])
    assert checked.problem is None
    assert checked.outlook.sentence(START) == "expires in 9 d; 3 posts after that"


def test_scheduling_beyond_the_end_of_a_login_is_said_at_once(
    stage: Stage, consent: Consent
) -> None:
    consent.dies_in = timedelta(days=9)
    logged_in(stage)
    for at, notes in (("in 8d", 0), ("in 10d", 1)):
        done = schedule(stage.house, Wish("hi", ["acme"], at=at), actor="me")
        assert len(done.notes) == notes
    assert "before this post: log in again" in done.notes[0]


def test_a_session_that_is_renewed_early_and_in_vain_is_used_as_it_is(
    stage: Stage, consent: Consent
) -> None:
    logged_in(stage)
    session = kept(stage)
    assert session is not None
    keep(stage.house, "acme", replace(session, renew_at=START - timedelta(days=1)))
    asked = consent.refusals
    for _ in range(3):
        Doors(stage.house).open(stage.house.account("acme"))
    assert len(asked) == 1
    stage.pass_time(hours=3)
    with pytest.raises(Permanent, match="too young"):
        Doors(stage.house).open(stage.house.account("acme"))

"""Logins that are renewed: once for all runs, kept before they are used, and still those of the same account."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postcron.clock import Clock, SystemClock
from postcron.errors import Code, Permanent, Temporary
from postcron.model import Session
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.outlook import login_ends
from postcron.operations.publish import publish
from postcron.platforms.base import Login, Platform
from postcron.states import State
from postcron.web import Api
from tests.operations.stage import START, Remote, Stage, build, fake_platform


@dataclass
class Logins:
    """The other side's logins: each renewal makes the former one useless."""

    life: timedelta = timedelta(hours=2)
    #: a session renews itself so long before its end, and never after it
    before: timedelta | None = None
    renewals: int = 0
    #: what the next renewals do instead
    instead: list[Exception] = field(default_factory=list)
    #: waited for in the middle of a renewal: whoever comes without being kept out is seen
    crowd: threading.Barrier | None = None
    used: list[str] = field(default_factory=list)

    def renew(self, session: Session | None, now: datetime) -> Session:
        if self.instead:
            raise self.instead.pop(0)
        self.renewals += 1
        number = self.renewals
        if self.crowd is not None:
            with contextlib.suppress(threading.BrokenBarrierError):  # nobody else came
                self.crowd.wait(1)
        ends = now + self.life
        return Session(
            {"access": f"access-{number}"},
            ends,
            None if self.before is None else ends - self.before,
        )


def platform_of(remote: Remote, logins: Logins) -> Callable[[str], type[Platform]]:
    class Renewing(fake_platform(remote)):  # type: ignore[misc]
        def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
            super().__init__(login, api)
            self.session = login.session
            if login.session is not None:
                logins.used.append(login.session.data["access"])

        def refresh(self, now: datetime) -> Session:
            return logins.renew(self.session, now)

    return lambda name: Renewing


@pytest.fixture
def logins() -> Logins:
    return Logins()


@pytest.fixture
def stage(tmp_path: Path, logins: Logins) -> Iterator[Stage]:
    stage = build(tmp_path, at=START)
    stage.house.find_platform = platform_of(stage.remote, logins)
    yield stage
    stage.house.close()


def another_process(stage: Stage, clock: Clock) -> House:
    house = stage.house
    return House(
        house.config,
        environ={},
        state_dir=house.state_dir,
        clock=clock,
        find_platform=house.find_platform,
    )


def opened(house: House) -> Platform:
    return Doors(house).open(house.account("acme"))


@pytest.mark.fault("F95")
def test_two_processes_renew_one_login_once_and_both_use_it(stage: Stage, logins: Logins) -> None:
    logins.crowd = threading.Barrier(2)
    houses = [another_process(stage, SystemClock()) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(opened, houses))
    assert logins.renewals == 1
    assert logins.used.count("access-1") >= 2
    for house in houses:
        house.close()


def test_a_login_that_renews_itself_ends_only_once_that_fails(stage: Stage, logins: Logins) -> None:
    logins.life, logins.before = timedelta(days=60), timedelta(days=15)
    account = stage.house.account("acme")

    def ends() -> datetime | None:
        opened(stage.house)
        return login_ends(stage.house, account, stage.house.store.accounts.one("acme"))

    assert ends() is None
    stage.pass_time(days=46)
    logins.instead = [Permanent("No.", code=Code.TOKEN_REFUSED)]
    assert ends() == START + timedelta(days=60)
    assert logins.renewals == 1
    stage.pass_time(hours=7)
    assert ends() is None
    assert logins.renewals == 2


@pytest.mark.fault("F95")
def test_a_run_that_died_while_it_renewed_keeps_nobody_out_for_long(
    stage: Stage, logins: Logins
) -> None:
    store = stage.house.store
    assert store.accounts.hold("acme", until=store.now() + timedelta(minutes=2))
    opened(stage.house)
    assert logins.renewals == 1
    assert stage.clock.at >= START + timedelta(minutes=2)


@pytest.mark.fault("F95")
def test_a_login_that_another_run_renewed_meanwhile_is_not_thrown_away(
    stage: Stage, logins: Logins
) -> None:
    """Both were told that the old one is over: the second finds a new one in its place."""
    account = stage.house.account("acme")
    doors = [Doors(another_process(stage, stage.clock)) for _ in range(2)]
    platforms = [each.open(account) for each in doors]
    for each, platform in zip(doors, platforms, strict=True):
        each.forget(account, platform)
        each.open(account)
    assert logins.renewals == 2, "the first login, and one renewal"
    for each in doors:
        each.house.close()


@pytest.mark.fault("F97")
def test_a_renewal_that_fails_lets_the_next_one_try_at_once(stage: Stage, logins: Logins) -> None:
    logins.instead.append(Temporary("No route.", code=Code.NOT_REACHABLE))
    with pytest.raises(Temporary):
        opened(stage.house)
    opened(stage.house)
    assert (logins.renewals, stage.clock.at) == (1, START)


@pytest.mark.fault("F97")
def test_a_login_that_is_over_for_good_blocks_the_account_and_is_not_tried_again(
    stage: Stage, logins: Logins
) -> None:
    [delivery] = stage.schedule(at="in 1m")
    logins.instead = [Permanent("invalid_grant", code=Code.TOKEN_REFUSED)] * 9
    for _ in range(5):
        publish(stage.house, ahead=timedelta(minutes=2))
        stage.pass_time(seconds=50)
    assert len(logins.instead) == 8, "asked once"
    assert stage.now(delivery).state in {State.FAILED, State.LATE}
    assert stage.house.store.accounts.every()["acme"].block_code == Code.TOKEN_REFUSED


@pytest.mark.fault("F98")
def test_a_renewal_that_brings_nothing_leaves_the_old_login(stage: Stage, logins: Logins) -> None:
    opened(stage.house)
    before = stage.house.store.accounts.every()["acme"]
    stage.pass_time(hours=1, minutes=55)
    logins.instead.append(Permanent("200 without refresh_token"))
    with pytest.raises(Permanent):
        opened(stage.house)
    after = stage.house.store.accounts.every()["acme"]
    assert (after.session, after.session_expires_at) == (before.session, before.session_expires_at)


@pytest.mark.fault("F98")
def test_a_login_that_lives_shortly_is_used_and_not_renewed_for_every_call(
    stage: Stage, logins: Logins
) -> None:
    logins.life = timedelta(minutes=5)
    for number in range(3):
        stage.schedule(f"post {number}", at="in 1m")
    publish(stage.house, ahead=timedelta(minutes=2))
    assert (len(stage.remote.live), logins.renewals) == (3, 1)


@pytest.mark.fault("F98")
def test_a_renewal_that_brings_another_account_sends_nothing(stage: Stage, logins: Logins) -> None:
    opened(stage.house)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(minutes=50)
    logins.life = timedelta(days=1)
    account = stage.house.account("acme")
    doors = Doors(stage.house)
    doors.forget(account, doors.open(account))
    stage.remote.identity = "r-2"
    stage.pass_time(minutes=9, seconds=30)
    publish(stage.house)
    assert stage.remote.live == []
    assert "r-2" in (stage.now(delivery).error or "")

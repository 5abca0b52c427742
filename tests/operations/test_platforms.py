"""The whole way on real platform code: three phases against strict simulators, with the clock moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postcron.errors import Code
from postcron.model import Outcome
from postcron.operations.accounts import check
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.platforms import find
from postcron.states import State
from tests.operations.stage import Stage, build
from tests.simulators import bluesky as bluesky_side
from tests.simulators import mastodon as mastodon_side
from tests.simulators.bluesky import Bluesky
from tests.simulators.mastodon import Mastodon
from tests.simulators.server import Asked, Fault


@pytest.fixture
def bluesky() -> Iterator[Bluesky]:
    with Bluesky() as server:
        yield server


@pytest.fixture
def mastodon() -> Iterator[Mastodon]:
    with Mastodon() as server:
        server.already_there("Something older")
        yield server


def just_now() -> datetime:
    """Return when a story begins: simulators keep the real time."""
    return datetime.now(UTC).replace(microsecond=0)


def on_bluesky(tmp_path: Path, server: Bluesky) -> Stage:
    account = f'identifier = "{bluesky_side.HANDLE}"\napi_url = "{server.url}"\napp_password = {{ env = "SECRET" }}'
    stage = build(tmp_path, at=just_now(), account=account, platform="bluesky")
    stage.house.environ = {"SECRET": bluesky_side.PASSWORD}
    stage.house.find_platform = find
    return stage


def on_mastodon(tmp_path: Path, server: Mastodon) -> Stage:
    account = f'api_url = "{server.url}"\ntoken = {{ env = "SECRET" }}'
    stage = build(tmp_path, at=just_now(), account=account, platform="mastodon")
    stage.house.environ = {"SECRET": mastodon_side.TOKEN}
    stage.house.find_platform = find
    return stage


def is_put(asked: Asked) -> bool:
    return "putRecord" in asked.path


def is_status(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/statuses")


def test_bluesky_from_draft_to_live(tmp_path: Path, bluesky: Bluesky) -> None:
    stage = on_bluesky(tmp_path, bluesky)
    [delivery] = stage.schedule("hello https://example.org #news", at="in 40m")
    assert [d.state for d in pre_upload(stage.house).done] == [State.READY]
    stage.pass_time(minutes=39, seconds=30)
    assert [d.state for d in publish(stage.house).done] == [State.PUBLISHED]
    [live] = bluesky.live
    assert stage.now(delivery).remote_id == live.remote_id


def test_one_login_serves_many_runs(tmp_path: Path, bluesky: Bluesky) -> None:
    """A login for every run would lock the account out for a day."""
    stage = on_bluesky(tmp_path, bluesky)
    for number in range(3):
        stage.schedule(f"post {number}", at="in 1m")
        publish(stage.house, ahead=timedelta(minutes=2))
    assert len(bluesky.live) == 3
    assert sum("createSession" in asked.path for asked in bluesky.asked) == 1


@pytest.mark.fault("F94")
def test_a_session_that_ends_just_before_the_call_is_renewed(
    tmp_path: Path, bluesky: Bluesky
) -> None:
    stage = on_bluesky(tmp_path, bluesky)
    stage.schedule(at="in 1m")
    pre_upload(stage.house)
    bluesky.expire_access()
    publish(stage.house, ahead=timedelta(minutes=2))
    assert len(bluesky.live) == 1
    assert sum("createSession" in asked.path for asked in bluesky.asked) == 1
    assert sum("refreshSession" in asked.path for asked in bluesky.asked) == 1


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.DROP_BEFORE])
def test_bluesky_after_a_lost_answer_has_it_once(
    tmp_path: Path, bluesky: Bluesky, fault: Fault
) -> None:
    stage = on_bluesky(tmp_path, bluesky)
    [delivery] = stage.schedule(at="in 1m")
    bluesky.misbehave(fault, is_put)
    publish(stage.house, ahead=timedelta(minutes=2))
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(bluesky.live) == 1


def test_mastodon_after_a_lost_answer_is_found_in_its_own_list(
    tmp_path: Path, mastodon: Mastodon
) -> None:
    stage = on_mastodon(tmp_path, mastodon)
    [delivery] = stage.schedule("hello", at="in 1m")
    mastodon.misbehave(Fault.ANSWER_LOST, is_status)
    publish(stage.house, ahead=timedelta(minutes=2))
    assert stage.now(delivery).state is State.PUBLISHED
    assert [a.outcome for a in stage.house.store.attempts(delivery.id)] == [Outcome.LANDED]
    assert [post.text for post in mastodon.live].count("hello") == 1


def test_a_refused_token_blocks_the_account_and_is_told(tmp_path: Path, mastodon: Mastodon) -> None:
    stage = on_mastodon(tmp_path, mastodon)
    stage.house.environ = {"SECRET": "not-the-token"}
    stage.schedule("hello", at="in 1m")
    report = publish(stage.house, ahead=timedelta(minutes=2))
    assert [d.error_code for d in report.failed] == ["token_refused"]
    state = stage.house.store.accounts.every()["acme"]
    assert state.block_code == "token_refused"
    assert "not-the-token" not in f"{state}{report.failed}"


def test_a_check_says_who_we_are(tmp_path: Path, mastodon: Mastodon) -> None:
    stage = on_mastodon(tmp_path, mastodon)
    [checked] = check(stage.house, ["acme"])
    assert checked.identity is not None
    assert checked.problem is None


# --- the clock of a platform bears out ours ------------------------------------------------------


@pytest.mark.fault("F77")
@pytest.mark.parametrize("ahead", [-600, 600])
def test_where_the_platforms_clock_gainsays_ours_nothing_is_sent_until_they_agree(
    tmp_path: Path, mastodon: Mastodon, ahead: int
) -> None:
    stage = on_mastodon(tmp_path, mastodon)
    [delivery] = stage.schedule("hello", at="in 1m")
    mastodon.pass_time(ahead)

    publish(stage.house, ahead=timedelta(minutes=2))

    assert "hello" not in [post.text for post in mastodon.live]
    [opening] = stage.house.openings.in_force(stage.clock.now())
    way = "behind" if ahead > 0 else "ahead of"
    assert f"min {way} the clock of acme's platform, so nothing is sent there" in opening.why
    states = stage.house.store.accounts.every().values()
    assert [one.account for one in states if one.blocked_until] == ["acme"], "no other"
    [checked] = check(stage.house, ["acme"])
    assert checked.problem is not None
    assert checked.problem.code == Code.CLOCKS_DISAGREE

    mastodon.pass_time(300 - ahead)
    stage.pass_time(minutes=5)
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert [post.text for post in mastodon.live].count("hello") == 1


@pytest.mark.fault("F77")
def test_clocks_a_minute_apart_are_worth_a_word(
    tmp_path: Path, mastodon: Mastodon, caplog: pytest.LogCaptureFixture
) -> None:
    stage = on_mastodon(tmp_path, mastodon)
    stage.schedule("hello", at="in 1m")
    mastodon.pass_time(120)
    publish(stage.house, ahead=timedelta(minutes=2))
    assert [post.text for post in mastodon.live].count("hello") == 1
    [warning] = [record.getMessage() for record in caplog.records]
    assert "behind the clock of acme's platform" in warning

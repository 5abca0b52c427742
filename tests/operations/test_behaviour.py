"""What platforms do that no page of theirs says: ghosts, second thoughts, silence, and our own hurry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from postcron.errors import Code, Evidence, LibraryUnavailable, Refused, Temporary
from postcron.media.library import Library
from postcron.model import Act, Draft, Outcome
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.preparing import draft
from postcron.operations.publish import publish
from postcron.states import State
from tests.fakes import FakeClock
from tests.media.files import picture
from tests.operations.stage import START, Remote, Stage, build, fake_platform

ALMOST = {"minutes": 59, "seconds": 30}


@pytest.fixture
def reading(tmp_path: Path) -> Stage:
    """A platform where only its list of posts tells."""
    return build(tmp_path, at=START, act=Act.READBACK)


def cron(stage: Stage, *, minutes: int, every: int = 1) -> list[str]:
    """Run cron's line for a while; return the state of each delivery in each report."""
    reports = stage.cron(minutes // every, minutes=every)
    told = [each for one in reports for each in (*one.failed, *one.late, *one.unknown)]
    return [f"{each.ref} {each.state}" for each in told]


# --- after the call ------------------------------------------------------------------------------


@pytest.mark.fault("F45")
def test_a_duplicate_that_is_not_there_is_never_believed(reading: Stage) -> None:
    [delivery] = reading.schedule(at="in 1h")
    reading.pass_time(**ALMOST)
    reading.remote.script.append("duplicate")
    told = cron(reading, minutes=90, every=5)
    ended = reading.now(delivery)
    assert (ended.state, ended.wake_at, ended.remote_id) == (State.UNKNOWN, None, None)
    assert (len(reading.remote.calls), reading.remote.live) == (1, [])
    assert "1.1 unknown" in told


@pytest.mark.fault("F49")
@pytest.mark.parametrize("act", [Act.READBACK, Act.HANDLE, Act.REPEATABLE])
def test_while_nothing_can_be_read_for_six_hours_nothing_is_sent(tmp_path: Path, act: Act) -> None:
    stage = build(tmp_path, at=START, act=act)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("lost")
    stage.remote.unreadable = True
    told = cron(stage, minutes=360, every=15)
    ended = stage.now(delivery)
    assert (ended.state, ended.wake_at) == (State.UNKNOWN, None)
    assert len(stage.remote.calls) == len(stage.remote.live) == 1
    assert told[-1] == "1.1 unknown"


@pytest.mark.fault("F53")
def test_what_moderation_removes_after_two_hours_is_failed_and_said(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("accepted")
    stage.remote.working.add(delivery.key)
    cron(stage, minutes=120, every=15)
    assert stage.now(delivery).state is State.CONFIRMING
    stage.remote.working.clear()
    stage.remote.gone.add(delivery.key)
    stage.remote.live.clear()
    told = cron(stage, minutes=15)
    assert stage.now(delivery).state is State.FAILED
    assert told == ["1.1 failed"]
    assert [a.outcome for a in stage.house.store.attempts(delivery.id)] == [Outcome.REFUSED]


# --- handles -------------------------------------------------------------------------------------


@pytest.mark.fault("F52")
def test_a_handle_that_expires_at_the_due_second_is_made_anew(stage: Stage) -> None:
    """The fake's handles live for 24 hours."""
    [delivery] = stage.schedule(at="in 24h")
    pre_upload(stage.house, lead=timedelta(days=2))
    assert stage.now(delivery).state is State.READY
    stage.pass_time(hours=23, minutes=59, seconds=30)
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.prepared) == 2
    assert stage.remote.calls == [START + timedelta(hours=24)]


@pytest.mark.fault("F52")
def test_a_handle_that_cannot_be_had_again_is_said_in_its_grace(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.extend(["handle_gone"] * 50)
    told = cron(stage, minutes=30)
    assert stage.now(delivery).state in {State.FAILED, State.LATE}
    assert told
    assert stage.remote.live == []


# --- media ---------------------------------------------------------------------------------------


@pytest.mark.fault("F104")
@pytest.mark.parametrize("how", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_media_that_is_gone_is_said_when_it_is_uploaded_and_not_at_its_second(
    stage: Stage, tmp_path: Path, how: Callable[[Path], Any]
) -> None:
    photo = picture(tmp_path / "dog.png", (40, 30))
    [delivery] = stage.schedule(at="in 1h", media=[str(photo)], alts=["A dog"])
    photo.unlink()
    [kept] = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    how(kept)
    report = pre_upload(stage.house)
    assert [d.ref for d in report.failed] == ["1.1"]
    assert "media" in (stage.now(delivery).error or "").lower()
    cron(stage, minutes=90, every=15)
    assert (stage.remote.calls, stage.remote.live) == ([], [])


class Away:
    """A media library that cannot be reached for a while."""

    def __init__(self, library: Library) -> None:
        self._library, self.away = library, True

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise LibraryUnavailable("The bucket acme cannot be used: S3 answered 503.")
        return getattr(self._library, name)


def test_an_address_that_cannot_be_made_is_proof_that_nothing_was_sent(
    stage: Stage, tmp_path: Path
) -> None:
    photo = picture(tmp_path / "dog.png", (40, 30))
    [delivery] = stage.schedule(at="in 1h", media=[str(photo)], alts=["A dog"])
    post = stage.house.store.posts({delivery.post_id})[delivery.post_id]
    frozen = draft(stage.house, delivery, post)
    stage.house.library = cast("Library", Away(stage.house.library))
    with pytest.raises(Temporary, match="S3 answered 503") as raised:
        frozen.address(post.attachments[0].file)
    assert raised.value.evidence is Evidence.NOT_SENT


@pytest.mark.fault("F103")
def test_a_media_store_that_is_away_is_asked_again_and_costs_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    photo = picture(tmp_path / "dog.png", (40, 30))
    [delivery] = stage.schedule(at="in 1h", media=[str(photo)], alts=["A dog"])
    library = Away(stage.house.library)
    stage.house.library = cast("Library", library)
    pre_upload(stage.house)
    held = stage.now(delivery)
    assert (held.state, held.error_code) == (State.SCHEDULED, Code.LIBRARY_TROUBLE)
    assert "S3 answered 503" in (held.error or "")
    library.away = False
    stage.pass_time(**ALMOST)
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert stage.remote.calls == [START + timedelta(hours=1)]


@pytest.mark.fault("F103")
def test_a_media_store_that_stays_away_is_said_and_nothing_is_sent(
    stage: Stage, tmp_path: Path
) -> None:
    photo = picture(tmp_path / "dog.png", (40, 30))
    stage.schedule(at="in 1h", media=[str(photo)], alts=["A dog"])
    stage.house.library = cast("Library", Away(stage.house.library))
    assert cron(stage, minutes=90, every=5) == ["1.1 failed"]
    assert stage.remote.calls == []


# --- people in a hurry ---------------------------------------------------------------------------


@dataclass
class Meddler(Remote):
    """Tries to change a post in the middle of the call that publishes it."""

    house: House | None = None
    when: str = ""
    refusals: list[str] = field(default_factory=list)

    def prepare(self, draft: Draft, *rest: Any) -> Any:
        self._meddle("prepare")
        return super().prepare(draft, *rest)

    def publish(self, account: str, draft: Draft) -> Any:
        self._meddle("publish")
        return super().publish(account, draft)

    def _meddle(self, now: str) -> None:
        if self.house is not None and now == self.when:
            self.refusals = meddle(self.house)


def meddle(house: House) -> list[str]:
    """Change and withdraw post 1; return why not."""
    steps: list[Callable[[], object]] = [
        lambda: edit(house, "1", Change(text="new"), actor="me"),
        lambda: edit(house, "1", Change(at="in 3h"), actor="me"),
        lambda: cancel(house, ["1"], actor="me"),
    ]
    refusals = []
    for step in steps:
        with pytest.raises(Refused) as raised:
            step()
        refusals.append(raised.value.message)
    return refusals


@pytest.mark.fault("F109")
@pytest.mark.parametrize("when", ["prepare", "publish"])
def test_what_is_being_published_is_neither_changed_nor_withdrawn(stage: Stage, when: str) -> None:
    stage.remote = meddler = Meddler(stage.clock, house=stage.house, when=when)
    stage.house.find_platform = lambda name: fake_platform(meddler)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    publish(stage.house)
    assert len(meddler.refusals) == 3
    assert all("1.1 is " in refusal for refusal in meddler.refusals)
    assert stage.remote.texts() == ["hello"]
    assert stage.now(delivery).state is State.PUBLISHED


@pytest.mark.fault("F109")
def test_what_may_be_live_is_neither_changed_nor_withdrawn(reading: Stage) -> None:
    [delivery] = reading.schedule(at="in 1h")
    reading.pass_time(**ALMOST)
    reading.remote.script.append("lost")
    reading.remote.unreadable = True
    publish(reading.house)
    assert all("1.1 is unknown" in refusal for refusal in meddle(reading.house))
    reading.remote.unreadable = False
    cron(reading, minutes=10)
    assert reading.now(delivery).state is State.PUBLISHED
    assert reading.remote.texts() == ["hello"]


# --- the configuration ---------------------------------------------------------------------------


@dataclass
class Rewriting(FakeClock):
    """Somebody saves another configuration while a run sleeps."""

    path: Path | None = None

    def sleep_until(self, moment: datetime) -> None:
        if self.path is not None:
            self.path.write_text("half writ")
        super().sleep_until(moment)


@pytest.mark.fault("F106")
def test_a_run_keeps_the_configuration_it_began_with(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    rewriting = Rewriting(stage.clock.at, path=stage.house.config.path)
    stage.house.clock = stage.remote.clock = rewriting
    publish(stage.house)
    assert stage.house.config.path.read_text() == "half writ"
    assert stage.now(delivery).state is State.PUBLISHED
